"""Reads: who is worth most and still a customer, and the whole book followed over time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmkit import InvalidValueError, MissingExtraError, Scope, Unit
from crmkit.plugins.foundation import scoring

from .config import Settings
from .features import features, last_day_seen, order_days
from .model import Standing

if TYPE_CHECKING:
    from .scoring.tracking import Tracking


def standings(unit: Unit, *, top: int | None = None) -> list[Standing]:
    """
    Customers by their stored scores ``clv`` and ``p_alive``, those worth most first.

    Args:
        top: How many; default all.
    """
    worth, alive = scoring.score_table.alias("worth"), scoring.score_table.alias("alive")
    select = (
        sa.select(worth.c.customer_id, worth.c.value, worth.c.low, worth.c.high, alive.c.value)
        .join(alive, alive.c.customer_id == worth.c.customer_id)
        .where(worth.c.scorer == "clv", alive.c.scorer == "p_alive")
        .order_by(worth.c.value.desc(), worth.c.customer_id)
        .limit(top)
    )
    return [Standing(*row) for row in unit.connection.execute(select)]


def tracking(unit: Unit, *, cut: datetime, until: datetime | None = None) -> Tracking:
    """
    Repeat purchases week by week, beside those expected by a model that saw only what came before
    *cut*.

    Everybody who had ordered before *cut* is followed, from the first day of all of them on. Orders
    of one day (UTC) are one purchase. The model is that of the settings.

    Args:
        until: Purchases before this instant count; default now.

    Raises:
        InvalidValueError: If *until* is still to come, or not at least a week after *cut*.
        TooThinError: If too few customers had come back before *cut*.
        MissingExtraError: Without NumPy or SciPy.
    """
    until = until or unit.now
    if until > unit.now:
        raise InvalidValueError("until", f"{until:%Y-%m-%d}", "a day that has come")
    if until - cut < timedelta(weeks=1):
        raise InvalidValueError(
            "until", f"{until:%Y-%m-%d}", f"a week or more after {cut:%Y-%m-%d}"
        )
    try:
        from .scoring.following import follow
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Lifetime value", "analytics") from exc
    before, days = (
        scoring.read_columns(unit.connection, "clv", select)
        for select in (features(Scope(as_of=cut)), order_days(Scope(as_of=until)))
    )
    return follow(before, days, unit.settings(Settings), last_day=last_day_seen(until))
