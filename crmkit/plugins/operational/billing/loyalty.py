"""Points as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, one_of

from .config import Settings
from .model import PointsAccount, PointsEntry
from .tables import billing_points


def points_of(unit: Unit, customer_id: int) -> PointsAccount:
    """What a customer has, what of it is lost next, and which tier they reach."""
    return points_of_many(unit, [customer_id])[customer_id]


def points_of_many(unit: Unit, customer_ids: Sequence[int]) -> dict[int, PointsAccount]:
    """The same of each of these customers."""
    theirs = billing_points.c
    query = sa.select(billing_points).where(one_of(theirs.customer_id))
    given = {"ids": id_list(unit.connection, customer_ids)}
    entries: dict[int, list[PointsEntry]] = {each: [] for each in customer_ids}
    rows = unit.connection.execute(query.order_by(theirs.at, theirs.id), given)
    for each in (PointsEntry(**row) for row in rows.mappings()):
        entries[each.customer_id].append(each)
    return {who: _account(unit, who, theirs) for who, theirs in entries.items()}


def _account(unit: Unit, customer_id: int, entries: Sequence[PointsEntry]) -> PointsAccount:
    loyalty = unit.settings(Settings).loyalty
    usable = [e for e in entries if e.unspent and (not e.expires_at or e.expires_at > unit.now)]
    lost = sum(e.unspent for e in entries if e.unspent and e not in usable)
    since = unit.now - timedelta(days=loyalty.tier_days)
    earned = max(0, sum(e.points for e in entries if e.document_id and e.at >= since))
    reached = [(least, name) for name, least in loyalty.tiers.items() if earned >= least]
    return PointsAccount(
        customer_id=customer_id,
        points=sum(e.points for e in entries) - lost,
        earned=earned,
        tier=max(reached)[1] if reached else "",
        next_loss=_next_loss(usable),
    )


def _next_loss(usable: Sequence[PointsEntry]) -> tuple[int, datetime] | None:
    instants = [each.expires_at for each in usable if each.expires_at]
    if not instants:
        return None
    soonest = min(instants)
    return sum(each.unspent for each in usable if each.expires_at == soonest), soonest


def points_entries(unit: Unit, customer_id: int) -> list[PointsEntry]:
    """The ledger of one customer, oldest first."""
    theirs = billing_points.c
    rows = unit.connection.execute(
        sa.select(billing_points)
        .where(theirs.customer_id == customer_id)
        .order_by(theirs.at, theirs.id)
    )
    return [PointsEntry(**row) for row in rows.mappings()]
