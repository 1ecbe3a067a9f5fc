"""What valuation contributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Columns, MissingExtraError, Scope, Scored, Scorer, Segment, hookimpl
from crmkit.plugins.analytical import profit
from crmkit.plugins.foundation.scoring import score_table

from .config import Settings
from .features import features

SEGMENTS = {
    "overvalued": "Get more attention than they are worth.",
    "undervalued": "Are worth more attention than they get.",
}


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    yield scorer(Settings(), profit.Settings())


@hookimpl
def crmkit_segments() -> Iterable[Segment]:
    for name, summary in SEGMENTS.items():
        told = {"name": f"valuation.{name}", "summary": summary}
        yield Segment(**told, members=_labelled, scorer="valuation")


def scorer(settings: Settings, costs: profit.Settings) -> Scorer:
    """Settings are part of the version, those of ``profit`` too: other ones ask for a full run."""
    told = sha256(repr((attrs.astuple(settings), attrs.astuple(costs))).encode()).hexdigest()[:8]
    return Scorer(
        name="valuation",
        version=f"1 {settings.window_days}d {told}",
        summary="Fair attention less attention given, by both together: -1 to 1.",
        features=partial(features, settings, costs),
        fit=lambda columns: _scoring().fit(columns, settings),
        score=_score,
        tuned=lambda unit: scorer(unit.settings(Settings), unit.settings(profit.Settings)),
    )


def _score(columns: Columns, parameters: Mapping[str, object]) -> Scored:
    scored: Scored = _scoring().score(columns, parameters)
    return scored


def _scoring() -> Any:
    """
    Raises:
        MissingExtraError: Without NumPy.
    """
    try:
        from . import scoring
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Valuation", "analytics") from exc
    return scoring


def _labelled(scope: Scope) -> sa.Select[Any]:
    score = score_table.c
    percent = sa.cast(sa.cast(score.value * 100, sa.BigInteger), sa.Text)
    return sa.select(
        score.customer_id,
        ("fair attention less given is " + percent + " % of both").label("why"),
        ("valuation." + score.label).label("segment"),
    ).where(
        score.scorer == "valuation",
        score.label.in_(list(SEGMENTS)),
        scope.covers(score.customer_id),
    )
