"""Customers with their contact points, identities and attributes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import sqlalchemy as sa

from .. import calls
from ..attributes import check_attributes
from ..columns import read_json, to_json
from ..dialect import (
    Statement,
    allocate_ids,
    delete_where,
    id_list,
    insert_many,
    insert_rows,
    one_of,
    update_rows,
)
from ..errors import (
    AmbiguousReferenceError,
    InvalidValueError,
    RecordNotFoundError,
    StaleVersionError,
)
from ..matching import contact_key, fold
from ..model import ContactPoint, Customer, Identity
from ..records import Changes
from ..schema import attribute_value, contact_point, customer, identity
from . import search
from .hydrate import loader

if TYPE_CHECKING:
    from ..unit import Unit

_STORED = (
    "id kind standing name locale time_zone status merged_into attributes version "
    "name_key search_key changed_at changed_by"
).split()

_load = loader(
    Customer,
    "id kind standing name locale time_zone status merged_into attributes version "
    "contact_points identities".split(),
)
_load_point = loader(ContactPoint, "kind value label preferred".split())
_load_identity = loader(Identity, "namespace external_id".split())

_columns = [customer.c[name] for name in _STORED[:10]]
_BY_IDS = Statement(
    sa.select(*_columns).where(one_of(customer.c.id)).order_by(customer.c.id)
)
_PAGE = Statement(
    sa.select(*_columns)
    .where(customer.c.id > sa.bindparam("after"), customer.c.status == sa.bindparam("status"))
    .order_by(customer.c.id)
    .limit(sa.bindparam("size"))
)
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
    sa.select(identity.c.customer_id, identity.c.namespace, identity.c.external_id)
    .where(one_of(identity.c.customer_id))
    .order_by(identity.c.customer_id, identity.c.namespace, identity.c.external_id)
)
_BY_CONTACT = Statement(
    sa.select(contact_point.c.customer_id)
    .join(customer, customer.c.id == contact_point.c.customer_id)
    .where(
        contact_point.c.key == sa.bindparam("key"),
        contact_point.c.kind == sa.bindparam("kind"),
        customer.c.status == "active",
    )
    .distinct()
    .order_by(contact_point.c.customer_id)
)
_BY_IDENTITY = Statement(
    sa.select(identity.c.external_id, identity.c.customer_id).where(
        identity.c.namespace == sa.bindparam("namespace"), one_of(identity.c.external_id)
    )
)
_BY_ATTRIBUTE = Statement(
    sa.select(attribute_value.c.customer_id)
    .where(
        attribute_value.c.name == sa.bindparam("name"),
        attribute_value.c.value == sa.bindparam("value"),
        attribute_value.c.customer_id > sa.bindparam("after"),
    )
    .order_by(attribute_value.c.customer_id)
    .limit(sa.bindparam("size"))
)


class Customers:
    """The customers visible in one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def get(self, customer_id: int) -> Customer:
        """
        Raises:
            RecordNotFoundError: If there is none with that id.
        """
        found = self.get_many([customer_id])
        if not found:
            raise RecordNotFoundError("customer", customer_id)
        return found[0]

    def get_many(self, ids: Iterable[int]) -> list[Customer]:
        """Those that exist, by ascending id."""
        wanted = id_list(self._unit.connection, ids)
        return self._hydrate(_BY_IDS.rows(self._unit.connection, ids=wanted))

    def page(
        self, *, after: int = 0, size: int = 100, status: str = "active"
    ) -> list[Customer]:
        """The next *size* customers with an id above *after*; an empty list ends the walk."""
        rows = _PAGE.rows(self._unit.connection, after=after, size=size, status=status)
        return self._hydrate(rows)

    def find(self, reference: str | int) -> Customer:
        """
        The customer called *reference*: an id, an e-mail address, or ``namespace:external_id``.

        Raises:
            RecordNotFoundError: If nobody is.
            AmbiguousReferenceError: If several active customers share the address.
        """
        text = str(reference).strip()
        if text.isascii() and text.isdigit():
            return self.get(int(text))
        namespace, colon, external_id = text.partition(":")
        if colon and "@" not in namespace:
            ids = list(self.ids_of(namespace, [external_id]).values())
        elif "@" in text:
            ids = self.ids_at("email", text)
        else:
            accepted = "an id, an e-mail address or namespace:external_id"
            raise InvalidValueError("customer", reference, accepted)
        if not ids:
            raise RecordNotFoundError("customer", reference)
        if len(ids) > 1:
            raise AmbiguousReferenceError(text, ids)
        return self.get(ids[0])

    def ids_of(self, namespace: str, external_ids: Iterable[str]) -> dict[str, int]:
        """Customer ids by what another system calls them; unknown ones are absent."""
        wanted = id_list(self._unit.connection, external_ids)
        return dict(_BY_IDENTITY.rows(self._unit.connection, namespace=namespace, ids=wanted))

    def ids_at(self, kind: str, value: str) -> list[int]:
        """Ids of the active customers with that contact point."""
        key = contact_key(kind, value)
        return [row[0] for row in _BY_CONTACT.rows(self._unit.connection, kind=kind, key=key)]

    def ids_with(self, name: str, value: object, *, after: int = 0, size: int = 100) -> list[int]:
        """Ids above *after* of customers whose indexed attribute *name* equals *value*."""
        defined = self._unit.attributes.get(name)
        if defined is None or not defined.indexed:
            raise InvalidValueError("attribute", name, "an attribute defined with indexed = true")
        stored = str(defined.check(value))
        rows = _BY_ATTRIBUTE.rows(
            self._unit.connection, name=name, value=stored, after=after, size=size
        )
        return [row[0] for row in rows]

    def search(self, text: str, *, size: int = 20) -> list[Customer]:
        """
        Customers by name, part of a name, address or number: exact addresses first.

        Folds case, accents and width. Fewer than three characters match the start of a name.
        """
        ids = search.customer_ids(self._unit.connection, text, size)
        by_id = {found.id: found for found in self.get_many(ids)}
        return [by_id[each] for each in ids]

    def add(self, record: Customer) -> Customer:
        """Store one new customer; see :meth:`add_many`."""
        return self.add_many([record])[0]

    def add_many(self, records: Iterable[Customer]) -> list[Customer]:
        """
        Store new customers and return them with their ids and version 1.

        Raises:
            InvalidValueError: If one is already stored, an attribute does not fit, or an identity
                is taken.
            ChangeRejectedError: If a plugin vetoes.
        """
        given = list(records)
        if not given:
            return []
        for record in given:
            if record.id:
                raise InvalidValueError("id", record.id, "0 for a new customer; use save")
        ids = allocate_ids(self._unit.connection, "customer", len(given))
        numbered = [
            attrs.evolve(record, id=new_id, version=1)
            for record, new_id in zip(given, ids, strict=True)
        ]
        changes = self._saving(Changes(noun="customer", after=numbered))
        stored = [self._checked(record) for record in changes.after]
        self._refuse_taken_identities(stored)
        insert_rows(self._unit.connection, customer, map(self._row, stored), _STORED)
        self._insert_parts(stored)
        search.add_customers(self._unit.connection, [record.id for record in stored])
        self._unit.saved(attrs.evolve(changes, after=stored, ids=[each.id for each in stored]))
        return stored

    def save(self, record: Customer) -> Customer:
        """Store a changed customer; see :meth:`save_many`."""
        return self.save_many([record])[0]

    def save_many(self, records: Iterable[Customer]) -> list[Customer]:
        """
        Store changed customers and return them with their next version.

        Raises:
            StaleVersionError: If any was saved by somebody else since it was read; nothing of the
                batch is written.
        """
        given = sorted(records, key=lambda record: record.id)
        before = self.get_many(record.id for record in given)
        if [record.id for record in before] != [record.id for record in given]:
            known = {record.id for record in before}
            missing = [record.id for record in given if record.id not in known]
            raise RecordNotFoundError("customer", missing[0] if missing else given[0].id)
        stale = [b.id for b, a in zip(before, given, strict=True) if b.version != a.version]
        if stale:
            raise StaleVersionError("customer", stale)
        changes = self._saving(Changes(noun="customer", before=before, after=given))
        stored = [
            self._checked(attrs.evolve(record, version=record.version + 1))
            for record in changes.after
        ]
        self._update(before, stored)
        self._unit.saved(attrs.evolve(changes, after=stored, ids=[each.id for each in stored]))
        return stored

    def upsert_many(self, records: Iterable[Customer]) -> list[Customer]:
        """
        Store by identity: a record whose identity is known updates that customer, others are new.

        What is empty in a record never erases what is stored: contact points and identities are
        added to, attributes merged, other fields replaced. A customer nothing changes in keeps its
        version. Returns the stored customers, one per record, in the given order.

        Raises:
            InvalidValueError: If a record has no identity, or its identities name two customers.
        """
        given = list(records)
        slots = self._with_identities({each for record in given for each in record.identities})
        before = {stored.id: stored for stored in slots}
        slot_of = {each: n for n, stored in enumerate(slots) for each in stored.identities}
        places = [self._place(record, slots, slot_of) for record in given]
        changed = [each for each in slots if each.id and each != before[each.id]]
        saved = {each.id: each for each in self.save_many(changed)}
        added = iter(self.add_many(each for each in slots if not each.id))
        stored = [saved.get(each.id, each) if each.id else next(added) for each in slots]
        return [stored[place] for place in places]

    def _with_identities(self, identities: set[Identity]) -> list[Customer]:
        ids: set[int] = set()
        for namespace in {each.namespace for each in identities}:
            named = [each.external_id for each in identities if each.namespace == namespace]
            ids.update(self.ids_of(namespace, named).values())
        return self.get_many(ids)

    def _place(
        self, record: Customer, slots: list[Customer], slot_of: dict[Identity, int]
    ) -> int:
        """Put *record* into the slot its identities name, or into a new one."""
        if not record.identities:
            raise InvalidValueError("identities", (), "at least one for an upsert")
        named = {slot_of[each] for each in record.identities if each in slot_of}
        if len(named) > 1:
            told = " and ".join(map(str, record.identities))
            raise InvalidValueError("identities", told, "identities of one and the same customer")
        if named:
            place = named.pop()
            slots[place] = _overlay(slots[place], self._checked(record))
        else:
            place = len(slots)
            slots.append(self._checked(record))
        slot_of.update(dict.fromkeys(record.identities, place))
        return place

    def erase(self, customer_ids: Sequence[int]) -> dict[str, int]:
        """
        Make these customers anonymous here and in every enabled plugin; returns rows per plugin.

        The rows stay, empty and with status ``erased``, so that totals remain true.
        """
        touched = calls.erase(self._unit, customer_ids)
        self._unit.interactions.forget(customer_ids)
        self._unit.offers.forget(customer_ids)
        self.save_many(
            Customer(name="", kind=each.kind, status="erased", version=each.version, id=each.id)
            for each in self.get_many(customer_ids)
        )
        return touched | {"crmkit": len(customer_ids)}

    def _saving(self, changes: Changes) -> Changes:
        return calls.saving(self._unit, changes)

    def _checked(self, record: Customer) -> Customer:
        if not record.attributes:
            return record
        return attrs.evolve(
            record, attributes=check_attributes(record.attributes, self._unit.attributes)
        )

    def _refuse_taken_identities(self, records: Sequence[Customer]) -> None:
        owner = {each: record.id for record in records for each in record.identities}
        for namespace in {each.namespace for each in owner}:
            named = [each.external_id for each in owner if each.namespace == namespace]
            for external_id, taken_by in self.ids_of(namespace, named).items():
                taken = Identity(namespace, external_id)
                if owner[taken] != taken_by:
                    accepted = f"an identity nobody has; customer {taken_by} has it"
                    raise InvalidValueError("identity", str(taken), accepted)

    def _row(self, record: Customer) -> tuple[Any, ...]:
        return (
            record.id,
            record.kind,
            record.standing,
            record.name,
            record.locale,
            record.time_zone,
            record.status,
            record.merged_into,
            to_json(dict(record.attributes)),
            record.version,
            fold(record.name),
            search.key_of(record),
            self._unit.instant(self._unit.now),
            self._unit.actor,
        )

    def _insert_parts(self, records: Sequence[Customer]) -> None:
        connection = self._unit.connection
        points = [
            (r.id, n, p.kind, p.value, contact_key(p.kind, p.value), p.label, p.preferred)
            for r in records
            for n, p in enumerate(r.contact_points)
        ]
        insert_many(connection, contact_point, points)
        names = [(i.namespace, i.external_id, r.id) for r in records for i in r.identities]
        insert_rows(connection, identity, names)
        indexed = {name for name, each in self._unit.attributes.items() if each.indexed}
        values = [
            (name, r.id, str(value))
            for r in records
            for name, value in r.attributes.items()
            if name in indexed
        ]
        insert_rows(connection, attribute_value, values)

    def _update(self, before: Sequence[Customer], after: Sequence[Customer]) -> None:
        connection = self._unit.connection
        ids = [record.id for record in after]
        self._refuse_taken_identities(after)
        search.remove_customers(connection, ids)
        rows = [(*self._row(r)[1:], r.id, r.version - 1) for r in after]
        matched = update_rows(
            connection, customer, rows, key=["id", "version"], values=_STORED[1:]
        )
        if matched != len(rows):
            raise StaleVersionError("customer", ids)
        changed = [a for b, a in zip(before, after, strict=True) if _parts(b) != _parts(a)]
        for part in (contact_point, identity, attribute_value):
            delete_where(connection, part, "customer_id", [record.id for record in changed])
        self._insert_parts(changed)
        search.add_customers(connection, ids)

    def _hydrate(self, rows: Sequence[tuple[Any, ...]]) -> list[Customer]:
        connection = self._unit.connection
        ids = id_list(connection, [row[0] for row in rows])
        points: dict[int, list[ContactPoint]] = {}
        for customer_id, kind, value, label, preferred in _POINTS.rows(connection, ids=ids):
            point = _load_point(kind, value, label, bool(preferred))
            points.setdefault(customer_id, []).append(point)
        names: dict[int, list[Identity]] = {}
        for customer_id, namespace, external_id in _IDENTITIES.rows(connection, ids=ids):
            names.setdefault(customer_id, []).append(_load_identity(namespace, external_id))
        return [
            _load(
                *row[:8],
                read_json(row[8]),
                row[9],
                tuple(points.get(row[0], ())),
                tuple(names.get(row[0], ())),
            )
            for row in rows
        ]


def _parts(record: Customer) -> tuple[object, ...]:
    return record.contact_points, record.identities, record.attributes


def _overlay(stored: Customer, given: Customer) -> Customer:
    """*stored* with everything that *given* states."""
    known = {(p.kind, contact_key(p.kind, p.value)) for p in stored.contact_points}
    points = [p for p in given.contact_points if (p.kind, contact_key(p.kind, p.value)) not in known]
    names = {*stored.identities, *given.identities}
    return attrs.evolve(
        stored,
        name=given.name or stored.name,
        kind=given.kind if given.kind != "person" else stored.kind,
        standing="known" if "known" in (stored.standing, given.standing) else "mentioned",
        contact_points=(*stored.contact_points, *points),
        identities=tuple(sorted(names, key=lambda each: (each.namespace, each.external_id))),
        locale=given.locale or stored.locale,
        time_zone=given.time_zone or stored.time_zone,
        attributes={**stored.attributes, **given.attributes},
    )
