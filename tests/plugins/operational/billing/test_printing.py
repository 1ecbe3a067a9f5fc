from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from crmkit import Money
from crmkit.pdf import printed
from crmkit.plugins.operational import billing
from crmkit.plugins.operational.billing import Draft, Item, Payment
from crmkit.plugins.operational.billing.config import Settings
from crmkit.plugins.operational.billing.errors import NotOpenError
from crmkit.plugins.operational.billing.printing import paper
from tests.plugins.operational.billing.conftest import eur


@pytest.fixture
def shop(make_shop):
    return make_shop()


def text_of(crm, document, **given):
    made = printed(paper(document, crm.settings(Settings).seller, **given))
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)


def test_an_invoice_says_what_the_books_say(shop):
    items = (Item(sku="CUP", quantity=3, discount=eur("0.10")), Item(sku="TEA", quantity="0.333"))
    with shop.unit() as unit:
        (found,) = billing.invoice(unit, [Draft(customer_id=1, items=items, reference="PO 7")])
    text = text_of(shop, found)
    told = [
        "Invoice R000001",
        "Corner Shop GmbH",
        "Köln",
        "PO 7",
        "A cup (CUP)",
        "0.333",
        str(Money(found.net_minor, "EUR")),
        str(found.gross),
        f"{found.due_on}",
        "DE02 1203 0000 0000 2020 51",
    ]
    told += [str(Money(each.tax_minor, "EUR")) for each in found.taxes]
    told += [str(Money(each.net_minor, "EUR")) for each in found.lines]
    assert [each for each in told if each not in text] == []
    assert "Tax 19 % on" in text
    assert "Tax 7 % on" in text


def test_without_tax_the_reason_is_printed_and_the_number_of_the_buyer(shop):
    with shop.unit() as unit:
        (found,) = billing.invoice(unit, [Draft(customer_id=2, items=(Item(sku="CUP"),))])
    text = text_of(shop, found)
    assert "Intra-Community supply" in text
    assert "VAT FR1" in text


def test_a_credit_note_names_what_it_corrects(shop):
    with shop.unit() as unit:
        (found,) = billing.invoice(unit, [Draft(customer_id=1, items=(Item(sku="CUP"),))])
        note = billing.credit(unit, found.id, {1: 1}, reason="broken")
    assert f"R000001 of {found.on}" in text_of(shop, note, corrects=found)


def test_a_payment_is_no_paper(shop):
    with shop.unit() as unit:
        (found,) = billing.record_payments(unit, [Payment(customer_id=1, amount=eur("1.00"))])
        with pytest.raises(NotOpenError):
            paper(found, shop.settings(Settings).seller)
