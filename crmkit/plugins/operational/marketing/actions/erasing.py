"""Erasure."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, one_of

from ..tables import marketing_member


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """Take codes and reasons off these customers' memberships; arms stay, so that results do."""
    blank = sa.update(marketing_member).where(one_of(marketing_member.c.customer_id))
    given = {"ids": id_list(unit.connection, customer_ids)}
    return unit.connection.execute(blank.values(code="", why=""), given).rowcount
