"""What is given out about a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, one_of

from . import queries
from .tables import service_amends, service_case, service_feedback, service_participant


def exported(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Cases with their history, other cases they take part in, feedback, amends; JSON-ready."""
    given = {"ids": id_list(unit.connection, customer_ids)}
    found: dict[int, dict[str, Any]] = {
        each: {"cases": [], "takes_part_in": [], "feedback": [], "amends": []}
        for each in customer_ids
    }
    ids = unit.connection.scalars(
        sa.select(service_case.c.id).where(one_of(service_case.c.customer_id)), given
    ).all()
    for each in queries.cases(unit, ids):
        history = [queries.plain(change) for change in queries.history(unit, each.id)]
        found[each.customer_id]["cases"].append({**queries.plain(each), "history": history})
    parts = ((service_participant, "takes_part_in"), (service_feedback, "feedback"),
             (service_amends, "amends"))  # fmt: skip
    for table, name in parts:
        select = sa.select(table).where(one_of(table.c.customer_id))
        for row in unit.connection.execute(select, given).mappings():
            told = dict(row)
            if "at" in told:
                told["at"] = told["at"].isoformat()
            found[row["customer_id"]][name].append(told)
    return {each: dict(told) for each, told in found.items()}
