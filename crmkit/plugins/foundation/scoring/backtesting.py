"""A scorer put back in time: fitted before a cut, judged by what came after it. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Final

import numpy as np
import sqlalchemy as sa

from crmkit import InvalidValueError, RefusedError, Scope, Scorer, Unit
from crmkit.sql import interaction

from . import accuracy
from .accuracy import Array
from .columns import read_columns
from .computing import LastRead, compute
from .errors import ScorerError, TooThinError
from .model import Backtest, Rival
from .queries import chosen_scorers

FEWEST: Final = 20
"""Customers below whom nothing can be said."""


def backtest(unit: Unit, name: str, *, cut: datetime, until: datetime | None = None) -> Backtest:
    """
    Fit on what happened before *cut*, score, and compare with what came before *until*.

    Args:
        until: Default: the scorer's horizon, or the end of the day of the last interaction if
            that comes first; now for a scorer that is judged in a way of its own.

    Raises:
        RecordNotFoundError: If no plugin contributes the scorer.
        RefusedError: If the scorer foretells nothing that can be looked up.
        InvalidValueError: If the time is empty, or another than a fixed horizon.
        TooThinError: If fewer than twenty customers could be scored, or nothing came.
    """
    (scorer,) = chosen_scorers(unit, [name])
    if scorer.outcome is None:
        raise RefusedError(f"scorer {name} foretells nothing that can be looked up later")
    until = until or (_end(unit, scorer, cut) if scorer.judged is None else unit.now)
    if until <= cut:
        raise InvalidValueError("cut", f"{cut:%Y-%m-%d}", f"a day before {until:%Y-%m-%d}")
    scorer = _looking(scorer, until - cut)
    if scorer.judged is not None:
        return _in_its_own_way(unit, scorer, cut, until)
    found = compute(LastRead(unit), scorer, Scope(as_of=cut), None).outcome
    if len(found.ids) < FEWEST:
        told = f"{len(found.ids)} customers could be scored on {cut:%Y-%m-%d}"
        raise TooThinError(f"{told}; a backtest needs {FEWEST}")
    came = _came(unit, scorer, cut, until, found.ids)
    if not came.any():
        raise TooThinError(f"nothing came between {cut:%Y-%m-%d} and {until:%Y-%m-%d}")
    before = _came(unit, scorer, cut - (until - cut), cut, found.ids)
    return Backtest(
        scorer=scorer.name,
        version=scorer.version,
        foretells=scorer.foretells,
        cut=cut,
        until=until,
        customers=len(came),
        came=float(came.sum()),
        happened=int((came > 0).sum()),
        best_top_share=accuracy.top_share(came, came),
        rivals=_RIVALS[scorer.foretells](found.value, before, came),
        deciles=accuracy.deciles(found.value, came > 0 if scorer.foretells == "event" else came),
    )


def _in_its_own_way(unit: Unit, scorer: Scorer, cut: datetime, until: datetime) -> Backtest:
    assert scorer.judged is not None
    assert scorer.outcome is not None
    read, scope = LastRead(unit), Scope(as_of=cut)
    computed = compute(read, scorer, scope, None)
    columns = read.columns(scorer, scope)
    came = read_columns(unit.connection, scorer.name, scorer.outcome(scope, until))
    if list(came)[:2] != ["customer_id", "outcome"]:
        raise ScorerError(scorer.name, "must select customer_id and outcome first as its outcome")
    both, here, there = np.intersect1d(
        columns["customer_id"], came["customer_id"], assume_unique=True, return_indices=True
    )
    told = {name: column[here] for name, column in columns.items()}
    told |= {name: column[there] for name, column in came.items()}
    told["value"] = computed.outcome.value[np.searchsorted(computed.outcome.ids, both)]
    rivals, deciles = scorer.judged(told, computed.parameters)
    outcome = told["outcome"]
    return Backtest(
        scorer=scorer.name,
        version=scorer.version,
        foretells="",
        cut=cut,
        until=until,
        customers=len(both),
        came=float(outcome.sum()),
        happened=int((outcome > 0).sum()),
        best_top_share=accuracy.top_share(outcome, outcome),
        judged=tuple(rivals),
        tenths=tuple(deciles),
    )


def _end(unit: Unit, scorer: Scorer, cut: datetime) -> datetime:
    last = unit.connection.scalar(sa.select(sa.func.max(interaction.c.at)))
    if last is None:
        raise TooThinError("there is no interaction to look at")
    day_after = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    if scorer.horizon_days is None:
        return day_after
    return min(day_after, cut + timedelta(days=scorer.horizon_days))


def _looking(scorer: Scorer, window: timedelta) -> Scorer:
    """The scorer looking just as far ahead as there is to see."""
    if scorer.horizon_days in (None, window.days):
        return scorer
    if scorer.ahead is None:
        accepted = f"{scorer.horizon_days} days after the cut, which {scorer.name} looks ahead"
        raise InvalidValueError("until", f"{window.days} days after it", accepted)
    return scorer.ahead(window.days)


def _came(unit: Unit, scorer: Scorer, since: datetime, until: datetime, ids: Array) -> Array:
    """The outcome of each of *ids* between two instants."""
    assert scorer.outcome is not None
    columns = read_columns(unit.connection, scorer.name, scorer.outcome(Scope(as_of=since), until))
    if list(columns) != ["customer_id", "outcome"]:
        raise ScorerError(scorer.name, "must select customer_id and outcome as its outcome")
    came = np.zeros(len(ids))
    place = np.searchsorted(ids, columns["customer_id"])
    place[place == len(ids)] = 0
    known = ids[place] == columns["customer_id"]
    came[place[known]] = columns["outcome"][known]
    return came


def _of_amounts(value: Array, before: Array, came: Array) -> tuple[Rival, ...]:
    def rival(name: str, foretold: Array) -> Rival:
        return Rival(
            name=name,
            total=float(foretold.sum()),
            absolute_error=accuracy.absolute_error(foretold, came),
            squared_error=accuracy.squared_error(foretold, came),
            rank_correlation=_or_none(accuracy.rank_correlation(foretold, came)),
            top_share=accuracy.top_share(foretold, came),
        )

    mean = np.full(len(came), before.mean())
    return rival("model", value), rival("before", before), rival("mean", mean)


def _of_events(value: Array, before: Array, came: Array) -> tuple[Rival, ...]:
    happened = came > 0

    def rival(name: str, chance: Array) -> Rival:
        return Rival(
            name=name,
            total=float(chance.sum()),
            squared_error=accuracy.squared_error(chance, happened),
            top_share=accuracy.top_share(chance, happened),
            area_under_curve=_or_none(accuracy.area_under_curve(chance, happened)),
            log_loss=accuracy.log_loss(chance, happened),
            calibration_error=accuracy.calibration_error(chance, happened),
        )

    mean = np.full(len(came), (before > 0).mean())
    model, constant = rival("model", value), rival("mean", mean)
    ranking = Rival(
        name="before",
        top_share=accuracy.top_share(before, happened),
        area_under_curve=_or_none(accuracy.area_under_curve(before, happened)),
    )
    return model, ranking, constant


def _of_orders(value: Array, before: Array, came: Array) -> tuple[Rival, ...]:
    def rival(name: str, ranking: Array) -> Rival:
        return Rival(
            name=name,
            rank_correlation=_or_none(accuracy.rank_correlation(ranking, came)),
            top_share=accuracy.top_share(ranking, came),
            area_under_curve=_or_none(accuracy.area_under_curve(ranking, came > 0)),
        )

    return rival("model", value), rival("before", before)


_RIVALS: Final[dict[str, Callable[[Array, Array, Array], tuple[Rival, ...]]]] = {
    "amount": _of_amounts,
    "event": _of_events,
    "order": _of_orders,
}


def _or_none(measure: float) -> float | None:
    return None if isnan(measure) else measure
