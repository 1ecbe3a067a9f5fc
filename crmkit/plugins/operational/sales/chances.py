"""How likely deals are to be won, by what such deals came to. No unit."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from .config import Settings
from .model import Chance, Deal, StageChange

FEWEST: Final = 20
"""Closed deals that a pipeline's history needs."""
PRIOR: Final = 5.0
"""Deals as which the share above counts, so that few deals do not say much."""


@attrs.frozen
class Record:
    """
    What happened to the closed deals that were in a stage.

    Attributes:
        won_after, lost_after: How long each of those won, and lost, stayed in it, in order.
    """

    won_after: list[timedelta] = attrs.field(factory=list)
    lost_after: list[timedelta] = attrs.field(factory=list)

    def still(self, age: timedelta) -> tuple[int, int]:
        """How many of the won, and of the lost, had stayed as long at least."""
        return (
            len(self.won_after) - bisect_left(self.won_after, age),
            len(self.lost_after) - bisect_left(self.lost_after, age),
        )


@attrs.frozen
class History:
    """The closed deals of one pipeline, by stage."""

    won: int
    lost: int
    stages: Mapping[str, Record]

    @property
    def deals(self) -> int:
        return self.won + self.lost


def histories(closed: Sequence[Deal], moves: Sequence[StageChange]) -> dict[str, History]:
    """By pipeline, from all closed deals and all moves."""
    of = {each.id: each for each in closed}
    stages: dict[str, dict[str, Record]] = {}
    for step in moves:
        deal = of.get(step.deal_id)
        if deal is not None and step.before:
            record = stages.setdefault(deal.pipeline, {}).setdefault(step.before, Record())
            times = record.won_after if deal.outcome == "won" else record.lost_after
            insort(times, step.stayed)
    found = {}
    for name in {each.pipeline for each in closed}:
        outcomes = [each.outcome for each in closed if each.pipeline == name]
        won = outcomes.count("won")
        found[name] = History(won, len(outcomes) - won, stages.get(name, {}))
    return found


def chance(deal: Deal, settings: Settings, known: Mapping[str, History], now: datetime) -> Chance:
    """
    What the seller believes; else what such deals came to, if enough were closed; else what the
    stage says.

    By history: the share won of all deals of the pipeline, moved by the stage it is in and by how
    long it has been there, each drawn towards the one before by PRIOR deals.
    """
    if deal.probability is not None:
        value = deal.probability
        return Chance(deal_id=deal.id, value=value, source="seller", base=value, reasons={})
    history = known.get(deal.pipeline)
    if history is None or history.deals < FEWEST:
        pipeline = settings.pipeline(deal.pipeline)
        stage = pipeline.stage(deal.stage) if pipeline else None
        value = stage.probability if stage else 0.0
        return Chance(deal_id=deal.id, value=value, source="stage", base=value, reasons={})
    base = (history.won + 1) / (history.deals + 2)
    record = history.stages.get(deal.stage, Record())
    reached = _drawn(*record.still(timedelta.min), base)
    aged = _drawn(*record.still(now - deal.stage_since), reached)
    reasons = {f"in {deal.stage}": reached - base, "time in it": aged - reached}
    return Chance(
        deal_id=deal.id,
        value=aged,
        source="history",
        base=base,
        reasons=reasons,
        deals=history.deals,
    )


def _drawn(won: int, lost: int, towards: float) -> float:
    return (won + PRIOR * towards) / (won + lost + PRIOR)
