"""What churn contributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import sha256

import attrs
import sqlalchemy as sa

from crmkit import Columns, InteractionKind, Scope, Scored, Scorer, Segment, Unit, hookimpl
from crmkit.plugins.analytical import clv
from crmkit.plugins.foundation import scoring
from crmkit.plugins.foundation.scoring import score_table

from .config import Contracts, Settings
from .features import gone
from .leaving import features, outcome
from .model import Ended

SEGMENTS = {
    "at_risk": "May never come again, but perhaps they will.",
    "lost": "Will hardly ever come again.",
}
CONTRACT_AT_RISK = "churn.contract_at_risk"


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    yield InteractionKind(name="contract.start", summary="A contract began.")
    yield InteractionKind(name="contract.renewal", summary="A contract was prolonged.")
    yield InteractionKind(name="contract.end", summary="A contract ended.", payload=Ended)


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    yield scorer(Settings(), clv.Settings())
    yield contract_scorer(Contracts())


@hookimpl
def crmkit_segments() -> Iterable[Segment]:
    for name, summary in SEGMENTS.items():
        yield Segment(name=f"churn.{name}", summary=summary, members=_labelled, scorer="churn")
    told = "May end their contract soon."
    yield Segment(
        name=CONTRACT_AT_RISK, summary=told, members=_contract_at_risk, scorer="contract_churn"
    )


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


def contract_scorer(settings: Contracts) -> Scorer:
    """Settings are part of the version: other ones ask for a full run."""

    def score(columns: Columns, parameters: Mapping[str, object]) -> Scored:
        from .scoring import leaving

        return leaving(scoring.chance_of(columns, parameters), columns["runs"], settings.at_risk)

    told = sha256(repr(attrs.astuple(settings)).encode()).hexdigest()[:8]
    return Scorer(
        name="contract_churn",
        version=f"1 {settings.horizon_days}d {told}",
        summary=f"Chance that the contract ends within {settings.horizon_days} days.",
        features=partial(features, settings),
        fit=lambda columns: scoring.learn_chance(columns, settings),
        score=score,
        horizon_days=settings.horizon_days,
        tuned=lambda unit: contract_scorer(unit.settings(Settings).contracts),
        outcome=outcome,
        foretells="event",
        ahead=lambda days: contract_scorer(attrs.evolve(settings, horizon_days=days)),
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


def _contract_at_risk(scope: Scope) -> sa.Select[tuple[int, str]]:
    score = score_table.c
    percent = sa.cast(sa.cast(score.value * 100, sa.BigInteger), sa.Text)
    return sa.select(
        score.customer_id,
        ("may end their contract with a chance of " + percent + " %").label("why"),
    ).where(
        score.scorer == "contract_churn",
        score.label == "at_risk",
        scope.covers(score.customer_id),
    )
