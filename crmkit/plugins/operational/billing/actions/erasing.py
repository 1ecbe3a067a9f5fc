"""Erasure: who it was goes, what the books say stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import delete_where, id_list, one_of

from ..tables import (
    billing_account,
    billing_cost,
    billing_document,
    billing_line,
    billing_points,
)

_ANONYMOUS: dict[sa.Table, dict[str, Any]] = {
    billing_document: {"buyer": {}, "reference": "", "note": "", "method": "", "source_key": None},
    billing_line: {"name": ""},
    billing_cost: {"activity": "", "source_key": None},
    billing_points: {"reason": ""},
}


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """
    Delete the accounts of these customers, and take names, addresses and free texts out of their
    documents. Numbers, days and amounts stay, so that the books still add up.
    """
    touched = delete_where(unit.connection, billing_account, "customer_id", customer_ids)
    given = {"ids": id_list(unit.connection, customer_ids)}
    for table, values in _ANONYMOUS.items():
        blank = sa.update(table).where(one_of(table.c.customer_id)).values(**values)
        touched += unit.connection.execute(blank, given).rowcount
    return touched
