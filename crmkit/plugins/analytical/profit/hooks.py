"""Where profit takes part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Columns, MissingExtraError, Scope, Scored, Scorer, Segment, hookimpl
from crmkit.plugins.foundation.scoring import score_table

from . import looking, queries
from .config import Settings

SEGMENTS = {
    "loss_making": "Cost us more than they bring.",
    "top": "Bring most: the best fifth, or as `top_share` says.",
}


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    yield scorer(Settings())


@hookimpl
def crmkit_segments() -> Iterable[Segment]:
    for name, summary in SEGMENTS.items():
        yield Segment(name=f"profit.{name}", summary=summary, members=_labelled, scorer="profit")


def scorer(settings: Settings, costs: str = "") -> Scorer:
    """
    Settings and costs are part of the version: other ones ask for a full run.

    Args:
        costs: Which ones there are, as :func:`queries.stamp` tells; empty without any.
    """
    told = sha256(repr((attrs.astuple(settings), costs)).encode()).hexdigest()[:8]
    return Scorer(
        name="profit",
        version=f"2 {settings.window_days}d margin {settings.margin_share:g} {told}",
        summary=f"Profit of the last {settings.window_days} days before overheads, in minor units.",
        features=partial(looking.back, settings, bool(costs)),
        fit=lambda columns: _scoring().fit(columns, settings.margin_share, settings.top_share),
        score=_score,
        tuned=lambda unit: scorer(unit.settings(Settings), queries.stamp(unit)),
        outcome=partial(looking.ahead, settings, bool(costs)),
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
        raise MissingExtraError("Profit", "analytics") from exc
    return scoring


def _labelled(scope: Scope) -> sa.Select[Any]:
    score = score_table.c
    why = "profit of " + sa.cast(sa.cast(score.value, sa.BigInteger), sa.Text) + " minor units"
    return sa.select(
        score.customer_id, why.label("why"), ("profit." + score.label).label("segment")
    ).where(
        score.scorer == "profit", score.label.in_(list(SEGMENTS)), scope.covers(score.customer_id)
    )
