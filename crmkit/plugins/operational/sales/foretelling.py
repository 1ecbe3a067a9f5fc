"""Forecasts and how fast deals move, from the unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from crmkit import MissingExtraError, Unit

from . import queries
from .chances import chance, histories
from .config import Pipeline, Seller, Settings, Team
from .model import Chance, Deal, Forecast, StageChange, StageFigures, TeamFigures, Velocity


def chances(unit: Unit, deals: Sequence[Deal]) -> list[Chance]:
    """How likely each is to be won, with what moves it."""
    known = histories(queries.all_deals(unit, is_open=False), queries.moves(unit))
    settings = unit.settings(Settings)
    return [chance(each, settings, known, unit.now) for each in deals]


def forecast(
    unit: Unit, *, pipeline: str = "", owner: str = "", team: str = "", seed: int = 0
) -> list[Forecast]:
    """
    What open deals, of one owner, a team or all, come to, by the month in which they are expected
    and by currency; deals that are expected at no day come last, under no month.

    Raises:
        InvalidValueError: If there is no such team.
        MissingExtraError: Without NumPy.
    """
    simulated = _simulated()
    found = queries.all_deals(unit, is_open=True, pipeline=pipeline)
    deals = queries.owned(unit, found, owner, team)
    told = {each.deal_id: each.value for each in chances(unit, deals)}
    groups: dict[tuple[str, str], list[Deal]] = {}
    for each in deals:
        month = f"{each.expected_on:%Y-%m}" if each.expected_on else ""
        groups.setdefault((month, each.currency), []).append(each)
    result = []
    for (month, currency), of_it in sorted(groups.items(), key=_months):
        values = [each.value_minor for each in of_it]
        shares = [told[each.id] for each in of_it]
        names = sorted({(each.pipeline, each.stage) for each in of_it})
        places = [names.index((each.pipeline, each.stage)) for each in of_it]
        low, high = simulated(values, shares, places, seed=seed)
        result.append(
            Forecast(
                month=month,
                currency=currency,
                deals=len(of_it),
                expected_minor=round(sum(v * s for v, s in zip(values, shares, strict=True))),
                low_minor=low,
                high_minor=high,
                best_minor=sum(values),
            )
        )
    return result


def _months(group: tuple[tuple[str, str], list[Deal]]) -> tuple[bool, str, str]:
    month, currency = group[0]
    return not month, month, currency


def _simulated() -> Any:
    try:
        from .scoring import simulated
    except ModuleNotFoundError as exc:
        raise MissingExtraError("A simulated forecast", "analytics") from exc
    return simulated


def stages(unit: Unit) -> list[StageFigures]:
    """How deals go through the stages of every pipeline."""
    now = queries.all_deals(unit, is_open=True)
    closed = queries.all_deals(unit, is_open=False)
    moves = queries.moves(unit)
    of = {each.id: each for each in (*now, *closed)}
    return [
        _figures(
            pipeline, place, [m for m in moves if of[m.deal_id].pipeline == pipeline.name], now
        )
        for pipeline in unit.settings(Settings).pipelines
        for place in range(len(pipeline.stages))
    ]


def _figures(
    pipeline: Pipeline, place: int, moves: Iterable[StageChange], now: Sequence[Deal]
) -> StageFigures:
    stage = pipeline.stages[place]
    later = {each.name for each in pipeline.stages[place + 1 :] if each.outcome != "lost"}
    lost = {each.name for each in pipeline.stages if each.outcome == "lost"}
    moves = list(moves)
    left = [each for each in moves if each.before == stage.name]
    days = [each.stayed.total_seconds() / 86_400 for each in left]
    return StageFigures(
        pipeline=pipeline.name,
        stage=stage.name,
        now=sum((e.pipeline, e.stage) == (pipeline.name, stage.name) for e in now),
        entered=len({each.deal_id for each in moves if each.after == stage.name}),
        advanced=len({each.deal_id for each in left if each.after in later}),
        lost=len({each.deal_id for each in left if each.after in lost}),
        median_days=median(days) if days else None,
    )


def velocity(unit: Unit, *, owner: str = "", team: str = "") -> list[Velocity]:
    """What comes in a day, by pipeline and currency, from what was closed so far."""
    deals = queries.owned(unit, _everything(unit), owner, team)
    found = []
    for name, currency in sorted({(each.pipeline, each.currency) for each in deals}):
        mine = [e for e in deals if (e.pipeline, e.currency) == (name, currency)]
        won = [each for each in mine if each.outcome == "won"]
        closed = [each for each in mine if each.outcome]
        is_open = len(mine) - len(closed)
        share = len(won) / len(closed) if closed else None
        mean = round(sum(each.value_minor for each in won) / len(won)) if won else 0
        days = [
            (each.closed_at - each.opened_at).total_seconds() / 86_400
            for each in won
            if each.closed_at
        ]
        cycle = sum(days) / len(days) if days else None
        rate = is_open * mean * share / cycle if share is not None and cycle else None
        found.append(
            Velocity(
                pipeline=name,
                currency=currency,
                open=is_open,
                won=len(won),
                lost=len(closed) - len(won),
                win_share=share,
                mean_value_minor=mean,
                cycle_days=cycle,
                per_day_minor=rate,
            )
        )
    return found


def teams(unit: Unit) -> list[TeamFigures]:
    """What each team has to do, has room for, and has done."""
    settings, deals = unit.settings(Settings), _everything(unit)
    return [_of_team(each, settings.members(each.name), deals) for each in settings.teams]


def _of_team(team: Team, sellers: Sequence[Seller], deals: Sequence[Deal]) -> TeamFigures:
    names = {each.name for each in sellers}
    theirs = [each for each in deals if each.owner in names]
    load = Counter(each.owner for each in theirs if not each.outcome)
    outcomes = Counter(each.outcome for each in theirs)
    return TeamFigures(
        team=team.name,
        lead=team.lead,
        sellers=len(sellers),
        capacity=sum(each.capacity for each in sellers),
        open=load.total(),
        free=sum(max(0, each.capacity - load[each.name]) for each in sellers),
        won=outcomes["won"],
        lost=outcomes["lost"],
    )


def _everything(unit: Unit) -> list[Deal]:
    return [*queries.all_deals(unit, is_open=True), *queries.all_deals(unit, is_open=False)]
