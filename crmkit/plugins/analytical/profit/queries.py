"""What articles cost us, and which costs there are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from crmkit import Money, Unit
from crmkit.sql import id_list, int_sum, line, one_of

from .model import Cost
from .tables import profit_cost


def costs(unit: Unit, skus: Collection[str] | None = None) -> list[Cost]:
    """All costs, or those of *skus*, by article and day."""
    c = profit_cost.c
    select = sa.select(c.sku, c.amount_minor, c.currency, c.per, c.since).order_by(c.sku, c.since)
    given: dict[str, Any] = {}
    if skus is not None:
        select, given = select.where(one_of(c.sku)), {"ids": id_list(unit.connection, list(skus))}
    return [
        Cost(sku=sku, amount=Money(minor, currency), per=per, since=since)
        for sku, minor, currency, per, since in unit.connection.execute(select, given)
    ]


def stamp(unit: Unit) -> str:
    """Another one whenever the costs are others; empty where there are none."""
    c = profit_cost.c
    count, last, total = unit.connection.execute(
        sa.select(sa.func.count(), sa.func.max(c.changed_at), int_sum(c.amount_minor))
    ).one()
    return f"{count} {last:%Y-%m-%dT%H:%M:%S.%f} {total}" if count else ""


def unsold(unit: Unit, skus: Collection[str]) -> list[str]:
    """Those of *skus* that no line of a purchase bears."""
    wanted = id_list(unit.connection, list(skus))
    sold = unit.connection.scalars(
        sa.select(line.c.sku).distinct().where(one_of(line.c.sku)), {"ids": wanted}
    )
    return sorted(set(skus) - set(sold))
