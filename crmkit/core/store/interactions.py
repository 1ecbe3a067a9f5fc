"""Interactions: append-only facts, stored once however often they arrive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import sqlalchemy as sa

from ...database.columns import read_json, to_json
from ...database.dialect import Statement, allocate_ids, id_list, insert_rows, one_of
from ...database.engine import savepoint
from ...database.schema import customer, interaction, line, offer, text_queue
from ...errors import DatabaseBusyError, InvalidValueError, RecordNotFoundError, nearest
from .. import calls
from ..documents import structured
from ..model import NOTHING, Interaction, Line
from ..money import Money
from ..records import Changes
from . import search
from .hydrate import loader

if TYPE_CHECKING:
    from ..unit import Unit

_STORED = interaction.columns.keys()
_load = loader(
    Interaction,
    "id customer_id kind at channel direction amount text thread offer_id machine payload source "
    "source_key lines",
)
_load_money = loader(Money, "amount_minor currency")
_load_line = loader(Line, "sku name quantity amount")

_SIGNS = {
    "purchase.order": (1, "0 or more for purchase.order; what goes back is a purchase.return"),
    "purchase.return": (-1, "0 or less for purchase.return; what comes in is a purchase.order"),
}
_columns = [interaction.c[name] for name in _STORED]
_BY_IDS = Statement(sa.select(*_columns).where(one_of(interaction.c.id)).order_by(interaction.c.id))
_LATEST = Statement(
    sa.select(*_columns)
    .where(interaction.c.customer_id == sa.bindparam("customer_id"))
    .order_by(interaction.c.at.desc(), interaction.c.id.desc())
    .limit(sa.bindparam("size"))
)
_OLDER = Statement(
    sa.select(*_columns)
    .where(
        interaction.c.customer_id == sa.bindparam("customer_id"),
        sa.tuple_(interaction.c.at, interaction.c.id)
        < sa.tuple_(sa.bindparam("at", type_=sa.types.NULLTYPE), sa.bindparam("id")),
    )
    .order_by(interaction.c.at.desc(), interaction.c.id.desc())
    .limit(sa.bindparam("size"))
)
_LINES = Statement(
    sa.select(
        line.c.interaction_id,
        line.c.sku,
        line.c.name,
        line.c.quantity,
        line.c.amount_minor,
        line.c.currency,
    )
    .where(one_of(line.c.interaction_id))
    .order_by(line.c.interaction_id, line.c.position)
)
_BY_KEYS = Statement(
    sa.select(interaction.c.source_key, interaction.c.id).where(
        interaction.c.source == sa.bindparam("source"), one_of(interaction.c.source_key)
    )
)
_KNOWN_CUSTOMERS = Statement(sa.select(customer.c.id).where(one_of(customer.c.id)))
_KNOWN_OFFERS = Statement(sa.select(offer.c.id).where(one_of(offer.c.id)))


@attrs.frozen
class Added:
    """
    What became of a batch.

    Attributes:
        ids: One per record, in order; of a record that was there already, the id it has.
        new: How many were not there before.
    """

    ids: Sequence[int]
    new: int


class Interactions:
    """The interactions visible in one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def get(self, interaction_id: int) -> Interaction:
        """
        Raises:
            RecordNotFoundError: If there is none with that id.
        """
        found = self.get_many([interaction_id])
        if not found:
            raise RecordNotFoundError("interaction", interaction_id)
        return found[0]

    def get_many(self, ids: Iterable[int]) -> list[Interaction]:
        """Those that exist, by ascending id."""
        wanted = id_list(self._unit.connection, ids)
        return self._hydrate(_BY_IDS.rows(self._unit.connection, ids=wanted))

    def timeline(
        self, customer_id: int, *, before: Interaction | None = None, size: int = 50
    ) -> list[Interaction]:
        """One customer's interactions, latest first; *before* continues after the last one seen."""
        if before is None:
            rows = _LATEST.rows(self._unit.connection, customer_id=customer_id, size=size)
        else:
            rows = _OLDER.rows(
                self._unit.connection,
                customer_id=customer_id,
                size=size,
                at=self._unit.instant(before.at),
                id=before.id,
            )
        return self._hydrate(rows)

    def ids_of(self, source: str, keys: Iterable[str]) -> dict[str, int]:
        """Interaction ids by the key another system gave them; unknown ones are absent."""
        wanted = id_list(self._unit.connection, keys)
        return dict(_BY_KEYS.rows(self._unit.connection, source=source, ids=wanted))

    def search(self, text: str, *, size: int = 20) -> list[Interaction]:
        """
        Interactions whose text has all these words, or words that begin so; latest first.

        Texts written since the last :meth:`index_texts` are not found yet.
        """
        found = self.get_many(search.interaction_ids(self._unit.connection, text, size))
        return sorted(found, key=lambda each: -each.id)

    def index_texts(self, *, size: int = 5_000) -> int:
        """Put up to *size* waiting texts into the full-text index; returns how many."""
        return search.index_texts(self._unit.connection, size)

    def add(self, record: Interaction) -> Interaction:
        """Store one interaction, or return the stored one with the same source and key."""
        added = self.add_many([record])
        return attrs.evolve(record, id=added.ids[0]) if added.new else self.get(added.ids[0])

    def add_many(self, records: Iterable[Interaction]) -> Added:
        """
        Store a batch. A ``(source, source_key)`` that is there already is left as it is.

        Raises:
            InvalidValueError: If a kind is not registered or a payload does not fit it.
            RecordNotFoundError: If a customer or an offer does not exist.
            ChangeRejectedError: If a plugin vetoes.
        """
        given: Sequence[Interaction] = list(records)
        if not given:
            return Added((), 0)
        self._check(given)
        with self._unit.batch():
            after = calls.saving(self._unit, "interaction", given)
            if after is not given:
                self._check(after)
            try:
                ids = self._insert(after)
            except self._unit.integrity_error:
                self._refuse_dangling(after)
                return self._add_unknown(after)
            return Added(ids, len(ids))

    def _add_unknown(self, given: Sequence[Interaction]) -> Added:
        """Add those of the batch that are not stored yet, one of each key."""
        known = self._stored_keys(given)
        first: dict[object, Interaction] = {}
        for record in given:
            if (key := _key(record)) not in known:
                first.setdefault(key, record)
        try:
            ids = self._insert(list(first.values()))
        except self._unit.integrity_error as exc:
            raise DatabaseBusyError(
                "another process is storing the same interactions; nothing of the batch was "
                "written, try again"
            ) from exc
        known |= dict(zip(first, ids, strict=True))
        return Added([known[_key(record)] for record in given], len(first))

    def _stored_keys(self, records: Sequence[Interaction]) -> dict[object, int]:
        by_source: dict[str, set[str]] = {}
        for record in records:
            if record.source_key is not None:
                by_source.setdefault(record.source, set()).add(record.source_key)
        return {
            (source, key): known_id
            for source, keys in by_source.items()
            for key, known_id in self.ids_of(source, keys).items()
        }

    def _insert(self, records: Sequence[Interaction]) -> Sequence[int]:
        """The new ids; what the driver raises, with nothing written, if a key is taken."""
        if not records:
            return ()
        connection = self._unit.connection
        with savepoint(connection):
            ids = allocate_ids(connection, "interaction", len(records))
            insert_rows(connection, interaction, self._rows(records, ids), _STORED)
        if not self._unit.enforces_foreign_keys:
            self._refuse_dangling(records)
        bought = [pair for pair in zip(records, ids, strict=True) if pair[0].lines]
        insert_rows(connection, line, _line_rows(bought))
        waiting = [(i,) for r, i in zip(records, ids, strict=True) if r.text]
        insert_rows(connection, text_queue, waiting)
        self._unit.saved(Changes(noun="interaction", after=records, ids=ids))
        return ids

    def _rows(
        self, records: Sequence[Interaction], ids: Sequence[int]
    ) -> Iterator[tuple[Any, ...]]:
        instant = self._unit.instant
        for record, new_id in zip(records, ids, strict=True):
            amount = record.amount
            yield (
                new_id,
                record.customer_id,
                record.kind,
                instant(record.at),
                record.channel,
                record.direction,
                None if amount is None else amount.amount_minor,
                None if amount is None else amount.currency,
                record.text,
                record.thread,
                record.offer_id,
                record.machine,
                to_json(dict(record.payload)) if record.payload else None,
                record.source,
                record.source_key,
            )

    def _check(self, records: Sequence[Interaction]) -> None:
        kinds = self._unit.contributed.interaction_kinds
        for kind in {record.kind for record in records}:
            if kind not in kinds:
                known = ", ".join(sorted(kinds))
                accepted = f"a registered kind{nearest(kind, kinds)} ({known})"
                raise InvalidValueError("kind", kind, accepted)
        for record in records:
            if record.id:
                raise InvalidValueError("id", record.id, "0: an interaction is never changed")
            if record.payload or kinds[record.kind].payload is not None:
                _check_payload(record, kinds[record.kind].payload)
            if record.amount is not None and record.kind in _SIGNS:
                _check_sign(record)

    def _refuse_dangling(self, records: Sequence[Interaction]) -> None:
        connection = self._unit.connection
        customers = {record.customer_id for record in records}
        offers = {record.offer_id for record in records if record.offer_id is not None}
        for noun, statement, wanted in (
            ("customer", _KNOWN_CUSTOMERS, customers),
            ("offer", _KNOWN_OFFERS, offers),
        ):
            known = {row[0] for row in statement.rows(connection, ids=id_list(connection, wanted))}
            if missing := wanted - known:
                raise RecordNotFoundError(noun, min(missing))

    def forget(self, customer_ids: Sequence[int]) -> None:
        """Take out of these customers' interactions what could name them; dates and sums stay."""
        connection = self._unit.connection
        wanted = {"ids": id_list(connection, customer_ids)}
        theirs = one_of(interaction.c.customer_id)
        texts = sa.select(interaction.c.id, interaction.c.text).where(
            theirs, interaction.c.text != ""
        )
        rows = [(row[0], row[1]) for row in connection.execute(texts, wanted)]
        search.forget_texts(connection, rows)
        connection.execute(
            sa.update(interaction).where(theirs).values(text="", thread="", payload=sa.null()),
            wanted,
        )

    def _hydrate(self, rows: Sequence[tuple[Any, ...]]) -> list[Interaction]:
        bought = [row[0] for row in rows if row[7] is not None]
        lines: dict[int, list[Line]] = {}
        if bought:
            ids = id_list(self._unit.connection, bought)
            for owner, sku, name, quantity, minor, currency in _LINES.rows(
                self._unit.connection, ids=ids
            ):
                found = _load_line(sku, name, quantity, _load_money(minor, currency))
                lines.setdefault(owner, []).append(found)
        read = self._unit.read_instant
        return [
            _load(
                each,
                customer_id,
                kind,
                read(at),
                channel,
                direction,
                None if currency is None else _load_money(minor, currency),
                text,
                thread,
                offer_id,
                bool(machine),
                NOTHING if payload is None else read_json(payload),
                source,
                source_key,
                tuple(lines[each]) if each in lines else (),
            )
            for (
                each,
                customer_id,
                kind,
                at,
                channel,
                direction,
                minor,
                currency,
                text,
                thread,
                offer_id,
                machine,
                payload,
                source,
                source_key,
            ) in rows
        ]


def _key(record: Interaction) -> object:
    return id(record) if record.source_key is None else (record.source, record.source_key)


def _line_rows(bought: Sequence[tuple[Interaction, int]]) -> Iterator[tuple[Any, ...]]:
    for record, interaction_id in bought:
        for position, each in enumerate(record.lines):
            yield (
                interaction_id,
                position,
                record.customer_id,
                each.sku,
                each.name,
                each.quantity,
                each.amount.amount_minor,
                each.amount.currency,
            )


def _check_sign(record: Interaction) -> None:
    sign, accepted = _SIGNS[record.kind]
    if record.amount is not None and record.amount.amount_minor * sign < 0:
        raise InvalidValueError("amount", str(record.amount), accepted)


def _check_payload(record: Interaction, schema: type | None) -> None:
    if schema is None:
        raise InvalidValueError("payload", dict(record.payload), f"nothing for kind {record.kind}")
    try:
        structured(record.payload, schema)
    except ValueError as exc:
        accepted = f"what {schema.__name__} holds: {exc}"
        raise InvalidValueError("payload", dict(record.payload), accepted) from exc
