"""The settings under ``[sms]``."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

import attrs

from crmkit import InvalidValueError, nearest

from .gateways import GATEWAYS, Gateway

_positive: Any = attrs.validators.gt(0)
_SENDER = re.compile(r"\+?[0-9]{3,15}|[A-Za-z0-9 ._&-]{1,11}")


def _known(_: object, __: object, value: str) -> None:
    if value and value not in GATEWAYS:
        accepted = "one of " + ", ".join(GATEWAYS) + nearest(value, tuple(GATEWAYS))
        raise InvalidValueError("gateway", value, f"{accepted}; or describe it under [sms.custom]")


def _sender(_: object, __: object, value: str) -> None:
    if value and not _SENDER.fullmatch(value):
        accepted = "a number such as +48601234567, or up to 11 letters and digits"
        raise InvalidValueError("sender", value, accepted)


def _region(_: object, __: object, value: str) -> None:
    if value and not re.fullmatch(r"[A-Z]{2}", value):
        raise InvalidValueError("region", value, "a country such as PL")


@attrs.frozen(kw_only=True)
class Settings:
    """
    Through which gateway text messages go, and whom they are from.

    Attributes:
        gateway: A well-known one: ``twilio``, ``vonage``, ``messagebird``, ``sinch``.
        custom: Any other, described; see :class:`Gateway`. It goes before *gateway*.
        user, secret: What the gateway knows us by; *secret* best as ``{ env = "NAME" }``.
        region: Country whose national numbers are accepted, such as ``PL``; else only ``+...``.
        most_parts: A text that a network would cut into more is refused: each is paid for.
        timeout_seconds: How long connecting may take, and then all of an answer.
        largest_answer: Bytes of an answer that are read.
        webhook_secret: What the gateway's own calls must prove to know.
        webhook_url: Where it calls, as it was told, without path ``/message`` or ``/report``;
            Twilio signs it.
        stop_words: Besides the built-in ones: whole messages by which people opt out.
    """

    gateway: str = attrs.field(default="", validator=_known)
    custom: Gateway | None = None
    user: str = ""
    secret: str = attrs.field(default="", repr=False)
    sender: str = attrs.field(default="", validator=_sender)
    region: str = attrs.field(default="", validator=_region)
    most_parts: int = attrs.field(default=4, validator=_positive)
    timeout_seconds: float = attrs.field(default=30.0, validator=_positive)
    largest_answer: int = attrs.field(default=65_536, validator=_positive)
    webhook_secret: str = attrs.field(default="", repr=False)
    webhook_url: str = ""
    stop_words: tuple[str, ...] = ()

    @property
    def chosen(self) -> Gateway | None:
        """The gateway, as it is described; None while nobody said which."""
        return self.custom or GATEWAYS.get(self.gateway)


def basic_of(settings: Settings) -> str:
    """User and secret as HTTP Basic wants them."""
    return b64encode(f"{settings.user}:{settings.secret}".encode()).decode()
