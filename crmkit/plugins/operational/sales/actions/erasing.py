"""Erasure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import delete_where, id_list, one_of

from ..tables import sales_deal, sales_lead, sales_preference, sales_quote, sales_quote_line

_ANONYMOUS: dict[sa.Table, dict[str, Any]] = {
    sales_deal: {"name": "", "reason": "", "next_what": "", "source_key": None},
    sales_lead: {"interest": "", "reason": "", "source_key": None},
    sales_quote: {"note": ""},
}


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """
    Delete these customers' preferences, and take the texts out of their leads, deals and quotes.
    Stages, days and amounts stay, so that forecasts and velocity stay true.
    """
    given = {"ids": id_list(unit.connection, customer_ids)}
    touched = delete_where(unit.connection, sales_preference, "customer_id", customer_ids)
    for table, values in _ANONYMOUS.items():
        blank = sa.update(table).where(one_of(table.c.customer_id)).values(**values)
        touched += unit.connection.execute(blank, given).rowcount
    quotes = unit.connection.scalars(
        sa.select(sales_quote.c.id).where(one_of(sales_quote.c.customer_id)), given
    ).all()
    lines = sa.update(sales_quote_line).where(one_of(sales_quote_line.c.quote_id))
    ids = {"ids": id_list(unit.connection, quotes)}
    return touched + unit.connection.execute(lines.values(name=""), ids).rowcount
