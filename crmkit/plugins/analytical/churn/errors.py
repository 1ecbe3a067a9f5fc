"""What churn refuses."""

from typing import ClassVar

from crmkit import CrmkitError, RefusedError


class InvalidDurationsError(CrmkitError, ValueError):
    """Times that cannot say how long customers stayed; nothing was computed."""

    exit_code: ClassVar[int] = 2

    def __init__(self, found: str) -> None:
        super().__init__(f"durations hold {found}; give finite times >= 0, and 0 or 1 for ended")


class NothingKnownError(RefusedError):
    """There is nothing to draw a curve from."""
