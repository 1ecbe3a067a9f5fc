"""The settings under ``[delivery]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit import InvalidValueError

_positive: Any = attrs.validators.gt(0)


def _rates(_: object, field: attrs.Attribute[Any], value: Mapping[str, int]) -> None:
    for name, per_minute in value.items():
        channel, at, domain = name.partition("@")
        if not channel or (at and not domain) or domain != domain.casefold():
            accepted = "a channel, or channel@domain in small letters"
            raise InvalidValueError(field.name, name, accepted)
        if per_minute < 1:
            raise InvalidValueError(f"{field.name}.{name}", per_minute, "1 or more a minute")


@attrs.frozen(kw_only=True)
class Settings:
    """
    How a worker goes about it.

    Attributes:
        batch: How many intents are claimed in one commit.
        group: At most so many are marked as sending in one commit: what one crash can leave
            ``unknown``. Fewer when the channel is slow, down to one.
        lease_seconds: After so long without a word a worker counts as dead.
        attempts: After so many refusals "for now" an intent has failed.
        first_retry_seconds, longest_retry_seconds: The wait before the second attempt, which
            doubles from there, and its limit.
        rates: At most so many messages a minute, all workers together, by channel (``email``) or
            by channel and domain (``email@example.com``).
        deliver_on_commit: Send what is due right after each committed unit, in the same thread, so
            that a host needs no worker; its commit takes as long as the sending. What is put off
            or to be tried again waits for the next commit. A unit that joined a bare connection
            sends nothing.
    """

    batch: int = attrs.field(default=200, validator=_positive)
    group: int = attrs.field(default=32, validator=_positive)
    lease_seconds: float = attrs.field(default=300.0, validator=attrs.validators.ge(1.0))
    attempts: int = attrs.field(default=8, validator=_positive)
    first_retry_seconds: float = attrs.field(default=60.0, validator=_positive)
    longest_retry_seconds: float = attrs.field(default=4 * 3600.0, validator=_positive)
    rates: Mapping[str, int] = attrs.field(factory=dict, validator=_rates)
    deliver_on_commit: bool = False
