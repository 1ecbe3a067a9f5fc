"""Campaigns that another system sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from crmkit import InvalidValueError, RecordNotFoundError, Unit, atomic, nearest
from crmkit.sql import count_again, insert_many

from .. import queries
from ..errors import NotRunningError
from ..model import HOLDOUT, Campaign
from ..tables import marketing_count, marketing_member
from .campaigns import update


@atomic
def take_over(unit: Unit, name: str, arms: Mapping[int, str], *, launched_at: datetime) -> Campaign:
    """
    Record that a draft was sent by another system: who was in which arm, since when. Nothing is
    sent; the results then tell what it changed.

    Args:
        arms: By customer: a variant of the draft, or ``holdout``. Chance must have chosen: who was
            left out for a reason is no holdout.

    Raises:
        RecordNotFoundError: If there is no such campaign, or no such customer.
        NotRunningError: If it is no draft.
        InvalidValueError: If an arm is none, or the instant is still to come.
    """
    found = queries.campaign(unit, name)
    if found.status != "draft":
        raise NotRunningError(name, found.status, "only a draft is taken over")
    if launched_at.tzinfo is None or launched_at > unit.now:
        raise InvalidValueError("launched_at", launched_at, "an aware instant that has passed")
    known = [*(each.name for each in found.variants), HOLDOUT]
    for arm in set(arms.values()):
        if arm not in known:
            raise InvalidValueError("arm", arm, f"one of {', '.join(known)}{nearest(arm, known)}")
    _refuse_unknown(unit, arms)
    rows = [(found.id, each, arm, "", "", "", None, None, None) for each, arm in arms.items()]
    insert_many(unit.connection, marketing_member, rows)
    counted = [(found.id, "", arm, people, 0) for arm, people in Counter(arms.values()).items()]
    insert_many(unit.connection, marketing_count, counted)
    count_again(unit.connection, marketing_member)
    told = {"customers": len(arms), "taken_over_by": unit.actor}
    update(unit, found, status="stopped", launched_at=launched_at, audience=told)
    return queries.campaign(unit, name)


def _refuse_unknown(unit: Unit, arms: Mapping[int, str]) -> None:
    there = {each.id for each in unit.customers.get_many(arms)}
    for each in arms:
        if each not in there:
            raise RecordNotFoundError("customer", each)
