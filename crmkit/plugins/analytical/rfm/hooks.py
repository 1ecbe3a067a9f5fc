"""What RFM contributes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from crmkit import Scope, Scorer, Segment, hookimpl
from crmkit.plugins.foundation.scoring import score_table

from .features import features, outcome
from .model import SEGMENTS
from .scoring import VERSION, fit, score


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    summary = "Recency, frequency and monetary value in quintiles."
    yield Scorer(
        name="rfm",
        version=VERSION,
        summary=summary,
        features=features,
        fit=fit,
        score=score,
        outcome=outcome,
    )


@hookimpl
def crmkit_segments() -> Iterable[Segment]:
    for each in SEGMENTS:
        name = f"rfm.{each.name}"
        yield Segment(name=name, summary=each.summary, members=_labelled, scorer="rfm")


def _labelled(scope: Scope) -> sa.Select[Any]:
    score = score_table.c
    cell = sa.cast(sa.cast(score.value, sa.BigInteger), sa.Text)
    return sa.select(
        score.customer_id, ("RFM " + cell).label("why"), ("rfm." + score.label).label("segment")
    ).where(score.scorer == "rfm", scope.covers(score.customer_id))
