"""Reads: objectives, referrals and what they are worth, answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from crmkit import Unit, ask
from crmkit.plugins.foundation import policy, scoring
from crmkit.sql import customer, id_list, interaction, one_of

from .model import Objective, Referral
from .tables import lifecycle_answer, lifecycle_objective, lifecycle_referral


def objectives_of_many(unit: Unit, customer_ids: Sequence[int]) -> dict[int, list[Objective]]:
    """The history of objectives of each customer, oldest first."""
    found: dict[int, list[Objective]] = {each: [] for each in customer_ids}
    select = (
        sa.select(lifecycle_objective)
        .where(one_of(lifecycle_objective.c.customer_id))
        .order_by(lifecycle_objective.c.since)
    )
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, customer_ids)})
    for row in rows.mappings():
        found[row["customer_id"]].append(Objective(**row))
    return found


def stays(unit: Unit, since: datetime, until: datetime) -> list[Objective]:
    """Every objective of anybody that held at some time from *since* on and before *until*."""
    theirs = lifecycle_objective.c
    select = sa.select(lifecycle_objective).where(
        theirs.since < until, sa.or_(theirs.until.is_(None), theirs.until > since)
    )
    return [Objective(**row) for row in unit.connection.execute(select).mappings()]


def objective_of(unit: Unit, customer_id: int) -> Objective | None:
    """The objective that holds for the customer now; None where the policy names none."""
    history = objectives_of_many(unit, [customer_id])[customer_id]
    return history[-1] if history and history[-1].until is None else None


def sizes(unit: Unit) -> dict[str, int]:
    """How many customers each direction holds now."""
    theirs = lifecycle_objective.c
    select = (
        sa.select(theirs.direction, sa.func.count())
        .where(theirs.until.is_(None))
        .group_by(theirs.direction)
    )
    return {row[0]: row[1] for row in unit.connection.execute(select)}


def undirected(unit: Unit) -> int:
    """How many active customers the policy names no direction for."""
    theirs = lifecycle_objective.c
    has_one = sa.exists().where(theirs.customer_id == customer.c.id, theirs.until.is_(None))
    select = sa.select(sa.func.count()).where(customer.c.status == "active", ~has_one)
    return int(unit.connection.scalar(select) or 0)


def unevaluated(unit: Unit, rules: policy.Policy) -> list[policy.Direction]:
    """Directions for whom is no segment's name: only people can follow them."""
    known = ask.segments(unit)
    return [each for each in rules.directions if each.for_whom not in known]


def referrals_about(unit: Unit, customer_ids: Sequence[int]) -> list[Referral]:
    """Every referral that one of these customers made or came by."""
    theirs = lifecycle_referral.c
    select = (
        sa.select(
            theirs.referrer_id,
            theirs.customer_id.label("referred_id"),
            theirs.at,
            theirs.interaction_id,
        )
        .where(sa.or_(one_of(theirs.referrer_id), one_of(theirs.customer_id)))
        .order_by(theirs.at, theirs.customer_id)
    )
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, customer_ids)})
    return [Referral(**row) for row in rows.mappings()]


def senders_of(unit: Unit, referred_ids: Sequence[int]) -> dict[int, int]:
    """Who sent each of these customers, where somebody did."""
    theirs = lifecycle_referral.c
    select = sa.select(theirs.customer_id, theirs.referrer_id).where(one_of(theirs.customer_id))
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, referred_ids)})
    return {row[0]: row[1] for row in rows}


def edges(unit: Unit) -> list[tuple[int, int]]:
    """Every referral as who was sent, and by whom."""
    theirs = lifecycle_referral.c
    select = sa.select(theirs.customer_id, theirs.referrer_id).order_by(theirs.customer_id)
    return [(row[0], row[1]) for row in unit.connection.execute(select)]


def worth_of(unit: Unit, scorer: str, customer_ids: Sequence[int]) -> dict[int, float]:
    """The score of each of these customers who has one."""
    score = scoring.score_table.c
    select = sa.select(score.customer_id, score.value).where(
        score.scorer == scorer, one_of(score.customer_id)
    )
    given = {"ids": id_list(unit.connection, customer_ids)}
    return {row[0]: row[1] for row in unit.connection.execute(select, given)}


def buyers(unit: Unit, customer_ids: Sequence[int]) -> set[int]:
    """Those of the customers who ever ordered."""
    facts = interaction.c
    select = sa.select(facts.customer_id).where(
        facts.kind == "purchase.order", one_of(facts.customer_id)
    )
    given = {"ids": id_list(unit.connection, customer_ids)}
    return set(unit.connection.scalars(select.distinct(), given))


def orders_of(
    unit: Unit, customer_ids: Sequence[int], until: datetime
) -> tuple[dict[int, datetime], dict[int, datetime]]:
    """When each of these customers ordered first, and last, before *until*."""
    facts = interaction.c
    select = (
        sa.select(facts.customer_id, sa.func.min(facts.at), sa.func.max(facts.at))
        .where(facts.kind == "purchase.order", facts.at < until, one_of(facts.customer_id))
        .group_by(facts.customer_id)
    )
    given = {"ids": id_list(unit.connection, customer_ids)}
    rows = unit.connection.execute(select, given).all()
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


def last_answers(
    unit: Unit, *, since: datetime | None, until: datetime | None, segment: str
) -> list[int]:
    """The last answer within the time of each customer, in *segment* if one is given."""
    said = lifecycle_answer.c
    place = sa.func.row_number().over(
        partition_by=said.customer_id, order_by=(said.at.desc(), said.interaction_id.desc())
    )
    select = sa.select(said.score, place.label("place"))
    if since is not None:
        select = select.where(said.at >= since)
    if until is not None:
        select = select.where(said.at < until)
    if segment:
        select = select.where(said.customer_id.in_(scoring.members(segment)))
    last = select.subquery().c
    return list(unit.connection.scalars(sa.select(last.score).where(last.place == 1)))


def exported(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Objectives, referrals and answers, JSON-ready, by customer."""
    history = objectives_of_many(unit, customer_ids)
    found: dict[int, dict[str, list[object]]] = {
        each: {"objectives": list(map(_plain, history[each])), "referrals": [], "answers": []}
        for each in customer_ids
    }
    for each in referrals_about(unit, customer_ids):
        for customer_id in {each.referrer_id, each.referred_id} & found.keys():
            found[customer_id]["referrals"].append(_plain(each))
    said = lifecycle_answer.c
    select = sa.select(said.customer_id, said.score, said.at).where(one_of(said.customer_id))
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, customer_ids)})
    for customer_id, score, at in rows:
        found[customer_id]["answers"].append({"score": score, "at": at.isoformat()})
    return {each: dict(told) for each, told in found.items()}


def _plain(record: Objective | Referral) -> object:
    def serialized(_: object, __: object, value: object) -> object:
        return value.isoformat() if isinstance(value, datetime) else value

    return attrs.asdict(record, value_serializer=serialized)
