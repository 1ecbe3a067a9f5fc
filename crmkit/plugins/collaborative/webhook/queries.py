"""Reads: endpoints, events, deliveries and their log, the inbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import RecordNotFoundError, Unit
from crmkit.sql import id_list, identity, one_of

from . import signing
from .model import Attempt, Delivery, Endpoint, Received, State
from .tables import attempt, delivery, endpoint, event, inbox, secret

_DELIVERY = sa.select(
    delivery.c.id,
    delivery.c.event_id,
    delivery.c.endpoint_id,
    delivery.c.customer_id,
    event.c.key,
    event.c.kind,
    event.c.body,
    delivery.c.state,
    delivery.c.attempts,
    delivery.c.not_before,
    delivery.c.token,
    delivery.c.finished_at,
    delivery.c.status,
    delivery.c.detail,
).join(event, event.c.id == delivery.c.event_id)


def endpoints(unit: Unit) -> list[Endpoint]:
    """All of them, by name."""
    return _endpoints(unit, sa.select(endpoint).order_by(endpoint.c.name))


def named(unit: Unit, name: str) -> Endpoint:
    """
    Raises:
        RecordNotFoundError: If there is no such endpoint.
    """
    found = _endpoints(unit, sa.select(endpoint).where(endpoint.c.name == name))
    if not found:
        raise RecordNotFoundError("webhook", name)
    return found[0]


def told(unit: Unit) -> list[Endpoint]:
    """Those we tell, the disabled ones too."""
    return _endpoints(unit, sa.select(endpoint).where(endpoint.c.direction == "out"))


def _endpoints(unit: Unit, query: sa.Select[Any]) -> list[Endpoint]:
    return [Endpoint(**row) for row in unit.connection.execute(query).mappings()]


def keys(unit: Unit, endpoint_ids: Iterable[int]) -> dict[int, list[bytes]]:
    """The keys that hold now, the newest first, by endpoint id."""
    query = (
        sa.select(secret.c.endpoint_id, secret.c.secret)
        .where(
            one_of(secret.c.endpoint_id),
            sa.or_(secret.c.until.is_(None), secret.c.until > unit.now),
        )
        .order_by(secret.c.id.desc())
    )
    wanted = {"ids": id_list(unit.connection, endpoint_ids)}
    found: dict[int, list[bytes]] = {}
    for endpoint_id, text in unit.connection.execute(query, wanted):
        found.setdefault(endpoint_id, []).append(signing.key_of(text))
    return found


def identities(unit: Unit, customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """Identities such as ``shop:42`` by customer id."""
    query = (
        sa.select(identity.c.customer_id, identity.c.namespace, identity.c.external_id)
        .where(one_of(identity.c.customer_id))
        .order_by(identity.c.namespace, identity.c.external_id)
    )
    wanted = {"ids": id_list(unit.connection, set(customer_ids))}
    found: dict[int, list[str]] = {}
    for customer_id, namespace, external_id in unit.connection.execute(query, wanted):
        found.setdefault(customer_id, []).append(f"{namespace}:{external_id}")
    return found


def is_due(unit: Unit) -> sa.ColumnElement[bool]:
    return sa.and_(delivery.c.state == "queued", delivery.c.not_before <= unit.now)


def ready(unit: Unit, busy: Iterable[int], size: int) -> list[Endpoint]:
    """Endpoints that something is due for and that are not left alone, who waits longest first."""
    first = sa.func.min(delivery.c.not_before)
    query = (
        sa.select(endpoint)
        .join(delivery, delivery.c.endpoint_id == endpoint.c.id)
        .where(
            is_due(unit),
            endpoint.c.state == "active",
            sa.or_(endpoint.c.rest_until.is_(None), endpoint.c.rest_until <= unit.now),
            sa.not_(one_of(endpoint.c.id)),
        )
        .group_by(endpoint.c.id)
        .order_by(first, endpoint.c.id)
        .limit(size)
    )
    rows = unit.connection.execute(query, {"ids": id_list(unit.connection, busy)})
    return [Endpoint(**row) for row in rows.mappings()]


def due(unit: Unit, endpoint_id: int, *, size: int, lock: bool = False) -> list[Delivery]:
    """What an endpoint would be sent now, in that order."""
    query = (
        _DELIVERY.where(is_due(unit), delivery.c.endpoint_id == endpoint_id)
        .order_by(delivery.c.not_before, delivery.c.id)
        .limit(size)
    )
    if lock:
        query = query.with_for_update(of=delivery, skip_locked=True)
    return _deliveries(unit, query)


def held(unit: Unit, ids: Sequence[int]) -> dict[int, Delivery]:
    """These deliveries as they stand, locked, by id."""
    query = _DELIVERY.where(one_of(delivery.c.id)).with_for_update(of=delivery)
    wanted = {"ids": id_list(unit.connection, ids)}
    return {each.id: each for each in _deliveries(unit, query, wanted)}


def deliveries(
    unit: Unit,
    *,
    endpoint_id: int | None = None,
    state: State | None = None,
    before: int | None = None,
    size: int = 50,
) -> list[Delivery]:
    """Latest first; *before* is the last id seen."""
    query = _DELIVERY.order_by(delivery.c.id.desc()).limit(size)
    if endpoint_id is not None:
        query = query.where(delivery.c.endpoint_id == endpoint_id)
    if state is not None:
        query = query.where(delivery.c.state == state)
    if before is not None:
        query = query.where(delivery.c.id < before)
    return _deliveries(unit, query)


def _deliveries(
    unit: Unit, query: sa.Select[Any], wanted: dict[str, object] | None = None
) -> list[Delivery]:
    return [Delivery(**row) for row in unit.connection.execute(query, wanted).mappings()]


def attempts_of(unit: Unit, delivery_id: int) -> list[Attempt]:
    """The log of one delivery, oldest first."""
    query = (
        sa.select(
            attempt.c.delivery_id,
            attempt.c.at,
            attempt.c.state,
            attempt.c.status,
            attempt.c.detail,
        )
        .where(attempt.c.delivery_id == delivery_id)
        .order_by(attempt.c.id)
    )
    return [Attempt(**row) for row in unit.connection.execute(query).mappings()]


def event_ids(
    unit: Unit, *, since: datetime, until: datetime | None = None
) -> list[tuple[int, str, int | None]]:
    """Id, kind and customer of the events of a span that are not erased, oldest first."""
    query = (
        sa.select(event.c.id, event.c.kind, event.c.customer_id)
        .where(event.c.created_at >= since, event.c.body != "")
        .order_by(event.c.id)
    )
    if until is not None:
        query = query.where(event.c.created_at < until)
    return [tuple(row) for row in unit.connection.execute(query)]


def event_with(unit: Unit, key: str) -> tuple[int, str, int | None]:
    """
    Raises:
        RecordNotFoundError: If there is no such event, or it was erased.
    """
    query = sa.select(event.c.id, event.c.kind, event.c.customer_id)
    found = unit.connection.execute(query.where(event.c.key == key, event.c.body != "")).first()
    if found is None:
        raise RecordNotFoundError("event", key)
    return found[0], found[1], found[2]


def waiting_since(unit: Unit) -> datetime | None:
    """When the oldest of what a pass would send now was due."""
    query = (
        sa.select(delivery.c.not_before)
        .join(endpoint, endpoint.c.id == delivery.c.endpoint_id)
        .where(is_due(unit), endpoint.c.state == "active")
        .order_by(delivery.c.not_before)
        .limit(1)
    )
    return unit.connection.scalars(query).first()


def received(
    unit: Unit, *, receiver_id: int, before: int | None = None, size: int = 50
) -> list[Received]:
    """What came in, latest first; *before* is the last id seen."""
    query = sa.select(inbox).where(inbox.c.receiver_id == receiver_id)
    if before is not None:
        query = query.where(inbox.c.id < before)
    rows = unit.connection.execute(query.order_by(inbox.c.id.desc()).limit(size))
    return [Received(**row) for row in rows.mappings()]


def received_as(unit: Unit, receiver_id: int, message_id: str) -> Received | None:
    query = sa.select(inbox).where(
        inbox.c.receiver_id == receiver_id, inbox.c.message_id == message_id
    )
    row = unit.connection.execute(query).mappings().first()
    return Received(**row) if row else None


def counts(unit: Unit) -> dict[str, int]:
    """Deliveries by state."""
    query = sa.select(delivery.c.state, sa.func.count()).group_by(delivery.c.state)
    return {row[0]: row[1] for row in unit.connection.execute(query)}


def due_count(unit: Unit) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(delivery)
        .join(endpoint, endpoint.c.id == delivery.c.endpoint_id)
        .where(is_due(unit), endpoint.c.state == "active")
    )
    return int(unit.connection.execute(query).scalar_one())


def odd_receipts(unit: Unit) -> tuple[int, int]:
    """Messages that came again with another body, and those that could not be used."""
    ignored = sa.func.count().filter(inbox.c.state == "ignored")
    conflicts = sa.func.count().filter(inbox.c.conflicts > 0)
    row = unit.connection.execute(sa.select(conflicts, ignored).select_from(inbox)).one()
    return row[0], row[1]


def events_about(unit: Unit, customer_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Each event about these customers, with whom it was sent to."""
    wanted = {"ids": id_list(unit.connection, customer_ids)}
    about = sa.select(
        event.c.id, event.c.customer_id, event.c.key, event.c.created_at, event.c.body
    ).where(one_of(event.c.customer_id))
    ways = (
        sa.select(delivery.c.event_id, endpoint.c.name, delivery.c.state)
        .join(endpoint, endpoint.c.id == delivery.c.endpoint_id)
        .where(one_of(delivery.c.customer_id))
        .order_by(endpoint.c.name)
    )
    to: dict[int, list[str]] = {}
    for event_id, name, state in unit.connection.execute(ways, wanted):
        to.setdefault(event_id, []).append(f"{name}: {state}")
    rows = unit.connection.execute(about.order_by(event.c.id), wanted).mappings()
    return [{**row, "to": to.get(row["id"], [])} for row in rows]
