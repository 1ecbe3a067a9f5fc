"""Writing the log and the ledger. Both are only ever added to; erasure blanks evidence."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, RecordNotFoundError, Unit
from crmkit.sql import customer, id_list, insert_many, one_of

from .digests import digest
from .model import EVERY, Basis, Event, Grant, State, check_instant, check_name
from .queries import addresses_of, events_of, is_suppressed_many
from .tables import consent_event, consent_key, consent_suppression

ERASED = "the person was erased"
_KNOWN = sa.select(customer.c.id).where(one_of(customer.c.id))
_COLUMNS = [field.name for field in attrs.fields(Event)]
_row = attrgetter(*_COLUMNS)
_MAKE_KEY = sa.text(
    "INSERT INTO consent_key (id, secret) VALUES (1, :secret) ON CONFLICT (id) DO NOTHING"
)


def grant(
    unit: Unit,
    customer_id: int,
    *,
    purpose: str,
    channel: str,
    basis: Basis,
    evidence: str = "",
    source: str = "",
    text_hash: str = "",
    at: datetime | None = None,
    expires_at: datetime | None = None,
    after_objection: bool = False,
) -> Event:
    """
    Record one lawful basis; the fields are those of :class:`Grant`.

    Args:
        after_objection: The person took back an earlier objection, for this purpose and this
            channel alone. Only basis consent, with the person's own words as evidence, can.
    """
    if after_objection and (basis != "consent" or channel == EVERY):
        raise InvalidValueError(
            "after_objection", (basis, channel), "basis consent and one channel"
        )
    given = Grant(
        customer_id=customer_id,
        purpose=purpose,
        channel=channel,
        basis=basis,
        evidence=evidence,
        source=source,
        text_hash=text_hash,
        at=at or unit.now,
        expires_at=expires_at,
    )
    return _append(unit, [_granted(unit, given, after_objection=after_objection)])[0]


def grant_many(unit: Unit, grants: Iterable[Grant]) -> int:
    """
    Record many lawful bases, as an import does; returns how many are new.

    The same evidence counts once: a grant that was recorded before (same customer, purpose,
    channel, basis, evidence, text and source; and instant, where it says one) adds nothing, so
    that importing a file again revives nothing that was withdrawn since. None lifts an objection.
    """
    given = list(grants)
    known: set[tuple[object, ...]] = set()
    for events in events_of(unit, {each.customer_id for each in given}).values():
        for event in events:
            if event.state == "granted":
                known.update((_evidence(event, event.at), _evidence(event, None)))
    fresh = {_evidence(each, each.at): each for each in given}
    return len(
        _append(unit, [_granted(unit, each) for key, each in fresh.items() if key not in known])
    )


def withdraw(
    unit: Unit,
    customer_id: int,
    *,
    purpose: str = EVERY,
    channel: str = EVERY,
    source: str,
    evidence: str = "",
    at: datetime | None = None,
) -> Event:
    """Record that a customer took back what was granted; by default everything."""
    for field, name in (("purpose", purpose), ("channel", channel)):
        if name != EVERY:
            check_name(field, name)
    event = _event(
        unit, customer_id, "withdrawn", source, evidence, at, purpose=purpose, channel=channel
    )
    return _append(unit, [event])[0]


def object_to_marketing(
    unit: Unit, customer_id: int, *, source: str, evidence: str = "", at: datetime | None = None
) -> Event:
    """
    Record that a customer objects (GDPR Article 21): no marketing, for any purpose, by any channel.

    Withdrawals, imports and later grants leave it standing. Only :func:`grant` with
    *after_objection*, which needs the person's consent and evidence of it, goes past it, and for
    its own purpose and channel alone. Contacts that rest on a contract, a legal obligation or a
    vital interest are not marketing and stay allowed.
    """
    return _append(unit, [_event(unit, customer_id, "objected", source, evidence, at)])[0]


def suppress(unit: Unit, contact_kind: str, address: str, reason: str) -> bool:
    """Never write to *address* again, whoever it belongs to; False if that was so already."""
    return suppress_many(unit, [(contact_kind, address)], reason) == 1


def suppress_many(unit: Unit, addresses: Sequence[tuple[str, str]], reason: str) -> int:
    """Suppress each ``(contact kind, address)``; returns how many were not before."""
    already = is_suppressed_many(unit, addresses)
    fresh = [each for each, is_there in zip(addresses, already, strict=True) if not is_there]
    return _mark(unit, fresh, reason, suppressed=True)


def lift(unit: Unit, contact_kind: str, address: str, reason: str) -> bool:
    """Allow *address* again, on record with *reason*; False if it was not suppressed."""
    if not reason.strip():
        raise InvalidValueError("reason", reason, "why the address may be written to again")
    (is_there,) = is_suppressed_many(unit, [(contact_kind, address)])
    return is_there and _mark(unit, [(contact_kind, address)], reason, suppressed=False) == 1


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """Blank what could name these customers and suppress their addresses; returns rows touched."""
    reached = [each for found in addresses_of(unit, customer_ids).values() for each in found]
    suppressed = suppress_many(unit, reached, ERASED)
    reasons = unit.connection.execute(
        sa.update(consent_suppression)
        .where(one_of(consent_suppression.c.digest))
        .values(reason=ERASED),
        {"ids": id_list(unit.connection, _digests(unit, reached))},
    )
    events = unit.connection.execute(
        sa.update(consent_event)
        .where(one_of(consent_event.c.customer_id))
        .values(evidence="(erased)", source="(erased)", text_hash=""),
        {"ids": id_list(unit.connection, customer_ids)},
    )
    return max(suppressed, reasons.rowcount) + events.rowcount


def _granted(unit: Unit, given: Grant, *, after_objection: bool = False) -> Event:
    fields = attrs.asdict(given, recurse=False)
    return Event(
        **{**fields, "at": given.at or unit.now},
        id=0,
        state="granted",
        recorded_at=unit.now,
        recorded_by=unit.actor,
        after_objection=after_objection,
    )


def _event(
    unit: Unit,
    customer_id: int,
    state: State,
    source: str,
    evidence: str,
    at: datetime | None,
    *,
    purpose: str = EVERY,
    channel: str = EVERY,
) -> Event:
    check_instant("at", at)
    return Event(
        id=0,
        customer_id=customer_id,
        purpose=purpose,
        channel=channel,
        state=state,
        basis="",
        evidence=evidence,
        text_hash="",
        source=source,
        at=at or unit.now,
        recorded_at=unit.now,
        recorded_by=unit.actor,
        expires_at=None,
        after_objection=False,
    )


def _evidence(given: Grant | Event, at: datetime | None) -> tuple[object, ...]:
    return (
        given.customer_id,
        given.purpose,
        given.channel,
        given.basis,
        given.evidence,
        given.text_hash,
        given.source,
        at,
    )


def _append(unit: Unit, events: Sequence[Event]) -> list[Event]:
    for event in events:
        if event.at > unit.now:
            raise InvalidValueError("at", event.at.isoformat(), "an instant that has passed")
    wanted = {event.customer_id for event in events}
    known = unit.connection.scalars(_KNOWN, {"ids": id_list(unit.connection, wanted)})
    if missing := wanted.difference(known):
        raise RecordNotFoundError("customer", min(missing))
    ids = unit.new_ids(consent_event, len(events))
    stored = [attrs.evolve(event, id=n) for event, n in zip(events, ids, strict=True)]
    insert_many(unit.connection, consent_event, map(_row, stored), _COLUMNS)
    return stored


def _mark(
    unit: Unit, addresses: Sequence[tuple[str, str]], reason: str, *, suppressed: bool
) -> int:
    if not addresses:
        return 0
    digests = dict.fromkeys(_digests(unit, addresses))
    ids = unit.new_ids(consent_suppression, len(digests))
    rows = [
        (row_id, each, suppressed, reason, unit.now, unit.actor)
        for row_id, each in zip(ids, digests, strict=True)
    ]
    return insert_many(unit.connection, consent_suppression, rows)


def _digests(unit: Unit, addresses: Sequence[tuple[str, str]]) -> list[str]:
    """Their digests, by the key of this database; it is made when it is first needed."""
    unit.connection.execute(_MAKE_KEY, {"secret": secrets.token_hex(32)})
    secret = unit.connection.scalars(sa.select(consent_key.c.secret)).one()
    return [digest(secret, kind, address) for kind, address in addresses]
