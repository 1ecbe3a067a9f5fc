"""A help desk moves in: Zendesk's tickets become cases, with their histories and clocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

import attrs

from crmkit import Customer, Identity, Interaction, Unit
from crmkit.plugins.operational import service

from .scene import Row, Scene, moment, strangers, title

ZENDESK: Final = "zendesk"
TODAY: Final = datetime(2021, 2, 1, tzinfo=UTC)
QUEUES: Final = {"1001": "standard", "1002": "premium"}
FIELDS: Final = {"status": "status", "priority": "priority", "assignee_id": "assignee"}
LONGEST: Final = 5


@attrs.frozen(kw_only=True)
class Ticket:
    """
    A ticket as it went.

    Attributes:
        changes: When, which field of a case, and to what; in order.
        said: Comments of the requester; a ticket that only they tell of has no row of its own.
    """

    id: str
    requester: str
    subject: str
    queue: str
    opened_at: datetime
    changes: Sequence[tuple[datetime, str, str]] = ()
    said: Sequence[Row] = ()


def play(scene: Scene) -> Iterator[str]:
    """Tell the story line by line; what was brought over before is not brought over twice."""
    scene.set_up("service", ZENDESK)
    tickets, left_out = _tickets(scene)
    yield title("listen", "Zendesk: tickets, their histories, comments, users, organisations")
    yield from (f"  {line}" for line in left_out)
    with scene.at(tickets[0].opened_at) as unit:
        unit.customers.upsert_many(_people(scene))
        who, unknown = strangers(unit, ZENDESK, [each.requester for each in tickets])
    yield title("know", "whose they are")
    yield f"  {len(who)} requesters; {unknown or 'none'} of them new to us, kept by their number"
    for each in tickets:
        _bring_over(scene, each, who[each.requester])
    with scene.at(TODAY) as unit:
        service.watch(unit)
    yield from _told(scene)


def _people(scene: Scene) -> Iterator[Customer]:
    for row in scene.rows(ZENDESK, "organization_data"):
        identity = Identity(ZENDESK, f"organisation-{row['id']}")
        yield Customer(name=row["name"], kind="organisation", identities=(identity,))
    for row in scene.rows(ZENDESK, "user_data"):
        if row["role"] == "end-user":
            yield Customer(
                name=row["name"], identities=(Identity(ZENDESK, row["id"]),), locale=row["locale"]
            )


def _tickets(scene: Scene) -> tuple[list[Ticket], list[str]]:
    """The tickets in the order in which they were opened, and what is said of the rest."""
    rows = {row["id"]: row for row in scene.rows(ZENDESK, "ticket_data")}
    kept = {key: row for key, row in rows.items() if row["status"] != "deleted"}
    history = scene.rows(ZENDESK, "ticket_field_history_data")
    joined = [row for row in history if row["ticket_id"] in kept]
    said: dict[str, list[Row]] = {}
    for row in scene.rows(ZENDESK, "ticket_comment_data"):
        said.setdefault(row["ticket_id"], []).append(row)
    policies = {
        row["ticket_id"]: QUEUES[row["sla_policy_id"]]
        for row in scene.rows(ZENDESK, "ticket_sla_policy_data")
    }
    tickets = [_ticket(row, joined, policies) for row in kept.values()]
    tickets += [_heard_of(key, rows_) for key, rows_ in said.items() if key not in rows]
    merged = [each for row in kept.values() for each in _merged(row) if each not in rows]
    strays = {row["ticket_id"] for row in history} - set(kept)
    told = [
        f"{len(kept)} tickets, and {len(tickets) - len(kept)} that only their comments tell of",
        f"{len(rows) - len(kept)} tickets left out: deleted there",
        f"{len(merged)} merged into another, which the export lacks",
        f"{len(joined)} changes; {len(history) - len(joined)} more left out, of {len(strays)} "
        "tickets that the export lacks",
    ]
    return sorted(tickets, key=lambda each: each.opened_at), told


def _merged(row: Row) -> list[str]:
    return [each for each in row["merged_ticket_ids"].strip("[]").split(",") if each]


def _ticket(row: Row, history: Iterable[Row], policies: Mapping[str, str]) -> Ticket:
    changes = [
        (moment(each["updated"]), FIELDS[each["field_name"]], each["value"])
        for each in history
        if each["ticket_id"] == row["id"] and each["field_name"] in FIELDS
    ]
    if not any(field == "status" for _, field, _ in changes):
        changes.append((moment(row["updated_at"]), "status", "solved"))
        if row["status"] == "closed":
            changes.append((moment(row["updated_at"]), "status", "closed"))
    return Ticket(
        id=row["id"],
        requester=row["requester_id"],
        subject=row["description"] if row["subject"].startswith("subject") else row["subject"],
        queue=policies.get(row["id"], ""),
        opened_at=moment(row["created_at"]),
        changes=sorted(changes, key=lambda each: each[0]),
    )


def _heard_of(ticket_id: str, comments: list[Row]) -> Ticket:
    said = sorted(comments, key=lambda row: row["created"])
    return Ticket(
        id=ticket_id,
        requester=said[0]["user_id"],
        subject=f"Ticket {ticket_id}, by its comments",
        queue="",
        opened_at=moment(said[0]["created"]),
        said=said,
    )


def _bring_over(scene: Scene, ticket: Ticket, customer_id: int) -> None:
    """Open the case when the ticket was opened, then let happen what happened, when it did."""
    with scene.at(ticket.opened_at) as unit:
        first = _say(unit, ticket.said[0], customer_id) if ticket.said else None
        draft = service.Draft(
            customer_id=customer_id,
            subject=ticket.subject,
            queue=ticket.queue,
            interaction_id=first,
            source=ZENDESK,
            source_key=ticket.id,
        )
        (case,) = service.open_cases(unit, [draft])
        if case.version == 1:
            for at, field, value in ticket.changes:
                if at <= ticket.opened_at:
                    _change(unit, case.id, field, value)
    for row in ticket.said[1:]:
        with scene.at(moment(row["created"])) as unit:
            _say(unit, row, customer_id, thread=case.thread)
    for at, changes in groupby(ticket.changes, key=lambda each: each[0]):
        if at > case.changed_at:
            with scene.at(at) as unit:
                for _, field, value in changes:
                    _change(unit, case.id, field, value)


def _change(unit: Unit, case_id: int, field: str, value: str) -> None:
    wanted = {field: value}
    service.change(unit, [case_id], version=None, **wanted)


def _say(unit: Unit, row: Row, customer_id: int, thread: str = "") -> int:
    said = Interaction(
        customer_id=customer_id,
        kind="contact.message",
        at=moment(row["created"]),
        channel="email",
        text=row["body"],
        thread=thread,
        source=ZENDESK,
        source_key=f"comment-{row['id']}",
    )
    return unit.interactions.add(said).id


def _told(scene: Scene) -> Iterator[str]:
    with scene.crm.unit(write=False) as unit:
        found = service.find(unit, size=1_000)
        clocks = service.clocks(unit, [each.id for each in found])
    yield title("value", "what was promised, and what was kept")
    counted: Counter[tuple[str, bool]] = Counter()
    for of_case in clocks.values():
        for clock in of_case:
            counted[clock.metric, clock.is_late(TODAY)] += 1
    for metric in sorted({metric for metric, _ in counted}):
        kept, late = counted[metric, False], counted[metric, True]
        yield f"  {metric.replace('_', ' ')}: kept {kept}, late {late}"
    yield title("learn", "how long customers waited")
    solved = [each for each in found if each.solved_at is not None]
    for each in sorted(solved, key=_took, reverse=True)[:LONGEST]:
        with_us = [c.elapsed for c in clocks[each.id] if c.metric == "resolution"]
        ours = f", {_days(with_us[0])} of them with us" if with_us else ""
        yield f"  case {each.id} (ticket {each.source_key}): {_days(_took(each))}{ours}"
    yield f"  {len(found) - len(solved)} of {len(found)} cases are still open"


def _took(case: service.Case) -> timedelta:
    assert case.solved_at is not None
    return case.solved_at - case.opened_at


def _days(time: timedelta) -> str:
    return f"{time / timedelta(days=1):.1f} days"


def next_commands(scene: Scene) -> list[str]:
    with scene.crm.unit(write=False) as unit:
        longest = max(service.find(unit, size=1_000), key=lambda each: each.version)
    return [
        f"case show {longest.id}",
        "case list --all",
        "service promises",
    ]
