"""
An invoice or a credit note as UBL 2.1 in the form of EN 16931 (CEN/TS 16931-3-2).

The rules that a receiver's validator applies are run over it in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from xml.etree import ElementTree as ET

from crmkit import Money

from .config import Seller
from .errors import NoBuyerError, NoSellerError, NotOpenError
from .model import Document, DocumentLine, TaxGroup

CUSTOMIZATION: Final = "urn:cen.eu:en16931:2017"
_CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_ROOT: Final = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
_NEEDS_TAX_ID: Final = ("S", "Z", "E", "AE", "K", "G")
_BOTH: Final = ("AE", "K")
"""Categories under which the buyer's VAT number must be on the invoice."""


def ubl(document: Document, seller: Seller, *, corrects: Document | None = None) -> bytes:
    """
    The XML, in UTF-8.

    Args:
        corrects: The invoice that a credit note corrects.

    Raises:
        NotOpenError: If *document* is neither.
        NoSellerError, NoBuyerError: If a name, an address or a number is missing that the
            standard asks for.
    """
    if document.kind not in ("invoice", "credit_note"):
        wanted = "invoices and credit notes are sent electronically"
        raise NotOpenError(document.number, f"a {document.kind}", wanted)
    _refuse_incomplete(document, seller)
    name = "Invoice" if document.kind == "invoice" else "CreditNote"
    for prefix, uri in (("", _ROOT.format(name)), ("cac", _CAC), ("cbc", _CBC)):
        ET.register_namespace(prefix, uri)
    root = ET.Element(f"{{{_ROOT.format(name)}}}{name}")
    _head(root, document)
    if corrects is not None:
        reference = _in(root, "BillingReference", "InvoiceDocumentReference")
        _text(reference, "ID", corrects.number)
        _text(reference, "IssueDate", f"{corrects.on}")
    named = any(group.category in _NEEDS_TAX_ID for group in document.taxes)
    _seller(_in(root, "AccountingSupplierParty", "Party"), seller, with_vat=named)
    _buyer(_in(root, "AccountingCustomerParty", "Party"), document.buyer, with_vat=named)
    if any(group.category == "K" for group in document.taxes):
        _delivered(root, document)
    _paid_how(root, document, seller)
    _totals(root, document)
    for line in document.lines:
        _line(root, document, line)
    ET.indent(root)
    found: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return found + b"\n"


def _refuse_incomplete(document: Document, seller: Seller) -> None:
    for field in ("name", "country"):
        if not getattr(seller, field):
            raise NoSellerError(field)
    for field in ("name", "country"):
        if not document.buyer.get(field):
            raise NoBuyerError(document.number, field)
    categories = {group.category for group in document.taxes}
    if categories & set(_NEEDS_TAX_ID) and not seller.vat_id:
        raise NoSellerError("vat_id")
    if categories & set(_BOTH) and not document.buyer.get("vat_id"):
        raise NoBuyerError(document.number, "VAT number")


def _head(root: ET.Element, document: Document) -> None:
    is_invoice = document.kind == "invoice"
    _text(root, "CustomizationID", CUSTOMIZATION)
    _text(root, "ID", document.number)
    _text(root, "IssueDate", f"{document.on}")
    if is_invoice and document.due_on:
        _text(root, "DueDate", f"{document.due_on}")
    _text(root, *(("InvoiceTypeCode", "380") if is_invoice else ("CreditNoteTypeCode", "381")))
    if document.note:
        _text(root, "Note", document.note)
    _text(root, "DocumentCurrencyCode", document.currency)
    if document.reference:
        _text(root, "BuyerReference", document.reference)


def _seller(party: ET.Element, seller: Seller, *, with_vat: bool) -> None:
    told = {
        "name": seller.name,
        "street": seller.street,
        "city": seller.city,
        "postal_code": seller.postal_code,
        "country": seller.country,
        "vat_id": seller.vat_id,
        "electronic_address": seller.electronic_address,
        "electronic_scheme": seller.electronic_scheme,
    }
    _party(party, told, with_vat=with_vat, registration=seller.registration)
    if seller.email:
        _text(_in(party, "Contact"), "ElectronicMail", seller.email)


def _buyer(party: ET.Element, buyer: Mapping[str, str], *, with_vat: bool) -> None:
    _party(party, buyer, with_vat=with_vat, registration="")


