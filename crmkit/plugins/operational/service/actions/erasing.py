"""Erasure."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import delete_where, id_list, one_of

from ..tables import service_case, service_change, service_participant


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """
    Blank the subjects of these customers' cases and what was changed in them, and take the
    customers off other cases. Days, queues and scores stay, so that what was measured stays.
    """
    given = {"ids": id_list(unit.connection, customer_ids)}
    theirs = service_case.c
    ids = unit.connection.scalars(sa.select(theirs.id).where(one_of(theirs.customer_id)), given)
    case_ids = id_list(unit.connection, ids.all())
    blank = sa.update(service_case).where(one_of(theirs.customer_id))
    touched = unit.connection.execute(blank.values(subject="", source_key=None), given).rowcount
    told = sa.update(service_change).where(
        one_of(service_change.c.case_id), service_change.c.field == "subject"
    )
    touched += unit.connection.execute(told.values(before="", after=""), {"ids": case_ids}).rowcount
    return touched + delete_where(unit.connection, service_participant, "customer_id", customer_ids)
