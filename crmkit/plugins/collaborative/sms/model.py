"""What comes in from a gateway, and what is kept of it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import attrs

from crmkit import InvalidValueError

RECEIVED: Final = "sms.received"
REPORTED: Final = "sms.reported"
OPTED_OUT: Final = "sms.opted_out"
OPTED_IN: Final = "sms.opted_in"
_ID = re.compile(r"[\x21-\x7e]{1,100}")
_PUNCTUATION = re.compile(r"[\s().\-/]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


def plain_number(given: str) -> str:
    """
    *given* with ``+`` and digits only; gateways tell numbers of every country, some without ``+``.

    Raises:
        InvalidValueError: If it is no such number: short codes and names are nobody's.
    """
    bare = _PUNCTUATION.sub("", given)
    number = bare if bare.startswith("+") else f"+{bare.removeprefix('00')}"
    if not _NUMBER.fullmatch(number):
        raise InvalidValueError("number", given[:60], "an international one such as +48601234567")
    return number


def _storable(text: str) -> str:
    return _CONTROL.sub("", text)


def _check_id(value: str) -> None:
    if not _ID.fullmatch(value):
        accepted = "the gateway's id: up to 100 visible ASCII characters"
        raise InvalidValueError("id", value[:60], accepted)


@attrs.frozen(kw_only=True)
class Message:
    """
    A text message somebody sent us.

    Attributes:
        id: The gateway's own; the same one is recorded once.
        number: The sender's, of any country.
        at: When; None means now.
        machine: No person wrote it.
    """

    id: str
    number: str = attrs.field(converter=plain_number)
    text: str = attrs.field(converter=_storable)
    at: datetime | None = None
    machine: bool = False

    def __attrs_post_init__(self) -> None:
        _check_id(self.id)


@attrs.frozen(kw_only=True)
class Report:
    """
    What became of a message we sent.

    Attributes:
        id: The gateway's own id of that message: the reference in our ledger.
        number: Whom it went to.
        state: The gateway's word, such as ``delivered``.
    """

    id: str
    number: str = attrs.field(converter=plain_number)
    state: str
    at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        _check_id(self.id)
        if not re.fullmatch(r"[A-Za-z0-9_ .-]{1,60}", self.state):
            raise InvalidValueError("state", self.state[:60], "a word such as delivered")


@attrs.frozen(kw_only=True)
class Heard:
    """
    What came of it.

    Attributes:
        interaction_id: None for a report on a number nobody has.
        is_new: False if it had come in before; nothing was done again then.
        opted_out: It was an opt-out, and the number is not texted any more.
    """

    interaction_id: int | None
    customer_id: int | None
    is_new: bool
    opted_out: bool = False


@attrs.frozen(kw_only=True)
class SmsReceived:
    """
    The payload of ``sms.received``.

    Attributes:
        shared_by: How many customers have the number.
    """

    number: str
    shared_by: int


@attrs.frozen(kw_only=True)
class SmsReported:
    """The payload of ``sms.reported``."""

    number: str
    reference: str
    state: str


@attrs.frozen(kw_only=True)
class SmsOptedOut:
    """
    The payload of ``sms.opted_out``.

    Attributes:
        suppressed: It stands in the ledger of ``consent``, which alone decides from then on.
    """

    number: str
    suppressed: bool
