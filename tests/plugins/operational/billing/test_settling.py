"""Payments, refunds, what is written off, and what that leaves open."""

from datetime import date, timedelta

import pytest

from crmkit import Money, RecordNotFoundError
from crmkit.plugins.operational import billing
from crmkit.plugins.operational.billing import Draft, Item, Payment

from .conftest import eur


@pytest.fixture
def bills(shop, clock):
    """Three invoices of Ana over 119.00 each, a month apart."""
    found = []
    for _ in range(3):
        with shop.unit() as unit:
            item = Item(name="Rent", price=eur("100"))
            found += billing.invoice(unit, [Draft(customer_id=1, items=[item])])
        clock.move(days=30)
    return found


def pay(crm, amount, customer=1, **given):
    with crm.unit() as unit:
        payment = Payment(customer_id=customer, amount=amount, **given)
        (found,) = billing.record_payments(unit, [payment])
    return found


def open_parts(crm, documents):
    with crm.unit(write=False) as unit:
        return [each.open_minor for each in billing.documents(unit, [d.id for d in documents])]


def test_a_payment_settles_what_is_due_longest(shop, bills):
    found = pay(shop, eur("150"))
    assert open_parts(shop, bills) == [0, 8_800, 11_900]
    assert found.status == "settled"
    with shop.unit(write=False) as unit:
        assert billing.settled_by(unit, found) == [
            (bills[0].number, eur("119")),
            (bills[1].number, eur("31")),
        ]


def test_a_payment_settles_what_it_names(shop, bills):
    found = pay(shop, eur("200"), settles=(bills[2].number,))
    assert open_parts(shop, bills) == [11_900, 11_900, 0]
    assert (found.status, found.open) == ("open", eur("81"))


def test_the_same_line_of_the_bank_is_booked_once(shop, bills):
    first = pay(shop, eur("119"), source="bank", source_key="20260305-7")
    again = pay(shop, eur("119"), source="bank", source_key="20260305-7")
    assert again == first
    assert open_parts(shop, bills) == [0, 11_900, 11_900]


def test_what_is_paid_too_much_goes_back(shop, bills):
    found = pay(shop, eur("400"))
    with shop.unit() as unit:
        paid_back = billing.refund(unit, found.id, eur("40"))
        rest = billing.document(unit, found.id)
    assert (paid_back.number, paid_back.status, rest.open) == ("B000001", "settled", eur("3"))
    with shop.unit() as unit, pytest.raises(billing.TooMuchError, match=r"4.00 EUR asked for, 3"):
        billing.refund(unit, found.id, eur("4"))


def test_a_refund_is_never_more_than_the_invoice(shop, bills):
    with shop.unit() as unit:
        billing.record_payments(unit, [Payment(customer_id=1, amount=bills[0].gross)])
        note = billing.credit(unit, bills[0].id, {1: "0.5"})
    with shop.unit() as unit, pytest.raises(billing.TooMuchError, match=r"59.51 EUR asked for"):
        billing.refund(unit, note.id, eur("59.51"))
    with shop.unit() as unit:
        assert billing.refund(unit, note.id).gross == eur("59.50")


def test_a_debt_that_is_given_up(shop, bills):
    with shop.unit() as unit:
        lost = billing.write_off(unit, bills[0].number, reason="insolvent")
        after = billing.document(unit, bills[0].id)
    assert (lost.gross, after.status) == (eur("119"), "settled")
    with shop.unit() as unit, pytest.raises(billing.NotOpenError, match="only what is open"):
        billing.write_off(unit, bills[0].number)


def test_a_payment_that_bounces_opens_what_it_settled(shop, bills):
    found = pay(shop, eur("150"))
    with shop.unit() as unit:
        gone = billing.chargeback(unit, found.number)
        assert billing.settled_by(unit, found) == [(gone.number, eur("150"))]
    assert gone.gross == eur("150")
    assert open_parts(shop, [*bills, found]) == [11_900, 11_900, 11_900, 0]
    with shop.unit() as unit, pytest.raises(billing.NotOpenError, match="not refunded"):
        billing.release(unit, found.number)


def test_credit_is_set_off_by_hand(shop, bills):
    found = pay(shop, eur("200"), settles=(bills[2].number,))
    with shop.unit() as unit:
        assert billing.allocate(unit, bills[0].number, found.number, eur("80")) == eur("80")
        assert billing.allocate(unit, bills[0].number, found.number) == eur("1")
    assert open_parts(shop, bills) == [3_800, 11_900, 0]


