"""The books add up to the cent, whatever was booked in whatever order."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import CRM, Customer, Interaction, Money, Ref, ask
from crmkit.plugins.analytical import profit
from crmkit.plugins.foundation import scoring
from crmkit.plugins.operational import billing
from crmkit.plugins.operational.billing import Draft, Item, Payment, ServingCost
from crmkit.testing import Clock

from .conftest import SETTINGS, eur

BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def cost_of(**given):
    return ServingCost(**({"activity": "shipping", "amount": eur("4.50")} | given))


def lines(crm, customer=None):
    with crm.unit(write=False) as unit:
        found = billing.profit_and_loss(unit, BEGIN, END, customer and [customer])
    return {(each.customer_id, each.line): each.amount_minor for each in found}


def test_a_profit_and_loss_by_hand(shop):
    with shop.unit() as unit:
        item = Item(sku="CUP", quantity=3, discount=eur("0.70"))
        (bill,) = billing.invoice(unit, [Draft(customer_id=1, items=[item])])
        billing.credit(unit, bill.id, {1: 1})
        billing.book_costs(unit, [cost_of(customer_id=1)])
        billing.write_off(unit, bill.id, eur("10"))
    assert lines(shop) == {
        (1, "revenue"): 2_970,
        (1, "discounts"): -70,
        (1, "returns"): -967,
        (1, "goods"): -1_200 + 400,
        (1, "service"): -450,
        (1, "other"): -1_000,
    }


def test_costs_are_of_an_interaction_and_booked_once(shop):
    with shop.unit() as unit:
        call = unit.interactions.add(Interaction(customer_id=1, kind="contact.visit", at=unit.now))
        cost = cost_of(customer_id=1, interaction_id=call.id, source="erp", source_key="9")
        assert billing.book_costs(unit, [cost, cost]) == 1
        assert billing.book_costs(unit, [cost]) == 0
    assert lines(shop, 1) == {(1, "service"): -450}


@pytest.mark.parametrize(
    "wrong", [{"customer_id": 2, "interaction_id": 1}, {"customer_id": 1, "interaction_id": 9}]
)
def test_costs_of_somebody_elses_interaction_are_refused(shop, wrong):
    with shop.unit() as unit:
        unit.interactions.add(Interaction(customer_id=1, kind="contact.visit", at=unit.now))
    with shop.unit() as unit, pytest.raises(Exception, match="interaction"):
        billing.book_costs(unit, [cost_of(**wrong)])


def test_the_journal_of_an_invoice(make_shop):
    shop = make_shop(accounts={"revenue": "8400", "receivables": "1400"})
    with shop.unit() as unit:
        items = [Item(sku="CUP"), Item(sku="TEA")]
        (bill,) = billing.invoice(unit, [Draft(customer_id=1, items=items)])
        billing.record_payments(unit, [Payment(customer_id=1, amount=bill.gross)])
        found = [
            (each.number, each.account, each.debit_minor, each.credit_minor, each.tax)
            for each in billing.journal(unit, BEGIN, END)
        ]
    assert found == [
        ("P000001", "bank", 2_499, 0, ""),
        ("P000001", "1400", 0, 2_499, ""),
        ("R000001", "1400", 2_499, 0, ""),
        ("R000001", "8400", 0, 990, "S 19"),
        ("R000001", "tax", 0, 188, "S 19"),
        ("R000001", "8400", 0, 1_235, "S 7"),
        ("R000001", "tax", 0, 86, "S 7"),
    ]


def test_profit_takes_the_books_in_place_of_interactions(make_shop):
    shop = make_shop("scoring", "profit")
    with shop.unit() as unit:
        draft = Draft(customer_id=1, items=[Item(sku="CUP", quantity=10)])
        (bill,) = billing.invoice(unit, [draft])
        billing.credit(unit, bill.id, {1: 4})
    period = profit.Period(BEGIN, END)
    with shop.unit() as unit:
        (found,) = profit.statements(unit, period)
        checked = profit.reconcile(unit, period)
    assert (found.revenue_minor, found.returns_minor, found.goods_minor) == (8_900, -3_560, -2_400)
    assert checked.differences == []
    assert checked.books[-1] == ("billing", 2_940, 2_940)


def test_what_was_sold_elsewhere_counts_beside_the_books(make_shop):
    shop = make_shop("scoring", "profit")
    with shop.unit() as unit:
        billing.invoice(unit, [Draft(customer_id=1, items=[Item(sku="CUP")])])
        billing.book_costs(unit, [cost_of(customer_id=1)])
        unit.interactions.add(bought_in_the_shop(unit))
        (found,) = profit.statements(unit, profit.Period(BEGIN, END))
    assert (found.revenue_minor, found.service_minor) == (990 + 700, -450)


def bought_in_the_shop(unit):
    return Interaction(
        customer_id=1, kind="purchase.order", at=unit.now, amount=eur("7"), source="shop"
    )


@pytest.mark.parametrize(("sources", "revenue"), [((), 700), (("shop",), 588)])
def test_what_the_shop_noted_and_we_billed_counts_once(make_shop, sources, revenue):
    shop = make_shop("scoring", "profit", billed_sources=sources)
    with shop.unit() as unit:
        unit.interactions.add(bought_in_the_shop(unit))
        item = Item(name="x", price=eur("5.88"))
        billing.invoice(unit, [Draft(customer_id=1, items=[item], purchase_noted=True)])
        period = profit.Period(BEGIN, END)
        (found,) = profit.statements(unit, period)
        checked = profit.reconcile(unit, period)
    assert found.revenue_minor == revenue
    assert checked.differences == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["bill", "order", "part", "credit", "pay", "refund", "lose", "cost"]),
        st.integers(1, 3),
        st.integers(1, 5_000),
        st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=30,
)


def play(crm, step, customer, amount, choice):
    """Book one thing, if anything of the kind can be."""
    with crm.unit() as unit:
        open_ones = [each for each in billing.find(unit, status="open", size=1_000) if each]
        bills = [each for each in billing.find(unit, kind="invoice", size=1_000) if each]
        price = Money(amount, "EUR")
        quantity = Decimal(choice + 1) / 1_000
        item = Item(name="x", price=price, quantity=quantity, cost=Money(choice, "EUR"))
        draft = Draft(customer_id=customer, items=[item, Item(name="y", price=price)])
        if step == "bill":
            billing.invoice(unit, [attrs.evolve(draft, tax_included=choice % 2 == 0)])
        elif step == "order":
            billing.order(unit, [draft])
        elif step == "pay":
            billing.record_payments(unit, [Payment(customer_id=customer, amount=price)])
        elif step == "cost":
            billing.book_costs(unit, [cost_of(customer_id=customer, amount=price)])
        elif step == "credit" and bills:
            bill = billing.document(unit, bills[choice % len(bills)].id)
            left = [line for line in bill.lines if line.left]
            if left:
                part = (left[0].left / 3).quantize(Decimal("0.000001")) or left[0].left
                billing.credit(unit, bill.id, {left[0].position: part} if choice % 3 else None)
        else:
            _settle(unit, step, open_ones, choice)


def _settle(unit, step, open_ones, choice):
    wanted = {"part": ("order",), "refund": ("payment", "credit_note"), "lose": ("invoice",)}
    fit = [each for each in open_ones if each.kind in wanted.get(step, ())]
    if not fit:
        return
    chosen = fit[choice % len(fit)]
    half = Money(max(1, chosen.open_minor // 2), "EUR")
    if step == "part":
        order = billing.document(unit, chosen.id)
        line = next(each for each in order.lines if each.left)
        part = (line.left / 2).quantize(Decimal("0.000001")) or line.left
        billing.invoice_order(unit, chosen.id, {line.position: part})
    elif step == "refund":
        billing.refund(unit, chosen.id, half)
    else:
        billing.write_off(unit, chosen.id, half)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_sums_over_customers_segments_and_books_agree(steps):
    crm = CRM.open(
        "sqlite://",
        ["scoring", "profit", "billing"],
        clock=Clock(),
        settings={"billing": SETTINGS},
    )
    crm.upgrade()
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=name) for name in ("Ana", "Bo", "Cy"))
        scoring.define_segment(unit, "odd", "count(purchase.order) >= 1")
    for step in steps:
        play(crm, *step)
    with crm.unit() as unit:
        scoring.refresh_segments(unit, unit.now + timedelta(hours=1))
        period = profit.Period(BEGIN, END)
        checked = profit.reconcile(unit, period, "odd")
        whole = sum(sum(e.values()) for e in billing.totals(unit, BEGIN, END).values())
        entries = list(billing.journal(unit, BEGIN, END))
        faults = [e.text for e in ask.diagnose(unit) if e.level == "fail"]
    assert checked.differences == []
    assert sum(lines(crm).values()) == whole == checked.customers_minor
    for number in {each.number for each in entries}:
        of_it = [each for each in entries if each.number == number]
        assert sum(e.debit_minor for e in of_it) == sum(e.credit_minor for e in of_it)
    assert faults == []
    crm.close()


def test_doctor_sees_a_gap_and_a_wrong_sum(shop):
    from crmkit.plugins.operational.billing import tables

    with shop.unit() as unit:
        billing.invoice(unit, [Draft(customer_id=1, items=[Item(sku="CUP")])] * 2)
        unit.connection.execute(tables.billing_series.update().values(taken=3))
        line = tables.billing_line
        unit.connection.execute(line.update().where(line.c.document_id == 1).values(net_minor=1))
        texts = [each.text for each in ask.diagnose(unit) if each.level == "fail"]
    assert texts[0] == "3 numbers of the series invoice were given, 2 documents are there"
    assert texts[1] == "the lines of R000001 do not add up to it"


def test_a_customer_in_a_glance(make_shop, clock):
    shop = make_shop(loyalty={"points": 1, "tiers": {"friend": 5}})
    with shop.unit() as unit:
        billing.invoice(unit, [Draft(customer_id=1, items=[Item(sku="CUP")])])
    clock.move(days=15)
    with shop.unit() as unit:
        told = [remark.text for _, remark in ask.describe(unit, unit.customers.get_many([1]))]
        scoring_members = unit.contributed.segments
    assert told == [
        "owes 11.78 EUR, of which 11.78 EUR is late",
        "has 9 points, friend",
    ]
    assert {"billing.late", "billing.in_credit"} <= scoring_members.keys()


def test_the_thread_of_a_credit_note(shop):
    with shop.unit() as unit:
        (bill,) = billing.invoice(unit, [Draft(customer_id=1, items=[Item(sku="CUP")])])
        note = billing.credit(unit, bill.id)
        (cause,) = ask.explain(unit, [Ref("billing", note.id)])
    assert cause.text == "credit note C000001 of 2026-01-05 over 11.78 EUR, settled"
    assert cause.because == (Ref("billing", bill.id),)


def test_segments_of_who_is_late_and_who_is_in_credit(make_shop, clock):
    shop = make_shop("scoring")
    with shop.unit() as unit:
        billing.invoice(unit, [Draft(customer_id=1, items=[Item(sku="CUP")])])
        billing.record_payments(unit, [Payment(customer_id=2, amount=eur("5"))])
    clock.move(days=20)
    with shop.unit() as unit:
        scoring.refresh_segments(unit, unit.now)
        members = {
            name: unit.connection.scalars(scoring.members(name)).all()
            for name in ("billing.late", "billing.in_credit")
        }
        (stay,) = scoring.memberships_of(unit, 1)
    assert members == {"billing.late": [1], "billing.in_credit": [2]}
    assert stay.why == "an invoice was due on 2026-01-19"


def test_the_cycle_takes_lost_points_and_reminds(make_shop, clock):
    from crmkit import Turn

    shop = make_shop(dunning=[{"days": 1}], loyalty={"points": 1, "expires_days": 10})
    with shop.unit() as unit:
        billing.invoice(unit, [Draft(customer_id=1, items=[Item(sku="CUP")])])
    clock.move(days=20)
    steps = shop.contributed.cycle_steps
    names = ("billing.points", "billing.reminders")

    def run(**given):
        return [steps[name].run(shop, Turn(as_of=clock.now, **given)) for name in names]

    assert run(dry_run=True) == [
        "points that were not spent in time would be taken",
        "1 invoices would be reminded of",
    ]
    assert run() == ["9 points were not spent in time", "1 invoices were reminded of"]
    assert run() == ["0 points were not spent in time", "0 invoices were reminded of"]
