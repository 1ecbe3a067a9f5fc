"""Quotes: prices, revisions, answers, and the order that comes of them."""

import io
from datetime import date, timedelta

import pytest
from pypdf import PdfReader

from crmkit import InvalidValueError, Money
from crmkit.pdf import printed
from crmkit.plugins.operational import billing, sales
from crmkit.plugins.operational.sales import QuoteItem
from crmkit.plugins.operational.sales.printing import paper

from .test_deals import eur, move, opened, read


def quote(crm, deal_id, *items, **given):
    with crm.unit() as unit:
        return sales.draw_up_quote(unit, deal_id, items, **given)


def test_a_quote_by_hand(house):
    deal = opened(house)
    # 2.5 at 9.99 is 24.975, so 24.98; less 0.98; 7 at 100 for 3 is 233.33.
    found = quote(
        house,
        deal.id,
        QuoteItem(name="Tea", price=eur("9.99"), quantity="2.5", discount=eur("0.98")),
        QuoteItem(sku="T-1", name="Tiles", price=eur("100"), per=3, quantity=7),
    )
    assert [line.amount_minor for line in found.lines] == [2_400, 23_333]
    assert (found.total, found.revision, found.status) == (eur("257.33"), 1, "draft")
    assert found.valid_until == date(2026, 2, 4)
    assert read(house, deal.id).value == eur("257.33")


def test_a_new_quote_takes_the_place_of_an_open_one(house):
    deal = opened(house)
    item = QuoteItem(name="x", price=eur("1"))
    first, second = quote(house, deal.id, item), quote(house, deal.id, item)
    with house.unit() as unit:
        assert [each.status for each in sales.quotes_of(unit, deal.id)] == ["replaced", "draft"]
        with pytest.raises(sales.QuoteClosedError, match="is replaced"):
            sales.accept_quote(unit, first.id)
        assert sales.send_quote(unit, second.id).status == "sent"
    assert second.revision == 2


def test_accepting_wins_the_deal_once(house):
    deal = opened(house)
    move(house, [deal.id], "proposal")
    found = quote(house, deal.id, QuoteItem(name="x", price=eur("1")))
    with house.unit() as unit:
        accepted = sales.accept_quote(unit, found.id)
    with house.unit() as unit:
        assert sales.accept_quote(unit, found.id) == accepted
    won = read(house, deal.id)
    assert (won.outcome, won.reason) == ("won", "quote accepted")
    with house.unit() as unit, pytest.raises(sales.QuoteClosedError, match="is accepted"):
        sales.decline_quote(unit, found.id)


def test_a_deal_stays_where_its_pipeline_has_no_way_to_win(house):
    deal = opened(house)
    found = quote(house, deal.id, QuoteItem(name="x", price=eur("1")))
    with house.unit() as unit:
        sales.accept_quote(unit, found.id)
    assert read(house, deal.id).stage == "new"


def test_a_quote_has_a_last_day(house, clock):
    deal = opened(house)
    day = clock.now.date() + timedelta(days=1)
    found = quote(house, deal.id, QuoteItem(name="x", price=eur("1")), valid_until=day)
    clock.move(days=1)
    with house.unit() as unit:
        assert sales.quote(unit, found.id).valid_until == clock.now.date()
    clock.move(days=1)
    with (
        house.unit() as unit,
        pytest.raises(sales.QuoteClosedError, match="until 2026-01-06"),
    ):
        sales.accept_quote(unit, found.id)


def test_a_declined_quote_says_why(house):
    deal = opened(house)
    found = quote(house, deal.id, QuoteItem(name="x", price=eur("1")), note="For May")
    with house.unit() as unit:
        declined = sales.decline_quote(unit, found.id, reason="too dear")
        assert sales.decline_quote(unit, found.id) == declined
    assert (declined.status, declined.note) == ("declined", "For May\ntoo dear")
    assert read(house, deal.id).outcome == ""


@pytest.mark.parametrize(
    ("items", "error"),
    [
        ([], InvalidValueError),
        ([{"sku": "X"}], sales.NoPriceError),
        ([{"name": "x", "price": Money(1, "USD")}, {"name": "y", "price": eur("1")}],
         sales.MixedCurrenciesError),
        ([{"name": "x", "price": eur("1"), "discount": eur("2")}], InvalidValueError),
    ],
)  # fmt: skip
def test_quotes_that_cannot_be(house, items, error):
    deal = opened(house)
    with pytest.raises(error):
        quote(house, deal.id, *(QuoteItem(**each) for each in items))
    with house.unit(write=False) as unit:
        assert sales.quotes_of(unit, deal.id) == []


@pytest.mark.parametrize(
    "given", [{}, {"name": "x"}, {"sku": "X", "quantity": 0}, {"sku": "X", "quantity": 0.5}]
)
def test_items_that_cannot_be(given):
    with pytest.raises(InvalidValueError):
        QuoteItem(**given)


def test_sales_quotes_accepted(make_house):
    """billing makes an order of an accepted quote, with the prices of its own catalogue."""
    taxes = [{"category": "S", "rate": "19"}]
    house = make_house("billing", settings={"billing": {"taxes": taxes}})
    with house.unit() as unit:
        billing.set_products(unit, [billing.Product(sku="CUP", name="A cup")])
        billing.set_prices(unit, [billing.Price(sku="CUP", amount=eur("9.90"))])
    deal = opened(house)
    move(house, [deal.id], "proposal")
    found = quote(house, deal.id, QuoteItem(sku="CUP", quantity=3, discount=eur("0.70")))
    assert (found.lines[0].name, found.total) == ("A cup", eur("29"))
    with house.unit() as unit:
        sales.accept_quote(unit, found.id)
        sales.accept_quote(unit, found.id)
        (order,) = billing.find(unit, kind="order")
        bill = billing.invoice_order(unit, order.id)
    assert (order.net_minor, order.reference) == (2_900, f"quote {found.id}")
    assert bill.gross == eur("34.51")


def test_what_billing_refuses_is_not_accepted(make_house):
    taxes = [{"country": "DE", "category": "S", "rate": "19"}]
    house = make_house("billing", settings={"billing": {"taxes": taxes}})
    deal = opened(house)
    found = quote(house, deal.id, QuoteItem(name="x", price=eur("1")))
    with pytest.raises(Exception, match="no rule of"), house.unit() as unit:
        sales.accept_quote(unit, found.id)
    with house.unit(write=False) as unit:
        assert sales.quote(unit, found.id).status == "draft"


def test_a_quote_on_paper_says_what_it_is_and_until_when(make_house):
    house = make_house(sender=["Corner Shop", "10115 Berlin"])
    deal = opened(house)
    item = QuoteItem(sku="T-1", name="Tiles", price=eur("100"), per=3, quantity=7)
    quote(house, deal.id, item)
    found = quote(house, deal.id, item, note="Thank you")
    with house.unit(write=False) as unit:
        made = printed(paper(found, unit.customers.get(1), ["Corner Shop", "10115 Berlin"]))
    (page,) = PdfReader(io.BytesIO(made)).pages
    text = page.extract_text()
    told = [f"Quote {found.id}, revision 2", "Corner Shop", "Ana", "Tiles (T-1)", "100.00 EUR / 3"]
    told += ["233.33 EUR", "Valid until", "2026-02-04", "Thank you"]
    assert [each for each in told if each not in text] == []
