"""Where effect measurement takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from crmkit import (
    CRM,
    Cause,
    Columns,
    MissingExtraError,
    Ref,
    Scored,
    Scorer,
    Step,
    Turn,
    Unit,
    hookimpl,
)

from . import actions, features, queries
from .config import Settings
from .telling import told

Row: TypeAlias = Mapping[str, float | str | None]


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    yield uplift_scorer(Settings())


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    summary = "Measure the runs whose windows have closed, once."
    yield Step(phase="learn", name="effect", summary=summary, run=learn)


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    for each in queries.measurements(unit, [ref.id for ref in refs if ref.noun == "effect"]):
        decided = [Ref("decision", each_id) for each_id in queries.some_decisions(unit, each.run)]
        because = (Ref("policy", each.policy_version), *decided)
        yield Cause(
            ref=Ref("effect", each.id), at=each.measured_at, text=told(each), because=because
        )


def uplift_scorer(settings: Settings) -> Scorer:
    return Scorer(
        name="uplift",
        version=f"2 {settings.before_days}d",
        summary="Revenue an offer is expected to add within its window, in minor units.",
        features=partial(features.uplift, before_days=settings.before_days),
        fit=lambda columns: _persuasion().fit(columns),
        score=_score,
        tuned=lambda unit: uplift_scorer(unit.settings(Settings)),
        outcome=features.came,
        judged=_judged,
    )


class _RolledBack(Exception):
    """Leaves a unit so that nothing of it is written."""


def learn(crm: CRM, turn: Turn) -> str:
    try:
        with crm.unit() as unit:
            kept = actions.keep_closed(unit)
            if turn.dry_run:
                raise _RolledBack
    except _RolledBack:
        pass
    return "; ".join(map(told, kept)) or "no run has closed since the last time"


def _score(columns: Columns, parameters: Mapping[str, object]) -> Scored:
    scored: Scored = _persuasion().score(columns, parameters)
    return scored


def _judged(
    columns: Columns, parameters: Mapping[str, object]
) -> tuple[Sequence[Row], Sequence[Row]]:
    _persuasion()
    from .scoring.judging import judged

    return judged(columns, parameters)


def _persuasion() -> Any:
    """
    Raises:
        MissingExtraError: Without NumPy.
    """
    try:
        from .scoring import persuasion
    except ModuleNotFoundError as exc:
        raise MissingExtraError("The score uplift", "analytics") from exc
    return persuasion
