"""Cases: opened, changed, answered, merged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs
import sqlalchemy as sa

from crmkit import (
    Interaction,
    InvalidValueError,
    RecordNotFoundError,
    StaleVersionError,
    Unit,
    atomic,
)
from crmkit.sql import insert_many

from .. import queries
from ..config import Settings, Status
from ..errors import CannotMergeError, MergedCaseError, NoSuchMoveError, UnknownNameError
from ..model import KINDS, Case, Draft, Participant
from ..tables import (
    service_case,
    service_change,
    service_entry,
    service_participant,
)
from . import clocks

CHANGEABLE: Final = ("status", "queue", "priority", "assignee", "subject", "kind")
REPLY: Final = "contact.message"


@atomic
def open_cases(unit: Unit, drafts: Sequence[Draft]) -> list[Case]:
    """
    Open cases, and start the clocks of what we promise. One known by its source is returned.

    Raises:
        RecordNotFoundError: If a customer or an interaction does not exist.
        UnknownNameError: If the settings have no such queue or priority.
    """
    settings = unit.settings(Settings)
    pairs = [(each.source, each.source_key) for each in drafts]
    known = queries.by_source(unit, pairs)
    fresh = [each for each in drafts if (each.source, each.source_key) not in known]
    _refuse_unknown(unit, fresh)
    ids = unit.new_ids(service_case, len(fresh)) if fresh else ()
    opened = [
        _opened(unit, each, new_id, settings) for each, new_id in zip(fresh, ids, strict=True)
    ]
    insert_many(unit.connection, service_case, [attrs.astuple(each) for each in opened])
    _write_history(unit, [(each.id, "status", "", each.status) for each in opened])
    _begin_with(unit, opened, fresh)
    clocks.begin(unit, opened)
    new = iter(opened)
    there = {each.id: each for each in queries.cases(unit, set(known.values()))}
    return [there[known[pair]] if pair in known else next(new) for pair in pairs]


def _opened(unit: Unit, draft: Draft, new_id: int, settings: Settings) -> Case:
    queue = draft.queue or settings.queues[0]
    priority = draft.priority or settings.usual_priority
    if queue not in settings.queues:
        raise UnknownNameError("queue", queue, settings.queues)
    if priority not in settings.priorities:
        raise UnknownNameError("priority", priority, settings.priorities)
    return Case(
        id=new_id,
        customer_id=draft.customer_id,
        subject=draft.subject,
        kind=draft.kind,
        queue=queue,
        priority=priority,
        status=settings.statuses[0].name,
        assignee=draft.assignee,
        opened_at=unit.now,
        changed_at=unit.now,
        answered_at=None,
        solved_at=None,
        merged_into=None,
        source=draft.source,
        source_key=draft.source_key,
        version=1,
    )


def _refuse_unknown(unit: Unit, drafts: Sequence[Draft]) -> None:
    wanted = sorted({each.customer_id for each in drafts})
    there = {each.id for each in unit.customers.get_many(wanted)}
    for each in wanted:
        if each not in there:
            raise RecordNotFoundError("customer", each)


def _begin_with(unit: Unit, opened: Sequence[Case], drafts: Sequence[Draft]) -> None:
    """The messages that cases began with are the first of their conversation."""
    began = {
        draft.interaction_id: case
        for draft, case in zip(drafts, opened, strict=True)
        if draft.interaction_id is not None
    }
    found = {each.id: each for each in unit.interactions.get_many(sorted(began))}
    for interaction_id, case in began.items():
        if interaction_id not in found:
            raise RecordNotFoundError("interaction", interaction_id)
        if found[interaction_id].customer_id != case.customer_id:
            accepted = f"an interaction of customer {case.customer_id}"
            raise InvalidValueError("interaction_id", interaction_id, accepted)
    rows = [
        (each.id, began[each.id].id, each.customer_id, each.direction, each.at)
        for each in found.values()
    ]
    insert_many(unit.connection, service_entry, rows)


@atomic
def change(
    unit: Unit, case_ids: Iterable[int], *, version: int | None = None, **wanted: str
) -> list[Case]:
    """
    Change the ``status``, ``queue``, ``priority``, ``assignee``, ``subject`` or ``kind`` of cases,
    keep the history, and let the clocks follow. What is as wanted already stays untouched.

    Args:
        version: What the one case was read with.

    Raises:
        RecordNotFoundError: If a case does not exist.
        StaleVersionError: If somebody else changed a case meanwhile.
        NoSuchMoveError: If the machine has no way to the status.
        UnknownNameError: If the settings have no such status, queue or priority.
        MergedCaseError: If a case went into another one.
    """
    settings = unit.settings(Settings)
    _refuse_names(settings, wanted)
    ids = list(dict.fromkeys(case_ids))
    found = {each.id: each for each in queries.cases(unit, ids)}
    pairs = []
    for each in ids:
        if each not in found:
            raise RecordNotFoundError("case", each)
        before = found[each]
        if version is not None and before.version != version:
            raise StaleVersionError("case", [each])
        pairs.append((before, _changed(unit, before, wanted, settings)))
    moved = [(before, after) for before, after in pairs if after is not before]
    _write(unit, moved)
    clocks.follow(unit, moved)
    return [after for _, after in pairs]


def _refuse_names(settings: Settings, wanted: dict[str, str]) -> None:
    known: dict[str, Sequence[str]] = {
        "status": [each.name for each in settings.statuses],
        "queue": settings.queues,
        "priority": settings.priorities,
        "kind": KINDS,
    }
    for field, value in wanted.items():
        if field not in CHANGEABLE:
            raise InvalidValueError("field", field, f"one of {', '.join(CHANGEABLE)}")
        if field in known and value not in known[field]:
            raise UnknownNameError(field, value, known[field])


def _changed(unit: Unit, case: Case, wanted: dict[str, str], settings: Settings) -> Case:
    if case.merged_into is not None:
        raise MergedCaseError(case.id, case.merged_into)
    fresh: dict[str, Any] = {k: v for k, v in wanted.items() if getattr(case, k) != v}
    if not fresh:
        return case
    if "status" in fresh:
        after = settings.status(fresh["status"])
        before = settings.status(case.status)
        assert after is not None
        ways = before.next if before else [each.name for each in settings.statuses]
        if after.name not in ways:
            raise NoSuchMoveError(case.id, case.status, after.name, ways)
        fresh["solved_at"] = (case.solved_at or unit.now) if after.solved else None
    return attrs.evolve(case, **fresh, changed_at=unit.now, version=case.version + 1)


def _write(unit: Unit, moved: Sequence[tuple[Case, Case]]) -> None:
    theirs = service_case.c
    values: dict[str, Any] = {
        each: sa.bindparam(f"new_{each}") for each in (*CHANGEABLE, "solved_at")
    }
    statement = (
        sa.update(service_case)
        .where(theirs.id == sa.bindparam("case"), theirs.version == sa.bindparam("read"))
        .values(**values, changed_at=unit.now, version=theirs.version + 1)
    )
    for before, after in moved:
        given = {f"new_{each}": getattr(after, each) for each in values}
        done = unit.connection.execute(
            statement, given | {"case": before.id, "read": before.version}
        )
        if done.rowcount != 1:
            raise StaleVersionError("case", [before.id])
    _write_history(
        unit,
        [
            (before.id, field, getattr(before, field), getattr(after, field))
            for before, after in moved
            for field in CHANGEABLE
            if getattr(before, field) != getattr(after, field)
        ],
    )


def _write_history(unit: Unit, told: Sequence[tuple[int, str, str, str]]) -> None:
    ids = unit.new_ids(service_change, len(told)) if told else ()
    rows = [
        (new, case_id, unit.now, unit.actor, field, before, after)
        for new, (case_id, field, before, after) in zip(ids, told, strict=True)
    ]
    insert_many(unit.connection, service_change, rows)


@atomic
def reply(
    unit: Unit, case_id: int, text: str, *, channel: str = "", internal: bool = False
) -> Interaction:
    """
    Record an answer to a case, or a note among ourselves; an answer stops the clocks of responses.

    Sending it is the channel's: record what was sent, or let ``delivery`` send and bear the thread.

    Raises:
        RecordNotFoundError: If the case does not exist.
        MergedCaseError: If it went into another one.
    """
    case = queries.case(unit, case_id)
    if case.merged_into is not None:
        raise MergedCaseError(case.id, case.merged_into)
    said = Interaction(
        customer_id=case.customer_id,
        kind="note.heard" if internal else REPLY,
        at=unit.now,
        channel=channel,
        direction="internal" if internal else "outbound",
        text=text,
        thread=case.thread,
    )
    return unit.interactions.add(said)


@atomic
def apply_macro(unit: Unit, case_id: int, name: str, *, channel: str = "") -> Case:
    """
    Answer with a canned text, and change what the macro changes.

    Raises:
        UnknownNameError: If there is no such macro.
        CrmkitError: As :func:`reply` and :func:`change` do.
    """
    known = {each.name: each for each in unit.settings(Settings).macros}
    if name not in known:
        raise UnknownNameError("macro", name, known)
    macro = known[name]
    if macro.text:
        case = queries.case(unit, case_id)
        customer = unit.customers.get(case.customer_id)
        text = macro.text.format(name=customer.name, subject=case.subject, case=case.id)
        reply(unit, case_id, text, channel=channel)
    fields = ("status", "queue", "priority", "assignee")
    wanted = {each: getattr(macro, each) for each in fields if getattr(macro, each)}
    return change(unit, [case_id], **wanted)[0]


@atomic
def add_participants(unit: Unit, participants: Sequence[Participant]) -> None:
    """
    Say whom else a case is about; who is one already keeps the new role.

    Raises:
        RecordNotFoundError: If a case or a customer does not exist.
    """
    cases = {each.id for each in queries.cases(unit, {each.case_id for each in participants})}
    people = {
        each.id for each in unit.customers.get_many({each.customer_id for each in participants})
    }
    for each in participants:
        if each.case_id not in cases:
            raise RecordNotFoundError("case", each.case_id)
        if each.customer_id not in people:
            raise RecordNotFoundError("customer", each.customer_id)
    theirs = service_participant.c
    same = sa.delete(service_participant).where(
        theirs.case_id == sa.bindparam("case"), theirs.customer_id == sa.bindparam("who")
    )
    last = {(each.case_id, each.customer_id): each for each in participants}
    if last:
        unit.connection.execute(same, [{"case": case, "who": who} for case, who in last])
    insert_many(
        unit.connection, service_participant, [attrs.astuple(each) for each in last.values()]
    )


@atomic
def merge(unit: Unit, case_id: int, into: int) -> Case:
    """
    Let a case go into another one of the same customer: its conversation and participants go
    along, its clocks stop; of two clocks of the same promise that run, the other's stays.

    Raises:
        RecordNotFoundError: If one does not exist.
        CannotMergeError: If they are the same, or of two customers.
        MergedCaseError: If one went into another before.
    """
    one, other = queries.case(unit, case_id), queries.case(unit, into)
    for each in (one, other):
        if each.merged_into is not None:
            raise MergedCaseError(each.id, each.merged_into)
    if one.id == other.id:
        raise CannotMergeError(one.id, other.id, "it is the same case")
    if one.customer_id != other.customer_id:
        why = f"one is of customer {one.customer_id}, the other of {other.customer_id}; "
        raise CannotMergeError(one.id, other.id, f"{why}make one a participant of the other")
    theirs = service_case.c
    done = unit.connection.execute(
        sa.update(service_case)
        .where(theirs.id == one.id, theirs.version == one.version)
        .values(
            merged_into=other.id,
            status=_final(unit.settings(Settings)).name,
            solved_at=one.solved_at or unit.now,
            changed_at=unit.now,
            version=one.version + 1,
        )
    )
    if done.rowcount != 1:
        raise StaleVersionError("case", [one.id])
    _write_history(unit, [(one.id, "merged_into", "", str(other.id))])
    entries = sa.update(service_entry).where(service_entry.c.case_id == one.id)
    unit.connection.execute(entries.values(case_id=other.id))
    along = queries.participants(unit, [one.id])
    add_participants(unit, [attrs.evolve(each, case_id=other.id) for each in along])
    clocks.stop(unit, [one.id])
    return queries.case(unit, one.id)


def _final(settings: Settings) -> Status:
    finals = [each for each in settings.statuses if each.final]
    return finals[0] if finals else settings.statuses[-1]


def answered(unit: Unit, case_ids: Iterable[int]) -> None:
    """Somebody of ours answered: what was promised about that is kept."""
    ids = list(case_ids)
    theirs = service_case.c
    first = sa.update(service_case).where(theirs.id.in_(ids), theirs.answered_at.is_(None))
    unit.connection.execute(first.values(answered_at=unit.now))
    clocks.stop(unit, ids, metrics=("first_response", "next_response"))
