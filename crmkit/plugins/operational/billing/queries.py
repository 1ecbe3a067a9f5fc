"""Reads: accounts, the catalogue, documents, what is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import attrs
import sqlalchemy as sa

from crmkit import Money, RecordNotFoundError, Unit, nearest
from crmkit.sql import id_list, one_of

from .config import Settings
from .model import (
    CREDITS,
    DEBITS,
    MICRO,
    Account,
    Document,
    DocumentLine,
    Due,
    Kind,
    Price,
    Product,
)
from .tables import (
    billing_account,
    billing_allocation,
    billing_document,
    billing_line,
    billing_price,
    billing_product,
)

_NOT_IN_RECORD = ("day", "due_day", "source", "source_key")


def today(unit: Unit) -> date:
    """The day it is now where the company is."""
    return unit.now.astimezone(ZoneInfo(unit.settings(Settings).time_zone)).date()


def accounts_of_many(unit: Unit, customer_ids: Iterable[int]) -> dict[int, Account]:
    """The account of each customer; one with nothing filled in where none was set."""
    wanted = list(customer_ids)
    select = sa.select(billing_account).where(one_of(billing_account.c.customer_id))
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, wanted)}).mappings()
    known = {row["customer_id"]: Account(**row) for row in rows}
    return {each: known.get(each, Account(customer_id=each)) for each in wanted}


def products(unit: Unit, skus: Iterable[str] | None = None) -> list[Product]:
    """Those of the catalogue, by SKU; only these if some are named, as far as they exist."""
    select = sa.select(billing_product).order_by(billing_product.c.sku)
    given = {}
    if skus is not None:
        select = select.where(one_of(billing_product.c.sku))
        given = {"ids": id_list(unit.connection, list(skus))}
    return [Product(**row) for row in unit.connection.execute(select, given).mappings()]


def product(unit: Unit, sku: str) -> Product:
    """
    Raises:
        RecordNotFoundError: If the catalogue has no such SKU.
    """
    found = products(unit, [sku])
    if not found:
        known = unit.connection.scalars(sa.select(billing_product.c.sku)).all()
        raise RecordNotFoundError("product", sku + nearest(sku, known))
    return found[0]


def prices(unit: Unit, skus: Iterable[str]) -> list[Price]:
    """Every price these products had or have, the latest first."""
    theirs = billing_price.c
    select = (
        sa.select(billing_price)
        .where(one_of(theirs.sku))
        .order_by(theirs.sku, theirs.price_list, theirs.from_micro.desc(), theirs.since.desc())
    )
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, list(skus))})
    return [
        Price(
            sku=row.sku,
            amount=Money(row.amount_minor, row.currency),
            price_list=row.price_list,
            per=row.per,
            from_quantity=Decimal(row.from_micro) / MICRO,
            since=date.fromisoformat(row.since),
        )
        for row in rows
    ]


def document(unit: Unit, name: int | str) -> Document:
    """
    The document with that number or id.

    Raises:
        RecordNotFoundError: If there is none.
    """
    theirs = billing_document.c
    same = theirs.id == name if isinstance(name, int) else theirs.number == name.strip()
    found = _loaded(unit, sa.select(billing_document).where(same))
    if not found:
        raise RecordNotFoundError("document", name)
    return found[0]


def documents(unit: Unit, ids: Iterable[int]) -> list[Document]:
    """Those that exist, in the order asked for."""
    wanted = list(ids)
    select = sa.select(billing_document).where(one_of(billing_document.c.id))
    found = {d.id: d for d in _loaded(unit, select, {"ids": id_list(unit.connection, wanted)})}
    return [found[each] for each in wanted if each in found]


def find(
    unit: Unit,
    *,
    kind: Kind | None = None,
    status: str | None = None,
    customer_id: int | None = None,
    before: int | None = None,
    size: int = 50,
) -> list[Document]:
    """Documents without their lines, latest first; *before* continues after the last id seen."""
    theirs = billing_document.c
    wanted = {theirs.kind: kind, theirs.status: status, theirs.customer_id: customer_id}
    select = sa.select(billing_document).where(
        *(column == value for column, value in wanted.items() if value)
    )
    if before is not None:
        select = select.where(theirs.id < before)
    rows = unit.connection.execute(select.order_by(theirs.id.desc()).limit(size))
    return [_document(dict(row), ()) for row in rows.mappings()]


def by_source(
    unit: Unit, pairs: Sequence[tuple[str, str | None]]
) -> dict[tuple[str, str | None], int]:
    """Ids of the documents that came from these systems under these keys."""
    theirs = billing_document.c
    keys = [key for _, key in pairs if key is not None]
    if not keys:
        return {}
    select = sa.select(theirs.source, theirs.source_key, theirs.id).where(one_of(theirs.source_key))
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, keys)})
    return {(row.source, row.source_key): row.id for row in rows}


def open_documents(unit: Unit, customer_ids: Iterable[int], kinds: Sequence[str]) -> list[Document]:
    """What is not set off yet, the longest due first."""
    theirs = billing_document.c
    select = (
        sa.select(billing_document)
        .where(one_of(theirs.customer_id), theirs.status == "open", theirs.kind.in_(list(kinds)))
        .order_by(sa.func.coalesce(theirs.due_day, theirs.day), theirs.id)
    )
    given = {"ids": id_list(unit.connection, list(customer_ids))}
    rows = unit.connection.execute(select, given)
    return [_document(dict(row), ()) for row in rows.mappings()]


def settled_by(unit: Unit, document: Document) -> list[tuple[str, Money]]:
    """Numbers of what a document was set off against, and how much of it."""
    theirs = billing_allocation.c
    other = sa.case((theirs.debit_id == document.id, theirs.credit_id), else_=theirs.debit_id)
    rows = unit.connection.execute(
        sa.select(other.label("other"), sa.func.sum(theirs.amount_minor).label("amount"))
        .where(sa.or_(theirs.debit_id == document.id, theirs.credit_id == document.id))
        .group_by(other)
        .order_by(other)
    ).all()
    sums = {row.other: int(row.amount) for row in rows if row.amount}
    return [
        (each.number, Money(sums[each.id], document.currency)) for each in documents(unit, sums)
    ]


def ageing(unit: Unit, on: date, customer_ids: Iterable[int] | None = None) -> list[Due]:
    """What every customer with something open owes on that day, most first."""
    theirs = billing_document.c
    kinds = [*DEBITS, *CREDITS]
    select = sa.select(
        theirs.customer_id, theirs.currency, theirs.kind, theirs.due_day, theirs.open_minor
    ).where(theirs.status == "open", theirs.kind.in_(kinds))
    given = {}
    if customer_ids is not None:
        select = select.where(one_of(theirs.customer_id))
        given = {"ids": id_list(unit.connection, list(customer_ids))}
    sums: dict[tuple[int, str], list[int]] = {}
    for row in unit.connection.execute(select, given):
        owed = sums.setdefault((row.customer_id, row.currency), [0] * 6)
        if row.kind in CREDITS:
            owed[5] += row.open_minor
        else:
            owed[_bucket(row.due_day, on)] += row.open_minor
    found = [
        Due(
            customer_id=customer_id,
            currency=currency,
            buckets_minor=cast("tuple[int, int, int, int, int]", tuple(owed[:5])),
            credit_minor=owed[5],
        )
        for (customer_id, currency), owed in sums.items()
    ]
    return sorted(found, key=lambda each: (-each.balance_minor, each.customer_id, each.currency))


def _bucket(due_day: str | None, on: date) -> int:
    late = (on - date.fromisoformat(due_day)).days if due_day else 0
    return 0 if late <= 0 else min(4, 1 + (late - 1) // 30)


def _loaded(
    unit: Unit, select: sa.Select[Any], given: Mapping[str, object] | None = None
) -> list[Document]:
    rows = unit.connection.execute(select, given or {}).mappings().all()
    lines = lines_of(unit, [row["id"] for row in rows])
    return [_document(dict(row), lines.get(row["id"], ())) for row in rows]


def lines_of(unit: Unit, ids: Sequence[int]) -> dict[int, tuple[DocumentLine, ...]]:
    """The lines of documents, by document."""
    theirs = billing_line.c
    select = (
        sa.select(billing_line)
        .where(one_of(theirs.document_id))
        .order_by(theirs.document_id, theirs.position)
    )
    found: dict[int, list[DocumentLine]] = {}
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, ids)})
    for row in map(dict, rows.mappings()):
        row["quantity"] = Decimal(row.pop("quantity_micro")) / MICRO
        owner = row.pop("document_id")
        row.pop("customer_id")
        found.setdefault(owner, []).append(DocumentLine(**row))
    return {owner: tuple(lines) for owner, lines in found.items()}


def _document(row: dict[str, Any], lines: tuple[DocumentLine, ...]) -> Document:
    told = {name: value for name, value in row.items() if name not in _NOT_IN_RECORD}
    due = row["due_day"]
    return Document(
        on=date.fromisoformat(row["day"]),
        due_on=date.fromisoformat(due) if due else None,
        lines=lines,
        **told,
    )


def plain(record: attrs.AttrsInstance) -> dict[str, Any]:
    """A record as JSON can hold it."""

    def serialized(_: object, __: object, value: object) -> object:
        if isinstance(value, datetime | date):
            return value.isoformat()
        return str(value) if isinstance(value, Decimal | Money) else value

    return attrs.asdict(record, value_serializer=serialized)
