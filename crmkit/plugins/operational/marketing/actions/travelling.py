"""Journeys: defined in versions, and walked step by step by many at a time."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, Ref, StaleVersionError, Unit, ask, atomic, nearest
from crmkit.plugins.foundation import delivery, scoring
from crmkit.sql import (
    Instant,
    Text,
    count_again,
    customer,
    id_list,
    insert_many,
    interaction,
    one_of,
)

from .. import queries, wording
from ..errors import StepGoneError
from ..model import Journey, Step, Stepped
from ..numbers import position
from ..tables import marketing_journey, marketing_traveller

SIZE = 5_000
MANY = 1_000
log = logging.getLogger("crmkit.marketing")


@atomic
def save_journey(
    unit: Unit, journey: Journey, *, moved: Mapping[str, str] | None = None
) -> Journey:
    """
    Store a journey, or a new version of one that was read before. People who are underway go on in
    the new version, in the step of the same name; nobody gets a message of a step twice.

    Args:
        moved: Where people go who are in a step that the new version does not have.

    Raises:
        InvalidValueError: If a segment, a channel, a kind or a template is none, or *moved* leads
            nowhere.
        RefusedError: If something is wrong with a template.
        StepGoneError: If people are in a step that is gone, and *moved* does not say where they go.
        StaleVersionError: If somebody else stored a version meanwhile.
    """
    _refuse_unknown(unit, journey)
    known = {each.name: each for each in queries.journeys(unit)}
    stored = known[journey.name].version if journey.name in known else 0
    if journey.version != stored:
        raise StaleVersionError("journey", [journey.version])
    _move_on(unit, journey, moved or {})
    (new,) = unit.new_ids(marketing_journey, 1)
    told = {
        "segment": journey.segment,
        "steps": [{**attrs.asdict(each), "shares": dict(each.shares)} for each in journey.steps],
    }
    row = (new, journey.name, stored + 1, "running", told, unit.now, unit.actor)
    insert_many(unit.connection, marketing_journey, [row])
    return attrs.evolve(journey, version=stored + 1, id=new, status="running")


def _refuse_unknown(unit: Unit, journey: Journey) -> None:
    segments = ask.segments(unit)
    for step in journey.steps:
        asked: list[tuple[str, str, Any]] = []
        if step.kind == "message":
            asked = [("channel", step.channel, unit.contributed.channels)]
        elif step.kind == "condition":
            asked = [("segment", step.segment, segments)]
        elif step.kind == "goal":
            asked = [("goal", step.goal, unit.contributed.interaction_kinds)]
        for field, value, names in asked:
            if value not in names:
                accepted = f"one of {', '.join(sorted(names))}{nearest(value, names)}"
                raise InvalidValueError(f"{step.name}.{field}", value, accepted)
        if step.template:
            wording.refuse_template(unit, step.template, purpose=step.purpose, channel=step.channel)
    if journey.segment not in segments:
        accepted = f"one of {', '.join(sorted(segments))}{nearest(journey.segment, segments)}"
        raise InvalidValueError("segment", journey.segment, accepted)


def _move_on(unit: Unit, journey: Journey, moved: Mapping[str, str]) -> None:
    names = {each.name for each in journey.steps}
    for target in moved.values():
        if target not in names:
            raise InvalidValueError("moved", target, f"one of {', '.join(sorted(names))}")
    lost = [
        each
        for each in queries.standing(unit, journey.name)
        if each.underway and each.step not in names
    ]
    gone = [(each.step, each.underway) for each in lost if each.step not in moved]
    if gone:
        raise StepGoneError(gone)
    theirs = marketing_traveller.c
    for each in lost:
        there = sa.update(marketing_traveller).where(
            theirs.journey == journey.name, theirs.step == each.step, theirs.ended_at.is_(None)
        )
        unit.connection.execute(there.values(step=moved[each.step], due_at=unit.now))


def stop_journey(unit: Unit, name: str) -> Journey:
    """
    Let nobody set out or go on; a new version lets them.

    Raises:
        RecordNotFoundError: If there is none of that name.
    """
    found = queries.journey(unit, name)
    theirs = marketing_journey.c
    stop = sa.update(marketing_journey).where(theirs.id == found.id)
    unit.connection.execute(stop.values(status="stopped"))
    return attrs.evolve(found, status="stopped")


@atomic
def step_on(unit: Unit, name: str, *, size: int = SIZE) -> Stepped:
    """
    Let up to *size* people who are due go on until they wait or end; where nobody is due, let who
    is in the segment and never was on the journey set out first. Call it until nobody moves.

    Raises:
        RecordNotFoundError: If there is no such journey.
    """
    journey = queries.journey(unit, name)
    if journey.status == "stopped":
        return Stepped(0, 0, 0, 0)
    set_out, due = 0, _due(unit, name, size)
    if not due:
        set_out = _set_out(unit, journey)
        due = _due(unit, name, size) if set_out else {}
    moved = messages = ended = 0
    while due:
        after: dict[int, tuple[str, datetime]] = {}
        for step_name, people in _by_step(due).items():
            step = journey.step(step_name)
            if step is None:
                continue
            places, sent = _take(unit, journey, step, people)
            messages += sent
            moved += len(people)
            after |= places
        ended += sum(step == "" for step, _ in after.values())
        _place(unit, name, after)
        due = {
            each: (step, due[each][1])
            for each, (step, at) in after.items()
            if step and at <= unit.now
        }
    return Stepped(set_out, moved, messages, ended)


def _set_out(unit: Unit, journey: Journey) -> int:
    theirs = marketing_traveller.c
    known = sa.select(theirs.customer_id).where(theirs.journey == journey.name)
    members = scoring.members(journey.segment).subquery().c
    coming = sa.select(members.customer_id).except_(known).subquery()
    now = sa.literal(unit.now, Instant())
    fresh = (
        sa.select(
            sa.literal(journey.name, Text),
            customer.c.id,
            sa.literal(journey.steps[0].name, Text),
            now,
            now,
        )
        .join(coming, coming.c.customer_id == customer.c.id)
        .where(customer.c.status == "active")
    )
    columns = ["journey", "customer_id", "step", "due_at", "set_out_at"]
    insert = sa.insert(marketing_traveller).from_select(columns, fresh)
    counted = insert.execution_options(preserve_rowcount=True)
    set_out = unit.connection.execute(counted).rowcount
    if set_out >= MANY:
        count_again(unit.connection, marketing_traveller)
    return set_out


def _due(unit: Unit, name: str, size: int) -> dict[int, tuple[str, datetime]]:
    theirs = marketing_traveller.c
    select = (
        sa.select(theirs.customer_id, theirs.step, theirs.set_out_at)
        .where(theirs.journey == name, theirs.due_at <= unit.now)
        .order_by(theirs.due_at, theirs.customer_id)
        .limit(size)
        .with_for_update(skip_locked=True)
    )
    return {row[0]: (row[1], row[2]) for row in unit.connection.execute(select)}


def _by_step(due: Mapping[int, tuple[str, datetime]]) -> dict[str, dict[int, datetime]]:
    found: dict[str, dict[int, datetime]] = {}
    for customer_id, (step, set_out_at) in due.items():
        found.setdefault(step, {})[customer_id] = set_out_at
    return found


def _take(
    unit: Unit, journey: Journey, step: Step, people: Mapping[int, datetime]
) -> tuple[dict[int, tuple[str, datetime]], int]:
    """Where each goes, and from when on; and how many messages were new."""
    ids, following = list(people), journey.after(step)
    sent = 0
    places = dict.fromkeys(ids, (following, unit.now))
    if step.kind == "wait":
        places = dict.fromkeys(ids, (following, unit.now + timedelta(hours=step.hours)))
    elif step.kind == "message":
        sent = _send(unit, journey, step, ids)
    elif step.kind == "condition":
        within = _within(unit, step.segment, ids)
        places |= {each: (step.otherwise, unit.now) for each in ids if each not in within}
    elif step.kind == "split":
        places = {each: (_split(journey, step, each), unit.now) for each in ids}
    elif step.kind == "goal":
        places |= dict.fromkeys(_reached(unit, step.goal, people), ("", unit.now))
    return places, sent


def _within(unit: Unit, segment: str, ids: Sequence[int]) -> set[int]:
    members = scoring.members(segment).subquery().c
    select = sa.select(members.customer_id).where(one_of(members.customer_id))
    return set(unit.connection.scalars(select, {"ids": id_list(unit.connection, ids)}))


def _split(journey: Journey, step: Step, customer_id: int) -> str:
    total = sum(step.shares.values())
    place = position(f"journey {journey.name} {step.name}", customer_id) * total
    for name, share in step.shares.items():
        place -= share
        if place < 0:
            return name
    return list(step.shares)[-1]


def _reached(unit: Unit, goal: str, people: Mapping[int, datetime]) -> list[int]:
    """Who did it, as a person, since they set out."""
    told = interaction.c
    select = (
        sa.select(told.customer_id, sa.func.max(told.at))
        .where(told.kind == goal, ~told.machine, one_of(told.customer_id))
        .group_by(told.customer_id)
    )
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, list(people))})
    return [row[0] for row in rows if row[1] >= people[row[0]]]


def _send(unit: Unit, journey: Journey, step: Step, ids: Sequence[int]) -> int:
    kind = unit.contributed.channels[step.channel].contact_kind
    people = [each for each in unit.customers.get_many(ids) if each.status == "active"]
    people = [each for each in people if each.contact(kind) is not None]
    filled: dict[int, dict[str, object]] = {
        each.id: {"code": "", "campaign": journey.name} for each in people
    }
    texts = wording.said(unit, step, people, filled, purpose=step.purpose, channel=step.channel)
    for who, why in wording.without(texts):
        log.warning("journey %s, step %s: no message to %s: %s", journey.name, step.name, who, why)
    intents = [
        _intent(journey, step, each.id, each.contact(kind) or "", texts[each.id])
        for each in people
        if not texts[each.id].problem
    ]
    return delivery.intend_many(unit, intents).new


def _intent(
    journey: Journey, step: Step, customer_id: int, address: str, said: wording.Said
) -> delivery.Intent:
    return delivery.Intent(
        run=f"journey {journey.name}",
        step=step.name,
        customer_id=customer_id,
        channel=step.channel,
        address=address,
        purpose=step.purpose,
        subject=said.subject,
        text=said.text,
        html=said.html,
        because=Ref("journey", journey.id),
    )


def _place(unit: Unit, name: str, places: Mapping[int, tuple[str, datetime]]) -> None:
    """Write where people are now; who ended stays in the step where they did."""
    theirs = marketing_traveller.c
    groups: dict[tuple[str, datetime], list[int]] = {}
    for customer_id, place in places.items():
        groups.setdefault(place, []).append(customer_id)
    for (step, at), ids in groups.items():
        values: dict[str, Any] = {"step": step, "due_at": at}
        if not step:
            values = {"due_at": None, "ended_at": unit.now}
        there = sa.update(marketing_traveller).where(
            theirs.journey == name, one_of(theirs.customer_id)
        )
        unit.connection.execute(there.values(**values), {"ids": id_list(unit.connection, ids)})
