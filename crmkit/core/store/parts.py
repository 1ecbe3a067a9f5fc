"""What hangs on a customer: contact points, identities, and the index rows of attributes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from ...database.dialect import Statement, delete_where, id_list, insert_many, insert_rows, one_of
from ...database.schema import attribute_value, contact_point, identity
from ...errors import DatabaseBusyError
from ..matching import contact_key
from ..model import ContactPoint, Customer, Identity
from .hydrate import loader

if TYPE_CHECKING:
    from ..unit import Unit

Points: TypeAlias = dict[int, list[ContactPoint]]
Identities: TypeAlias = dict[int, list[Identity]]

_load_point = loader(ContactPoint, "kind value label preferred")
_load_identity = loader(Identity, "namespace external_id")

_POINTS = Statement(
    sa.select(
        contact_point.c.customer_id,
        contact_point.c.kind,
        contact_point.c.value,
        contact_point.c.label,
        contact_point.c.preferred,
    )
    .where(one_of(contact_point.c.customer_id))
    .order_by(contact_point.c.customer_id, contact_point.c.position)
)
_IDENTITIES = Statement(
    sa.select(identity.c.customer_id, identity.c.namespace, identity.c.external_id).where(
        one_of(identity.c.customer_id)
    )
)


def of(connection: sa.Connection, customer_ids: Iterable[int]) -> tuple[Points, Identities]:
    """Contact points in their order, and identities in none, by customer id."""
    ids = id_list(connection, customer_ids)
    points: Points = {}
    for customer_id, kind, value, label, preferred in _POINTS.rows(connection, ids=ids):
        point = _load_point(kind, value, label, bool(preferred))
        points.setdefault(customer_id, []).append(point)
    names: Identities = {}
    for customer_id, namespace, external_id in _IDENTITIES.rows(connection, ids=ids):
        names.setdefault(customer_id, []).append(_load_identity(namespace, external_id))
    return points, names


def insert(unit: Unit, records: Sequence[Customer]) -> None:
    """
    Raises:
        DatabaseBusyError: If another transaction has just stored one of the identities.
    """
    points = [
        (r.id, n, p.kind, p.value, contact_key(p.kind, p.value), p.label, p.preferred)
        for r in records
        for n, p in enumerate(r.contact_points)
    ]
    insert_many(unit.connection, contact_point, points)
    names = [(i.namespace, i.external_id, r.id) for r in records for i in r.identities]
    try:
        insert_rows(unit.connection, identity, names)
    except unit.integrity_error as exc:
        raise DatabaseBusyError(
            "another process is storing the same identities; nothing of the batch was written, "
            "try again"
        ) from exc
    indexed = {name for name, each in unit.attributes.items() if each.indexed}
    values = [
        (name, r.id, str(value))
        for r in records
        for name, value in r.attributes.items()
        if name in indexed
    ]
    insert_rows(unit.connection, attribute_value, values)


def replace(unit: Unit, before: Sequence[Customer], after: Sequence[Customer]) -> None:
    """Write anew the parts of those customers whose parts changed."""
    changed = [a for b, a in zip(before, after, strict=True) if _parts(b) != _parts(a)]
    for part in (contact_point, identity, attribute_value):
        delete_where(unit.connection, part, "customer_id", [record.id for record in changed])
    insert(unit, changed)


def _parts(record: Customer) -> tuple[object, ...]:
    return record.contact_points, record.identities, record.attributes
