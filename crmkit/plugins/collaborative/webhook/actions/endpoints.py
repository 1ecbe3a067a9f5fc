"""Who is told, who tells us, and the secrets between us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, RefusedError, Unit, atomic, nearest
from crmkit.sql import delete_where, insert_many, take_turns

from .. import guard, queries, signing
from ..model import OWN_KINDS, Endpoint
from ..tables import attempt, delivery, endpoint, inbox, secret, sequence


@atomic
def add(
    unit: Unit,
    name: str,
    url: str = "",
    *,
    kinds: Iterable[str] = ("*",),
    headers: Mapping[str, str] | None = None,
    key: str = "",
) -> tuple[Endpoint, str]:
    """
    Tell *url* of events, or without one make a receiver; returns it with its secret.

    Args:
        key: The secret that the other side gave; a new one otherwise.

    Raises:
        InvalidValueError: If a name is taken, a kind is unknown, or the URL, a header or the
            secret is not one that is accepted.
    """
    if url:
        guard.parse(url)
    new = Endpoint(
        name=name,
        direction="out" if url else "in",
        url=url,
        kinds=tuple(kinds),
        headers=dict(headers or {}),
        created_at=unit.now,
    )
    _refuse_unknown(unit, new)
    take_turns(unit.connection, endpoint.name)
    if name in {each.name for each in queries.endpoints(unit)}:
        raise InvalidValueError("name", name, "a name that no webhook has yet")
    text = key or signing.new_secret()
    signing.key_of(text)
    (new_id,) = unit.new_ids(endpoint, 1)
    row = attrs.asdict(new) | {"id": new_id, "kinds": list(new.kinds)}
    columns = [column.name for column in endpoint.c]
    insert_many(unit.connection, endpoint, [[row[each] for each in columns]])
    _keep(unit, new_id, text)
    return attrs.evolve(new, id=new_id), text


def _refuse_unknown(unit: Unit, new: Endpoint) -> None:
    known = {*unit.contributed.interaction_kinds, *(OWN_KINDS if new.direction == "out" else ())}
    if not new.kinds:
        raise InvalidValueError("kinds", new.kinds, "at least one, or * for all")
    for each in new.kinds:
        stem = each.removesuffix("*")
        found = any(kind.startswith(stem) for kind in known) if stem != each else each in known
        if not found:
            accepted = f"a kind, such as purchase.order, or purchase.*{nearest(each, known)}"
            raise InvalidValueError("kinds", each, accepted)


def _keep(unit: Unit, endpoint_id: int, text: str) -> None:
    (new_id,) = unit.new_ids(secret, 1)
    insert_many(unit.connection, secret, [(new_id, endpoint_id, text, unit.now, None)])


@atomic
def rotate(unit: Unit, name: str, *, overlap_hours: float = 24.0, key: str = "") -> str:
    """
    A new secret, which is returned. The old ones hold for *overlap_hours* more.

    Raises:
        RecordNotFoundError: If there is no such endpoint.
    """
    if not 0 <= overlap_hours <= 24 * 365:
        raise InvalidValueError("overlap_hours", overlap_hours, "hours, 0 to a year")
    found = queries.named(unit, name)
    text = key or signing.new_secret()
    signing.key_of(text)
    ends = unit.now + timedelta(hours=overlap_hours)
    theirs = secret.c.endpoint_id == found.id
    unit.connection.execute(
        sa.delete(secret).where(theirs, secret.c.until.is_not(None), secret.c.until <= unit.now)
    )
    unit.connection.execute(_ending(ends).where(theirs))
    _keep(unit, found.id, text)
    return text


def _ending(ends: datetime) -> sa.Update:
    later = sa.or_(secret.c.until.is_(None), secret.c.until > ends)
    return sa.update(secret).where(later).values(until=ends)


def enable(unit: Unit, name: str) -> Endpoint:
    """
    Go on with a disabled endpoint; what was queued for it is sent.

    Raises:
        RefusedError: If it is not disabled.
    """
    found = queries.named(unit, name)
    if found.state == "active":
        raise RefusedError(f"webhook {name} is active already")
    fresh = attrs.evolve(
        found, state="active", why="", failing_since=None, misses=0, rest_until=None
    )
    write_state(unit, fresh)
    return fresh


def write_state(unit: Unit, found: Endpoint) -> None:
    names = ("state", "why", "failing_since", "misses", "rest_until")
    values = {name: getattr(found, name) for name in names}
    unit.connection.execute(sa.update(endpoint).where(endpoint.c.id == found.id).values(values))


@atomic
def remove(unit: Unit, name: str) -> Endpoint:
    """
    Forget an endpoint with its secrets and what is on its way to it. The events stay.

    Raises:
        RecordNotFoundError: If there is no such endpoint.
    """
    found = queries.named(unit, name)
    ways = sa.select(delivery.c.id).where(delivery.c.endpoint_id == found.id)
    unit.connection.execute(sa.delete(attempt).where(attempt.c.delivery_id.in_(ways)))
    for table, column in (
        (delivery, "endpoint_id"),
        (secret, "endpoint_id"),
        (inbox, "receiver_id"),
        (sequence, "receiver_id"),
        (endpoint, "id"),
    ):
        delete_where(unit.connection, table, column, [found.id])
    return found
