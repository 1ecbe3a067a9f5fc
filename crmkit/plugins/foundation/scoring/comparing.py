"""Two segments side by side."""

from __future__ import annotations

from math import sqrt
from statistics import fmean, median, variance

import attrs
import sqlalchemy as sa

from crmkit import RecordNotFoundError, Unit, ask
from crmkit.intervals import median_error

from .model import ScoreDifference, SegmentComparison
from .queries import members
from .tables import scoring_membership, scoring_score

NORMAL_95 = 1.959963984540054


def compare(unit: Unit, segment: str, other: str) -> SegmentComparison:
    """
    Sizes, overlap, who moved, and how the scores differ, as of the last refresh.

    Raises:
        RecordNotFoundError: If one of the segments is not there.
    """
    known = ask.segments(unit)
    for each in (segment, other):
        if each not in known:
            raise RecordNotFoundError("segment", each)
    ours, theirs = (set(unit.connection.scalars(members(each))) for each in (segment, other))
    return SegmentComparison(
        segment=segment,
        other=other,
        customers=len(ours),
        other_customers=len(theirs),
        both=len(ours & theirs),
        jaccard=len(ours & theirs) / len(ours | theirs) if ours | theirs else None,
        moved=_moved(unit, segment, other),
        moved_back=_moved(unit, other, segment),
        scores=tuple(_difference(unit, each, segment, other) for each in unit.contributed.scorers),
    )


def _moved(unit: Unit, left: str, joined: str) -> int:
    """How many are in *joined* now and left *left* before."""
    before = scoring_membership.c
    select = sa.select(sa.func.count(sa.distinct(before.customer_id))).where(
        before.segment == left,
        before.until.is_not(None),
        before.customer_id.in_(members(joined)),
        before.customer_id.not_in(members(left)),
    )
    return int(unit.connection.scalar(select) or 0)


def _difference(unit: Unit, scorer: str, segment: str, other: str) -> ScoreDifference:
    a, b = (_values(unit, scorer, each) for each in (segment, other))
    told = ScoreDifference(
        scorer=scorer,
        mean=fmean(a) if a else None,
        other_mean=fmean(b) if b else None,
        median=median(a) if a else None,
        other_median=median(b) if b else None,
    )
    if min(len(a), len(b)) < 2:
        return told
    difference = fmean(a) - fmean(b)
    reach = NORMAL_95 * sqrt(variance(a) / len(a) + variance(b) / len(b))
    between = median(a) - median(b)
    around = NORMAL_95 * sqrt(median_error(a) ** 2 + median_error(b) ** 2)
    return attrs.evolve(
        told,
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        median_difference=between,
        median_low=between - around,
        median_high=between + around,
    )


def _values(unit: Unit, scorer: str, segment: str) -> list[float]:
    score = scoring_score.c
    select = sa.select(score.value).where(
        score.scorer == scorer, score.customer_id.in_(members(segment))
    )
    return list(unit.connection.scalars(select))
