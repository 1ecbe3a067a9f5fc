"""Customers with their contact points, identities and attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import sqlalchemy as sa

from ...database.columns import read_json, to_json
from ...database.dialect import (
    Statement,
    allocate_ids,
    id_list,
    insert_rows,
    one_of,
    update_rows,
)
from ...database.schema import attribute_value, contact_point, customer, identity
from ...errors import (
    AmbiguousReferenceError,
    InvalidValueError,
    RecordNotFoundError,
    StaleVersionError,
)
from .. import calls
from ..attributes import check_attributes
from ..matching import contact_key, fold
from ..model import NOTHING, Customer, Identity
from ..records import Changes
from . import parts, search
from .hydrate import loader
from .upsert import overlaid
from .versions import in_step

if TYPE_CHECKING:
    from ..unit import Unit

_LONGEST_ID = len(str(1 << 63))
_STORED = customer.columns.keys()
_load = loader(
    Customer,
    "id kind standing name locale time_zone status merged_into attributes version "
    "contact_points identities",
)

_columns = [customer.c[name] for name in _STORED[:10]]
_BY_IDS = Statement(sa.select(*_columns).where(one_of(customer.c.id)).order_by(customer.c.id))
_PAGE = Statement(
    sa.select(*_columns)
    .where(customer.c.id > sa.bindparam("after"), customer.c.status == sa.bindparam("status"))
    .order_by(customer.c.id)
    .limit(sa.bindparam("size"))
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

    def survivor(self, customer_id: int) -> Customer:
        """The customer, or whom they were merged into."""
        found = self.get(customer_id)
        while found.merged_into is not None:
            found = self.get(found.merged_into)
        return found

    def page(self, *, after: int = 0, size: int = 100, status: str = "active") -> list[Customer]:
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
        if text.isascii() and text.isdigit() and len(text) < _LONGEST_ID:
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
        with self._unit.batch():
            ids = allocate_ids(self._unit.connection, "customer", len(given))
            numbered = [
                attrs.evolve(record, id=new_id, version=1)
                for record, new_id in zip(given, ids, strict=True)
            ]
            after = calls.saving(self._unit, "customer", numbered)
            stored = [self._checked(record) for record in after]
            self._refuse_what_does_not_fit(stored)
            insert_rows(self._unit.connection, customer, map(self._row, stored), _STORED)
            parts.insert(self._unit, stored)
            search.add_customers(self._unit.connection, ids)
            self._unit.saved(Changes(noun="customer", after=stored, ids=ids))
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
        given = list(records)
        if not given:
            return []
        before = self.get_many(record.id for record in given)
        after = in_step("customer", given, before)
        with self._unit.batch():
            after = list(calls.saving(self._unit, "customer", after, before))
            stored = {
                a.id: self._checked(attrs.evolve(a, version=a.version + 1), b.attributes)
                for b, a in zip(before, after, strict=True)
            }
            written = list(stored.values())
            self._refuse_what_does_not_fit(written)
            self._update(before, written)
            self._unit.saved(
                Changes(noun="customer", before=before, after=written, ids=list(stored))
            )
        return [stored[record.id] for record in given]

    def upsert_many(self, records: Iterable[Customer]) -> list[Customer]:
        """
        Store by identity: a record whose identity is known updates that customer, others are new.

        What is empty in a record never erases what is stored: contact points and identities are
        added to, attributes merged, other fields replaced. A customer nothing changes in keeps its
        version. Returns the stored customers, one per record, in the given order.

        Raises:
            InvalidValueError: If a record has no identity, or its identities name two customers.
        """
        given = [self._checked(record) for record in records]
        known = self._with_identities({each for record in given for each in record.identities})
        before = {each.id: each for each in known}
        slots, places = overlaid(known, given)
        changed = [each for each in slots if each.id and each != before[each.id]]
        with self._unit.batch():
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

    def erase(self, customer_ids: Sequence[int]) -> dict[str, int]:
        """
        Make these customers anonymous here and in every enabled plugin; returns rows per plugin.

        The rows stay, empty and with status ``erased``, so that totals remain true.

        Raises:
            RecordNotFoundError: If one does not exist.
            RefusedError: If a plugin that does not run may hold data about them.
            HookFailedError: If a plugin could not erase its part; nothing is erased then.
        """
        found = self.get_many(customer_ids)
        ids = [each.id for each in found]
        if missing := set(customer_ids) - set(ids):
            raise RecordNotFoundError("customer", min(missing))
        with self._unit.batch():
            touched = calls.erase(self._unit, ids)
            self._unit.interactions.forget(ids)
            self._unit.offers.forget(ids)
            self.save_many(
                Customer(name="", kind=each.kind, status="erased", version=each.version, id=each.id)
                for each in self.get_many(ids)
            )
        return touched | {"crmkit": len(ids)}

    def _checked(self, record: Customer, stored: Mapping[str, object] = NOTHING) -> Customer:
        """*record* as it will be read back; attributes that are *stored* so may stay undefined."""
        if not record.attributes and len(record.identities) < 2:
            return record
        same = {
            n: v for n, v in stored.items() if n in record.attributes and record.attributes[n] == v
        }
        given = {name: value for name, value in record.attributes.items() if name not in same}
        return attrs.evolve(
            record,
            attributes=same | check_attributes(given, self._unit.attributes),
            identities=tuple(sorted(set(record.identities))),
        )

    def _refuse_what_does_not_fit(self, records: Sequence[Customer]) -> None:
        survivors = {r.merged_into for r in records if r.merged_into is not None}
        if missing := survivors - {each.id for each in self.get_many(survivors)}:
            raise RecordNotFoundError("customer", min(missing))
        owner: dict[Identity, int] = {}
        for record in records:
            for each in record.identities:
                if owner.setdefault(each, record.id) != record.id:
                    raise InvalidValueError("identity", str(each), "an identity of one customer")
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

    def _update(self, before: Sequence[Customer], after: Sequence[Customer]) -> None:
        connection = self._unit.connection
        ids = [record.id for record in after]
        search.remove_customers(connection, ids)
        rows = [(*self._row(r)[1:], r.id, r.version - 1) for r in after]
        matched = update_rows(connection, customer, rows, key=["id", "version"], values=_STORED[1:])
        if matched != len(rows):
            raise StaleVersionError("customer", ids)
        parts.replace(self._unit, before, after)
        search.add_customers(connection, ids)

    def _hydrate(self, rows: Sequence[tuple[Any, ...]]) -> list[Customer]:
        points, names = parts.of(self._unit.connection, [row[0] for row in rows])
        return [
            _load(
                *row[:8],
                read_json(row[8]),
                row[9],
                tuple(points.get(row[0], ())),
                tuple(sorted(names.get(row[0], ()))),
            )
            for row in rows
        ]
