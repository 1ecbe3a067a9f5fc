"""One way for every document into the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Interaction, Line, Money, Unit
from crmkit.sql import insert_many

from ..model import MICRO, Account, Document, DocumentLine, Kind, micro
from ..tables import billing_document, billing_line
from . import numbers

_COLUMNS = tuple(billing_document.c.keys())
_BUYER = ("name", "street", "city", "postal_code", "country", "vat_id",
          "electronic_address", "electronic_scheme")  # fmt: skip


@attrs.frozen(kw_only=True)
class Entry:
    """
    A document that is to be booked.

    Attributes:
        gross_minor: Of what has no lines.
        source, source_key: Where it came from.
    """

    kind: Kind
    customer_id: int
    currency: str
    on: date
    due_on: date | None = None
    lines: tuple[DocumentLine, ...] = ()
    gross_minor: int = 0
    tax_included: bool = False
    purchase_noted: bool = False
    source_id: int | None = None
    reference: str = ""
    note: str = ""
    method: str = ""
    buyer: Mapping[str, str] = attrs.field(factory=dict)
    source: str = ""
    source_key: str | None = None


def book(unit: Unit, entries: Sequence[Entry]) -> list[Document]:
    """Give the entries, which are all of one kind, ids and numbers, and store them."""
    if not entries:
        return []
    ids = unit.new_ids(billing_document, len(entries))
    given = numbers.take(unit, entries[0].kind, [each.on for each in entries])
    found = [
        _document(unit, each, new_id, number)
        for each, new_id, number in zip(entries, ids, given, strict=True)
    ]
    rows = [_row(each, entry) for each, entry in zip(found, entries, strict=True)]
    insert_many(unit.connection, billing_document, rows, _COLUMNS)
    lines = [_line_row(each, line) for each in found for line in each.lines]
    insert_many(unit.connection, billing_line, lines, _LINE_COLUMNS)
    return found


def _document(unit: Unit, entry: Entry, new_id: int, number: str) -> Document:
    net = sum(line.net_minor for line in entry.lines)
    tax = sum(line.tax_minor for line in entry.lines)
    gross = net + tax if entry.lines else entry.gross_minor
    return Document(
        id=new_id,
        kind=entry.kind,
        number=number,
        customer_id=entry.customer_id,
        status="open" if gross or entry.kind == "order" else "settled",
        on=entry.on,
        due_on=entry.due_on,
        at=unit.now,
        currency=entry.currency,
        net_minor=net if entry.lines else gross,
        tax_minor=tax,
        gross_minor=gross,
        open_minor=gross,
        tax_included=entry.tax_included,
        purchase_noted=entry.purchase_noted,
        source_id=entry.source_id,
        reference=entry.reference,
        note=entry.note,
        method=entry.method,
        buyer=dict(entry.buyer),
        version=1,
        lines=entry.lines,
    )


def _row(document: Document, entry: Entry) -> tuple[Any, ...]:
    told = {
        "day": document.on.isoformat(),
        "due_day": document.due_on.isoformat() if document.due_on else None,
        "source": entry.source,
        "source_key": entry.source_key,
    }
    return tuple(told[name] if name in told else getattr(document, name) for name in _COLUMNS)


_LINE_COLUMNS = tuple(billing_line.c.keys())


def _line_row(document: Document, line: DocumentLine) -> tuple[Any, ...]:
    told = {
        "document_id": document.id,
        "customer_id": document.customer_id,
        "quantity_micro": micro(line.quantity),
    }
    return tuple(told[n] if n in told else getattr(line, n) for n in _LINE_COLUMNS)


def buyer_of(account: Account, name: str) -> dict[str, str]:
    """The name and address that a document bears, as they are now."""
    told = {each: getattr(account, each) for each in _BUYER}
    return {each: value for each, value in (told | {"name": account.name or name}).items() if value}


def note_purchases(unit: Unit, documents: Sequence[Document], kind: str, suffix: str = "") -> None:
    """Record that customers bought, or gave back, what these documents say; with tax."""
    sign = -1 if kind == "purchase.return" else 1
    unit.interactions.add_many(
        Interaction(
            customer_id=each.customer_id,
            kind=kind,
            at=unit.now,
            channel="billing",
            amount=Money(sign * sum(map(_gross, each.lines)), each.currency),
            lines=tuple(_bought(line, each.currency, sign) for line in each.lines),
            thread=each.number,
            source="billing",
            source_key=f"{each.number}{suffix}",
        )
        for each in documents
        if not each.purchase_noted
    )


def _gross(line: DocumentLine) -> int:
    return line.net_minor + line.tax_minor


def _bought(line: DocumentLine, currency: str, sign: int) -> Line:
    return Line(
        sku=line.sku or line.name[:100],
        name=line.name,
        quantity=sign * float(line.quantity),
        amount=Money(sign * _gross(line), currency),
    )


def lower_open(unit: Unit, amounts: Mapping[int, int]) -> bool:
    """
    Take amounts off what is open of documents, by id; a document with nothing open is settled.

    Returns False, having changed some of them, if one has less open: roll back then.
    """
    theirs = billing_document.c
    left = theirs.open_minor - sa.bindparam("less")
    statement = (
        sa.update(billing_document)
        .where(
            theirs.id == sa.bindparam("document"),
            theirs.status == "open",
            theirs.open_minor >= sa.bindparam("less"),
        )
        .values(
            open_minor=left,
            status=sa.case((left == 0, "settled"), else_=theirs.status),
            version=theirs.version + 1,
        )
    )
    done = 0
    for document_id, less in sorted(amounts.items()):
        given = {"document": document_id, "less": less}
        done += unit.connection.execute(statement, given).rowcount
    return done == len(amounts)


def mark_done(unit: Unit, document_id: int, more_micro: Mapping[int, int]) -> bool:
    """
    Count quantities of lines as billed or credited; by position.

    Returns False, having changed some of them, if a line has less left: roll back then.
    """
    theirs = billing_line.c
    statement = (
        sa.update(billing_line)
        .where(
            theirs.document_id == document_id,
            theirs.position == sa.bindparam("place"),
            theirs.done_micro + sa.bindparam("more") <= theirs.quantity_micro,
        )
        .values(done_micro=theirs.done_micro + sa.bindparam("more"))
    )
    done = 0
    for place, more in sorted(more_micro.items()):
        given = {"place": place, "more": more}
        done += unit.connection.execute(statement, given).rowcount
    return done == len(more_micro)


def in_micro(line: DocumentLine, asked: Decimal | None) -> int:
    """What is asked of a line, or all that is left of it, in millionths."""
    return micro(line.quantity) - line.done_micro if asked is None else int(asked * MICRO)
