"""Orders, invoices and credit notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, StaleVersionError, Unit, atomic

from .. import queries
from ..config import Settings
from ..drafting import Drawn, again, drawn_up
from ..errors import NotOpenError, TooMuchError
from ..model import Document, DocumentLine, Draft, Kind, quantity
from ..tables import billing_document
from ..totals import part_of
from . import points, settling
from .booking import Entry, book, buyer_of, in_micro, lower_open, mark_done, note_purchases

Quantities = Mapping[int, Decimal | int | str]
"""How much of which line, by position; what is not named stays as it is."""


@atomic
def order(unit: Unit, drafts: Sequence[Draft]) -> list[Document]:
    """
    Book orders, and that their customers bought. One that is known by its source is returned.

    Raises:
        CrmkitError: As :func:`crmkit.plugins.operational.billing.drafting.drawn_up` does.
    """
    return _new(unit, drafts, "order")


@atomic
def invoice(unit: Unit, drafts: Sequence[Draft]) -> list[Document]:
    """
    Book invoices that no order came before, and that their customers bought.

    One that is known by its source is returned as it is. Invoices that come to nothing are
    settled at once.

    Raises:
        CrmkitError: As :func:`crmkit.plugins.operational.billing.drafting.drawn_up` does.
        OutOfOrderError: If a day lies before that of the last invoice.
    """
    return _new(unit, drafts, "invoice")


def _new(unit: Unit, drafts: Sequence[Draft], kind: Kind) -> list[Document]:
    pairs = [(each.source, each.source_key) for each in drafts]
    known = queries.by_source(unit, pairs)
    fresh = [each for each in drafts if (each.source, each.source_key) not in known]
    drawn = drawn_up(unit, fresh)
    booked = book(unit, [_entry(each, kind) for each in drawn])
    note_purchases(unit, booked, "purchase.order")
    if kind == "invoice":
        points.earn(unit, booked)
    new = iter(booked)
    there = {each.id: each for each in queries.documents(unit, sorted(set(known.values())))}
    return [there[known[pair]] if pair in known else next(new) for pair in pairs]


def _entry(drawn: Drawn, kind: Kind) -> Entry:
    draft = drawn.draft
    return Entry(
        kind=kind,
        customer_id=draft.customer_id,
        currency=drawn.currency,
        on=drawn.on,
        due_on=drawn.due_on if kind == "invoice" else None,
        lines=drawn.lines,
        tax_included=drawn.tax_included,
        purchase_noted=draft.purchase_noted,
        reference=draft.reference or drawn.account.reference,
        note=draft.note,
        buyer=buyer_of(drawn.account, drawn.customer.name),
        source=draft.source,
        source_key=draft.source_key,
    )


@atomic
def invoice_order(
    unit: Unit,
    name: int | str,
    quantities: Quantities | None = None,
    *,
    on: date | None = None,
    due_on: date | None = None,
) -> Document:
    """
    Bill an order, or part of it; what all its invoices come to before tax is what it comes to.

    Args:
        quantities: How much of which line; all that is left where none are given.

    Raises:
        TooMuchError: If more is billed than is left of a line.
        NotOpenError: If it was billed wholly, or cancelled.
        StaleVersionError: If somebody else bills it at this moment.
    """
    source = _open(unit, name, "order", "only open orders are billed")
    parts = _parts(source, quantities)
    lines = again(parts, source.currency, included=source.tax_included)
    day = on or queries.today(unit)
    account = queries.accounts_of_many(unit, [source.customer_id])[source.customer_id]
    days = unit.settings(Settings).payment_days
    days = days if account.payment_days is None else account.payment_days
    entry = _after(source, "invoice", lines)
    due = due_on or day + timedelta(days=days)
    (booked,) = book(unit, [attrs.evolve(entry, on=day, due_on=due)])
    _count_off(unit, source, parts)
    points.earn(unit, [booked])
    return booked


@atomic
def cancel_order(unit: Unit, name: int | str) -> Document:
    """
    Cancel what is not billed yet of an order; a purchase that was noted is noted as given back.

    Raises:
        NotOpenError: If it was billed wholly, or cancelled before.
    """
    source = _open(unit, name, "order", "only open orders are cancelled")
    left = attrs.evolve(source, lines=_parts(source, None))
    theirs = billing_document.c
    done = unit.connection.execute(
        sa.update(billing_document)
        .where(theirs.id == source.id, theirs.version == source.version)
        .values(status="cancelled", open_minor=0, version=source.version + 1)
    ).rowcount
    if done != 1:
        raise StaleVersionError("order", [source.id])
    note_purchases(unit, [left], "purchase.return", " cancelled")
    return queries.document(unit, source.id)


@atomic
def credit(
    unit: Unit,
    name: int | str,
    quantities: Quantities | None = None,
    *,
    goods_back: bool = True,
    reason: str = "",
    on: date | None = None,
) -> Document:
    """
    Credit an invoice, or part of it, and set that off against what is open of it.

    What was paid already stays open on the credit note, to be refunded or set off. Credited in
    parts of any size and order, an invoice comes to nothing exactly.

    Args:
        quantities: How much of which line; all that is left where none are given, which cancels
            the invoice.
        goods_back: Whether what the lines cost us came back too.

    Raises:
        TooMuchError: If more is credited than is left of a line.
        NotOpenError: If it was credited wholly before.
        StaleVersionError: If somebody else credits it at this moment.
    """
    source = queries.document(unit, name)
    if source.kind != "invoice":
        raise NotOpenError(source.number, f"no invoice but a {source.kind}", "name an invoice")
    parts = _parts(source, quantities)
    lines = parts if goods_back else tuple(attrs.evolve(each, cost_minor=0) for each in parts)
    entry = attrs.evolve(_after(source, "credit_note", lines), on=on or queries.today(unit))
    (booked,) = book(unit, [attrs.evolve(entry, note=reason)])
    more = {each.source_position: in_micro(each, None) for each in parts}
    if not mark_done(unit, source.id, more):
        raise StaleVersionError("invoice", [source.id])
    note_purchases(unit, [booked], "purchase.return")
    points.take_back(unit, source, booked)
    if min(source.open_minor, booked.gross_minor) and source.status == "open":
        settling.allocate(unit, source.id, booked.id)
    return queries.document(unit, booked.id)


def _after(source: Document, kind: Kind, lines: tuple[DocumentLine, ...]) -> Entry:
    """What follows from another document is for the same buyer, in the same currency."""
    return Entry(
        kind=kind,
        customer_id=source.customer_id,
        currency=source.currency,
        on=source.on,
        lines=lines,
        tax_included=source.tax_included,
        purchase_noted=source.purchase_noted,
        source_id=source.id,
        reference=source.reference,
        note=source.note,
        buyer=source.buyer,
    )


def _open(unit: Unit, name: int | str, kind: str, wanted: str) -> Document:
    found = queries.document(unit, name)
    if found.kind != kind:
        raise NotOpenError(found.number, f"no {kind} but a {found.kind}", f"name an {kind}")
    if found.status != "open":
        raise NotOpenError(found.number, found.status, wanted)
    return found


def _parts(source: Document, quantities: Quantities | None) -> tuple[DocumentLine, ...]:
    """
    The asked, or all that is left, of the lines of *source*.

    Raises:
        TooMuchError: If a line has less left.
        NotOpenError: If nothing is left at all.
    """
    asked = None if quantities is None else {k: quantity(v) for k, v in quantities.items()}
    known = {line.position: line for line in source.lines}
    for place, amount in (asked or {}).items():
        if place not in known:
            accepted = f"a line of {source.number}, 1 to {len(known)}"
            raise InvalidValueError("line", place, accepted)
        if amount <= 0:
            raise InvalidValueError("quantity", str(amount), "more than 0")
        if amount > known[place].left:
            what = f"line {place} of {source.number}"
            raise TooMuchError(what, amount, known[place].left.normalize())
    chosen = [
        line for line in source.lines if line.left and (asked is None or line.position in asked)
    ]
    if not chosen:
        raise NotOpenError(source.number, "dealt with wholly", "nothing of it is left")
    return tuple(
        part_of(line, in_micro(line, asked[line.position] if asked else None), place)
        for place, line in enumerate(chosen, 1)
    )


def _count_off(unit: Unit, source: Document, parts: Sequence[DocumentLine]) -> None:
    """Bill *parts* off an order, which is settled when all of it is billed."""
    more = {each.source_position: in_micro(each, None) for each in parts}
    worth = sum(each.net_minor + each.tax_minor for each in parts)
    if not mark_done(unit, source.id, more) or not lower_open(unit, {source.id: worth}):
        raise StaleVersionError("order", [source.id])
