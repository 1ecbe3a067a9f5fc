"""Offers: propositions to one customer, changed only with the version they were read at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import sqlalchemy as sa

from ...database.columns import read_json, to_json
from ...database.dialect import Statement, allocate_ids, id_list, insert_rows, one_of, update_rows
from ...database.schema import offer
from ...errors import InvalidValueError, RecordNotFoundError, StaleVersionError
from .. import calls
from ..model import Offer
from ..money import Money
from ..records import Changes
from .hydrate import loader
from .versions import in_step

if TYPE_CHECKING:
    from ..unit import Unit

_STORED = offer.columns.keys()
_load = loader(
    Offer,
    "id customer_id what kind terms cost valid_from valid_until why plugin status carried_by "
    "answered_by version",
)
_columns = [offer.c[name] for name in _STORED]
_BY_IDS = Statement(sa.select(*_columns).where(one_of(offer.c.id)).order_by(offer.c.id))
_OF_CUSTOMER = Statement(
    sa.select(*_columns)
    .where(offer.c.customer_id == sa.bindparam("customer_id"))
    .order_by(offer.c.id.desc())
    .limit(sa.bindparam("size"))
)
_OPEN = Statement(
    sa.select(*_columns)
    .where(
        offer.c.customer_id == sa.bindparam("customer_id"),
        sa.or_(offer.c.status == "proposed", offer.c.status == "carried"),
        sa.or_(
            offer.c.valid_until.is_(None),
            offer.c.valid_until > sa.bindparam("now", type_=sa.types.NULLTYPE),
        ),
    )
    .order_by(offer.c.id.desc())
)


class Offers:
    """The offers visible in one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def get(self, offer_id: int) -> Offer:
        """
        Raises:
            RecordNotFoundError: If there is none with that id.
        """
        found = self.get_many([offer_id])
        if not found:
            raise RecordNotFoundError("offer", offer_id)
        return found[0]

    def get_many(self, ids: Iterable[int]) -> list[Offer]:
        """Those that exist, by ascending id."""
        wanted = id_list(self._unit.connection, ids)
        return self._hydrate(_BY_IDS.rows(self._unit.connection, ids=wanted))

    def of(self, customer_id: int, *, size: int = 50) -> list[Offer]:
        """One customer's offers, latest first."""
        rows = _OF_CUSTOMER.rows(self._unit.connection, customer_id=customer_id, size=size)
        return self._hydrate(rows)

    def open_of(self, customer_id: int) -> list[Offer]:
        """Those the customer could still take, latest first."""
        now = self._unit.instant(self._unit.now)
        return self._hydrate(_OPEN.rows(self._unit.connection, customer_id=customer_id, now=now))

    def add(self, record: Offer) -> Offer:
        """Store one new offer; see :meth:`add_many`."""
        return self.add_many([record])[0]

    def add_many(self, records: Iterable[Offer]) -> list[Offer]:
        """
        Store new offers and return them with their ids and version 1.

        Raises:
            RecordNotFoundError: If a customer does not exist.
            ChangeRejectedError: If a plugin vetoes.
        """
        given = list(records)
        if not given:
            return []
        for record in given:
            if record.id:
                raise InvalidValueError("id", record.id, "0 for a new offer; use save")
        with self._unit.batch():
            ids = allocate_ids(self._unit.connection, "offer", len(given))
            numbered = [
                attrs.evolve(record, id=new_id, version=1)
                for record, new_id in zip(given, ids, strict=True)
            ]
            stored = list(calls.saving(self._unit, "offer", numbered))
            self._refuse_unknown_customers(stored)
            insert_rows(self._unit.connection, offer, map(self._row, stored), _STORED)
            self._unit.saved(Changes(noun="offer", after=stored, ids=ids))
        return stored

    def save(self, record: Offer) -> Offer:
        """Store a changed offer; see :meth:`save_many`."""
        return self.save_many([record])[0]

    def save_many(self, records: Iterable[Offer]) -> list[Offer]:
        """
        Store changed offers and return them with their next version.

        Raises:
            StaleVersionError: If any was saved by somebody else since it was read; nothing of the
                batch is written.
        """
        given = list(records)
        if not given:
            return []
        before = self.get_many(record.id for record in given)
        after = in_step("offer", given, before)
        with self._unit.batch():
            after = list(calls.saving(self._unit, "offer", after, before))
            self._refuse_unknown_customers(after)
            stored = {each.id: attrs.evolve(each, version=each.version + 1) for each in after}
            rows = [(*self._row(each)[1:], each.id, each.version - 1) for each in stored.values()]
            matched = update_rows(
                self._unit.connection, offer, rows, key=["id", "version"], values=_STORED[1:]
            )
            if matched != len(rows):
                raise StaleVersionError("offer", list(stored))
            self._unit.saved(
                Changes(noun="offer", before=before, after=[*stored.values()], ids=[*stored])
            )
        return [stored[record.id] for record in given]

    def forget(self, customer_ids: Sequence[int]) -> None:
        """Take out of these customers' offers what could name them."""
        connection = self._unit.connection
        connection.execute(
            sa.update(offer)
            .where(one_of(offer.c.customer_id))
            .values(what="(erased)", why="", terms={}, version=offer.c.version + 1),
            {"ids": id_list(connection, customer_ids)},
        )

    def _refuse_unknown_customers(self, records: Sequence[Offer]) -> None:
        wanted = {record.customer_id for record in records}
        missing = wanted - {found.id for found in self._unit.customers.get_many(wanted)}
        if missing:
            raise RecordNotFoundError("customer", min(missing))

    def _row(self, record: Offer) -> tuple[Any, ...]:
        instant = self._unit.instant
        return (
            record.id,
            record.customer_id,
            record.what,
            record.kind,
            to_json(dict(record.terms)),
            record.cost and record.cost.amount_minor,
            record.cost and record.cost.currency,
            record.valid_from and instant(record.valid_from),
            record.valid_until and instant(record.valid_until),
            record.why,
            record.plugin,
            record.status,
            record.carried_by,
            record.answered_by,
            record.version,
        )

    def _hydrate(self, rows: Sequence[tuple[Any, ...]]) -> list[Offer]:
        read = self._unit.read_instant
        return [
            _load(
                *row[:4],
                read_json(row[4]),
                None if row[6] is None else Money(row[5], row[6]),
                None if row[7] is None else read(row[7]),
                None if row[8] is None else read(row[8]),
                *row[9:],
            )
            for row in rows
        ]
