"""Reads: campaigns, their members and progress, journeys and who is where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Money, RecordNotFoundError, Unit, nearest
from crmkit.sql import id_list, one_of

from .model import (
    EXCLUDED,
    GLOBAL,
    HOLDOUT,
    NO_ARM,
    Campaign,
    Filled,
    Journey,
    Member,
    Programme,
    Referral,
    Reward,
    Standing,
    Step,
    Variant,
)
from .tables import (
    marketing_campaign,
    marketing_count,
    marketing_journey,
    marketing_member,
    marketing_programme,
    marketing_referral,
    marketing_traveller,
)

_DOCUMENT = (
    "purpose", "channel", "segment", "variants", "goal", "window_days", "holdout_share", "budget",
    "fixed_cost", "message_cost_minor", "unique_codes",
)  # fmt: skip


def document(campaign: Campaign) -> dict[str, Any]:
    """What is kept of a campaign beside its state, JSON-ready."""

    def serialized(_: object, __: object, value: object) -> object:
        return str(value) if isinstance(value, Money) else value

    told = {name: getattr(campaign, name) for name in _DOCUMENT}
    told["variants"] = [attrs.asdict(each) for each in campaign.variants]
    return {name: serialized(None, None, value) for name, value in told.items()}


def _campaign(row: Mapping[str, Any]) -> Campaign:
    told = dict(row["document"])
    told["variants"] = [Variant(**each) for each in told["variants"]]
    for name in ("budget", "fixed_cost"):
        told[name] = Money.parse(told[name]) if told[name] else None
    state = {each: row[each] for each in ("id", "name", "status", "launched_at", "audience")}
    return Campaign(**told, **state, version=row["version"])


def campaign(unit: Unit, name: str) -> Campaign:
    """
    Raises:
        RecordNotFoundError: If there is none of that name.
    """
    row = (
        unit.connection.execute(
            sa.select(marketing_campaign).where(marketing_campaign.c.name == name)
        )
        .mappings()
        .first()
    )
    if row is None:
        known = unit.connection.scalars(sa.select(marketing_campaign.c.name)).all()
        raise RecordNotFoundError("campaign", name + nearest(name, known))
    return _campaign(dict(row))


def campaigns(unit: Unit, ids: Iterable[int] | None = None) -> list[Campaign]:
    """All of them, latest first; only these if some are named."""
    theirs = marketing_campaign.c
    select = sa.select(marketing_campaign).order_by(theirs.id.desc())
    given = {}
    if ids is not None:
        select = select.where(one_of(theirs.id))
        given = {"ids": id_list(unit.connection, list(ids))}
    return [_campaign(dict(row)) for row in unit.connection.execute(select, given).mappings()]


def progress(unit: Unit, campaign: Campaign) -> Filled:
    """How far a launch is."""
    counted = counts(unit, campaign.id)

    def people(*arms: str) -> int:
        return sum(each[0] for (_, arm), each in counted.items() if arm in arms)

    drawn = sum(people for people, _ in counted.values())
    stopped = campaign.status == "stopped"
    members = drawn if stopped else int(campaign.audience.get("customers", 0))
    return Filled(
        members=members,
        messages=sum(messages for _, messages in counted.values()),
        held_out=people(HOLDOUT, GLOBAL),
        excluded=people(EXCLUDED),
        left=members - drawn,
    )


def counts(unit: Unit, campaign_id: int) -> dict[tuple[str, str], tuple[int, int]]:
    """How many people, and messages, each stratum has in each arm."""
    theirs = marketing_count.c
    rows = unit.connection.execute(
        sa.select(marketing_count).where(theirs.campaign_id == campaign_id)
    )
    return {(row.stratum, row.arm): (row.people, row.messages) for row in rows}


def unassigned(unit: Unit, campaign_id: int, size: int) -> list[int]:
    """The next members without an arm, by customer id."""
    theirs = marketing_member.c
    select = (
        sa.select(theirs.customer_id)
        .where(theirs.campaign_id == campaign_id, theirs.arm == NO_ARM)
        .order_by(theirs.customer_id)
        .limit(size)
    )
    return list(unit.connection.scalars(select))


def members_of(
    unit: Unit, campaign_id: int, customer_ids: Sequence[int] | None = None
) -> list[Member]:
    """Members by customer id; only of these customers if some are named."""
    theirs = marketing_member.c
    columns = [theirs[each.name] for each in attrs.fields(Member)]
    select = sa.select(*columns).where(theirs.campaign_id == campaign_id)
    given = {}
    if customer_ids is not None:
        select = select.where(one_of(theirs.customer_id))
        given = {"ids": id_list(unit.connection, customer_ids)}
    rows = unit.connection.execute(select.order_by(theirs.customer_id), given)
    return [Member(**row) for row in rows.mappings()]


def journey(unit: Unit, name: str) -> Journey:
    """
    The newest version.

    Raises:
        RecordNotFoundError: If there is none of that name.
    """
    found = {each.name: each for each in journeys(unit)}
    if name not in found:
        raise RecordNotFoundError("journey", name + nearest(name, found))
    return found[name]


def journeys(unit: Unit) -> list[Journey]:
    """The newest version of each, by name."""
    theirs = marketing_journey.c
    rows = unit.connection.execute(
        sa.select(marketing_journey).order_by(theirs.name, theirs.version)
    ).mappings()
    newest = {row["name"]: row for row in rows}
    return [
        Journey(
            name=name,
            segment=row["document"]["segment"],
            steps=[Step(**each) for each in row["document"]["steps"]],
            status=row["status"],
            version=row["version"],
            id=row["id"],
        )
        for name, row in newest.items()
    ]


def standing(unit: Unit, name: str) -> list[Standing]:
    """How many people are in each step, and how many ended there."""
    theirs = marketing_traveller.c
    counted: Any = sa.func.count()
    select = (
        sa.select(
            theirs.step,
            counted.filter(theirs.ended_at.is_(None)),
            counted.filter(theirs.ended_at.is_not(None)),
        )
        .where(theirs.journey == name)
        .group_by(theirs.step)
        .order_by(theirs.step)
    )
    return [Standing(step=r[0], underway=r[1], ended=r[2]) for r in unit.connection.execute(select)]


def plain(record: attrs.AttrsInstance) -> dict[str, Any]:
    """A record as JSON can hold it."""

    def serialized(_: object, __: object, value: object) -> object:
        if isinstance(value, datetime | date):
            return value.isoformat()
        return str(value) if isinstance(value, Money | timedelta) else value

    return attrs.asdict(record, value_serializer=serialized)


def programmes(unit: Unit) -> list[Programme]:
    """All referral programmes, by name."""
    theirs = marketing_programme.c
    documents = sa.select(theirs.document).order_by(theirs.name)
    return [terms_of(each) for each in unit.connection.scalars(documents)]


def programme(unit: Unit, name: str) -> Programme:
    """
    Raises:
        RecordNotFoundError: If there is none of that name.
    """
    found = {each.name: each for each in programmes(unit)}
    if name not in found:
        raise RecordNotFoundError("programme", name + nearest(name, found))
    return found[name]


def terms(programme: Programme) -> dict[str, Any]:
    """A programme as JSON holds it."""
    least = programme.least
    kept = None if least is None else [least.amount_minor, least.currency]
    return attrs.asdict(programme) | {"least": kept}


def terms_of(told: Mapping[str, Any]) -> Programme:
    """The programme that :func:`terms` told of."""
    sides = {side: Reward(**told[side]) for side in ("referrer", "referred")}
    least = Money(*told["least"]) if told["least"] else None
    return Programme(**{**told, **sides, "least": least})


def referrals_about(unit: Unit, customer_ids: Sequence[int]) -> list[Referral]:
    """Those by which these customers came, or which they made, oldest first."""
    theirs = marketing_referral.c
    select = (
        sa.select(marketing_referral)
        .where(sa.or_(one_of(theirs.customer_id), one_of(theirs.referrer_id)))
        .order_by(theirs.at, theirs.customer_id)
    )
    given = {"ids": id_list(unit.connection, customer_ids)}
    return [referral_of(row) for row in unit.connection.execute(select, given).mappings()]


def referrals_of(unit: Unit, programme_id: int) -> list[Referral]:
    """Those of a programme, oldest first."""
    theirs = marketing_referral.c
    select = (
        sa.select(marketing_referral)
        .where(theirs.programme_id == programme_id)
        .order_by(theirs.at, theirs.customer_id)
    )
    return [referral_of(row) for row in unit.connection.execute(select).mappings()]


def referral_of(row: Mapping[Any, Any]) -> Referral:
    told = dict(row)
    told.pop("programme_id")
    return Referral(referred_id=told.pop("customer_id"), terms=terms_of(told.pop("terms")), **told)


def waiting(unit: Unit) -> int:
    """How many referrals wait for a first purchase."""
    select = sa.select(sa.func.count()).where(marketing_referral.c.status == "waiting")
    return int(unit.connection.scalar(select) or 0)
