"""Points: earned by invoices, taken back by credit notes, spent, lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from crmkit import InvalidValueError, Money, Unit, atomic
from crmkit.sql import Count, id_list, insert_many, one_of

from ..config import Settings
from ..errors import NotEnoughPointsError
from ..model import Document
from ..tables import billing_document, billing_points


def earn(unit: Unit, invoices: Sequence[Document]) -> None:
    """Give the points that the settings promise for these invoices."""
    loyalty = unit.settings(Settings).loyalty
    rows = []
    for each in invoices:
        points = points_for(each, loyalty.points)
        if points:
            expires = unit.now + timedelta(days=loyalty.expires_days)
            lost_at = expires if loyalty.expires_days else None
            reason = f"invoice {each.number}"
            rows.append((each.customer_id, points, reason, lost_at, each.id))
    _give(unit, rows)


def points_for(document: Document, points: int) -> int:
    """For each whole major unit before tax."""
    return points * int(Money(document.net_minor, document.currency).amount)


def take_back(unit: Unit, invoice: Document, credit_note: Document) -> None:
    """
    Take back the points of what was credited; the balance may fall below nothing if they were
    spent.

    What all credit notes of an invoice take is what it gave, whatever their sizes.
    """
    theirs = billing_points.c
    given = unit.connection.scalar(
        sa.select(sa.func.sum(theirs.points)).where(
            theirs.document_id == invoice.id, theirs.points > 0
        )
    )
    if not given or not invoice.net_minor:
        return
    credited = _credited_net(unit, invoice.id)
    before = int(given) * (credited - credit_note.net_minor) // invoice.net_minor
    less = int(given) * credited // invoice.net_minor - before
    if less:
        _consume(unit, invoice.customer_id, less)
        reason = f"credit note {credit_note.number}"
        _write(unit, [(invoice.customer_id, -less, reason, None, 0, credit_note.id)])


def _credited_net(unit: Unit, invoice_id: int) -> int:
    theirs = billing_document.c
    total = sa.select(sa.func.sum(theirs.net_minor)).where(
        theirs.source_id == invoice_id, theirs.kind == "credit_note"
    )
    return int(unit.connection.scalar(total) or 0)


@atomic
def redeem_points(unit: Unit, customer_id: int, points: int, *, reason: str) -> None:
    """
    Spend points, those that are lost first first.

    Raises:
        NotEnoughPointsError: If the customer has fewer.
    """
    if points <= 0:
        raise InvalidValueError("points", points, "a number above 0")
    expire_points(unit, [customer_id])
    balance = unit.connection.scalar(
        sa.select(sa.func.sum(billing_points.c.points)).where(
            billing_points.c.customer_id == customer_id
        )
    )
    if points > int(balance or 0):
        raise NotEnoughPointsError(points, int(balance or 0))
    _consume(unit, customer_id, points)
    _write(unit, [(customer_id, -points, reason, None, 0, None)])


@atomic
def adjust_points(unit: Unit, customer_id: int, points: int, *, reason: str) -> None:
    """
    Give or take points by hand, as for a complaint or a mistake.

    Raises:
        RecordNotFoundError: If the customer does not exist.
        NotEnoughPointsError: If more are taken than there are.
    """
    unit.customers.get(customer_id)
    if points < 0:
        redeem_points(unit, customer_id, -points, reason=reason)
        return
    days = unit.settings(Settings).loyalty.expires_days
    lost_at = unit.now + timedelta(days=days) if days else None
    _give(unit, [(customer_id, points, reason, lost_at, None)])


@atomic
def expire_points(unit: Unit, customer_ids: Sequence[int] | None = None) -> int:
    """Take what was not spent in time; returns how many points. A rerun takes nothing more."""
    theirs = billing_points.c
    select = sa.select(theirs.id, theirs.customer_id, theirs.unspent, theirs.expires_at).where(
        theirs.unspent > 0, theirs.expires_at <= unit.now
    )
    if customer_ids is not None:
        select = select.where(theirs.customer_id.in_(customer_ids))
    lots = unit.connection.execute(select.with_for_update()).all()
    _spend(unit, [(lot.id, lot.unspent) for lot in lots])
    reason = "not spent in time"
    _write(unit, [(lot.customer_id, -lot.unspent, reason, None, 0, None) for lot in lots])
    return sum(lot.unspent for lot in lots)


def _give(unit: Unit, given: Sequence[tuple[int, int, str, datetime | None, int | None]]) -> None:
    """Points that come in first make good what a customer is below nothing."""
    debts = _debts(unit, sorted({customer_id for customer_id, *_ in given}))
    rows = []
    for customer_id, points, reason, lost_at, document_id in given:
        owed = min(points, debts.get(customer_id, 0))
        debts[customer_id] = debts.get(customer_id, 0) - owed
        rows.append((customer_id, points, reason, lost_at, points - owed, document_id))
    _write(unit, rows)


def _debts(unit: Unit, customer_ids: Sequence[int]) -> dict[int, int]:
    theirs = billing_points.c
    debt = sa.cast(sa.func.sum(theirs.unspent - theirs.points), Count)
    select = sa.select(theirs.customer_id, debt).where(one_of(theirs.customer_id))
    given = {"ids": id_list(unit.connection, customer_ids)}
    rows = unit.connection.execute(select.group_by(theirs.customer_id), given)
    return {row[0]: row[1] for row in rows}


def _consume(unit: Unit, customer_id: int, points: int) -> None:
    """Take points out of what came in, what is lost first first, as far as there are any."""
    theirs = billing_points.c
    never_last = sa.case((theirs.expires_at.is_(None), 1), else_=0)
    lots = unit.connection.execute(
        sa.select(theirs.id, theirs.unspent)
        .where(theirs.customer_id == customer_id, theirs.unspent > 0)
        .order_by(never_last, theirs.expires_at, theirs.at, theirs.id)
        .with_for_update()
    ).all()
    spent, left = [], points
    for lot in lots:
        taken = min(left, lot.unspent)
        if taken:
            spent.append((lot.id, taken))
            left -= taken
    _spend(unit, spent)


def _spend(unit: Unit, taken: Sequence[tuple[int, int]]) -> None:
    theirs = billing_points.c
    less = (
        sa.update(billing_points)
        .where(theirs.id == sa.bindparam("lot"))
        .values(unspent=theirs.unspent - sa.bindparam("taken"))
    )
    if taken:
        given = [{"lot": lot, "taken": points} for lot, points in taken]
        unit.connection.execute(less, given)


def _write(
    unit: Unit, rows: Sequence[tuple[int, int, str, datetime | None, int, int | None]]
) -> None:
    ids = unit.new_ids(billing_points, len(rows)) if rows else ()
    stored = [
        (new, customer_id, points, reason, unit.now, expires_at, unspent, document_id)
        for new, (customer_id, points, reason, expires_at, unspent, document_id) in zip(
            ids, rows, strict=True
        )
    ]
    insert_many(unit.connection, billing_points, stored)
