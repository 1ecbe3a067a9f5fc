"""What RFM contributes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from crmkit import Scope, Scorer, Segment, hookimpl
from crmkit.plugins.foundation.scoring import score_table

from .config import Settings
from .features import features, outcome
from .model import SEGMENTS
from .scoring import VERSION, fit, score


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    yield scorer(Settings())


@hookimpl
def crmkit_segments() -> Iterable[Segment]:
    for each in SEGMENTS:
        name = f"rfm.{each.name}"
        yield Segment(name=name, summary=each.summary, members=_labelled, scorer="rfm")


def scorer(settings: Settings) -> Scorer:
    """Other cut points than the usual quintiles are part of the version."""
    usual = settings == Settings()
    return Scorer(
        name="rfm",
        version=VERSION
        if usual
        else f"{VERSION} {settings.levels} {settings.rule} {_told(settings)}",
        summary=f"Recency, frequency and monetary value in {settings.levels} levels.",
        features=features,
        fit=lambda columns: fit(columns, settings),
        score=score,
        tuned=lambda unit: scorer(unit.settings(Settings)),
        outcome=outcome,
    )


def _told(settings: Settings) -> str:
    cuts = (settings.recency_days, settings.frequency, settings.monetary_minor)
    return " ".join("/".join(f"{each:g}" for each in told) for told in cuts).strip()


def _labelled(scope: Scope) -> sa.Select[Any]:
    score = score_table.c
    cell = sa.cast(sa.cast(score.value, sa.BigInteger), sa.Text)
    return sa.select(
        score.customer_id, ("RFM " + cell).label("why"), ("rfm." + score.label).label("segment")
    ).where(score.scorer == "rfm", scope.covers(score.customer_id))
