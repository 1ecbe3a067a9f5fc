"""What is given out about a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, one_of

from . import queries
from .tables import sales_deal, sales_lead, sales_preference, sales_quote


def exported(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Leads, deals with their moves and quotes, preferences; JSON-ready, by customer."""
    found: dict[int, dict[str, Any]] = {
        each: {"leads": [], "deals": [], "quotes": [], "preferences": []} for each in customer_ids
    }
    for each in queries.leads(unit, _ids(unit, sales_lead, customer_ids)):
        found[each.customer_id]["leads"].append(queries.plain(each))
    deals = queries.deals(unit, _ids(unit, sales_deal, customer_ids))
    moves = queries.moves(unit, [each.id for each in deals])
    for deal in deals:
        steps = [queries.plain(each) for each in moves if each.deal_id == deal.id]
        found[deal.customer_id]["deals"].append({**queries.plain(deal), "moves": steps})
    for quote_id in _ids(unit, sales_quote, customer_ids):
        quote = queries.quote(unit, quote_id)
        found[quote.customer_id]["quotes"].append(queries.plain(quote))
    theirs = sales_preference.c
    rows = unit.connection.execute(
        sa.select(theirs.customer_id, theirs.topic, theirs.what, theirs.at)
        .where(one_of(theirs.customer_id))
        .order_by(theirs.interaction_id),
        {"ids": id_list(unit.connection, customer_ids)},
    )
    for row in rows:
        told = {"topic": row.topic, "what": row.what, "at": row.at.isoformat()}
        found[row.customer_id]["preferences"].append(told)
    return {each: dict(told) for each, told in found.items()}


def _ids(unit: Unit, table: sa.Table, customer_ids: Sequence[int]) -> list[int]:
    select = sa.select(table.c.id).where(one_of(table.c.customer_id)).order_by(table.c.id)
    given = {"ids": id_list(unit.connection, customer_ids)}
    return list(unit.connection.scalars(select, given))
