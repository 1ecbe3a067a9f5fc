"""The settings under ``[webhook]``."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

import attrs

from crmkit import InvalidValueError

_positive: Any = attrs.validators.gt(0)


def _networks(_: object, field: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for each in value:
        try:
            ip_network(each)
        except ValueError:
            raise InvalidValueError(field.name, each, "a network such as 10.1.0.0/16") from None


def _source(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9/._~:-]{1,200}", value):
        raise InvalidValueError(field.name, value, "a URI such as https://shop.example/crm")


@attrs.frozen(kw_only=True)
class Settings:
    """
    How webhooks go out and come in.

    Attributes:
        source: What we call ourselves in the events: a URI.
        allow_networks: Networks of our own that endpoints may be in, also over plain http. All
            other private, local and reserved addresses are refused, and so is http to the public.
        ca_file: Authorities to trust instead of the machine's, for an intranet.
        timeout_seconds: How long one hand-over may take in all, from the name to the answer.
        threads: To so many endpoints it is sent at once.
        lane: An endpoint gets so many, one after the other, before they are written down.
        retry_seconds: The waits between attempts, each spread by up to a quarter either way. After
            the last one it has failed.
        disable_after_hours: An endpoint that failed for so long without one success is disabled.
        keep_days: Events are kept so long, to be sent again on demand.
        tolerance_seconds: How far the time of an incoming message may be off.
        max_bytes: The longest incoming body.
    """

    source: str = attrs.field(default="/crmkit", validator=_source)
    allow_networks: tuple[str, ...] = attrs.field(default=(), validator=_networks)
    ca_file: str = ""
    timeout_seconds: float = attrs.field(default=20.0, validator=_positive)
    threads: int = attrs.field(default=16, validator=_positive)
    lane: int = attrs.field(default=10, validator=_positive)
    retry_seconds: tuple[int, ...] = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    disable_after_hours: float = attrs.field(default=120.0, validator=_positive)
    keep_days: int = attrs.field(default=30, validator=_positive)
    tolerance_seconds: int = attrs.field(default=300, validator=_positive)
    max_bytes: int = attrs.field(default=262_144, validator=_positive)

    @property
    def lease_seconds(self) -> float:
        """After so long a worker that holds a lane counts as dead."""
        return 2 * self.lane * self.timeout_seconds + 60
