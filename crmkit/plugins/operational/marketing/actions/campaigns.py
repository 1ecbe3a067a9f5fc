"""Campaigns: drafted, changed while they are drafts, stopped."""

from __future__ import annotations

from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, RefusedError, StaleVersionError, Unit, ask, atomic, nearest
from crmkit.plugins.foundation import policy
from crmkit.sql import insert_many

from .. import queries, wording
from ..config import Settings
from ..errors import FrozenError, NotRunningError
from ..model import Campaign
from ..tables import marketing_campaign, marketing_member


def save_campaign(unit: Unit, campaign: Campaign) -> Campaign:
    """
    Store a new draft (version 0), or change one that was read before.

    Raises:
        InvalidValueError: If the segment, the channel, the purpose or the goal is none.
        FrozenError: If it was launched.
        StaleVersionError: If somebody else changed it meanwhile.
        RefusedError: If another campaign has the name.
    """
    _refuse_unknown(unit, campaign)
    for each in campaign.variants:
        if each.template:
            wording.refuse_absent(unit, each.template)
    theirs = marketing_campaign.c
    told = queries.document(campaign)
    if not campaign.version:
        taken = sa.select(theirs.id).where(theirs.name == campaign.name)
        if unit.connection.scalar(taken) is not None:
            raise RefusedError(f"there is a campaign {campaign.name!r}; take another name")
        (new,) = unit.new_ids(marketing_campaign, 1)
        row: tuple[Any, ...] = (new, campaign.name, "draft", told, None, {}, 1)
        insert_many(unit.connection, marketing_campaign, [row])
        return queries.campaign(unit, campaign.name)
    stored = queries.campaign(unit, campaign.name)
    if stored.status != "draft":
        raise FrozenError(stored.name, stored.status)
    update(unit, campaign, document=told)
    return queries.campaign(unit, campaign.name)


def _refuse_unknown(unit: Unit, campaign: Campaign) -> None:
    known: dict[str, Any] = {
        "segment": ask.segments(unit),
        "channel": unit.contributed.channels,
        "goal": unit.contributed.interaction_kinds,
    }
    try:
        known["purpose"] = policy.current(unit).purposes
    except policy.NoPolicyError:
        known["purpose"] = {}
    for field, names in known.items():
        value = getattr(campaign, field)
        if value not in names:
            told = ", ".join(sorted(names)) or "none is there yet"
            raise InvalidValueError(field, value, f"one of {told}{nearest(value, names)}")
    wanted = unit.settings(Settings).currency
    for field in ("budget", "fixed_cost"):
        money = getattr(campaign, field)
        if money is not None and (money.currency != wanted or money.amount_minor < 0):
            raise InvalidValueError(field, str(money), f"an amount of 0 or more in {wanted}")


def update(unit: Unit, campaign: Campaign, **values: Any) -> None:
    """
    Raises:
        StaleVersionError: If somebody else changed it meanwhile.
    """
    theirs = marketing_campaign.c
    done = unit.connection.execute(
        sa.update(marketing_campaign)
        .where(theirs.name == campaign.name, theirs.version == campaign.version)
        .values(**values, version=campaign.version + 1)
    )
    if done.rowcount != 1:
        raise StaleVersionError("campaign", [campaign.id])


@atomic
def stop_campaign(unit: Unit, name: str) -> Campaign:
    """
    Stop a campaign: nobody further gets an arm. Messages that are on their way stay; who has an
    arm keeps it, so that what was done is still measured.

    Raises:
        RecordNotFoundError: If there is none of that name.
        NotRunningError: If it was not launched.
    """
    found = queries.campaign(unit, name)
    if found.status == "draft":
        raise NotRunningError(name, "a draft", "only what was launched is stopped")
    if found.status == "stopped":
        return found
    theirs = marketing_member.c
    left = sa.delete(marketing_member).where(theirs.campaign_id == found.id, theirs.arm == "")
    unit.connection.execute(left)
    update(unit, found, status="stopped")
    return attrs.evolve(found, status="stopped", version=found.version + 1)