def _party(
    party: ET.Element, told: Mapping[str, str], *, with_vat: bool, registration: str
) -> None:
    if told.get("electronic_address"):
        scheme = told.get("electronic_scheme", "EM")
        _text(party, "EndpointID", told["electronic_address"], schemeID=scheme)
    address = _in(party, "PostalAddress")
    for tag, name in (
        ("StreetName", "street"),
        ("CityName", "city"),
        ("PostalZone", "postal_code"),
    ):
        if told.get(name):
            _text(address, tag, told[name])
    _text(_in(address, "Country"), "IdentificationCode", told["country"])
    if with_vat and told.get("vat_id"):
        taxed = _in(party, "PartyTaxScheme")
        _text(taxed, "CompanyID", told["vat_id"])
        _text(_in(taxed, "TaxScheme"), "ID", "VAT")
    legal = _in(party, "PartyLegalEntity")
    _text(legal, "RegistrationName", told["name"])
    if registration or not with_vat:
        _text(legal, "CompanyID", registration or told["name"])


def _delivered(root: ET.Element, document: Document) -> None:
    """Of a supply within the Community: when, and to which country (BR-IC-11, BR-IC-12)."""
    delivery = _in(root, "Delivery")
    _text(delivery, "ActualDeliveryDate", f"{document.on}")
    country = _in(delivery, "DeliveryLocation", "Address", "Country")
    _text(country, "IdentificationCode", document.buyer["country"])


def _paid_how(root: ET.Element, document: Document, seller: Seller) -> None:
    if document.kind == "invoice" and seller.iban:
        means = _in(root, "PaymentMeans")
        _text(means, "PaymentMeansCode", "30")
        _text(means, "PaymentID", document.number)
        _text(_in(means, "PayeeFinancialAccount"), "ID", seller.iban.replace(" ", ""))


def _totals(root: ET.Element, document: Document) -> None:
    total = _in(root, "TaxTotal")
    _amount(total, "TaxAmount", document.tax_minor, document)
    for group in document.taxes:
        part = _in(total, "TaxSubtotal")
        _amount(part, "TaxableAmount", group.taxable_minor, document)
        _amount(part, "TaxAmount", group.tax_minor, document)
        _category(_in(part, "TaxCategory"), group, with_reason=True)
    sums = _in(root, "LegalMonetaryTotal")
    _amount(sums, "LineExtensionAmount", document.net_minor, document)
    _amount(sums, "TaxExclusiveAmount", document.net_minor, document)
    _amount(sums, "TaxInclusiveAmount", document.gross_minor, document)
    _amount(sums, "PayableAmount", document.gross_minor, document)


def _line(root: ET.Element, document: Document, line: DocumentLine) -> None:
    invoice = document.kind == "invoice"
    element = _in(root, "InvoiceLine" if invoice else "CreditNoteLine")
    _text(element, "ID", f"{line.position}")
    quantity = "InvoicedQuantity" if invoice else "CreditedQuantity"
    _text(element, quantity, _plain(line.quantity), unitCode=line.unit)
    _amount(element, "LineExtensionAmount", line.net_minor, document)
    if line.discount_minor:
        allowance = _in(element, "AllowanceCharge")
        _text(allowance, "ChargeIndicator", "false")
        _text(allowance, "AllowanceChargeReason", "Discount")
        _amount(allowance, "Amount", line.discount_minor, document)
    item = _in(element, "Item")
    _text(item, "Name", line.name or line.sku)
    if line.sku:
        _text(_in(item, "SellersItemIdentification"), "ID", line.sku)
    group = TaxGroup(*line.group, 0, 0)
    _category(_in(item, "ClassifiedTaxCategory"), group, with_reason=False)
    price = _in(element, "Price")
    _text(price, "PriceAmount", _price(document, line), currencyID=document.currency)
    if line.per != 1 and not document.tax_included:
        _text(price, "BaseQuantity", f"{line.per}", unitCode=line.unit)


def _price(document: Document, line: DocumentLine) -> str:
    """Without tax, also where it was agreed with it."""
    if not document.tax_included:
        return f"{Money(line.price_minor, document.currency).amount}"
    before = Money(line.net_minor + line.discount_minor, document.currency).amount
    return _plain((before / line.quantity).quantize(Decimal("0.0000000001")))


def _category(element: ET.Element, group: TaxGroup, *, with_reason: bool) -> None:
    _text(element, "ID", group.category)
    if group.category != "O":
        _text(element, "Percent", _plain(Decimal(group.rate_bp) / 100))
    if with_reason and group.reason:
        _text(element, "TaxExemptionReason", group.reason)
    _text(_in(element, "TaxScheme"), "ID", "VAT")


def _amount(parent: ET.Element, tag: str, minor: int, document: Document) -> None:
    amount = Money(minor, document.currency).amount
    _text(parent, tag, f"{amount}", currencyID=document.currency)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _in(parent: ET.Element, *tags: str) -> ET.Element:
    for tag in tags:
        parent = ET.SubElement(parent, f"{{{_CAC}}}{tag}")
    return parent


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, f"{{{_CBC}}}{tag}", attributes).text = text
