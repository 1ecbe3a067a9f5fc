"""What people allowed, took back and objected to, and the addresses nobody may write to."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args

import attrs

from crmkit import InvalidValueError

from .errors import EvidenceMissingError

State = Literal["granted", "withdrawn", "objected"]
Basis = Literal[
    "consent",
    "contract",
    "legitimate_interest",
    "legal_obligation",
    "vital_interest",
    "public_task",
]
"""The lawful bases of GDPR Article 6(1)."""

EVERY: Final = "*"
"""Stands for every channel of a grant, and for every purpose or channel of a withdrawal."""
BEYOND_OBJECTION: Final = ("contract", "legal_obligation", "vital_interest")
"""Bases that are no marketing: an objection (GDPR Article 21) does not reach what rests on them."""
CONTACT_KINDS: Final = ("email", "phone", "postal", "web", "social")


@attrs.frozen(kw_only=True)
class Grant:
    """
    A lawful basis to turn to one customer for one purpose by one channel.

    Attributes:
        channel: Name of the channel, or ``*`` for every one.
        evidence: How we know: what was ticked, signed or said, where.
        source: The system or person it comes from.
        text_hash: SHA-256 of the text the person agreed to; empty when there was none.
        at: When it was given; None means now.
        expires_at: When it ends by itself; None means never.

    Raises:
        EvidenceMissingError: If it says consent without evidence or source.
    """

    customer_id: int
    purpose: str
    channel: str
    basis: Basis
    evidence: str = ""
    source: str = ""
    text_hash: str = ""
    at: datetime | None = None
    expires_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        check_name("purpose", self.purpose)
        if self.channel != EVERY:
            check_name("channel", self.channel)
        if self.basis not in get_args(Basis):
            raise InvalidValueError("basis", self.basis, "one of " + ", ".join(get_args(Basis)))
        for field in ("at", "expires_at"):
            check_instant(field, getattr(self, field))
        if self.basis == "consent":
            for field in ("evidence", "source"):
                if not str(getattr(self, field) or "").strip():
                    raise EvidenceMissingError(field)


@attrs.frozen(kw_only=True)
class Event:
    """
    One line of the append-only log.

    Attributes:
        at: When it happened; decides what came last.
        recorded_at, recorded_by: When and by whom it was written down.
        after_objection: A grant by which the person took back an objection, for this purpose and
            channel alone.
    """

    id: int
    customer_id: int
    purpose: str
    channel: str
    state: State
    basis: str
    evidence: str
    text_hash: str
    source: str
    at: datetime
    recorded_at: datetime
    recorded_by: str
    expires_at: datetime | None
    after_objection: bool

    def covers(self, purpose: str, channel: str) -> bool:
        """Whether this grant or withdrawal speaks of *purpose* by *channel*."""
        return (
            self.state != "objected"
            and self.purpose in (purpose, EVERY)
            and self.channel in (channel, EVERY)
        )


StandingState = Literal["granted", "withdrawn", "expired", "objected"]


@attrs.frozen(kw_only=True)
class Standing:
    """Where a customer stands on one purpose and channel, and since when."""

    purpose: str
    channel: str
    state: StandingState
    basis: str
    source: str
    at: datetime
    expires_at: datetime | None


@attrs.frozen(kw_only=True)
class Suppression:
    """Why and since when an address may not be written to."""

    reason: str
    at: datetime


def check_name(field: str, value: object) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= 64 or value != value.strip().lower():
        raise InvalidValueError(field, value, "a lower-case word such as win_back or email")
    if EVERY in value:
        raise InvalidValueError(field, value, "one name, not a wildcard")


def check_instant(field: str, value: datetime | None) -> None:
    if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
        raise InvalidValueError(field, value, "a datetime with a time zone")


def check_contact_kind(kind: str) -> None:
    if kind not in CONTACT_KINDS:
        raise InvalidValueError("contact kind", kind, "one of " + ", ".join(CONTACT_KINDS))
