"""What churn contributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
import sqlalchemy as sa

from crmkit import Columns, InteractionKind, Scope, Scored, Scorer, Segment, Unit, hookimpl
from crmkit.plugins.analytical import clv
from crmkit.plugins.foundation.scoring import score_table

from .config import Settings
from .features import gone
from .model import Ended

SEGMENTS = {
    "at_risk": "May never come again, but perhaps they will.",
    "lost": "Will hardly ever come again.",
}


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    yield InteractionKind(name="contract.start", summary="A contract began.")
    yield InteractionKind(name="contract.renewal", summary="A contract was prolonged.")
    yield InteractionKind(name="contract.end", summary="A contract ended.", payload=Ended)


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    yield scorer(Settings(), clv.Settings())


@hookimpl
def crmkit_segments() -> Iterable[Segment]:
    for name, summary in SEGMENTS.items():
        yield Segment(name=f"churn.{name}", summary=summary, members=_labelled, scorer="churn")


def scorer(settings: Settings, models: clv.Settings) -> Scorer:
    """The chance of ``p_alive``, the other way round; fitted as that is."""
    alive = clv.p_alive_scorer(models)

    def score(columns: Columns, parameters: Mapping[str, object]) -> Scored:
        from .scoring import risk_of

        return risk_of(alive.score(columns, parameters), settings.at_risk, settings.lost)

    return attrs.evolve(
        alive,
        name="churn",
        version=f"{alive.version} {settings.at_risk:g} {settings.lost:g}",
        summary="Chance that the customer will never buy again.",
        score=score,
        tuned=_tuned,
        outcome=gone,
        foretells="order",
    )


def _tuned(unit: Unit) -> Scorer:
    return scorer(unit.settings(Settings), unit.settings(clv.Settings))


def _labelled(scope: Scope) -> sa.Select[tuple[int, str, str]]:
    score = score_table.c
    percent = sa.cast(sa.cast(score.value * 100, sa.BigInteger), sa.Text)
    return sa.select(
        score.customer_id,
        ("gone with a chance of " + percent + " %").label("why"),
        ("churn." + score.label).label("segment"),
    ).where(
        score.scorer == "churn", score.label.in_(list(SEGMENTS)), scope.covers(score.customer_id)
    )
