"""What propensity contributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from hashlib import sha256

import attrs

from crmkit import Columns, Finding, InvalidValueError, Scored, Scorer, Unit, hookimpl
from crmkit.plugins.foundation import scoring

from .config import Settings
from .features import features, outcome


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    yield scorer(Settings())


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterator[Finding]:
    settings = unit.settings(Settings)
    for name in settings.attributes:
        known = unit.attributes.get(name)
        if known is None or not known.indexed:
            yield Finding(
                level="fail",
                subject="propensity",
                text=f"attribute {name!r} is not defined, or not indexed",
                mend="define it with `indexed = true` in crmkit.toml",
            )


def scorer(settings: Settings) -> Scorer:
    """Settings are part of the version: other ones ask for a full run."""
    told = sha256(repr(attrs.astuple(settings)).encode()).hexdigest()[:8]
    return Scorer(
        name="propensity",
        version=f"1 {settings.event} {settings.horizon_days}d {told}",
        summary=f"Chance of {settings.event} within {settings.horizon_days} days.",
        features=partial(features, settings),
        fit=lambda columns: scoring.learn_chance(columns, settings),
        score=_score,
        horizon_days=settings.horizon_days,
        tuned=lambda unit: scorer(_known(unit)),
        outcome=partial(outcome, settings),
        foretells="event",
        ahead=lambda days: scorer(attrs.evolve(settings, horizon_days=days)),
    )


def _known(unit: Unit) -> Settings:
    """
    Raises:
        InvalidValueError: If the settings name a kind that nobody knows.
    """
    settings = unit.settings(Settings)
    for kind in (settings.event, *settings.kinds):
        if kind not in unit.contributed.interaction_kinds:
            known = ", ".join(sorted(unit.contributed.interaction_kinds))
            raise InvalidValueError("[propensity] kind", kind, f"one of {known}")
    return settings


def _score(columns: Columns, parameters: Mapping[str, object]) -> Scored:
    return scoring.chance_of(columns, parameters)
