"""What several scorers look at."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import attribute_value


def attribute_values(name: str, scope: Scope) -> sa.Subquery:
    """``customer_id`` and ``value`` of an indexed custom attribute, as it is now."""
    told = attribute_value.c
    return (
        sa.select(told.customer_id, told.value)
        .where(told.name == name, scope.covers(told.customer_id))
        .subquery()
    )
