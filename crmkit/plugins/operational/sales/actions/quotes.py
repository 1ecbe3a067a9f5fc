"""Quotes: drawn up, sent, accepted, declined."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, Money, StaleVersionError, Unit, atomic
from crmkit.sql import insert_many

from .. import queries
from ..config import Settings
from ..errors import MixedCurrenciesError, QuoteClosedError
from ..model import MICRO, QUOTE_OPEN, Quote, QuoteItem, QuoteLine
from ..pricing import priced
from ..tables import sales_quote, sales_quote_line
from .deals import change, move


@atomic
def draw_up_quote(
    unit: Unit,
    deal_id: int,
    items: Sequence[QuoteItem],
    *,
    valid_until: date | None = None,
    note: str = "",
) -> Quote:
    """
    Draw up a quote for a deal, which takes the place of one that was not answered yet.

    The deal's amount becomes what the quote comes to.

    Args:
        valid_until: The last day of it; None for as many days as the settings say.

    Raises:
        RecordNotFoundError: If the deal does not exist.
        NoPriceError: If an item has no price, here or in billing's catalogue.
        MixedCurrenciesError: If items are in several currencies, or in another than the deal.
        InvalidValueError: If there is nothing in it, or more is taken off than there is.
    """
    deal = queries.deal(unit, deal_id)
    if not items:
        raise InvalidValueError("items", (), "one item or more")
    named = priced(unit, deal.customer_id, items, deal.currency)
    lines = [_line(place, each) for place, each in enumerate(named, 1)]
    currency = _currency(named, deal.currency if deal.value_minor else "")
    before = queries.quotes_of(unit, deal_id)
    for each in before:
        if each.status in QUOTE_OPEN:
            _save(unit, each, status="replaced", answered_at=unit.now)
    (new,) = unit.new_ids(sales_quote, 1)
    total = sum(line.amount_minor for line in lines)
    days = timedelta(days=unit.settings(Settings).quote_days)
    until = valid_until or (unit.now + days).date()
    row = (new, deal_id, deal.customer_id, len(before) + 1, "draft", until.isoformat(), currency)
    insert_many(unit.connection, sales_quote, [(*row, total, note, unit.now, None, 1)])
    insert_many(unit.connection, sales_quote_line, [_row(new, each) for each in lines])
    change(unit, deal_id, amount=Money(total, currency))
    return queries.quote(unit, new)


def _line(position: int, item: QuoteItem) -> QuoteLine:
    assert item.price is not None
    exact = item.quantity * item.price.amount_minor / item.per
    before = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    off = item.discount.amount_minor if item.discount else 0
    if not 0 <= off <= before:
        accepted = f"0 to what the line comes to, {Money(before, item.price.currency)}"
        raise InvalidValueError("discount", str(item.discount), accepted)
    return QuoteLine(
        position=position,
        sku=item.sku,
        name=item.name,
        quantity=item.quantity,
        price_minor=item.price.amount_minor,
        per=item.per,
        discount_minor=off,
        amount_minor=before - off,
    )


def _currency(items: Sequence[QuoteItem], wanted: str) -> str:
    found = {each.price.currency for each in items if each.price}
    found |= {each.discount.currency for each in items if each.discount}
    currency = wanted or min(found)
    for each in sorted(found):
        if each != currency:
            raise MixedCurrenciesError(each, currency)
    return currency


def _row(quote_id: int, line: QuoteLine) -> tuple[Any, ...]:
    told = attrs.asdict(line)
    told["quantity_micro"] = int(told.pop("quantity") * MICRO)
    told["quote_id"] = quote_id
    return tuple(told[name] for name in sales_quote_line.c.keys())  # noqa: SIM118


def send_quote(unit: Unit, quote_id: int) -> Quote:
    """
    Note that a quote is with the customer.

    Raises:
        RecordNotFoundError: If it does not exist.
        QuoteClosedError: If it was answered or replaced.
    """
    before = queries.quote(unit, quote_id)
    if before.status not in QUOTE_OPEN:
        raise QuoteClosedError(quote_id, before.status, "only a draft is sent")
    return before if before.status == "sent" else _save(unit, before, status="sent")


@atomic
def accept_quote(unit: Unit, quote_id: int) -> Quote:
    """
    The customer accepts: the deal is won if its pipeline has a way there, and plugins that turn
    quotes into orders do. Accepting twice is accepting once.

    Raises:
        RecordNotFoundError: If it does not exist.
        QuoteClosedError: If it was declined or replaced, or its last day is over.
        StaleVersionError: If somebody else answers it at this moment.
    """
    before = queries.quote(unit, quote_id)
    if before.status == "accepted":
        return before
    if before.status not in QUOTE_OPEN:
        raise QuoteClosedError(quote_id, before.status, "draw up another one")
    if before.valid_until < unit.now.date():
        told = f"valid until {before.valid_until} only"
        raise QuoteClosedError(quote_id, told, "draw up another one")
    accepted = _save(unit, before, status="accepted", answered_at=unit.now)
    deal = queries.deal(unit, accepted.deal_id)
    pipeline = unit.settings(Settings).pipeline(deal.pipeline)
    won = pipeline.first("won") if pipeline else None
    if pipeline and won and won.name in pipeline.ways(deal.stage) and not deal.outcome:
        reasons = pipeline.won_reasons
        move(unit, [deal.id], won.name, reason=reasons[0] if reasons else "quote accepted")
    unit.hooks.all("sales_quotes_accepted", unit=unit, quotes=[accepted])
    return accepted


def decline_quote(unit: Unit, quote_id: int, *, reason: str = "") -> Quote:
    """
    The customer declines; the deal stays where it is.

    Raises:
        RecordNotFoundError: If it does not exist.
        QuoteClosedError: If it was answered otherwise, or replaced.
    """
    before = queries.quote(unit, quote_id)
    if before.status == "declined":
        return before
    if before.status not in QUOTE_OPEN:
        raise QuoteClosedError(quote_id, before.status, "only an open one is declined")
    note = f"{before.note}\n{reason}".strip() if reason else before.note
    return _save(unit, before, status="declined", answered_at=unit.now, note=note)


def _save(unit: Unit, before: Quote, **changes: Any) -> Quote:
    theirs = sales_quote.c
    done = unit.connection.execute(
        sa.update(sales_quote)
        .where(theirs.id == before.id, theirs.version == before.version)
        .values(**changes, version=before.version + 1)
    )
    if done.rowcount != 1:
        raise StaleVersionError("quote", [before.id])
    return queries.quote(unit, before.id)
