"""Writes: what came in, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import attrs
import sqlalchemy as sa

from crmkit import Changes, Customer, Interaction, InvalidValueError, RefusedError, Unit, atomic
from crmkit.sql import delete_where, insert_many

from . import queries
from .config import Settings
from .errors import NotAStrangerError
from .model import STATES, Entry, State
from .tables import inbox_message


def note(unit: Unit, changes: Changes) -> None:
    """Let inbound messages of a stored batch come in; what a machine wrote is done at once."""
    if changes.noun != "interaction":
        return
    settings = unit.settings(Settings)
    records = cast("Sequence[Interaction]", changes.after)
    messages = [
        (number, each)
        for number, each in zip(changes.ids, records, strict=True)
        if each.direction == "inbound" and settings.is_message(each.kind)
    ]
    if not messages:
        return
    people = {e.id: e for e in unit.customers.get_many({e.customer_id for _, e in messages})}
    new = unit.new_ids(inbox_message, len(messages))
    rows = [
        (
            entry_id,
            number,
            each.customer_id,
            each.channel,
            str(each.payload.get("how", "")),
            int(people[each.customer_id].standing == "mentioned" or _is_shared(each)),
            None,
            "done" if each.machine else "open",
            None,
            "",
            "",
        )
        for entry_id, (number, each) in zip(new, messages, strict=True)
    ]
    insert_many(unit.connection, inbox_message, rows)


def _is_shared(told: Interaction) -> bool:
    shared = told.payload.get("shared_by", 1)
    return isinstance(shared, int) and shared > 1


def settle(unit: Unit, entry_id: int, state: State, text: str = "") -> Entry:
    """
    Say what becomes of a message, and why; ``open`` puts it back.

    Raises:
        RecordNotFoundError: If no message has that number.
        InvalidValueError: If *state* is none.
    """
    if state not in STATES:
        raise InvalidValueError("state", state, f"one of {', '.join(STATES)}")
    return _update(unit, entry_id, state=state, note=text)


@atomic
def identify(unit: Unit, entry_id: int, customer_id: int) -> Entry:
    """
    Say who a stranger is: the two become one, and mail or calls from the same address are theirs
    from now on. Of an address that several share, say which of them it was.

    Raises:
        RecordNotFoundError: If there is no such message, or customer.
        NotAStrangerError: If the sender is known to us as somebody else, with whom *customer_id*
            shares no address.
        RefusedError: If *customer_id* was merged or erased.
    """
    before = queries.entry(unit, entry_id)
    who, sender = unit.customers.get(customer_id), unit.customers.get(before.customer_id)
    if who.status not in ("active", "archived"):
        raise RefusedError(f"customer {customer_id} is {who.status}; take the one they are now")
    if sender.id == who.id:
        return _update(unit, entry_id, unresolved=0)
    if sender.standing == "mentioned" and sender.status == "active":
        _become(unit, sender, who)
    elif not (before.is_unresolved and _share(sender, who)):
        raise NotAStrangerError(entry_id, sender.name)
    return _update(unit, entry_id, customer_id=who.id, unresolved=0)


def _become(unit: Unit, stranger: Customer, who: Customer) -> None:
    """All that the stranger wrote is theirs."""
    known = {(each.kind, each.value) for each in who.contact_points}
    new = [each for each in stranger.contact_points if (each.kind, each.value) not in known]
    unit.customers.save(attrs.evolve(stranger, status="merged", merged_into=who.id))
    unit.customers.save(attrs.evolve(who, contact_points=(*who.contact_points, *new)))
    theirs = inbox_message.c.customer_id == stranger.id
    told = {"customer_id": who.id, "unresolved": 0}
    unit.connection.execute(sa.update(inbox_message).where(theirs).values(told))


def _share(one: Customer, other: Customer) -> bool:
    ours = {(each.kind, each.value) for each in one.contact_points}
    return any((each.kind, each.value) in ours for each in other.contact_points)


@atomic
def open_case(unit: Unit, entry_id: int, subject: str = "") -> Entry:
    """
    Open a case of ``service`` that begins with this message.

    Raises:
        RefusedError: If ``service`` is not enabled, or there is a case already.
    """
    if not unit.crm.is_enabled("service"):
        raise RefusedError("cases are kept by the plugin service; enable it")
    from crmkit.plugins.operational import service

    found = queries.entry(unit, entry_id)
    if found.case_id is not None:
        raise RefusedError(f"message {entry_id} belongs to case {found.case_id} already")
    said = unit.interactions.get(found.interaction_id)
    first = next(iter(found.text.splitlines()), "")
    draft = service.Draft(
        customer_id=found.customer_id,
        subject=subject or first[:200] or f"Message {entry_id}",
        interaction_id=said.id if said.customer_id == found.customer_id else None,
        source="inbox",
        source_key=str(entry_id),
    )
    (case,) = service.open_cases(unit, [draft])
    return _update(unit, entry_id, case_id=case.id)


def _update(unit: Unit, entry_id: int, **values: object) -> Entry:
    queries.entry(unit, entry_id)
    told = {"settled_at": unit.now, "settled_by": unit.actor, **values}
    changed = sa.update(inbox_message).where(inbox_message.c.id == entry_id)
    unit.connection.execute(changed.values(told))
    return queries.entry(unit, entry_id)


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    return delete_where(unit.connection, inbox_message, "customer_id", customer_ids)
