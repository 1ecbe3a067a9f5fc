"""Writes: objectives under the policy, referrals, answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import sqlalchemy as sa

from crmkit import Changes, Interaction, InvalidValueError, RecordNotFoundError, Unit, ask
from crmkit.plugins.foundation import policy, scoring
from crmkit.sql import (
    Count,
    Instant,
    Text,
    customer,
    delete_where,
    insert_many,
)

from . import queries
from .errors import AlreadyReferredError, ReferralCircleError
from .model import Assigned, Referral
from .tables import lifecycle_answer, lifecycle_objective, lifecycle_referral

REFERRAL = "referral.made"
ANSWER = "feedback.nps"
_COLUMNS = (
    "customer_id",
    "since",
    "direction",
    "objective",
    "segment",
    "policy_version",
    "ended_why",
)


def assign(unit: Unit) -> Assigned:
    """
    Give every active customer the objective of the first direction of the policy in force that
    covers them, by the segments as they are now; whom none covers has none.

    What stays as it was is left alone, so that a rerun adds nothing.

    Raises:
        NoPolicyError: If no policy is in force.
    """
    rules = policy.current(unit)
    known = ask.segments(unit)
    followed = [each for each in rules.directions if each.for_whom in known]
    wanted = _wanted(followed)
    ended = _end(unit, wanted)
    begun = _begin(unit, wanted, rules.version)
    undirected = queries.undirected(unit)
    return Assigned(policy_version=rules.version, begun=begun, ended=ended, undirected=undirected)


def _wanted(followed: Sequence[policy.Direction]) -> sa.Subquery:
    """Who should have which objective: the first direction that covers an active customer."""
    covered = [
        sa.select(members.c.customer_id, sa.literal(place, Count).label("place"))
        for place, members in enumerate(scoring.members(e.for_whom).subquery() for e in followed)
    ]
    nobody = sa.select(customer.c.id.label("customer_id"), sa.literal(0, Count).label("place"))
    all_of_them = sa.union_all(*covered, nobody.where(sa.false())).subquery()
    first = (
        sa.select(all_of_them.c.customer_id, sa.func.min(all_of_them.c.place).label("place"))
        .join(customer, customer.c.id == all_of_them.c.customer_id)
        .where(customer.c.status == "active")
        .group_by(all_of_them.c.customer_id)
        .subquery()
    )
    told: dict[str, list[str]] = {
        "direction": [each.direction for each in followed],
        "objective": [each.objective for each in followed],
        "segment": [each.for_whom for each in followed],
    }
    columns = [_by_place(first.c.place, texts).label(name) for name, texts in told.items()]
    return sa.select(first.c.customer_id, *columns).subquery()


def _by_place(place: sa.ColumnElement[int], texts: Sequence[str]) -> sa.ColumnElement[str]:
    told = [(place == at, sa.literal(text, Text)) for at, text in enumerate(texts)]
    nothing = sa.literal("", Text)
    return sa.case(*told, else_=nothing) if told else nothing


def _end(unit: Unit, wanted: sa.Subquery) -> int:
    theirs = lifecycle_objective.c
    stays = sa.exists().where(
        wanted.c.customer_id == theirs.customer_id,
        wanted.c.direction == theirs.direction,
        wanted.c.objective == theirs.objective,
        wanted.c.segment == theirs.segment,
    )
    over = (theirs.until.is_(None), ~stays)
    undone = sa.delete(lifecycle_objective).where(*over, theirs.since == unit.now)
    began_now = unit.connection.execute(undone).rowcount
    other = sa.exists().where(wanted.c.customer_id == theirs.customer_id)
    why = sa.case(
        (other, sa.literal("another direction of the policy covers them", Text)),
        else_=sa.literal("no direction of the policy covers them", Text),
    )
    ended = sa.update(lifecycle_objective).where(*over).values(until=unit.now, ended_why=why)
    return began_now + unit.connection.execute(ended).rowcount


def _begin(unit: Unit, wanted: sa.Subquery, version: int) -> int:
    theirs = lifecycle_objective.c
    has_one = sa.exists().where(theirs.customer_id == wanted.c.customer_id, theirs.until.is_(None))
    fresh = sa.select(
        wanted.c.customer_id,
        sa.literal(unit.now, Instant()),
        wanted.c.direction,
        wanted.c.objective,
        wanted.c.segment,
        sa.literal(version, Count),
        sa.literal("", Text),
    ).where(~has_one)
    insert = sa.insert(lifecycle_objective).from_select(list(_COLUMNS), fresh)
    counted = insert.execution_options(preserve_rowcount=True)
    return unit.connection.execute(counted).rowcount


def refer(
    unit: Unit, referrer_id: int, referred_id: int, *, at: datetime | None = None, channel: str = ""
) -> int:
    """
    Note that one customer sent another; returns the id of the interaction that says so.

    The same is noted by anybody who records an interaction ``referral.made`` with the payload
    ``{"referred_id": ...}`` in the timeline of who sent.

    Raises:
        AlreadyReferredError: If somebody sent that customer before.
        ReferralCircleError: If the sender was sent, through others perhaps, by that customer.
        InvalidValueError: If a customer would have sent themselves.
    """
    made = Interaction(
        customer_id=referrer_id,
        kind=REFERRAL,
        at=at or unit.now,
        channel=channel,
        payload={"referred_id": referred_id},
        source="lifecycle",
        source_key=f"referral of {referred_id}",
    )
    return unit.interactions.add(made).id


def note(unit: Unit, changes: Changes) -> None:
    """
    Keep referrals and answers of a stored batch where SQL can count them.

    Raises:
        AlreadyReferredError, ReferralCircleError, InvalidValueError: As :func:`refer` does.
    """
    if changes.noun != "interaction":
        return
    records: Sequence[Interaction] = changes.after  # type: ignore[assignment]
    stored = [(each, new_id) for each, new_id in zip(records, changes.ids, strict=True)]
    sent = [
        Referral(
            referrer_id=each.customer_id,
            referred_id=cast("int", each.payload["referred_id"]),
            at=each.at,
            interaction_id=new_id,
        )
        for each, new_id in stored
        if each.kind == REFERRAL
    ]
    said = [
        (new_id, each.customer_id, each.payload["score"], each.at)
        for each, new_id in stored
        if each.kind == ANSWER and not each.machine
    ]
    _refuse_impossible(unit, sent)
    insert_many(
        unit.connection,
        lifecycle_referral,
        [(each.referred_id, each.referrer_id, each.at, each.interaction_id) for each in sent],
    )
    insert_many(unit.connection, lifecycle_answer, said)


def _refuse_impossible(unit: Unit, sent: Sequence[Referral]) -> None:
    if not sent:
        return
    referred_ids = [each.referred_id for each in sent]
    known = {each.id for each in unit.customers.get_many(referred_ids)}
    sent_by = queries.senders_of(unit, referred_ids)
    for each in sent:
        if each.referred_id not in known:
            raise RecordNotFoundError("customer", each.referred_id)
        if each.referred_id == each.referrer_id:
            accepted = "another customer than the one who sent them"
            raise InvalidValueError("referred_id", each.referred_id, accepted)
        if each.referred_id in sent_by:
            raise AlreadyReferredError(each.referred_id, sent_by[each.referred_id])
        sent_by[each.referred_id] = each.referrer_id
        _refuse_circle(unit, each.referred_id, sent_by)


def _refuse_circle(unit: Unit, referred_id: int, sent_by: dict[int, int]) -> None:
    above: int | None = sent_by[referred_id]
    length = 1
    while above is not None:
        if above == referred_id:
            raise ReferralCircleError(length)
        if above not in sent_by:
            sent_by |= queries.senders_of(unit, [above])
        above = sent_by.get(above)
        length += 1


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """Delete objectives and answers of these customers, and the referrals they are part of."""
    theirs = (lifecycle_objective, lifecycle_answer, lifecycle_referral)
    touched = sum(delete_where(unit.connection, t, "customer_id", customer_ids) for t in theirs)
    return touched + delete_where(unit.connection, lifecycle_referral, "referrer_id", customer_ids)
