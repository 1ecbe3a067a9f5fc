"""Erasure."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import delete_where, id_list, one_of

from ..tables import marketing_member, marketing_referral, marketing_referrer


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """
    Take codes and reasons off these customers' memberships; arms stay, so that results do. Codes to
    pass on, and the referrals they are part of, are deleted.
    """
    blank = sa.update(marketing_member).where(one_of(marketing_member.c.customer_id))
    given = {"ids": id_list(unit.connection, customer_ids)}
    touched = unit.connection.execute(blank.values(code="", why=""), given).rowcount
    part_of = (
        (marketing_referrer, "customer_id"),
        (marketing_referral, "customer_id"),
        (marketing_referral, "referrer_id"),
    )
    return touched + sum(
        delete_where(unit.connection, table, column, customer_ids) for table, column in part_of
    )
