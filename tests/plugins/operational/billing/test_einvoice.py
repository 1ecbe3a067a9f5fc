"""E-invoices pass the rules that the European Commission publishes for EN 16931."""

import gzip
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from crmkit.plugins.operational import billing
from crmkit.plugins.operational.billing import Account, Draft, Item

from .conftest import SETTINGS, eur

RULES = Path(__file__).parents[3] / "data" / "en16931" / "EN16931-UBL-validation.xslt.gz"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
SELLER = billing.Seller(**SETTINGS["seller"])
pytest.importorskip("saxonche", reason="pip install saxonche, to run XSLT 2")


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """A function that gives the rules an XML document breaks."""
    import saxonche

    sheet = tmp_path_factory.mktemp("rules") / "rules.xslt"
    sheet.write_bytes(gzip.decompress(RULES.read_bytes()))
    processor = saxonche.PySaxonProcessor(license=False)
    rules = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(sheet))

    def run(xml):
        report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
        return [
            f"{each.get('id')}: {each.findtext(f'{SVRL}text', '').strip()}"
            for each in ET.fromstring(report).iter(f"{SVRL}failed-assert")
        ]

    return run


def invoice(crm, customer, *items, **given):
    with crm.unit() as unit:
        (found,) = billing.invoice(unit, [Draft(customer_id=customer, items=items, **given)])
    return found


def test_the_rules_do_fail(failures):
    empty = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'
    assert any(each.startswith("BR-01") for each in failures(empty))


@pytest.mark.parametrize("customer", [1, 2], ids=["taxed", "intra-community"])
@pytest.mark.parametrize("included", [False, True], ids=["net", "gross"])
def test_an_invoice(shop, failures, customer, included):
    found = invoice(
        shop,
        customer,
        Item(sku="CUP", quantity=3, discount=eur("0.10")),
        Item(sku="TEA", quantity="0.333"),
        Item(name="Rent & <heat>", price=eur("99.99"), per=7, quantity="2.5", unit="MON"),
        discount=eur("1.01"),
        reference="PO 7",
        note="Thank you",
        tax_included=included,
    )
    assert failures(billing.ubl(found, SELLER)) == []


def test_a_credit_note(shop, failures):
    found = invoice(shop, 1, Item(sku="CUP", quantity=3), Item(sku="TEA", quantity="0.333"))
    with shop.unit() as unit:
        note = billing.credit(unit, found.id, {1: 1, 2: "0.1"}, reason="broken")
    xml = billing.ubl(note, SELLER, corrects=found)
    assert failures(xml) == []
    assert b"R000001" in xml


CASES = [
    {"category": "Z"},
    {"category": "E", "reason": "Lessons, article 132"},
    {"category": "AE", "reason": "Reverse charge"},
    {"category": "G", "reason": "Export"},
    {"category": "O", "reason": "Not subject to VAT"},
]


@pytest.mark.parametrize("rule", CASES, ids=lambda each: each["category"])
def test_an_invoice_without_tax(make_shop, failures, rule):
    shop = make_shop(taxes=[rule])
    found = invoice(shop, 2, Item(sku="CUP"))
    assert failures(billing.ubl(found, SELLER)) == []


def test_a_currency_without_cents(make_shop, failures):
    from crmkit import Money

    shop = make_shop()
    found = invoice(shop, 1, Item(name="x", price=Money(1_000, "JPY")))
    assert failures(billing.ubl(found, SELLER)) == []


@pytest.mark.parametrize(
    ("error", "told", "seller", "buyer"),
    [
        (billing.NoSellerError, "lacks vat_id", {"vat_id": ""}, {}),
        (billing.NoBuyerError, "no country of the buyer", {}, {"country": ""}),
    ],
)
def test_what_an_e_invoice_cannot_do_without(shop, error, told, seller, buyer):
    with shop.unit() as unit:
        billing.set_account(unit, Account(**({"customer_id": 1, "country": "DE"} | buyer)))
    found = invoice(shop, 1, Item(sku="CUP"))
    with pytest.raises(error, match=told):
        billing.ubl(found, billing.Seller(**(SETTINGS["seller"] | seller)))


def test_an_order_is_no_invoice(shop):
    with shop.unit() as unit:
        (order,) = billing.order(unit, [Draft(customer_id=1, items=[Item(sku="CUP")])])
    with pytest.raises(billing.NotOpenError, match="invoices and credit notes"):
        billing.ubl(order, SELLER)
