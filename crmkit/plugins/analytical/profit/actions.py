"""Writes: what articles cost us."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from crmkit import RecordNotFoundError, Unit
from crmkit.sql import insert_many

from .model import Cost
from .queries import costs
from .tables import profit_cost

COLUMNS = ("sku", "since", "amount_minor", "currency", "per", "changed_at")


def tell_costs(unit: Unit, told: Iterable[Cost]) -> int:
    """
    Say what articles cost, each from a day on; a cost of the same article and day is replaced.

    Returns: how many are new or others than before.
    """
    wanted = {(each.sku, each.since): each for each in told}
    known = {(each.sku, each.since): each for each in costs(unit, {sku for sku, _ in wanted})}
    changed = {key: each for key, each in wanted.items() if known.get(key) != each}
    for key in changed.keys() & known.keys():
        _remove(unit, *key)
    rows = [
        (sku, since, each.amount.amount_minor, each.amount.currency, each.per, unit.now)
        for (sku, since), each in changed.items()
    ]
    insert_many(unit.connection, profit_cost, rows, COLUMNS)
    return len(changed)


def remove_cost(unit: Unit, sku: str, since: datetime) -> None:
    """
    Take a cost back; from its day on the one before it holds, if there is one.

    Raises:
        RecordNotFoundError: If no cost of the article begins then.
    """
    if not _remove(unit, sku, since):
        raise RecordNotFoundError("cost", f"{sku} since {since:%Y-%m-%d}")


def _remove(unit: Unit, sku: str, since: datetime) -> int:
    c = profit_cost.c
    gone = sa.delete(profit_cost).where(c.sku == sku, c.since == since)
    return unit.connection.execute(gone).rowcount
