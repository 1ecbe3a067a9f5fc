"""What crosses a hook: one frozen record for each thing plugins give or are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from ..errors import InvalidValueError
from .model import NOTHING, ContactKind, Customer, Interaction, Offer

if TYPE_CHECKING:
    import sqlalchemy as sa

    from .crm import CRM
    from .unit import Unit

Noun = Literal["customer", "interaction", "offer"]
Phase = Literal["listen", "know", "value", "decide", "act", "learn"]
PHASES: tuple[Phase, ...] = ("listen", "know", "value", "decide", "act", "learn")
Array: TypeAlias = Any
"""A one-dimensional NumPy array. NumPy comes with the extra ``analytics``; core only names it."""
Columns: TypeAlias = Mapping[str, Array]
"""Equally long arrays by column name; the row order is the same in all."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


def _name(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidValueError(field.name, value, "a lower-case name such as rfm or rfm.champions")


def _instant(_: object, field: attrs.Attribute[datetime | None], value: datetime | None) -> None:
    if value is not None and (not isinstance(value, datetime) or value.utcoffset() is None):
        raise InvalidValueError(field.name, value, "a datetime with a time zone, or None")


@attrs.frozen(kw_only=True)
class InteractionKind:
    """
    A kind of interaction that may be recorded.

    Attributes:
        payload: An attrs class whose fields are the accepted payload; None accepts none.
    """

    name: str = attrs.field(validator=_name)
    summary: str
    payload: type | None = None


@attrs.frozen(kw_only=True)
class Changes:
    """
    One batch of writes to one noun.

    Attributes:
        before: The stored records, in the order of *after*; empty when they are new.
        after: The records as they will be, or now are, stored.
        ids: Once written, the ids of *after*; new interactions do not carry theirs.
    """

    noun: Noun
    before: Sequence[Customer] | Sequence[Offer] | Sequence[Interaction] = ()
    after: Sequence[Customer] | Sequence[Offer] | Sequence[Interaction]
    ids: Sequence[int] = ()


@attrs.frozen(kw_only=True)
class Scope:
    """
    What a feature is asked for.

    Attributes:
        as_of: Only facts before this instant count.
        customers: A SELECT of the customer ids wanted; None means all.
    """

    as_of: datetime
    customers: sa.Select[tuple[int]] | None = None

    def covers(self, customer_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        """The condition that keeps a feature to the customers wanted; put it beside the facts."""
        import sqlalchemy as sa

        return sa.true() if self.customers is None else customer_id.in_(self.customers)


@attrs.frozen(kw_only=True)
class Scored:
    """
    The scores of n customers, in the order of the feature rows.

    Attributes:
        value: Shape (n,), finite.
        low, high: Bounds of a 95 % interval, shape (n,), or None.
        labels: Name of the class each falls into, shape (n,), or None.
        base: What a customer without any reason would score.
        reasons: Contribution of each reason, shape (n,); base plus all of them is the value.
    """

    value: Array
    low: Array | None = None
    high: Array | None = None
    labels: Array | None = None
    base: float = 0.0
    reasons: Columns = NOTHING


Row: TypeAlias = Mapping[str, float | str | None]
Judge: TypeAlias = Callable[[Columns, Mapping[str, object]], tuple[Sequence[Row], Sequence[Row]]]


@attrs.frozen(kw_only=True)
class Scorer:
    """
    A score per customer: a SELECT, and a pure function of its columns.

    Attributes:
        version: Changes whenever the same facts would score differently.
        features: Builds the SELECT; its first column is ``customer_id``, one row per customer.
        fit: Learns from the columns of all customers what a rerun for a few of them needs;
            JSON-ready.
        score: Columns and what *fit* returned -> scores. No clock, no database.
        horizon_days: How far ahead the value looks; None when it describes the past.
        tuned: This scorer as the settings of its plugin want it, asked for before each use; None
            when no setting changes it. What settings change belongs into *version*.
        outcome: Builds the SELECT of what came true from ``scope.as_of`` on and before a second
            instant: ``customer_id`` and ``outcome``, 0 for who has no row; None where the value
            foretells nothing that can be looked up later.
        foretells: How the value is read against the outcome: ``amount`` in the same unit; the
            chance of an ``event``, an outcome above 0; ``order`` says only who comes first.
        judged: How a backtest judges it where *foretells* cannot say it, told the columns of the
            features and of the outcome with ``value`` among them, for who has a row in both, and
            what *fit* returned. Gives two tables: the model and its rivals with their measures,
            and deciles of the value. The outcome may have more columns then.
        ahead: This scorer looking so many days ahead, for a backtest whose facts end sooner; None
            when the horizon is fixed.
    """

    name: str = attrs.field(validator=_name)
    version: str
    summary: str
    features: Callable[[Scope], sa.Select[Any]]
    fit: Callable[[Columns], Mapping[str, object]]
    score: Callable[[Columns, Mapping[str, object]], Scored]
    horizon_days: int | None = None
    tuned: Callable[[Unit], Scorer] | None = None
    outcome: Callable[[Scope, datetime], sa.Select[Any]] | None = None
    foretells: Literal["amount", "event", "order"] = "order"
    judged: Judge | None = None
    ahead: Callable[[int], Scorer] | None = None


@attrs.frozen(kw_only=True)
class Segment:
    """
    A named set of customers.

    Attributes:
        members: Builds a SELECT of two columns, ``customer_id`` and ``why``. Segments that give
            the same function share one pass; a third column then says which segment it is.
        scorer: Name of the score it is cut from; empty when it comes from none.
    """

    name: str = attrs.field(validator=_name)
    summary: str
    members: Callable[[Scope], sa.Select[Any]]
    scorer: str = ""


@attrs.frozen(kw_only=True)
class Proposal:
    """
    One thing we could do for a customer now. Without an offer it is silence.

    Attributes:
        purpose: The purpose of the relationship policy it serves; empty for silence.
        channel: Name of the channel that would carry it; empty for silence.
        value: Expected value to us, in minor units of the policy's currency.
        why: The reason, one sentence.
        because: What it came from, possibly other plugins' rows, for ``cycle explain``.
    """

    customer_id: int
    offer: Offer | None = None
    purpose: str = ""
    channel: str = ""
    value: float = 0.0
    why: str
    because: tuple[Ref, ...] = ()


@attrs.frozen(kw_only=True)
class Contact:
    """
    A wish to reach one customer at one address, put before every guard.

    Attributes:
        at: When it would be sent.
    """

    customer_id: int
    purpose: str
    channel: str
    address: str
    at: datetime


@attrs.frozen
class Objection:
    """
    Why one item of the batch may not be.

    Attributes:
        index: Position of the item in the batch.
        plugin: Filled in by the call site.
        until: When it would no longer hold, as far as is known now; None when that is not known.
    """

    index: int
    reason: str
    plugin: str = ""
    until: datetime | None = attrs.field(default=None, validator=_instant)


@attrs.frozen(kw_only=True)
class Outgoing:
    """
    One message to one address, ready to go.

    Attributes:
        key: Unique and stable over retries; a provider that takes an idempotency key gets it.
        headers: Extra headers as ``(name, value)``; a channel without headers ignores them.
        html: The same as *text*, where the channel can show it; one that cannot ignores it.
    """

    key: str
    customer_id: int
    address: str
    subject: str
    text: str
    purpose: str
    headers: tuple[tuple[str, str], ...] = ()
    html: str = ""


ReceiptState = Literal["sent", "failed", "retry", "unknown"]


@attrs.frozen(kw_only=True)
class Receipt:
    """
    What became of one attempt.

    Attributes:
        state: ``sent`` accepted; ``failed`` never try again; ``retry`` surely not accepted, try
            later; ``unknown`` may have been accepted.
        reference: The other side's own id of the message.
        detail: For people: the server's reply.
        not_before: Of ``retry``: until when the other side asked to be left alone.
    """

    state: ReceiptState
    reference: str = ""
    detail: str = ""
    not_before: datetime | None = None


Send: TypeAlias = Callable[[Outgoing], Receipt]


@attrs.frozen(kw_only=True)
class Channel:
    """
    An adapter to the outside. It renders and sends; it decides nothing.

    Attributes:
        contact_kind: The contact point it needs.
        open: Connects and yields the function that sends one message; closes on exit.
    """

    name: str = attrs.field(validator=_name)
    summary: str
    contact_kind: ContactKind
    open: Callable[[CRM], AbstractContextManager[Send]]


@attrs.frozen(kw_only=True)
class Turn:
    """
    One run of the cycle.

    Attributes:
        as_of: The instant the turn looks from.
        dry_run: Say what would be done; write nothing.
    """

    as_of: datetime
    dry_run: bool = False


@attrs.frozen(kw_only=True)
class Step:
    """
    A plugin's part in the cycle.

    Attributes:
        run: Does it, in units of its own; returns one line for people.
    """

    phase: Phase = attrs.field(validator=attrs.validators.in_(PHASES))
    name: str = attrs.field(validator=_name)
    summary: str
    run: Callable[[CRM, Turn], str]


@attrs.frozen
class Ref:
    """A name for any row of any plugin: ``Ref("decision", 8)``, written ``decision:8``."""

    noun: str
    id: int

    def __str__(self) -> str:
        return f"{self.noun}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """
        Raises:
            InvalidValueError: If *text* is not of the form ``noun:id``.
        """
        noun, _, number = text.partition(":")
        if not _NAME.fullmatch(noun) or not (number.isascii() and number.isdigit()):
            raise InvalidValueError("reference", text, "noun:id such as interaction:12")
        return cls(noun, int(number))


@attrs.frozen(kw_only=True)
class Cause:
    """
    One knot in the thread that ``cycle explain`` walks backwards.

    Attributes:
        ref: What is explained.
        text: What it is, for people.
        because: What it came from, possibly other plugins' rows.
    """

    ref: Ref
    at: datetime | None
    text: str
    because: tuple[Ref, ...] = ()


@attrs.frozen(kw_only=True)
class Remark:
    """One line about a customer, for somebody who is about to talk to them."""

    customer_id: int
    text: str


@attrs.frozen(kw_only=True)
class Finding:
    """One line of ``crmkit doctor``; *mend* is the command or edit that helps."""

    level: Literal["ok", "warn", "fail"]
    subject: str
    text: str
    mend: str = ""


Contribution: TypeAlias = InteractionKind | Scorer | Segment | Channel | Step
Contributions: TypeAlias = Iterable[Contribution]
