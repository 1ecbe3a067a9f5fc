"""What interactions mean for cases: conversations go on, feedback is counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from crmkit import Changes, Interaction, Unit
from crmkit.sql import insert_many

from .. import queries
from ..config import Settings
from ..model import Case, Draft
from ..tables import service_entry, service_feedback
from . import cases, clocks

CSAT, CES = "feedback.csat", "feedback.ces"
_PREFIX = "case:"


def note(unit: Unit, changes: Changes) -> None:
    """Let the interactions of a stored batch become part of the cases whose thread they bear."""
    if changes.noun != "interaction":
        return
    records = cast("Sequence[Interaction]", changes.after)
    stored = list(zip(records, changes.ids, strict=True))
    _count_feedback(unit, [(each, i) for each, i in stored if each.kind in (CSAT, CES)])
    told = [(each, i) for each, i in stored if each.thread.startswith(_PREFIX)]
    if told:
        _go_on(unit, told)


def _count_feedback(unit: Unit, told: Sequence[tuple[Interaction, int]]) -> None:
    known = {
        each.id: each.customer_id
        for each in queries.cases(
            unit, {cast("int", e.payload["case_id"]) for e, _ in told if e.payload.get("case_id")}
        )
    }
    rows = []
    for each, interaction_id in told:
        case_id = cast("int | None", each.payload.get("case_id"))
        of = case_id if case_id is not None and known.get(case_id) == each.customer_id else None
        measure = each.kind.removeprefix("feedback.")
        if not each.machine:
            score = each.payload["score"]
            rows.append((interaction_id, each.customer_id, of, measure, score, each.at))
    insert_many(unit.connection, service_feedback, rows)


def _go_on(unit: Unit, told: Sequence[tuple[Interaction, int]]) -> None:
    found = _cases_of(unit, [each.thread for each, _ in told])
    heard = [(each, i, found[each.thread]) for each, i in told if each.thread in found]
    concerned = {
        (each.case_id, each.customer_id)
        for each in queries.participants(unit, {case.id for _, _, case in heard})
    }
    ours = [
        (each, i, case)
        for each, i, case in heard
        if each.customer_id == case.customer_id or (case.id, each.customer_id) in concerned
    ]
    followed = _follow_up(unit, ours)
    rows = [
        (i, followed.get(case.id, case.id), each.customer_id, each.direction, each.at)
        for each, i, case in ours
    ]
    insert_many(unit.connection, service_entry, rows)
    said = [(each, case) for each, _, case in ours if not each.machine]
    asked = [case.id for each, case in said if each.direction == "inbound"]
    _heard(unit, [each for each in dict.fromkeys(asked) if each not in followed])
    answers = [case.id for each, case in said if each.direction == "outbound"]
    cases.answered(unit, dict.fromkeys(answers))


def _cases_of(unit: Unit, threads: Sequence[str]) -> dict[str, Case]:
    """The case of each thread; the one it was merged into, if it was."""
    numbers = {each: each.removeprefix(_PREFIX) for each in threads}
    wanted = {t: int(n) for t, n in numbers.items() if n.isascii() and n.isdigit() and len(n) < 19}
    found = {each.id: each for each in queries.cases(unit, wanted.values())}
    into = [each.merged_into for each in found.values() if each.merged_into is not None]
    found |= {each.id: each for each in queries.cases(unit, into)}
    known = {}
    for thread, case_id in wanted.items():
        case = found.get(case_id)
        while case is not None and case.merged_into is not None:
            case = found.get(case.merged_into) or queries.case(unit, case.merged_into)
        if case is not None:
            known[thread] = case
    return known


def _heard(unit: Unit, case_ids: Sequence[int]) -> None:
    """Customers wrote: what was waiting for them, or solved, is open again."""
    settings = unit.settings(Settings)
    for case in queries.cases(unit, case_ids):
        status = settings.status(case.status)
        if status is not None and (status.paused or status.solved):
            ways = [settings.status(name) for name in status.next]
            opens = [each.name for each in ways if each and not each.paused and not each.solved]
            if opens:
                cases.change(unit, [case.id], status=opens[0])
    clocks.ask_again(unit, queries.cases(unit, case_ids))


def _follow_up(unit: Unit, told: Sequence[tuple[Interaction, int, Case]]) -> dict[int, int]:
    """Who writes to a case that is over for good begins a new one."""
    settings = unit.settings(Settings)
    over = {}
    for each, interaction_id, case in told:
        status = settings.status(case.status)
        by_them = each.direction == "inbound" and each.customer_id == case.customer_id
        if status is not None and status.final and by_them and not each.machine:
            over[case.id] = (case, interaction_id)
    drafts = [
        Draft(
            customer_id=case.customer_id,
            subject=case.subject,
            kind=case.kind,
            queue=case.queue if case.queue in settings.queues else "",
            source="case",
            source_key=f"{case.id} goes on with {interaction_id}",
        )
        for case, interaction_id in over.values()
    ]
    opened = cases.open_cases(unit, drafts)
    return {case_id: new.id for case_id, new in zip(over, opened, strict=True)}
