"""Invoices and credit notes on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from crmkit import Money
from crmkit.pdf import Column, Paper

from .config import TAXED, Seller
from .errors import NotOpenError
from .model import Document, DocumentLine, TaxGroup

_TITLES = {"invoice": "Invoice", "credit_note": "Credit note", "order": "Order"}
_COLUMNS = (
    Column(head="", share=4),
    Column(head="What", share=36),
    Column(head="Quantity", share=11, align="RIGHT"),
    Column(head="Price", share=18, align="RIGHT"),
    Column(head="Discount", share=15, align="RIGHT"),
    Column(head="Tax", share=8, align="RIGHT"),
    Column(head="Net", share=18, align="RIGHT"),
)


def paper(document: Document, seller: Seller, *, corrects: Document | None = None) -> Paper:
    """
    What stands on it.

    Args:
        corrects: The invoice that a credit note corrects.

    Raises:
        NotOpenError: If *document* is no order, invoice or credit note.
    """
    title = _TITLES.get(document.kind)
    if title is None:
        wanted = "orders, invoices and credit notes are printed"
        raise NotOpenError(document.number, f"a {document.kind}", wanted)
    return Paper(
        title=f"{title} {document.number}",
        at=document.at,
        sender=_address(attrs.asdict(seller)),
        receiver=_address(document.buyer),
        facts=list(_facts(document, corrects)),
        columns=_COLUMNS,
        rows=[_row(document, each) for each in document.lines],
        totals=list(_totals(document)),
        notes=list(_notes(document, seller)),
    )


def _address(parts: Mapping[str, str]) -> list[str]:
    place = f"{parts.get('postal_code', '')} {parts.get('city', '')}".strip()
    vat_id = parts.get("vat_id", "")
    lines = (parts.get("name", ""), parts.get("street", ""), place, parts.get("country", ""))
    return [each for each in (*lines, vat_id and f"VAT {vat_id}") if each]


def _facts(document: Document, corrects: Document | None) -> Iterator[tuple[str, str]]:
    yield "Date", f"{document.on}"
    if document.due_on and document.kind == "invoice":
        yield "Due", f"{document.due_on}"
    if document.reference:
        yield "Your reference", document.reference
    if corrects is not None:
        yield "Corrects", f"{corrects.number} of {corrects.on}"


def _row(document: Document, line: DocumentLine) -> list[str]:
    def money(minor: int) -> str:
        return str(Money(minor, document.currency))

    return [
        str(line.position),
        f"{line.name} ({line.sku})" if line.sku else line.name,
        f"{line.quantity.normalize():f}",
        money(line.price_minor) + (f" / {line.per}" if line.per != 1 else ""),
        money(line.discount_minor) if line.discount_minor else "",
        f"{line.rate_bp / 100:g} %" if line.category in TAXED else line.category,
        money(line.net_minor),
    ]


def _totals(document: Document) -> Iterator[tuple[str, str]]:
    def money(minor: int) -> str:
        return str(Money(minor, document.currency))

    yield "Net", money(document.net_minor)
    for group in document.taxes:
        yield _tax(group, money(group.taxable_minor)), money(group.tax_minor)
    yield "Total", money(document.gross_minor)


def _tax(group: TaxGroup, taxable: str) -> str:
    rate = f"{group.rate_bp / 100:g} %" if group.category in TAXED else group.category
    return f"Tax {rate} on {taxable}"


def _notes(document: Document, seller: Seller) -> Iterator[str]:
    if document.tax_included:
        yield "Prices include tax."
    yield from dict.fromkeys(group.reason for group in document.taxes if group.reason)
    if document.note:
        yield document.note
    if document.kind == "invoice" and seller.iban:
        yield f"Please pay to {seller.iban}, saying {document.number}."
    if seller.registration:
        yield seller.registration
