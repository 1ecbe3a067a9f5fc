"""Intents to send one message to one address, and what became of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, get_args

import attrs

from crmkit import InvalidValueError, Ref

State = Literal[
    "queued", "claimed", "sending", "sent", "failed", "suppressed", "expired", "unknown"
]
STATES: Final[tuple[State, ...]] = get_args(State)
TERMINAL: Final = frozenset(STATES[3:])
HELD: Final = STATES[1:3]
Priority = Literal["urgent", "normal", "bulk"]
PRIORITIES: Final[tuple[Priority, ...]] = get_args(Priority)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def _text(longest: int, *, empty: bool = False) -> Callable[[Any, attrs.Attribute[str], str], None]:
    def check(_: object, field: attrs.Attribute[str], value: str) -> None:
        if (
            not isinstance(value, str)
            or len(value) > longest
            or not (empty or value.strip())
            or _NO_TEXT.search(value)
        ):
            least = "" if empty else "non-empty "
            accepted = f"{least}text of at most {longest} characters, without NUL or surrogates"
            raise InvalidValueError(field.name, value, accepted)

    return check


def _priority(_: object, field: attrs.Attribute[str], value: str) -> None:
    if value not in PRIORITIES:
        raise InvalidValueError(field.name, value, f"one of {', '.join(PRIORITIES)}")


def _aware(_: object, field: attrs.Attribute[datetime], value: datetime | None) -> None:
    if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
        raise InvalidValueError(field.name, value, "a datetime with a time zone, or None")


@attrs.frozen(kw_only=True)
class Intent:
    """
    The wish to send one message to one address, once.

    Attributes:
        run, step: What it belongs to: one address gets at most one message per run and step.
        channel: Name of an enabled channel.
        html: The same, for channels that show it; the text is there in any case.
        offer_id: The offer it carries.
        because: The row it came from, such as the decision.
        not_before, expires_at: It is sent at or after the one and before the other.
        priority: What is due of a higher one always goes first.
    """

    run: str = attrs.field(validator=_text(200))
    step: str = attrs.field(validator=_text(200))
    customer_id: int
    channel: str = attrs.field(validator=_text(100))
    address: str = attrs.field(validator=_text(1000))
    purpose: str = attrs.field(validator=_text(100))
    subject: str = attrs.field(validator=_text(1000, empty=True))
    text: str = attrs.field(validator=_text(1_000_000, empty=True))
    html: str = attrs.field(default="", validator=_text(1_000_000, empty=True))
    offer_id: int | None = None
    because: Ref | None = None
    expires_at: datetime | None = attrs.field(default=None, validator=_aware)
    not_before: datetime | None = attrs.field(default=None, validator=_aware)
    priority: Priority = attrs.field(default="normal", validator=_priority)

    def __attrs_post_init__(self) -> None:
        if self.not_before and self.expires_at and self.expires_at <= self.not_before:
            raise InvalidValueError("expires_at", self.expires_at, "an instant after not_before")


def key_of(run: str, step: str, address_key: str) -> str:
    """The intent key: one way, so that it may stay when the address is erased."""
    named = json.dumps([run, step, address_key], ensure_ascii=False)
    return hashlib.sha256(named.encode()).hexdigest()[:32]


@attrs.frozen
class Intended:
    """
    What became of a batch.

    Attributes:
        ids: One per intent, in order; of an intent that was there already, the id it has.
        new: How many were not there before.
    """

    ids: Sequence[int]
    new: int


@attrs.frozen(kw_only=True)
class Message:
    """
    An intent as it stands in the ledger.

    Attributes:
        key: Unique; the other side gets it too.
        because: ``noun:id``, or empty.
        html: Kept until it is sent; the text stays.
        attempts: How often it was handed to the channel.
        token: Goes up with every change of hands; who holds an old one cannot write.
        reference: The other side's own id of the message.
        detail: Why it is in its state: the server's reply, the objections, a person's note.
    """

    id: int
    key: str
    run: str
    step: str
    customer_id: int
    channel: str
    address: str
    purpose: str
    subject: str
    text: str
    html: str
    offer_id: int | None
    because: str
    priority: Priority
    state: State
    not_before: datetime
    expires_at: datetime | None
    attempts: int
    claimed_by: str
    token: int
    lease_until: datetime | None
    finished_at: datetime | None
    reference: str
    detail: str
    created_at: datetime

    def is_late(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@attrs.frozen
class Outcome:
    """
    What became of one message in a worker's hands.

    Attributes:
        state: ``retry``, ``deferred`` and ``released`` go back into the queue: refused for now by
            the channel, refused for now by a guard, not handed over at all.
        not_before: Of what goes back, when it is due again; None leaves that as it was.
    """

    message: Message
    state: Literal[
        "sent", "failed", "retry", "unknown", "suppressed", "expired", "deferred", "released"
    ]
    reference: str = ""
    detail: str = ""
    not_before: datetime | None = None


@attrs.frozen(kw_only=True)
class MessageSent:
    """The payload of a ``message.sent`` interaction."""

    purpose: str
    intent: int


@attrs.frozen(kw_only=True)
class Attempt:
    """One line of an intent's log: what a hand-over, a guard or a person's word came to."""

    intent_id: int
    at: datetime
    state: str
    detail: str


@attrs.frozen(kw_only=True)
class Pause:
    """Nothing of *run* is sent through *channel*; an empty one means all of them."""

    run: str
    channel: str
    since: datetime
    note: str

    def __str__(self) -> str:
        of_run = f"run {self.run}" if self.run else "every run"
        return f"{of_run} through {self.channel or 'every channel'}"


@attrs.frozen(kw_only=True)
class Outlook:
    """
    What the next run finds.

    Attributes:
        held: In the hands of workers whose leases run, the first until *held_from*, the last
            until *held_until*.
        lapsed: In the hands of workers whose leases are over.
        requeued, unknown, expired: What a run does first: takes back what was not handed over,
            what may have been, and ends what is past its time.
        later: Queued for a later time, the first for *later_from*.
        due, paused: Queued and due now; queued, but paused.
    """

    held: int
    held_from: datetime | None
    held_until: datetime | None
    lapsed: int
    requeued: int
    unknown: int
    expired: int
    later: int
    later_from: datetime | None
    due: int
    paused: int


_ENDS: Final = ("sent", "failed", "suppressed", "expired", "unknown")


@attrs.frozen(kw_only=True)
class Delivered:
    """
    What a worker did, by the state it left intents in.

    Attributes:
        back: The ids of those put back into the queue and left there: refused for now by the
            channel or a guard, or claimed by a worker that died before sending.
        problems: Channels that could not be opened, and why. Their intents wait.
    """

    sent: int = 0
    failed: int = 0
    suppressed: int = 0
    expired: int = 0
    unknown: int = 0
    back: frozenset[int] = attrs.field(default=frozenset(), repr=False)
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, states: Mapping[int, str]) -> Delivered:
        """*states* by intent id."""
        number = Counter(states.values())
        return cls(
            **{name: number[name] for name in _ENDS},  # type: ignore[arg-type]
            back=frozenset(each for each, state in states.items() if state == "queued"),
        )

    @property
    def queued(self) -> int:
        return len(self.back)

    @property
    def counts(self) -> Mapping[str, int]:
        """By state; the states nothing came to are left out."""
        names = (*_ENDS, "queued")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def taken(self, ids: Iterable[int]) -> Delivered:
        """The same once *ids* are in hand again: they no longer count as put back."""
        return attrs.evolve(self, back=self.back.difference(ids))

    def __bool__(self) -> bool:
        return bool(self.counts)

    def __add__(self, other: Delivered) -> Delivered:
        both = {name: getattr(self, name) + getattr(other, name) for name in _ENDS}
        problems = tuple(dict.fromkeys((*self.problems, *other.problems)))
        return attrs.evolve(self, **both, back=self.back | other.back, problems=problems)

    def __str__(self) -> str:
        told = [f"{count:,} {state}" for state, count in self.counts.items()]
        return ", ".join((*told, *self.problems)) or "nothing was due"
