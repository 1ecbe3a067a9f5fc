"""What serving customers cost."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import InvalidValueError, RecordNotFoundError, Unit
from crmkit.sql import id_list, insert_many, one_of

from ..model import ServingCost
from ..tables import billing_cost


def book_costs(unit: Unit, costs: Sequence[ServingCost]) -> int:
    """
    Book costs of serving customers; returns how many are new. A negative one takes back another.

    Raises:
        RecordNotFoundError: If a customer or an interaction does not exist.
        InvalidValueError: If an interaction is another customer's.
    """
    fresh = _unknown(unit, costs)
    _refuse_wrong(unit, fresh)
    ids = unit.new_ids(billing_cost, len(fresh)) if fresh else ()
    rows = [
        (
            new,
            each.customer_id,
            each.interaction_id,
            each.activity,
            each.amount.amount_minor,
            each.amount.currency,
            each.at or unit.now,
            each.source,
            each.source_key,
        )
        for new, each in zip(ids, fresh, strict=True)
    ]
    return insert_many(unit.connection, billing_cost, rows)


def _unknown(unit: Unit, costs: Sequence[ServingCost]) -> list[ServingCost]:
    keys = [each.source_key for each in costs if each.source_key is not None]
    theirs = billing_cost.c
    select = sa.select(theirs.source, theirs.source_key).where(one_of(theirs.source_key))
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, keys)}) if keys else ()
    seen = {tuple(row) for row in rows}
    found = []
    for each in costs:
        pair = (each.source, each.source_key)
        if each.source_key is None or pair not in seen:
            found.append(each)
            seen.add(pair)
    return found


def _refuse_wrong(unit: Unit, costs: Sequence[ServingCost]) -> None:
    wanted = sorted({each.customer_id for each in costs})
    there = {each.id for each in unit.customers.get_many(wanted)}
    told = sorted({each.interaction_id for each in costs if each.interaction_id is not None})
    owners = {each.id: each.customer_id for each in unit.interactions.get_many(told)}
    for each in costs:
        if each.customer_id not in there:
            raise RecordNotFoundError("customer", each.customer_id)
        if each.interaction_id is None:
            continue
        if each.interaction_id not in owners:
            raise RecordNotFoundError("interaction", each.interaction_id)
        if owners[each.interaction_id] != each.customer_id:
            accepted = f"an interaction of customer {each.customer_id}"
            raise InvalidValueError("interaction_id", each.interaction_id, accepted)
