"""Laying what another system says about customers over what is stored, by identity. No database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ...errors import InvalidValueError
from ..matching import contact_key
from ..model import ContactPoint, Customer, Identity


def overlaid(
    stored: Sequence[Customer], given: Iterable[Customer]
) -> tuple[list[Customer], list[int]]:
    """
    Every customer there will be, and for each of *given* the position of its customer.

    Raises:
        InvalidValueError: If a record has no identity, or its identities name two customers.
    """
    slots = list(stored)
    slot_of = {name: n for n, each in enumerate(slots) for name in each.identities}
    places = []
    for record in given:
        place = _place(record, slots, slot_of)
        slot_of.update(dict.fromkeys(record.identities, place))
        places.append(place)
    return slots, places


def _place(record: Customer, slots: list[Customer], slot_of: dict[Identity, int]) -> int:
    if not record.identities:
        raise InvalidValueError("identities", (), "at least one for an upsert")
    named = {slot_of[each] for each in record.identities if each in slot_of}
    if len(named) > 1:
        told = " and ".join(map(str, record.identities))
        raise InvalidValueError("identities", told, "identities of one and the same customer")
    if not named:
        slots.append(record)
        return len(slots) - 1
    place = named.pop()
    slots[place] = _overlay(slots[place], record)
    return place


def _overlay(stored: Customer, given: Customer) -> Customer:
    """*stored* with everything that *given* states."""
    known = {_key(point) for point in stored.contact_points}
    added: dict[object, ContactPoint] = {}
    for point in given.contact_points:
        if _key(point) not in known:
            added.setdefault(_key(point), point)
    return attrs.evolve(
        stored,
        name=given.name or stored.name,
        kind=given.kind if given.kind != "person" else stored.kind,
        standing="known" if "known" in (stored.standing, given.standing) else "mentioned",
        contact_points=(*stored.contact_points, *added.values()),
        identities=tuple(sorted({*stored.identities, *given.identities})),
        locale=given.locale or stored.locale,
        time_zone=given.time_zone or stored.time_zone,
        attributes={**stored.attributes, **given.attributes},
    )


def _key(point: ContactPoint) -> tuple[str, str]:
    return point.kind, contact_key(point.kind, point.value)
