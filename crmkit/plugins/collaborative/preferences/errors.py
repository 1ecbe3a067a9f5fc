"""What preferences refuse."""

from __future__ import annotations

from datetime import datetime

from crmkit import ConfigError, RefusedError


class NotConfiguredError(ConfigError):
    """A setting without which no link can be made is missing."""


class LateError(RefusedError):
    """A confirmation came after its time."""

    def __init__(self, expired_at: datetime) -> None:
        super().__init__(
            f"the link to confirm ended on {expired_at:%Y-%m-%d at %H:%M} UTC; sign up once more"
        )
