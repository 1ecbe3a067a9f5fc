"""What lifetime value contributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from crmkit import Columns, Finding, MissingExtraError, Scored, Scorer, Unit, hookimpl
from crmkit.plugins.foundation import scoring as scoring_plugin

from .config import Settings
from .features import bought, features, paid


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    return [worth_scorer(Settings()), p_alive_scorer(Settings())]


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    seen = set[str]()
    for run in scoring_plugin.runs(unit):
        if run.scorer in ("clv", "p_alive") and run.mode == "full" and run.scorer not in seen:
            seen.add(run.scorer)
            for note in _notes(run.parameters):
                yield Finding(level="warn", subject=f"score {run.scorer}", text=note)


def worth_scorer(settings: Settings) -> Scorer:
    """Settings are part of the version: other ones ask for a full run."""
    return Scorer(
        name="clv",
        version=f"1 {_purchases(settings)} {settings.horizon_days}d "
        f"margin {settings.margin_share:g} discount {settings.yearly_discount_share:g}",
        summary=f"Expected margin of the next {settings.horizon_days} days, discounted, in minor "
        f"units; margin taken as {settings.margin_share:g} of sales.",
        features=features,
        fit=lambda columns: _scorers().fit_worth(columns, settings),
        score=_score_worth,
        horizon_days=settings.horizon_days,
        tuned=lambda unit: worth_scorer(unit.settings(Settings)),
        outcome=lambda scope, until: paid(scope, until, settings.margin_share),
        foretells="amount",
        ahead=lambda days: worth_scorer(attrs.evolve(settings, horizon_days=days)),
    )


def _purchases(settings: Settings) -> str:
    return settings.model + (f"-{settings.regularity}" if settings.regularity > 1 else "")


def p_alive_scorer(settings: Settings) -> Scorer:
    return Scorer(
        name="p_alive",
        version=f"1 {_purchases(settings)}",
        summary="Probability that the customer will ever buy again.",
        features=features,
        fit=lambda columns: _scorers().fit_p_alive(columns, settings),
        score=_score_p_alive,
        tuned=lambda unit: p_alive_scorer(unit.settings(Settings)),
        outcome=bought,
    )


def _score_worth(columns: Columns, parameters: Mapping[str, object]) -> Scored:
    scored: Scored = _scorers().score_worth(columns, parameters)
    return scored


def _score_p_alive(columns: Columns, parameters: Mapping[str, object]) -> Scored:
    scored: Scored = _scorers().score_p_alive(columns, parameters)
    return scored


def _scorers() -> Any:
    """
    Raises:
        MissingExtraError: Without NumPy or SciPy.
    """
    try:
        from .scoring import scorers
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Lifetime value", "analytics") from exc
    return scorers


def _notes(parameters: Mapping[str, Any]) -> Iterable[str]:
    models = [parameters[name] for name in ("purchases", "spend") if name in parameters]
    return [f"{each['kind']}: {each['note']}" for each in models if each["note"]]
