"""Leads, deals, quotes, preferences; what is foretold of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

import attrs

from crmkit import InvalidValueError, Money

from .errors import MixedCurrenciesError

MICRO: Final = 1_000_000
"""Quantities are stored in millionths."""
QUOTE_OPEN: Final = ("draft", "sent")


def _text(longest: int, *, empty: bool = True) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: str) -> None:
        if not isinstance(value, str) or len(value) > longest or not (empty or value.strip()):
            least = "" if empty else "non-empty "
            raise InvalidValueError(field.name, value, f"{least}text of at most {longest} letters")
        if "\0" in value:
            raise InvalidValueError(field.name, value, "text without NUL")

    return check


def _share(_: object, field: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None and not 0 <= value <= 1:
        raise InvalidValueError(field.name, value, "a share such as 0.3 for 30 %, or None")


def _quantity(given: Any) -> Decimal:
    try:
        found = Decimal(given)
    except (InvalidOperation, TypeError, ValueError):
        found = Decimal("NaN")
    exact = not isinstance(given, float | bool) and found.is_finite() and 0 < found < 10**9
    if not exact or found * MICRO != int(found * MICRO):
        accepted = "an exact number above 0 such as 2 or Decimal('0.5'), with six digits at most"
        raise InvalidValueError("quantity", given, accepted)
    return found


@attrs.frozen(kw_only=True)
class DealDraft:
    """
    A deal before it has an id.

    Attributes:
        amount: What is paid once.
        monthly: What is paid every month, for *term_months*.
        pipeline, stage: Empty for the first ones.
        probability: What the seller believes; None for what the stage says.
        expected_on: The day on which it is expected to close.
        source, source_key: The same pair is opened once.
    """

    customer_id: int
    name: str = attrs.field(validator=_text(300, empty=False))
    amount: Money | None = None
    monthly: Money | None = None
    term_months: int = 12
    pipeline: str = ""
    stage: str = ""
    owner: str = attrs.field(default="", validator=_text(100))
    probability: float | None = attrs.field(default=None, validator=_share)
    expected_on: date | None = None
    lead_id: int | None = None
    source: str = ""
    source_key: str | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("amount", "monthly"):
            given = getattr(self, name)
            if given is not None and given.amount_minor < 0:
                raise InvalidValueError(name, str(given), "an amount of 0 or more")
        if self.amount and self.monthly and self.amount.currency != self.monthly.currency:
            raise MixedCurrenciesError(self.monthly.currency, self.amount.currency)
        if type(self.term_months) is not int or not 1 <= self.term_months <= 600:
            raise InvalidValueError("term_months", self.term_months, "1 to 600 months")


@attrs.frozen(kw_only=True)
class Deal:
    """
    Something a customer may buy.

    Attributes:
        amount_minor: Paid once; *monthly_minor* every month for *term_months*.
        probability: What the seller believes; None for what the stage says.
        outcome: ``won``, ``lost``, or empty while it is open.
        next_at, next_what: What is to be done next, and by when.
        version: Goes up by one with every change; a change with an old one is refused.
    """

    id: int
    customer_id: int
    name: str
    pipeline: str
    stage: str
    owner: str
    amount_minor: int
    monthly_minor: int
    term_months: int
    currency: str
    probability: float | None
    expected_on: date | None
    opened_at: datetime
    stage_since: datetime
    closed_at: datetime | None
    outcome: str
    reason: str
    next_at: datetime | None
    next_what: str
    lead_id: int | None
    source: str
    source_key: str | None
    version: int

    @property
    def value_minor(self) -> int:
        """What all of it comes to: once, and every month of the term."""
        return self.amount_minor + self.monthly_minor * self.term_months

    @property
    def value(self) -> Money:
        return Money(self.value_minor, self.currency)


@attrs.frozen(kw_only=True)
class StageChange:
    """A move of a deal; *stayed* is how long it had been in the stage before."""

    deal_id: int
    at: datetime
    actor: str
    before: str
    after: str
    stayed: timedelta


@attrs.frozen(kw_only=True)
class LeadDraft:
    """A lead before it has an id; the same ``(source, source_key)`` is taken in once."""

    customer_id: int
    interest: str = attrs.field(default="", validator=_text(1000))
    owner: str = attrs.field(default="", validator=_text(100))
    source: str = ""
    source_key: str | None = None


@attrs.frozen(kw_only=True)
class Lead:
    """
    Somebody who may want to buy something.

    Attributes:
        criteria: What is known, yes or no, of ``budget``, ``authority``, ``need``, ``timing``.
        deal_id: What it became.
    """

    id: int
    customer_id: int
    interest: str
    owner: str
    status: Literal["new", "qualified", "converted", "given_up"]
    criteria: Mapping[str, bool] = attrs.field(hash=False)
    reason: str
    opened_at: datetime
    changed_at: datetime
    deal_id: int | None
    source: str
    source_key: str | None
    version: int


@attrs.frozen(kw_only=True)
class QuoteItem:
    """
    Something that is offered.

    Attributes:
        price: Of *per* units; None for that of billing's catalogue.
        discount: Off the whole line.
    """

    sku: str = ""
    name: str = ""
    quantity: Decimal = attrs.field(default=Decimal(1), converter=_quantity)
    price: Money | None = None
    per: int = 1
    discount: Money | None = None

    def __attrs_post_init__(self) -> None:
        if not self.sku and (self.price is None or not self.name):
            raise InvalidValueError("sku", self.sku, "a SKU, or else a name and a price")


@attrs.frozen(kw_only=True)
class QuoteLine:
    """One line of a quote, in minor units of its currency, before tax."""

    position: int
    sku: str
    name: str
    quantity: Decimal
    price_minor: int
    per: int
    discount_minor: int
    amount_minor: int


@attrs.frozen(kw_only=True)
class Quote:
    """
    What we offer a customer in writing.

    Attributes:
        revision: 1 for the first quote of the deal; a later one takes the place of an open one.
        valid_until: The last day on which it can be accepted.
    """

    id: int
    deal_id: int
    customer_id: int
    revision: int
    status: Literal["draft", "sent", "accepted", "declined", "replaced"]
    valid_until: date
    currency: str
    total_minor: int
    note: str
    created_at: datetime
    answered_at: datetime | None
    version: int
    lines: tuple[QuoteLine, ...] = ()

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


@attrs.frozen(kw_only=True)
class Heard:
    """The payload of ``preference.heard``: what somebody likes, or wants to be spared."""

    topic: str = attrs.field(validator=_text(100, empty=False))
    what: str = attrs.field(validator=_text(500, empty=False))
    deal_id: int | None = None


@attrs.frozen(kw_only=True)
class Preference:
    """The last thing a customer said on a topic."""

    customer_id: int
    topic: str
    what: str
    at: datetime
    deal_id: int | None


@attrs.frozen(kw_only=True)
class Chance:
    """
    How likely a deal is to be won; *base* and the reasons add up to *value*.

    Attributes:
        source: ``seller``, ``stage``, or ``history`` for what such deals came to.
        deals: Of how many closed deals the history is.
    """

    deal_id: int
    value: float
    source: Literal["seller", "stage", "history"]
    base: float
    reasons: Mapping[str, float] = attrs.field(hash=False)
    deals: int = 0


@attrs.frozen(kw_only=True)
class Forecast:
    """
    What open deals come to, in minor units.

    Attributes:
        expected_minor: The sum of value by chance.
        low_minor, high_minor: Nine of ten simulated outcomes lie between them.
        best_minor: If all are won.
    """

    month: str
    currency: str
    deals: int
    expected_minor: int
    low_minor: int
    high_minor: int
    best_minor: int


@attrs.frozen(kw_only=True)
class StageFigures:
    """
    How deals go through a stage.

    Attributes:
        entered: How many ever were in it; *advanced* went on to a later one, *lost* from here.
        median_days: How long they stayed; None where none left.
    """

    pipeline: str
    stage: str
    now: int
    entered: int
    advanced: int
    lost: int
    median_days: float | None


@attrs.frozen(kw_only=True)
class Velocity:
    """
    Attributes:
        per_day_minor: Deals by mean value by share won, by days to close: what comes in a day.
    """

    pipeline: str
    currency: str
    open: int
    won: int
    lost: int
    win_share: float | None
    mean_value_minor: int
    cycle_days: float | None
    per_day_minor: float | None


@attrs.frozen(kw_only=True)
class TeamFigures:
    """
    Attributes:
        free: How many more deals its sellers can be given.
    """

    team: str
    lead: str
    sellers: int
    capacity: int
    open: int
    free: int
    won: int
    lost: int


@attrs.frozen(kw_only=True)
class Alike:
    """Something that may be the same as what is about to be entered, and why."""

    deal_id: int | None
    customer_id: int
    why: str
