"""The report: who is over- and undervalued, by how much, and what would set it right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Columns, Scope, Unit
from crmkit.plugins.foundation import scoring
from crmkit.sql import customer

from .config import Settings
from .correcting import correction
from .errors import NotScoredError
from .model import FAIR, OVER, UNDER, Valuation

NAME = "valuation"
RUNS = 1_000
"""How many runs back the last full one is looked for."""


def report(unit: Unit, *, top: int = 20) -> list[Valuation]:
    """
    The *top* customers at either end: the most overvalued first, then the most undervalued.

    Raises:
        NotScoredError: If the score ``valuation`` was never run.
    """
    score = scoring.score_table.c
    found: list[Valuation] = []
    for label, order in ((OVER, score.value.asc()), (UNDER, score.value.desc())):
        select = (
            sa.select(score.customer_id)
            .where(score.scorer == NAME, score.label == label)
            .order_by(order, score.customer_id)
            .limit(top)
        )
        ids: Sequence[int] = [row[0] for row in unit.connection.execute(select)]
        found += valuations(unit, ids)
    if not found and _nobody_is_valued(unit):
        raise NotScoredError
    return found


def _nobody_is_valued(unit: Unit) -> bool:
    """Whether nobody is valued."""
    score = scoring.score_table.c
    select = sa.select(score.customer_id).where(score.scorer == NAME).limit(1)
    return unit.connection.execute(select).first() is None


def valuations(unit: Unit, customer_ids: Sequence[int]) -> list[Valuation]:
    """The line of each of these customers who is valued, in their order."""
    scores = scoring.scores_of_many(unit, customer_ids)
    labels = {
        each: score.label or FAIR
        for each, told in scores.items()
        for score in told
        if score.scorer == NAME
    }
    run = _last_run(unit)
    if run is None or not labels:
        return []
    asked = sa.select(customer.c.id).where(customer.c.id.in_(list(labels)))
    scorer = unit.contributed.scorers[NAME]
    tuned = scorer if scorer.tuned is None else scorer.tuned(unit)
    select = tuned.features(Scope(as_of=run.as_of, customers=asked))
    found = _lines(unit, scoring.read_columns(unit.connection, NAME, select), run, labels)
    return [found[each] for each in customer_ids if each in found]


def _last_run(unit: Unit) -> scoring.Run | None:
    """The full run whose parameters hold."""
    full = (each for each in scoring.runs(unit, size=RUNS) if each.scorer == NAME)
    return next((each for each in full if each.mode == "full" and each.state == "done"), None)


def _lines(
    unit: Unit, columns: Columns, run: scoring.Run, labels: Mapping[int, str]
) -> dict[int, Valuation]:
    from .scoring import amounts

    told, settings = amounts(columns, run.parameters), unit.settings(Settings)
    total, fair = told.total, told.fair
    found = {}
    for at, customer_id in enumerate(columns["customer_id"].tolist()):
        gap, expected = float(fair[at] - total[at]), float(columns["expected_minor"][at])
        given = {name: float(each[at]) for name, each in told.given.items()}
        found[customer_id] = Valuation(
            customer_id=customer_id,
            label=labels[customer_id],
            given_minor=float(total[at]),
            fair_minor=float(fair[at]),
            low_minor=float(told.low[at]),
            high_minor=float(told.high[at]),
            expected_minor=expected,
            potential_minor=expected + float(told.more[at]),
            gap_minor=gap,
            correction=correction(settings, labels[customer_id], gap, given),
        )
    return found
