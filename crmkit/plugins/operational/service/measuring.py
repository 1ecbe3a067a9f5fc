"""What came of it: feedback, amends, promises; service beside discounts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmkit import Money, RefusedError, Unit
from crmkit.sql import Count, id_list, interaction, offer, one_of

from . import queries
from .config import Settings
from .model import Amends, AmendsEffect, Dose, Feedback, Outlook
from .shares import difference, share
from .tables import service_amends, service_case, service_clock, service_entry, service_feedback
from .ticking import Offices, held

ORDER = "purchase.order"
FEWEST = 20
"""Solved cases that an outlook needs."""
FEWEST_EACH = 10
"""Complaints of each group that a verdict needs."""


def feedback(unit: Unit, since: datetime, until: datetime) -> Feedback:
    """Shares of content answers (CSAT 4 and 5) and of easy ones (CES 5 to 7) in a time."""
    theirs = service_feedback.c
    found = {}
    for measure, least in (("csat", 4), ("ces", 5)):
        counted: Any = sa.func.count()
        select = sa.select(counted, counted.filter(theirs.score >= least)).where(
            theirs.measure == measure, theirs.at >= since, theirs.at < until
        )
        of, count = unit.connection.execute(select).one()
        found[measure] = share(count, of)
    return Feedback(content=found["csat"], easy=found["ces"])


def amends(unit: Unit, case_ids: Iterable[int]) -> list[Amends]:
    """What was decided for these complaints."""
    theirs = service_amends.c
    select = sa.select(service_amends).where(one_of(theirs.case_id)).order_by(theirs.case_id)
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, list(case_ids))})
    return [_amends(row) for row in rows]


def _amends(row: Any) -> Amends:
    return Amends(
        case_id=row.case_id,
        customer_id=row.customer_id,
        at=row.at,
        held_out=row.held_out,
        offer_id=row.offer_id,
        cost=None if row.currency is None else Money(row.cost_minor, row.currency),
    )


def amends_effect(unit: Unit, since: datetime, until: datetime) -> AmendsEffect:
    """
    Whether customers stay when amends are made: those who were offered them beside the holdout,
    by who ordered again within the window after.
    """
    theirs = service_amends.c
    rows = unit.connection.execute(
        sa.select(service_amends).where(theirs.at >= since, theirs.at < until)
    ).all()
    window = timedelta(days=unit.settings(Settings).amends_window_days)
    over = [_amends(row) for row in rows if row.at + window <= unit.now]
    stayed = _who_ordered(unit, [(each.customer_id, each.at) for each in over], window)
    groups = {
        held: [went for each, went in zip(over, stayed, strict=True) if each.held_out == held]
        for held in (False, True)
    }
    offered, without = (share(sum(groups[held]), len(groups[held])) for held in (False, True))
    value, low, high = difference(offered, without)
    return AmendsEffect(
        offered=offered,
        held_out=without,
        difference=value,
        low=low,
        high=high,
        waiting=len(rows) - len(over),
        cost_minor=sum(each.cost.amount_minor for each in over if each.cost and each.offer_id),
        verdict=_verdict(offered.of, without.of, low, high),
    )


def _verdict(offered: int, held_out: int, low: float, high: float) -> str:
    if min(offered, held_out) < FEWEST_EACH:
        return "not enough data"
    if low > 0:
        return "keeps"
    return "drives away" if high < 0 else "open"


def _who_ordered(
    unit: Unit, asked: Sequence[tuple[int, datetime]], window: timedelta
) -> list[bool]:
    """Whether each customer ordered within the window after an instant."""
    told = interaction.c
    select = sa.select(told.customer_id, told.at).where(
        told.kind == ORDER, one_of(told.customer_id)
    )
    ids = id_list(unit.connection, sorted({customer_id for customer_id, _ in asked}))
    orders: dict[int, list[datetime]] = {}
    for customer_id, at in unit.connection.execute(select, {"ids": ids}):
        orders.setdefault(customer_id, []).append(at)
    return [
        any(since < at <= since + window for at in orders.get(customer_id, ()))
        for customer_id, since in asked
    ]


def outlook(unit: Unit, case_ids: Iterable[int]) -> list[Outlook]:
    """
    The chance that open cases will be solved late: of solved ones of the same queue and priority
    that had taken as much open time, how many took longer than these may.
    """
    offices = Offices(unit.settings(Settings), unit.now.date())
    wanted = {each.id: each for each in queries.cases(unit, case_ids)}
    took = _times_taken(unit)
    found = []
    for case_id, clocks in queries.clocks(unit, wanted).items():
        running = [c for c in clocks if c.metric == "resolution" and c.stopped_at is None]
        for clock in running:
            elapsed = held(clock, unit.now, offices).elapsed
            case = wanted[case_id]
            times = took.get((case.queue, case.priority), [])
            longer = times[bisect_right(times, elapsed) :]
            late = len(times) - bisect_right(times, max(elapsed, clock.target))
            chance = late / len(longer) if len(longer) >= FEWEST else None
            chance = 1.0 if elapsed > clock.target else chance
            found.append(Outlook(case_id, chance, len(longer)))
    return found


def _times_taken(unit: Unit) -> dict[tuple[str, str], list[timedelta]]:
    """Open time to the resolution of solved cases, by queue and priority, the shortest first."""
    clock, case = service_clock.c, service_case.c
    select = (
        sa.select(case.queue, case.priority, clock.elapsed_micros)
        .join(service_case, case.id == clock.case_id)
        .where(
            clock.metric == "resolution",
            clock.stopped_at.is_not(None),
            case.merged_into.is_(None),
        )
        .order_by(clock.elapsed_micros)
    )
    found: dict[tuple[str, str], list[timedelta]] = {}
    for queue, priority, micros in unit.connection.execute(select):
        found.setdefault((queue, priority), []).append(timedelta(microseconds=micros))
    return found


def kept(unit: Unit, since: datetime, until: datetime) -> list[dict[str, object]]:
    """How many promises were kept in a time, by promise and metric."""
    theirs = service_clock.c
    counted: Any = sa.func.count()
    select = (
        sa.select(
            theirs.promise,
            theirs.metric,
            counted.label("clocks"),
            counted.filter(theirs.elapsed_micros <= theirs.target_micros).label("in_time"),
        )
        .where(theirs.stopped_at >= since, theirs.stopped_at < until)
        .group_by(theirs.promise, theirs.metric)
        .order_by(theirs.promise, theirs.metric)
    )
    found = []
    for row in unit.connection.execute(select):
        kept_share = share(row.in_time, row.clocks)
        told = {"promise": row.promise, "metric": row.metric, "clocks": row.clocks}
        bounds = {"kept": kept_share.value, "low": kept_share.low, "high": kept_share.high}
        found.append(told | bounds)
    return found


def meter(unit: Unit, since: datetime, until: datetime) -> list[Dose]:
    """
    What service acts and discounts customers had in a time, and who of them stayed.

    Of all who had ordered before *since*: how many service acts (solved cases, answers) and whether
    a discount from *since* on and before *until*; they stayed if they ordered again within
    ``amends_window_days`` after *until*. Who is served or given discounts is not chosen by chance,
    so that this shows what goes together, and not what causes it.

    Raises:
        RefusedError: If the time to stay is not over yet.
    """
    days = unit.settings(Settings).amends_window_days
    end = until + timedelta(days=days)
    if end > unit.now:
        raise RefusedError(
            f"whether customers stayed is known {days} days after {until:%Y-%m-%d}, on "
            f"{end:%Y-%m-%d}; take an earlier time"
        )
    told = interaction.c
    bought = sa.select(told.customer_id).where(told.kind == ORDER)
    customers = set(unit.connection.scalars(bought.where(told.at < since).distinct()))
    stayed = set(unit.connection.scalars(bought.where(told.at >= until, told.at < end).distinct()))
    acts, discounts = _acts(unit, since, until), _discounts(unit, since, until)
    groups: dict[tuple[str, bool], list[int]] = {}
    for each in customers:
        count = acts.get(each, 0)
        served = "none" if not count else "one" if count == 1 else "more"
        groups.setdefault((served, each in discounts), []).append(each)
    return [
        Dose(
            service=served,
            discount=discount,
            stayed=share(len(stayed.intersection(members)), len(members)),
            acts=sum(acts.get(each, 0) for each in members),
            discounts_minor=sum(discounts.get(each, 0) for each in members),
        )
        for (served, discount), members in sorted(groups.items())
    ]


def _acts(unit: Unit, since: datetime, until: datetime) -> dict[int, int]:
    case, entry = service_case.c, service_entry.c
    solved = sa.select(case.customer_id).where(case.solved_at >= since, case.solved_at < until)
    said = sa.select(entry.customer_id).where(
        entry.direction == "outbound", entry.at >= since, entry.at < until
    )
    both = sa.union_all(solved, said).subquery().c
    rows = sa.select(both.customer_id, sa.func.count()).group_by(both.customer_id)
    return {row[0]: row[1] for row in unit.connection.execute(rows)}


def _discounts(unit: Unit, since: datetime, until: datetime) -> dict[int, int]:
    answer = interaction.alias()
    cost = sa.cast(sa.func.coalesce(sa.func.sum(offer.c.cost_minor), 0), Count)
    select = (
        sa.select(offer.c.customer_id, cost)
        .join(answer, answer.c.id == offer.c.answered_by)
        .where(
            offer.c.kind == "discount",
            offer.c.status == "accepted",
            answer.c.at >= since,
            answer.c.at < until,
        )
        .group_by(offer.c.customer_id)
    )
    return {row[0]: row[1] for row in unit.connection.execute(select)}
