"""Taking in: each message once, all of it or nothing."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import Interaction, Unit
from crmkit.sql import insert_many, take_turns

from .. import queries
from ..incoming import Incoming, one_way
from ..model import Endpoint, Received
from ..tables import inbox, sequence

log = logging.getLogger("crmkit.webhook")

END = ".deleted"


def receive(
    unit: Unit, receiver: Endpoint, message_id: str, body: bytes, events: Sequence[Incoming]
) -> Received:
    """
    Write what *events* say as interactions, unless the message is known.

    A known message is returned as it stands; the digest tells whether it was the same.

    Raises:
        InvalidValueError: If an event does not fit its kind.
    """
    digest = hashlib.sha256(body).hexdigest()
    if not _enter(unit, receiver, message_id, digest):
        return _known(unit, receiver, message_id, digest)
    taken, reasons = [], []
    for each in events:
        record, reason = _interaction(unit, receiver, each)
        if record is not None:
            taken.append(record)
        else:
            reasons.append(reason)
    unit.interactions.add_many(taken)
    state, detail = ("accepted" if taken else "ignored"), "; ".join(dict.fromkeys(reasons))
    mine = sa.and_(inbox.c.receiver_id == receiver.id, inbox.c.message_id == message_id)
    unit.connection.execute(sa.update(inbox).where(mine).values(state=state, detail=detail))
    if reasons:
        log.warning("webhook %s: %s of message %s", receiver.name, detail, message_id)
    found = queries.received_as(unit, receiver.id, message_id)
    assert found is not None
    return found


def _enter(unit: Unit, receiver: Endpoint, message_id: str, digest: str) -> bool:
    """Whether the message is new; one that is being taken in elsewhere is waited for."""
    try:
        with unit.connection.begin_nested():
            (new_id,) = unit.new_ids(inbox, 1)
            row = (new_id, receiver.id, message_id, digest, "accepted", "", 0, unit.now)
            insert_many(unit.connection, inbox, [row])
    except unit.integrity_error:
        return False
    return True


def _known(unit: Unit, receiver: Endpoint, message_id: str, digest: str) -> Received:
    found = queries.received_as(unit, receiver.id, message_id)
    assert found is not None
    if found.digest != digest:
        log.warning("webhook %s: message %s came again, changed", receiver.name, message_id)
        again = sa.update(inbox).where(inbox.c.id == found.id)
        unit.connection.execute(again.values(conflicts=inbox.c.conflicts + 1))
    return found


def _interaction(unit: Unit, receiver: Endpoint, event: Incoming) -> tuple[Interaction | None, str]:
    """What is to be written, or why nothing is."""
    if not receiver.wants(event.kind):
        return None, "a kind that is not taken from here"
    customer_id = _customer(unit, event)
    if customer_id is None:
        return None, "a customer nobody knows"
    record = event.interaction(customer_id, f"webhook:{receiver.name}")
    if event.sequence is not None and event.subject and not _is_newer(unit, receiver, event):
        return None, "an event that newer ones have overtaken"
    return record, ""


def _customer(unit: Unit, event: Incoming) -> int | None:
    for namespace, external_id in event.identities:
        found = unit.customers.ids_of(namespace, [external_id])
        if found:
            return found[external_id]
    return None


def _is_newer(unit: Unit, receiver: Endpoint, event: Incoming) -> bool:
    """Whether the event is ahead of what is known of its subject, which then has come so far."""
    take_turns(unit.connection, sequence.name)
    subject = one_way(event.subject)
    this = sa.and_(sequence.c.receiver_id == receiver.id, sequence.c.subject == subject)
    query = sa.select(sequence.c.latest, sequence.c.closed).where(this).with_for_update()
    known = unit.connection.execute(query).first()
    closed = event.kind.endswith(END)
    assert event.sequence is not None
    if known is None:
        row = (receiver.id, subject, event.sequence, closed)
        insert_many(unit.connection, sequence, [row])
        return True
    if known.closed or event.sequence <= known.latest:
        return False
    changed = sa.update(sequence).where(this).values(latest=event.sequence, closed=closed)
    unit.connection.execute(changed)
    return True
