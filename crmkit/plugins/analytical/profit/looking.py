"""The time a score of profit looks at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmkit import Scope
from crmkit.sql import Real

from .config import Settings
from .features import facts


def back(settings: Settings, costed: bool, scope: Scope) -> sa.Select[Any]:
    """The facts of the window before ``scope.as_of``."""
    since = scope.as_of - timedelta(days=settings.window_days)
    return facts(settings, since, scope.as_of, scope, costed=costed)


def ahead(settings: Settings, costed: bool, scope: Scope, until: datetime) -> sa.Select[Any]:
    """Profit from ``scope.as_of`` on and before *until*, in minor units, not rounded."""
    fact = facts(settings, scope.as_of, until, scope, costed=costed).subquery().c
    kept = fact.revenue_minor + fact.returns_minor
    margin = sa.cast(kept - fact.costed_minor, Real) * settings.margin_share
    real = sa.cast(fact.costed_minor, Real) - fact.cost
    spent = sa.cast(fact.discount_minor + fact.service_minor, Real)
    return sa.select(fact.customer_id, (margin + real - spent).label("outcome"))
