"""Reads: who may be gone, cohorts, times under contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import Scope, Unit
from crmkit.plugins.foundation import scoring
from crmkit.sql import customer, id_list, one_of

from .features import contracts, pauses
from .model import AtRisk, Contract, Leaving

_ASKED = "churn_asked"
DRIVERS = 3


def riskiest(unit: Unit, *, top: int) -> list[AtRisk]:
    """
    Customers in ``churn.at_risk``; who stands to cost us most, by worth times risk, comes first.

    Worth is the score ``clv`` as it would be were they still customers: divided by the chance that
    they are.
    """
    risk, worth = scoring.score_table.alias("risk"), scoring.score_table.alias("worth")
    alive = 1 - risk.c.value
    whole = sa.case((alive > 0, worth.c.value / alive))
    select = (
        sa.select(risk.c.customer_id, risk.c.value, whole)
        .outerjoin(
            worth, sa.and_(worth.c.customer_id == risk.c.customer_id, worth.c.scorer == "clv")
        )
        .where(risk.c.scorer == "churn", risk.c.label == "at_risk")
        .order_by(
            sa.func.coalesce(whole * risk.c.value, 0).desc(),
            risk.c.value.desc(),
            risk.c.customer_id,
        )
        .limit(top)
    )
    rows = unit.connection.execute(select).all()
    told = _pauses(unit, [row[0] for row in rows])
    return [
        AtRisk(
            customer_id=customer_id,
            risk=value,
            away_days=told[customer_id][0],
            pause_days=told[customer_id][1],
            worth_minor=worth_minor,
        )
        for customer_id, value, worth_minor in rows
    ]


def _pauses(unit: Unit, customer_ids: Sequence[int]) -> dict[int, tuple[int, float | None]]:
    asked = sa.select(customer.c.id).where(one_of(customer.c.id, _ASKED))
    given: dict[str, Any] = {_ASKED: id_list(unit.connection, customer_ids)}
    rows = unit.connection.execute(pauses(Scope(as_of=unit.now, customers=asked)), given)
    return {row[0]: (row[1], row[2]) for row in rows}


def leaving_soon(unit: Unit, *, top: int) -> list[Leaving]:
    """Customers whose contract runs, the likeliest to end it first, and what speaks for it."""
    score = scoring.score_table.c
    select = (
        sa.select(score.customer_id)
        .where(score.scorer == "contract_churn", score.label != "ended")
        .order_by(score.value.desc(), score.customer_id)
        .limit(top)
    )
    ids = list(unit.connection.scalars(select))
    found = scoring.scores_of_many(unit, ids)
    told = {
        each.customer_id: each
        for scores in found.values()
        for each in scores
        if each.scorer == "contract_churn"
    }
    return [
        Leaving(
            customer_id=each,
            chance=told[each].value,
            low=told[each].low,
            high=told[each].high,
            drivers=_drivers(told[each].reasons),
        )
        for each in ids
    ]


def _drivers(reasons: Mapping[str, float]) -> dict[str, float]:
    """What moves the chance most, either way."""
    ranked = sorted(reasons.items(), key=lambda each: -abs(each[1]))
    return {name: part for name, part in ranked[:DRIVERS] if part}


def contracts_of_all(unit: Unit) -> list[Contract]:
    """Everybody's time under contract, by customer."""
    rows = unit.connection.execute(contracts(Scope(as_of=unit.now)))
    found = [Contract(customer_id=row[0], since=row[1], until=row[2]) for row in rows]
    return sorted(found, key=lambda each: each.customer_id)
