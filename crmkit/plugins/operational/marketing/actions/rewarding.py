"""Rewards of referrals: granted once, and taken back when what was bought goes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Interaction, Money, Offer, Unit, atomic
from crmkit.sql import id_list, interaction, one_of, take_turns

from .. import queries
from ..config import Settings
from ..judging import ORDER, RETURN, Verdict, judge
from ..model import Referral, Settled
from ..tables import marketing_referral
from .referring import TURN

SIZE = 1_000
WHY = {"referrer": "You sent us somebody.", "referred": "Somebody sent you to us."}


@atomic
def settle_referrals(unit: Unit, *, after: int = 0, size: int = SIZE) -> Settled:
    """
    Grant what referrals have earned, refuse what cannot earn any more, and take back what was
    earned by a purchase that went back. Nothing is granted or taken twice.

    Rewards in points wait while ``billing`` is not enabled.

    Args:
        after: Go on behind the customer with this id, as :class:`Settled` tells.
    """
    take_turns(unit.connection, TURN)
    due = _due(unit, after, size)
    bought = _bought(unit, [each.referred_id for each in due])
    ids = {i for each in due for i in (each.referred_id, each.referrer_id)}
    people = {each.id: each for each in unit.customers.get_many(ids)}
    done: Counter[str] = Counter()
    for each in due:
        both = (people[each.referrer_id], people[each.referred_id])
        verdict = judge(each, bought.get(each.referred_id, []), both, unit.now)
        if verdict.status and (verdict.status == "refused" or _can_be_paid(unit, each)):
            active = {e.id for e in both if e.status == "active"}
            _carry_out(unit, each, verdict, active)
            done[verdict.status] += 1
    return Settled(
        granted=done["granted"],
        refused=done["refused"],
        taken_back=done["taken back"],
        last=due[-1].referred_id if len(due) == size else 0,
    )


def _due(unit: Unit, after: int, size: int) -> list[Referral]:
    """Who waits and bought or waited too long, and who was rewarded and gave something back."""
    theirs, done = marketing_referral.c, interaction.c
    did = sa.exists().where(done.customer_id == theirs.customer_id, ~done.machine)
    waits = sa.and_(
        theirs.status == "waiting",
        sa.or_(theirs.watched_until < unit.now, did.where(done.kind == ORDER)),
    )
    gave_back = sa.and_(
        theirs.status == "granted",
        did.where(done.kind == RETURN, done.at <= theirs.watched_until),
    )
    select = (
        sa.select(marketing_referral)
        .where(sa.or_(waits, gave_back), theirs.customer_id > after)
        .order_by(theirs.customer_id)
        .limit(size)
        .with_for_update()
    )
    return [queries.referral_of(row) for row in unit.connection.execute(select).mappings()]


def _bought(unit: Unit, customer_ids: Sequence[int]) -> dict[int, list[Interaction]]:
    done = interaction.c
    select = sa.select(done.id).where(
        one_of(done.customer_id), done.kind.in_([ORDER, RETURN]), ~done.machine
    )
    given = {"ids": id_list(unit.connection, customer_ids)}
    found: dict[int, list[Interaction]] = {}
    stored = unit.interactions.get_many(unit.connection.scalars(select, given).all())
    for each in sorted(stored, key=lambda each: (each.at, each.id)):
        found.setdefault(each.customer_id, []).append(each)
    return found


def _can_be_paid(unit: Unit, referral: Referral) -> bool:
    return not referral.terms.gives_points or unit.crm.is_enabled("billing")


def _carry_out(unit: Unit, referral: Referral, verdict: Verdict, active: set[int]) -> None:
    changes: dict[str, Any] = {}
    if verdict.status == "granted":
        changes = _grant(unit, referral, verdict, active)
    elif verdict.status == "taken back":
        _take_back(unit, referral)
    theirs = marketing_referral.c
    there = sa.update(marketing_referral).where(theirs.customer_id == referral.referred_id)
    settled = {"status": verdict.status, "why": verdict.why, "settled_at": unit.now}
    unit.connection.execute(there.values(**(settled | changes)))


def _grant(unit: Unit, referral: Referral, verdict: Verdict, active: set[int]) -> dict[str, Any]:
    assert verdict.purchase is not None
    days = timedelta(days=referral.terms.return_days)
    changes: dict[str, Any] = {
        "purchase_id": verdict.purchase.id,
        "watched_until": verdict.purchase.at + days,
    }
    sides = {"referrer": referral.referrer_id, "referred": referral.referred_id}
    if _has_enough(unit, referral):
        del sides["referrer"]
        changes["why"] = f"{verdict.why}; who sent them had {referral.terms.limit:,} rewards before"
    for side, customer_id in sides.items():
        reward = referral.terms.rewards[side]
        if customer_id not in active:
            continue
        if reward.what:
            changes[f"{side}_offer_id"] = _offer(unit, referral, side, customer_id)
        if reward.points:
            _points(unit, customer_id, reward.points, f"referral {referral.terms.name}")
            changes[f"{side}_points"] = reward.points
    return changes


def _has_enough(unit: Unit, referral: Referral) -> bool:
    theirs, terms = marketing_referral.c, referral.terms
    rewarded = sa.select(sa.func.count()).where(
        theirs.programme_id == terms.id,
        theirs.referrer_id == referral.referrer_id,
        theirs.status == "granted",
        sa.or_(theirs.referrer_offer_id.is_not(None), theirs.referrer_points > 0),
    )
    return bool(terms.limit) and int(unit.connection.scalar(rewarded) or 0) >= terms.limit


def _offer(unit: Unit, referral: Referral, side: str, customer_id: int) -> int:
    reward = referral.terms.rewards[side]
    currency = unit.settings(Settings).currency
    made = Offer(
        customer_id=customer_id,
        what=reward.what,
        kind="referral",
        terms={"programme": referral.terms.name},
        cost=Money(reward.cost_minor, currency) if reward.cost_minor else None,
        why=WHY[side],
        plugin="marketing",
    )
    return unit.offers.add(made).id


def _points(unit: Unit, customer_id: int, points: int, reason: str) -> None:
    from crmkit.plugins.operational import billing

    billing.adjust_points(unit, customer_id, points, reason=reason)


def _take_back(unit: Unit, referral: Referral) -> None:
    """Offers that were not taken are withdrawn; of points, those that are there."""
    ids = [i for i in (referral.referrer_offer_id, referral.referred_offer_id) if i is not None]
    unit.offers.save_many(
        attrs.evolve(each, status="withdrawn")
        for each in unit.offers.get_many(ids)
        if each.status in ("proposed", "carried")
    )
    given = {
        referral.referrer_id: referral.referrer_points,
        referral.referred_id: referral.referred_points,
    }
    for customer_id, points in given.items():
        if points:
            _less_points(unit, customer_id, points, f"referral {referral.terms.name} taken back")


def _less_points(unit: Unit, customer_id: int, points: int, reason: str) -> None:
    from crmkit.plugins.operational import billing

    less = min(points, billing.points_of(unit, customer_id).points)
    if less > 0:
        billing.adjust_points(unit, customer_id, -less, reason=reason)
