"""Orders, invoices, credit notes: prices, tax, numbers, and what may not be."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from crmkit import (
    CRM,
    ConfigError,
    InvalidValueError,
    Money,
    RecordNotFoundError,
    StaleVersionError,
)
from crmkit.plugins.operational import billing
from crmkit.plugins.operational.billing import Account, Draft, Item, Price, Product

from .conftest import SETTINGS, eur


def invoice(crm, *items, customer=1, **given):
    with crm.unit() as unit:
        (found,) = billing.invoice(unit, [Draft(customer_id=customer, items=items, **given)])
    return found


def sums(document):
    return document.net_minor, document.tax_minor, document.gross_minor


def test_an_invoice_by_hand(shop):
    # 2 cups at 9.90 and 0.750 kg of tea at 12.35 (9.2625, so 9.26): 19.80 x 19 % = 3.762,
    # 9.26 x 7 % = 0.6482.
    found = invoice(shop, Item(sku="CUP", quantity=2), Item(sku="TEA", quantity="0.750"))
    assert sums(found) == (2_906, 376 + 65, 3_347)
    assert (found.number, found.on, found.due_on) == (
        "R000001",
        date(2026, 1, 5),
        date(2026, 1, 19),
    )
    assert [(each.category, each.rate_bp, each.taxable_minor) for each in found.taxes] == [
        ("S", 1_900, 1_980),
        ("S", 700, 926),
    ]
    assert found.lines[0].cost_minor == 800
    with shop.unit(write=False) as unit:
        assert billing.document(unit, found.id) == found


def test_the_price_of_the_quantity_and_of_the_day(shop):
    with shop.unit() as unit:
        later = Price(sku="CUP", amount=eur("11"), since=date(2026, 2, 1))
        billing.set_prices(unit, [later])
    assert invoice(shop, Item(sku="CUP", quantity=9)).net_minor == 9 * 990
    assert invoice(shop, Item(sku="CUP", quantity=10)).net_minor == 10 * 890
    assert invoice(shop, Item(sku="CUP"), on=date(2026, 2, 1)).net_minor == 1_100


def test_the_first_tax_rule_that_fits_is_taken(shop):
    (group,) = invoice(shop, Item(sku="CUP"), customer=2).taxes
    assert (group.category, group.tax_minor, group.reason) == ("K", 0, "Intra-Community supply")
    before = invoice(shop, Item(sku="CUP", price=eur("100")), on=date(2026, 1, 5))
    assert before.tax_minor == 1_900
    last_year = shop_of_last_year(shop)
    assert last_year.tax_minor == 1_600


def shop_of_last_year(crm):
    with crm.unit() as unit:
        item = Item(name="Rent", price=eur("100"))
        (found,) = billing.order(unit, [Draft(customer_id=1, items=[item], on=date(2025, 12, 31))])
    return found


def test_prices_with_tax_within(make_shop):
    crm = make_shop(prices_include_tax=True)
    found = invoice(crm, Item(sku="CUP", discount=eur("1.19")), Item(sku="CUP"))
    assert found.gross_minor == 2 * 990 - 119
    assert sums(found) == (1_564, 297, 1_861)
    assert found.lines[0].discount_minor == 100


def test_numbers_have_no_gaps_and_follow_the_calendar(shop):
    first = invoice(shop, Item(sku="CUP"))
    with pytest.raises(RecordNotFoundError):
        invoice_and_fail(shop)
    second = invoice(shop, Item(sku="CUP"), on=date(2026, 1, 8))
    assert (first.number, second.number) == ("R000001", "R000002")
    with pytest.raises(billing.OutOfOrderError, match="2026-01-07 lies before it"):
        invoice(shop, Item(sku="CUP"), on=date(2026, 1, 7))


def invoice_and_fail(crm):
    with crm.unit() as unit:
        billing.invoice(unit, [Draft(customer_id=1, items=[Item(sku="CUP")])])
        billing.invoice(unit, [Draft(customer_id=1, items=[Item(sku="CAP")])])


def test_numbers_that_begin_anew_each_year(make_shop):
    crm = make_shop(numbers={"invoice": "{year}-{number:03d}"})
    days = [date(2026, 1, 5), date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 1)]
    found = [invoice(crm, Item(sku="CUP"), on=day).number for day in days]
    assert found == ["2026-001", "2026-002", "2027-001", "2027-002"]


def test_a_batch_gets_its_numbers_by_day(shop):
    days = [date(2026, 1, 9), date(2026, 1, 7), date(2026, 1, 8)]
    drafts = [Draft(customer_id=1, items=[Item(sku="CUP")], on=day) for day in days]
    with shop.unit() as unit:
        found = billing.invoice(unit, drafts)
    assert [each.number[-1] for each in found] == ["3", "1", "2"]


def test_numbers_as_the_company_writes_them(make_shop):
    crm = make_shop(numbers={"invoice": "{year}/{number}-X"})
    assert invoice(crm, Item(sku="CUP")).number == "2026/1-X"


@pytest.mark.parametrize("form", ["R{year}", "{number}{number}", "{nr}", "{number:d}"])
def test_a_form_without_a_number_is_refused(form):
    with pytest.raises(InvalidValueError, match=r"numbers\.invoice"):
        billing.Settings(numbers={"invoice": form})


def test_an_order_is_billed_in_parts_that_add_up(shop):
    with shop.unit() as unit:
        items = [Item(sku="CUP", quantity=3, discount=eur("0.10")), Item(sku="TEA", quantity=1)]
        (order,) = billing.order(unit, [Draft(customer_id=1, items=items, discount=eur("1"))])
    with shop.unit() as unit:
        parts = [
            billing.invoice_order(unit, order.number, {1: 1}),
            billing.invoice_order(unit, order.number, {1: 1, 2: "0.5"}),
            billing.invoice_order(unit, order.id),
        ]
        settled = billing.document(unit, order.id)
    assert sum(each.net_minor for each in parts) == order.net_minor == 2_970 + 1_235 - 10 - 100
    assert (settled.status, settled.open_minor) == ("settled", 0)
    assert [line.left for line in settled.lines] == [0, 0]
    with shop.unit() as unit, pytest.raises(billing.NotOpenError, match="settled"):
        billing.invoice_order(unit, order.id)


def test_no_more_is_billed_than_was_ordered(shop):
    with shop.unit() as unit:
        draft = Draft(customer_id=1, items=[Item(sku="CUP", quantity=2)])
        (order,) = billing.order(unit, [draft])
    with shop.unit() as unit, pytest.raises(billing.TooMuchError, match="3 asked for, 2 left"):
        billing.invoice_order(unit, order.id, {1: 3})
    with shop.unit() as unit, pytest.raises(InvalidValueError, match="line: 2"):
        billing.invoice_order(unit, order.id, {2: 1})


def test_purchases_stand_in_the_timeline_once(shop):
    with shop.unit() as unit:
        draft = Draft(customer_id=1, items=[Item(sku="CUP", quantity=2)])
        (order,) = billing.order(unit, [draft])
        bill = billing.invoice_order(unit, order.id, {1: 1})
        billing.cancel_order(unit, order.id)
        billing.credit(unit, bill.id)
        told = unit.interactions.timeline(1)
    gross = order.gross_minor
    assert gross == 2_356
    assert sorted((each.kind, each.amount.amount_minor) for each in told) == [
        ("purchase.order", gross),
        ("purchase.return", -gross // 2),
        ("purchase.return", -gross // 2),
    ]
    assert {each.source for each in told} == {"billing"}


def test_who_notes_purchases_elsewhere_gets_none_twice(shop):
    found = invoice(shop, Item(sku="CUP"), purchase_noted=True)
    with shop.unit() as unit:
        billing.credit(unit, found.id)
        assert unit.interactions.timeline(1) == []


def test_credit_in_any_order_comes_to_nothing_exactly(shop):
    found = invoice(shop, Item(sku="CUP", quantity=7, discount=eur("0.05")), Item(sku="TEA"))
    with shop.unit() as unit:
        notes = [
            billing.credit(unit, found.number, {1: 2}),
            billing.credit(unit, found.number, {2: "0.333"}),
            billing.credit(unit, found.number, {1: "3.5"}, reason="broken", goods_back=False),
            billing.credit(unit, found.number),
        ]
        after = billing.document(unit, found.id)
    for name in ("net_minor", "tax_minor", "gross_minor"):
        assert sum(getattr(each, name) for each in notes) == getattr(found, name)
    assert (after.status, after.open_minor) == ("settled", 0)
    assert [each.status for each in notes] == ["settled"] * 4
    assert notes[2].lines[0].cost_minor == 0
    with shop.unit() as unit, pytest.raises(billing.NotOpenError, match="nothing of it is left"):
        billing.credit(unit, found.id)


def test_no_more_is_credited_than_was_billed(shop):
    found = invoice(shop, Item(sku="CUP", quantity=2))
    with shop.unit() as unit:
        billing.credit(unit, found.id, {1: 1})
    with shop.unit() as unit, pytest.raises(billing.TooMuchError, match="2 asked for, 1 left"):
        billing.credit(unit, found.id, {1: 2})


def test_invoices_are_cancelled_out_of_order(shop):
    bills = [invoice(shop, Item(sku="CUP", quantity=n)) for n in (1, 2, 3)]
    with shop.unit() as unit:
        notes = [billing.credit(unit, bills[n].id).number for n in (2, 0, 1)]
    assert notes == ["C000001", "C000002", "C000003"]


def test_a_paid_invoice_that_is_cancelled_leaves_credit(shop):
    found = invoice(shop, Item(sku="CUP"))
    with shop.unit() as unit:
        billing.record_payments(unit, [billing.Payment(customer_id=1, amount=found.gross)])
        note = billing.credit(unit, found.id)
    assert (note.status, note.open) == ("open", found.gross)


def test_the_same_order_of_the_shop_is_billed_once(shop):
    drafts = [
        Draft(customer_id=1, items=[Item(sku="CUP")], source="shop", source_key=key)
        for key in ("1", "2")
    ]
    with shop.unit() as unit:
        first = billing.invoice(unit, drafts)
    with shop.unit() as unit:
        again = billing.invoice(unit, [drafts[1], drafts[0]])
    assert again == [first[1], first[0]]


def test_what_costs_nothing_is_settled_at_once(shop):
    found = invoice(shop, Item(name="A gift", price=eur("0")))
    assert (found.gross_minor, found.status) == (0, "settled")


def test_the_buyer_is_as_they_were(shop):
    found = invoice(shop, Item(sku="CUP"))
    with shop.unit() as unit:
        billing.set_account(unit, Account(customer_id=1, name="Ana GmbH", country="DE"))
        assert billing.document(unit, found.id).buyer["name"] == "Ana"


@pytest.mark.parametrize(
    ("error", "items", "currency"),
    [
        (RecordNotFoundError, [Item(sku="CAP")], ""),
        (billing.NoPriceError, [Item(sku="CUP")], "USD"),
        (
            billing.MixedCurrenciesError,
            [Item(name="x", price=eur("1")), Item(name="y", price=Money(1, "USD"))],
            "",
        ),
    ],
)
def test_what_cannot_be_billed_is_refused(shop, error, items, currency):
    with pytest.raises(error):
        invoice(shop, *items, currency=currency)
    with shop.unit(write=False) as unit:
        assert billing.find(unit) == []


def test_nobody_is_billed_who_is_not_there(shop):
    with pytest.raises(RecordNotFoundError, match="customer 99"):
        invoice(shop, Item(sku="CUP"), customer=99)


def test_a_sale_that_no_tax_rule_covers_is_refused(make_shop):
    crm = make_shop(taxes=[{"country": "DE", "category": "S", "rate": "19"}])
    with pytest.raises(billing.NoTaxRuleError, match="sold to 'FR' on 2026-01-05"):
        invoice(crm, Item(sku="CUP"), customer=2)


def test_without_a_table_nothing_is_taxed(make_shop):
    (group,) = invoice(make_shop(taxes=[]), Item(sku="CUP")).taxes
    assert (group.category, group.tax_minor) == ("O", 0)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"category": "X"}, "category"),
        ({"category": "S", "rate": "0"}, "rate"),
        ({"category": "E", "rate": "0"}, "reason"),
        ({"rate": "19.123"}, "percentage"),
        ({"rate": "many"}, "percentage"),
        ({"country": "Germany"}, "ISO 3166"),
        ({"since": "1.1.2026"}, "such as 2026-01-31"),
    ],
)
def test_a_tax_rule_that_cannot_be(given, told):
    with pytest.raises(InvalidValueError, match=told):
        billing.TaxRule(**({"category": "S", "rate": "19"} | given))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Item(), "a SKU, or else a name and a price"),
        (lambda: Item(sku="X", quantity=0), "credit note"),
        (lambda: Item(sku="X", quantity=0.5), "an exact number"),
        (lambda: Item(sku="X", quantity="1e-7"), "six digits"),
        (lambda: Item(sku="X", price=eur("-1")), "0 or more"),
        (lambda: Draft(customer_id=1, items=[]), "one item or more"),
        (lambda: billing.Payment(customer_id=1, amount=eur("0")), "a refund"),
        (lambda: Account(customer_id=1, country="de"), "ISO 3166"),
        (lambda: Account(customer_id=1, vat_id="123"), "prefix"),
        (lambda: Product(sku=" ", name="x"), "sku"),
        (lambda: Product(sku="X", name="x", unit="piece"), "UN/ECE"),
        (lambda: Price(sku="X", amount=eur("1"), per=0), "per"),
    ],
)
def test_bad_input_says_what_is_accepted(make, told):
    with pytest.raises(InvalidValueError, match=told):
        make()


def test_two_people_who_change_one_product(shop):
    with shop.unit() as unit:
        (cup,) = billing.products(unit, ["CUP"])
        billing.set_products(unit, [Product(sku="CUP", name="A mug", version=1)])
    with shop.unit() as unit, pytest.raises(StaleVersionError):
        billing.set_products(unit, [Product(sku="CUP", name="A jug", version=cup.version)])


def test_the_settings_come_from_the_file(tmp_path):
    (tmp_path / "crmkit.toml").write_text(
        '[crmkit]\ndatabase = "crm.db"\nplugins = ["billing"]\n[billing]\npayment_days = 7\n'
        '[[billing.taxes]]\ncategory = "S"\nrate = "25"\n[billing.loyalty]\npoints = 2\n'
    )
    crm = CRM.from_config(tmp_path / "crmkit.toml")
    settings = crm.settings(billing.Settings)
    crm.close()
    assert (settings.payment_days, settings.taxes[0].rate_bp, settings.loyalty.points) == (
        7, 2_500, 2,
    )  # fmt: skip


def test_a_seller_is_needed_for_an_e_invoice(shop):
    found = invoice(shop, Item(sku="CUP"))
    with pytest.raises(ConfigError, match="lacks name"):
        billing.ubl(found, billing.Seller())
    assert (
        SETTINGS["seller"]["name"]
        in billing.ubl(found, billing.Seller(**SETTINGS["seller"])).decode()
    )


def test_quantities_keep_six_digits(shop):
    found = invoice(shop, Item(sku="TEA", quantity="0.123456"))
    with shop.unit(write=False) as unit:
        assert billing.document(unit, found.id).lines[0].quantity == Decimal("0.123456")
    assert found.due_on - found.on == timedelta(days=14)
