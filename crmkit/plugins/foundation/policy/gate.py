"""What the policy says to a wish to contact somebody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from crmkit import Contact, Objection, Unit

from .errors import NoPolicyError
from .model import Limit, Policy, Purpose
from .queries import Person, current, people, sent_since
from .quiet import is_quiet, next_allowed

Sent = dict[int, list[tuple[str, datetime]]]


def objections(unit: Unit, contacts: Sequence[Contact]) -> Iterator[Objection]:
    """
    The first lasting reason why a contact may not be; else all that hold for now, until when.

    Contacts of the batch that pass count towards the limits of those after them.
    """
    try:
        policy = current(unit)
    except NoPolicyError as exc:
        yield from (Objection(index, str(exc)) for index in range(len(contacts)))
        return
    known = people(unit, (contact.customer_id for contact in contacts))
    counted = _counted(unit, policy, contacts)
    for index, contact in enumerate(contacts):
        person = known.get(contact.customer_id)
        lasting = _lasting(policy, contact, person)
        held = [(lasting, None)] if lasting else list(_held(policy, contact, person, counted))
        yield from (Objection(index, reason, until=until) for reason, until in held)
        if not held:
            passed = counted.setdefault(contact.customer_id, [])
            passed.append((contact.purpose, contact.at))


def earliest(unit: Unit, customer_ids: Sequence[int], at: datetime) -> dict[int, datetime]:
    """When marketing may reach each of these customers: *at*, or the end of their quiet hours."""
    quiet = current(unit).quiet_hours
    if quiet is None:
        return dict.fromkeys(customer_ids, at)
    zones = {each: person.time_zone for each, person in people(unit, customer_ids).items()}
    moments = {zone: next_allowed(quiet, zone, at) for zone in {*zones.values(), ""}}
    return {each: moments[zones.get(each, "")] for each in customer_ids}


def _counted(unit: Unit, policy: Policy, contacts: Sequence[Contact]) -> Sent:
    if not policy.limits or not contacts:
        return {}
    longest = timedelta(days=max(limit.days for limit in policy.limits))
    since = min(contact.at for contact in contacts) - longest
    return sent_since(unit, (contact.customer_id for contact in contacts), since)


def _lasting(policy: Policy, contact: Contact, person: Person | None) -> str:
    """Why not, whatever the time; empty when there is no such reason."""
    told = f"policy {policy.version}"
    purpose = policy.purposes.get(contact.purpose)
    if purpose is None:
        return f"{told} names no purpose {contact.purpose!r}"
    if contact.channel not in purpose.channels:
        return f"{told} does not allow channel {contact.channel!r} for {purpose.name}"
    if person is None or person.status != "active":
        return f"the customer is {person.status if person else 'unknown'}"
    return ""


def _held(
    policy: Policy, contact: Contact, person: Person | None, counted: Sent
) -> Iterator[tuple[str, datetime | None]]:
    """Why not now, and until when."""
    told, purpose = f"policy {policy.version}", policy.purposes[contact.purpose]
    quiet, zone = policy.quiet_hours, person.time_zone if person else ""
    if quiet and purpose.kind == "marketing" and is_quiet(quiet, zone, contact.at):
        ends = next_allowed(quiet, zone, contact.at)
        where = zone or "an unknown time zone"
        reason = f"{told} keeps quiet from {quiet.since:%H:%M} to {quiet.until:%H:%M} in {where}"
        yield reason, ends if ends > contact.at else None
    for limit in policy.limits:
        if _binds(limit, purpose):
            within = _within(limit, contact, counted)
            if len(within) >= limit.at_most:
                frees = within[len(within) - limit.at_most :]
                until = frees[0] + timedelta(days=limit.days) if frees else None
                yield f"{told} allows {limit}", until


def _binds(limit: Limit, purpose: Purpose) -> bool:
    return limit.purpose == purpose.name or (not limit.purpose and purpose.kind == "marketing")


def _within(limit: Limit, contact: Contact, counted: Sent) -> list[datetime]:
    """When the messages left that count towards *limit* at the time of *contact*, oldest first."""
    window = timedelta(days=limit.days)
    return sorted(
        at
        for purpose, at in counted.get(contact.customer_id, ())
        if contact.at - at < window and limit.purpose in ("", purpose)
    )
