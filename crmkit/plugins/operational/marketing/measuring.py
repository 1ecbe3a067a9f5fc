"""What a campaign changed, against those to whom nothing was said."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isnan, nan
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import Real, interaction

from . import queries
from .config import Settings
from .model import EXCLUDED, GLOBAL, HOLDOUT, NO_ARM, Arm, Campaign, Lead, Result
from .numbers import mean_and_error, mean_difference, share_difference, share_sequence
from .tables import marketing_member, marketing_response

MONEY = ("purchase.order", "purchase.return")


def results(unit: Unit, name: str) -> Result:
    """
    What came of a campaign within its window, as it was assigned and not as it was read: all who
    were to get it, whether or not they did, beside all who were held out of it.

    Raises:
        RecordNotFoundError: If there is no such campaign.
    """
    campaign = queries.campaign(unit, name)
    settings = unit.settings(Settings)
    arms = _arms(unit, campaign, settings)
    treated = [each for each in arms if each.name not in (HOLDOUT, GLOBAL)]
    held = next((each for each in arms if each.name == HOLDOUT), None)
    cost = _cost(unit, campaign, treated)
    flags = _flags(unit, campaign, arms, settings)
    people = sum(each.people for each in treated)
    if held is None or min(people, held.people) < settings.fewest:
        return Result(
            campaign=name,
            arms=tuple(arms),
            goal_difference=nan,
            goal_low=nan,
            goal_high=nan,
            cost_minor=cost,
            gain_minor=nan,
            gain_low=nan,
            gain_high=nan,
            verdict="not enough data",
            flags=flags,
        )
    reached = sum(each.reached_goal for each in treated)
    goal = share_difference((reached, people), (held.reached_goal, held.people))
    mean, error = _pooled(treated)
    gain = mean_difference((mean, error), (held.mean_minor, held.error_minor))
    low, high = people * gain.low - cost, people * gain.high - cost
    return Result(
        campaign=name,
        arms=tuple(arms),
        goal_difference=goal.value,
        goal_low=goal.low,
        goal_high=goal.high,
        cost_minor=cost,
        gain_minor=people * gain.value - cost,
        gain_low=low,
        gain_high=high,
        verdict=_verdict(low, high),
        flags=flags,
    )


def _verdict(low: float, high: float) -> str:
    if isnan(low):
        return "not enough data"
    if low > 0:
        return "pays"
    return "costs more than it brings" if high < 0 else "open"


def _pooled(arms: list[Arm]) -> tuple[float, float]:
    """Mean and standard error of several arms as one, each weighted by its people."""
    people = sum(each.people for each in arms)
    weights = [each.people / people for each in arms]
    mean = sum(w * each.mean_minor for w, each in zip(weights, arms, strict=True))
    squared = sum((w * each.error_minor) ** 2 for w, each in zip(weights, arms, strict=True))
    return mean, float(squared**0.5)


def _cost(unit: Unit, campaign: Campaign, treated: list[Arm]) -> int:
    """Messages that were sent, what was fixed, and incentives that were accepted."""
    fixed = campaign.fixed_cost.amount_minor if campaign.fixed_cost else 0
    sent = sum(each.reached for each in treated)
    variants = {each.name: each.cost_minor for each in campaign.variants}
    theirs = marketing_member.c
    taken = (
        sa.select(theirs.arm, sa.func.count())
        .where(theirs.campaign_id == campaign.id, theirs.redeemed_at.is_not(None))
        .group_by(theirs.arm)
    )
    redeemed = {row[0]: row[1] for row in unit.connection.execute(taken)}
    given = sum(variants.get(arm, 0) * count for arm, count in redeemed.items())
    return int(fixed + sent * campaign.message_cost_minor + given)


def _arms(unit: Unit, campaign: Campaign, settings: Settings) -> list[Arm]:
    if campaign.launched_at is None:
        return []
    until = campaign.launched_at + timedelta(days=campaign.window_days)
    rows = unit.connection.execute(_by_arm(campaign, campaign.launched_at, until, settings)).all()
    answers = _answers(unit, campaign.id)
    order = [each.name for each in campaign.variants] + [HOLDOUT, GLOBAL]
    found = []
    for row in sorted(rows, key=lambda each: order.index(each.arm)):
        share = settings.margin_share
        mean, error = mean_and_error(row.people, float(row.total or 0), float(row.squares or 0))
        opened, clicked = answers.get(row.arm, (0, 0))
        found.append(
            Arm(
                name=row.arm,
                people=row.people,
                reached=row.reached,
                opened=opened,
                clicked=clicked,
                reached_goal=row.reached_goal,
                mean_minor=mean * share,
                error_minor=error * share,
            )
        )
    return found


def _by_arm(
    campaign: Campaign, since: datetime, until: datetime, settings: Settings
) -> sa.Select[Any]:
    member, told = marketing_member.c, interaction.c
    money = told.kind.in_(MONEY) & (told.currency == settings.currency)
    reached = (told.kind == campaign.goal) & ~told.machine
    sent = (told.kind == "message.sent") & (told.channel == campaign.channel)
    counted: Any = sa.func.count(told.id)
    summed: Any = sa.func.sum(told.amount_minor)
    did = (
        sa.select(
            member.arm,
            member.message_id,
            sa.cast(sa.func.coalesce(summed.filter(money), 0), Real).label("amount"),
            counted.filter(reached).label("goal"),
            counted.filter(sent).label("sent"),
        )
        .outerjoin(
            interaction,
            (told.customer_id == member.customer_id)
            & told.kind.in_([*MONEY, campaign.goal, "message.sent"])
            & (told.at >= since)
            & (told.at < until),
        )
        .where(member.campaign_id == campaign.id, member.arm.not_in([EXCLUDED, NO_ARM]))
        .group_by(member.customer_id, member.arm, member.message_id)
        .subquery()
        .c
    )
    people: Any = sa.func.count()
    return sa.select(
        did.arm,
        people.label("people"),
        people.filter(did.message_id.is_not(None) & (did.sent > 0)).label("reached"),
        people.filter(did.goal > 0).label("reached_goal"),
        sa.func.sum(did.amount).label("total"),
        sa.func.sum(did.amount * did.amount).label("squares"),
    ).group_by(did.arm)


def _answers(unit: Unit, campaign_id: int) -> dict[str, tuple[int, int]]:
    """How many people of each arm opened, and clicked."""
    member, said = marketing_member.c, marketing_response.c
    people: Any = sa.func.count(said.customer_id.distinct())
    select = (
        sa.select(
            member.arm,
            people.filter(said.kind == "opened"),
            people.filter(said.kind == "clicked"),
        )
        .join_from(
            marketing_member,
            marketing_response,
            (said.campaign_id == member.campaign_id) & (said.customer_id == member.customer_id),
        )
        .where(member.campaign_id == campaign_id, said.machine == 0)
        .group_by(member.arm)
    )
    return {row[0]: (row[1], row[2]) for row in unit.connection.execute(select)}


def _flags(unit: Unit, campaign: Campaign, arms: list[Arm], settings: Settings) -> tuple[str, ...]:
    told = []
    if campaign.launched_at is None:
        return ("it was not launched",)
    until = campaign.launched_at + timedelta(days=campaign.window_days)
    if until > unit.now:
        told.append(f"its window is open until {until:%Y-%m-%d}")
    left = queries.progress(unit, campaign)
    if left.left:
        told.append(f"{left.left:,} of {left.members:,} have no arm yet")
    if left.excluded:
        told.append(f"{left.excluded:,} could not be contacted and take no part")
    if HOLDOUT not in [each.name for each in arms]:
        told.append("nobody was held out, so that nothing can be told")
    other = _other_currencies(unit, campaign, campaign.launched_at, until, settings)
    if other:
        told.append(
            f"{other:,} purchases in other currencies than {settings.currency} are left out"
        )
    return tuple(told)


def _other_currencies(
    unit: Unit, campaign: Campaign, since: datetime, until: datetime, settings: Settings
) -> int:
    member, told = marketing_member.c, interaction.c
    select = (
        sa.select(sa.func.count())
        .select_from(interaction)
        .join(marketing_member, member.customer_id == told.customer_id)
        .where(
            member.campaign_id == campaign.id,
            told.kind.in_(MONEY),
            told.at >= since,
            told.at < until,
            told.currency != settings.currency,
        )
    )
    return int(unit.connection.scalar(select) or 0)


def leads(unit: Unit, name: str) -> list[Lead]:
    """
    Each further variant beside the first, by who reached the goal; one may look as often as one
    likes, and stop when one is better.

    Raises:
        RecordNotFoundError: If there is no such campaign.
    """
    campaign = queries.campaign(unit, name)
    arms = {each.name: each for each in _arms(unit, campaign, unit.settings(Settings))}
    first, *others = [each.name for each in campaign.variants]
    found = []
    for other in others:
        if first not in arms or other not in arms:
            continue
        a, b = arms[other], arms[first]
        between = share_sequence((a.reached_goal, a.people), (b.reached_goal, b.people))
        decided = "better" if between.low > 0 else "worse" if between.high < 0 else "go on"
        found.append(
            Lead(
                variant=other,
                against=first,
                difference=between.value,
                low=between.low,
                high=between.high,
                verdict=decided,
            )
        )
    return found
