"""Events: written in the unit of what they tell of, with the deliveries they are due."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from crmkit import Changes, Unit
from crmkit.sql import insert_many

from .. import envelope, queries
from ..config import Settings
from ..hops import hops
from ..model import FARTHEST, Endpoint, Fact
from ..tables import delivery, event

WAYS = (
    "id", "event_id", "endpoint_id", "customer_id", "state", "attempts", "not_before",
    "claimed_by", "token", "status", "detail",
)  # fmt: skip


def note(unit: Unit, changes: Changes) -> None:
    """Tell of a batch whoever wants to know."""
    endpoints = queries.told(unit)
    if not endpoints or hops() > FARTHEST:
        return
    customers = {getattr(each, "customer_id", 0) for each in changes.after} - {0}
    names = queries.identities(unit, customers) if customers else {}
    publish(unit, list(envelope.facts(changes, names, unit.now)), endpoints)


def publish(unit: Unit, facts: Sequence[Fact], endpoints: Sequence[Endpoint]) -> None:
    """An event for each fact that somebody wants; a disabled endpoint can be sent it later."""
    wanted = [fact for fact in facts if any(each.wants(fact.kind) for each in endpoints)]
    if not wanted:
        return
    source, far = unit.settings(Settings).source, hops()
    events, ways = [], []
    for event_id, fact in zip(unit.new_ids(event, len(wanted)), wanted, strict=True):
        key = f"evt_{uuid4().hex}"
        body = envelope.written(fact, key, source, far)
        events.append((event_id, key, fact.kind, fact.customer_id, body, unit.now))
        ways += [
            (event_id, fact.customer_id, each.id)
            for each in endpoints
            if each.state == "active" and each.wants(fact.kind)
        ]
    insert_many(unit.connection, event, events)
    queue(unit, ways)


def queue(unit: Unit, ways: Sequence[tuple[int, int | None, int]]) -> None:
    """Deliveries of (event, customer, endpoint), due now."""
    if not ways:
        return
    rows = [
        (new_id, event_id, endpoint_id, customer_id, "queued", 0, unit.now, "", 0, 0, "")
        for new_id, (event_id, customer_id, endpoint_id) in zip(
            unit.new_ids(delivery, len(ways)), ways, strict=True
        )
    ]
    insert_many(unit.connection, delivery, rows, WAYS)
