"""Payments, refunds, debts written off, and what is set off against what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import sqlalchemy as sa

from crmkit import InvalidValueError, Money, RecordNotFoundError, StaleVersionError, Unit, atomic
from crmkit.sql import insert_many

from .. import queries
from ..errors import MixedCurrenciesError, NotOpenError, TooMuchError, WrongPartyError
from ..model import CREDITS, DEBITS, Document, Payment
from ..tables import billing_allocation, billing_document
from .booking import Entry, book, lower_open


@atomic
def record_payments(unit: Unit, payments: Sequence[Payment]) -> list[Document]:
    """
    Book money that came in, and set it off against the invoices it names, or the longest due.

    What is more than they need stays open on the payment. One known by its source is returned.

    Raises:
        RecordNotFoundError: If a customer or a named invoice does not exist.
        WrongPartyError, MixedCurrenciesError: If a named invoice is another one's, or in another
            currency.
    """
    pairs = [(each.source, each.source_key) for each in payments]
    known = queries.by_source(unit, pairs)
    fresh = [each for each in payments if (each.source, each.source_key) not in known]
    _refuse_unknown(unit, fresh)
    today = queries.today(unit)
    booked = book(unit, [_payment(each, today) for each in fresh])
    for document, payment in zip(booked, fresh, strict=True):
        _settle(unit, document, payment.settles)
    done = iter(queries.documents(unit, [each.id for each in booked]))
    there = {each.id: each for each in queries.documents(unit, sorted(set(known.values())))}
    return [there[known[pair]] if pair in known else next(done) for pair in pairs]


def _refuse_unknown(unit: Unit, payments: Sequence[Payment]) -> None:
    wanted = sorted({each.customer_id for each in payments})
    there = {each.id for each in unit.customers.get_many(wanted)}
    for each in wanted:
        if each not in there:
            raise RecordNotFoundError("customer", each)


def _payment(payment: Payment, today: date) -> Entry:
    return Entry(
        kind="payment",
        customer_id=payment.customer_id,
        currency=payment.amount.currency,
        on=payment.on or today,
        gross_minor=payment.amount.amount_minor,
        reference=payment.reference,
        method=payment.method,
        source=payment.source,
        source_key=payment.source_key,
    )


def _settle(unit: Unit, payment: Document, numbers: Sequence[str]) -> None:
    named = [queries.document(unit, each) for each in numbers]
    for each in named:
        _refuse_unlike(each, payment)
    debits = named or [
        each
        for each in queries.open_documents(unit, [payment.customer_id], DEBITS)
        if each.currency == payment.currency
    ]
    left = payment.open_minor
    for each in debits:
        amount = min(left, each.open_minor)
        if amount and each.status == "open":
            _set_off(unit, each, payment, amount)
            left -= amount


@atomic
def allocate(unit: Unit, debit: int | str, credit: int | str, amount: Money | None = None) -> Money:
    """
    Set off an invoice or a refund against a payment or a credit note; returns how much.

    Args:
        amount: As much as both have open where it is None.

    Raises:
        WrongPartyError: If they are of two customers.
        MixedCurrenciesError: If they are in two currencies.
        TooMuchError: If one of them has less open.
        NotOpenError: If one of them has nothing open, or is on the wrong side.
    """
    owed, paid = queries.document(unit, debit), queries.document(unit, credit)
    _refuse_unlike(owed, paid)
    for each in (owed, paid):
        if each.status != "open" or not each.open_minor:
            raise NotOpenError(each.number, each.status, "nothing of it is open to be set off")
    most = min(owed.open_minor, paid.open_minor)
    asked = most if amount is None else amount.amount_minor
    if amount is not None and amount.currency != owed.currency:
        raise MixedCurrenciesError(str(amount), amount.currency, owed.currency)
    if asked <= 0:
        raise InvalidValueError("amount", str(amount), "an amount above 0")
    if asked > most:
        what = f"setting {owed.number} off against {paid.number}"
        raise TooMuchError(what, amount, Money(most, owed.currency))
    _set_off(unit, owed, paid, asked)
    return Money(asked, owed.currency)


def _refuse_unlike(debit: Document, credit: Document) -> None:
    if debit.kind not in DEBITS:
        raise NotOpenError(debit.number, f"a {debit.kind}", f"name one of {', '.join(DEBITS)}")
    if credit.kind not in CREDITS:
        raise NotOpenError(credit.number, f"a {credit.kind}", f"name one of {', '.join(CREDITS)}")
    if debit.customer_id != credit.customer_id:
        raise WrongPartyError(debit.number, credit.number)
    if debit.currency != credit.currency:
        raise MixedCurrenciesError(debit.number, debit.currency, credit.currency)


def _set_off(unit: Unit, debit: Document, credit: Document, amount_minor: int) -> None:
    if not lower_open(unit, {debit.id: amount_minor, credit.id: amount_minor}):
        raise StaleVersionError("document", sorted([debit.id, credit.id]))
    (new,) = unit.new_ids(billing_allocation, 1)
    row = (new, debit.id, credit.id, debit.customer_id, amount_minor, unit.now)
    insert_many(unit.connection, billing_allocation, [row])


@atomic
def refund(
    unit: Unit, name: int | str, amount: Money | None = None, *, method: str = "", note: str = ""
) -> Document:
    """
    Pay back what is open of a payment or a credit note, or part of that.

    Raises:
        TooMuchError: If more is paid back than is open.
        NotOpenError: If nothing is open.
    """
    source = queries.document(unit, name)
    if source.kind not in CREDITS or source.status != "open":
        wanted = "only what is open of a payment or a credit note is refunded"
        raise NotOpenError(source.number, f"a {source.kind}, {source.status}", wanted)
    return _against(unit, source, "refund", amount, method=method, note=note)


@atomic
def write_off(
    unit: Unit, name: int | str, amount: Money | None = None, *, reason: str = ""
) -> Document:
    """
    Give up what is open of an invoice, or part of that; it becomes a loss.

    The tax within is not taken back: whether it may be depends on the country.

    Raises:
        TooMuchError: If more is given up than is open.
        NotOpenError: If nothing is open.
    """
    source = queries.document(unit, name)
    if source.kind != "invoice" or source.status != "open":
        wanted = "only what is open of an invoice is written off"
        raise NotOpenError(source.number, f"a {source.kind}, {source.status}", wanted)
    return _against(unit, source, "write_off", amount, note=reason)


def _against(
    unit: Unit, source: Document, kind: str, amount: Money | None, *, method: str = "", note: str
) -> Document:
    asked = amount or Money(source.open_minor, source.currency)
    if asked.currency != source.currency:
        raise MixedCurrenciesError(str(asked), asked.currency, source.currency)
    if asked.amount_minor <= 0:
        raise InvalidValueError("amount", str(asked), "an amount above 0")
    if asked.amount_minor > source.open_minor:
        raise TooMuchError(f"{kind} of {source.number}", asked, source.open)
    entry = Entry(
        kind="refund" if kind == "refund" else "write_off",
        customer_id=source.customer_id,
        currency=source.currency,
        on=queries.today(unit),
        gross_minor=asked.amount_minor,
        source_id=source.id,
        note=note,
        method=method,
    )
    (booked,) = book(unit, [entry])
    pair = (booked, source) if kind == "refund" else (source, booked)
    _set_off(unit, *pair, asked.amount_minor)
    return queries.document(unit, booked.id)


@atomic
def release(unit: Unit, name: int | str) -> int:
    """
    Undo everything a payment or a credit note was set off against, as when a payment bounces.

    What it had settled is open again, and so is the payment, which may then be refunded. Returns
    how many minor units that was.

    Raises:
        NotOpenError: If it was refunded in part: that money is gone.
    """
    source = queries.document(unit, name)
    theirs = billing_allocation.c
    rows = unit.connection.execute(
        sa.select(theirs.debit_id, theirs.amount_minor).where(theirs.credit_id == source.id)
    ).all()
    debits = {each.id: each for each in queries.documents(unit, {row.debit_id for row in rows})}
    if source.kind != "payment" or any(each.kind == "refund" for each in debits.values()):
        told = f"a {source.kind}, refunded or no payment"
        raise NotOpenError(source.number, told, "only a payment that was not refunded is released")
    back: dict[int, int] = {}
    for row in rows:
        back[row.debit_id] = back.get(row.debit_id, 0) + row.amount_minor
    whole = sum(back.values())
    _open_again(unit, [*back.items(), (source.id, whole)] if whole else [])
    undone = [(source.id, debit_id, -amount) for debit_id, amount in back.items() if amount]
    ids = unit.new_ids(billing_allocation, len(undone)) if undone else ()
    insert_many(
        unit.connection,
        billing_allocation,
        [
            (new, debit_id, credit_id, source.customer_id, amount, unit.now)
            for new, (credit_id, debit_id, amount) in zip(ids, undone, strict=True)
        ],
    )
    return whole


def _open_again(unit: Unit, amounts: Iterable[tuple[int, int]]) -> None:
    theirs = billing_document.c
    for document_id, more in amounts:
        again = sa.update(billing_document).where(theirs.id == document_id)
        values = {
            "open_minor": theirs.open_minor + more,
            "status": "open",
            "version": theirs.version + 1,
        }
        if more:
            unit.connection.execute(again.values(values))


@atomic
def chargeback(unit: Unit, name: int | str) -> Document:
    """A payment that bounced: what it settled is open again, and the money is gone."""
    release(unit, name)
    return refund(unit, name, note="bounced")