@pytest.mark.parametrize(
    ("error", "debit", "credit", "amount"),
    [
        (billing.WrongPartyError, "R000001", "P000002", None),
        (billing.NotOpenError, "P000001", "R000001", None),
        (billing.NotOpenError, "R000003", "R000002", None),
        (billing.TooMuchError, "R000001", "P000001", eur("119.01")),
        (billing.MixedCurrenciesError, "R000001", "P000001", Money(1, "USD")),
        (billing.MixedCurrenciesError, "R000001", "P000003", None),
        (RecordNotFoundError, "R000009", "P000001", None),
    ],
)
def test_what_cannot_be_set_off(shop, bills, error, debit, credit, amount):
    pay(shop, eur("300"), settles=(bills[2].number,))
    pay(shop, eur("5"), customer=2)
    pay(shop, Money(500, "USD"))
    with shop.unit() as unit, pytest.raises(error):
        billing.allocate(unit, debit, credit, amount)
    assert open_parts(shop, bills) == [11_900, 11_900, 0]


def test_a_payment_for_somebody_elses_invoice_is_refused(shop, bills):
    with pytest.raises(billing.WrongPartyError):
        pay(shop, eur("1"), customer=2, settles=(bills[0].number,))
    with pytest.raises(RecordNotFoundError, match="customer 77"):
        pay(shop, eur("1"), customer=77)


def test_who_owes_what_and_how_late(shop, bills):
    # Due on 19 January, 18 February and 20 March; 5 April is 76, 46 and 16 days later.
    pay(shop, eur("9"), settles=(bills[0].number,))
    pay(shop, eur("20"), customer=2)
    with shop.unit(write=False) as unit:
        ana, bo = billing.ageing(unit, date(2026, 4, 5))
        (early, _) = billing.ageing(unit, date(2026, 1, 19))
    assert ana.buckets_minor == (0, 11_900, 11_900, 11_000, 0)
    assert early.buckets_minor == (34_800, 0, 0, 0, 0)
    assert (bo.customer_id, bo.credit_minor, bo.balance_minor) == (2, 2_000, -2_000)


LEVELS = [{"days": 5, "text": "{name}: {number}, {open}, {days} days"}, {"days": 20}]


def test_reminders_rise_level_by_level_and_never_twice(make_shop, clock):
    shop = make_shop(dunning=LEVELS)
    with shop.unit() as unit:
        item = Item(name="Rent", price=eur("100"))
        billing.invoice(unit, [Draft(customer_id=1, items=[item])])
    seen = []
    for _ in range(5):
        clock.move(days=7)
        with shop.unit() as unit:
            seen.append([(each.level, each.days_late) for each in billing.remind(unit)])
    assert seen == [[], [], [(1, 7)], [], [(2, 21)]]


def test_a_reminder_says_what_the_level_says(make_shop, clock):
    shop = make_shop(dunning=LEVELS)
    with shop.unit() as unit:
        billing.invoice(unit, [Draft(customer_id=1, items=[Item(name="x", price=eur("1"))])])
    clock.move(days=20)
    with shop.unit() as unit:
        (told,) = billing.remind(unit)
    assert told.text == "Ana: R000001, 1.19 EUR, 6 days"
    assert told.message_id is None


def test_reminders_go_through_the_ledger_of_messages(make_shop, clock):
    from crmkit import ContactPoint
    from crmkit.plugins.foundation import delivery

    shop = make_shop("delivery", "email", dunning=LEVELS)
    with shop.unit() as unit:
        import attrs

        ana = attrs.evolve(
            unit.customers.get(1), contact_points=(ContactPoint("email", "ana@example.com"),)
        )
        unit.customers.save(ana)
        billing.invoice(unit, [Draft(customer_id=1, items=[Item(name="x", price=eur("1"))])])
    clock.move(days=20)
    with shop.unit() as unit:
        (told,) = billing.remind(unit)
        message = delivery.message(unit, told.message_id)
    assert (message.address, message.purpose, message.subject) == (
        "ana@example.com", "billing", "Invoice R000001",
    )  # fmt: skip


def test_payments_from_the_longest_due_leave_the_rest(shop, bills, clock):
    clock.move(days=1)
    for _ in range(4):
        pay(shop, eur("100"))
    assert open_parts(shop, bills) == [0, 0, 0]
    with shop.unit(write=False) as unit:
        assert unit.now - shop_start(bills) == timedelta(days=91)
        (due,) = billing.ageing(unit, billing.today(unit))
    assert due.balance_minor == -4_300


def shop_start(bills):
    return bills[0].at
