"""Several people at the same document at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from crmkit import DatabaseBusyError, RefusedError, StaleVersionError
from crmkit.plugins.operational import billing
from crmkit.plugins.operational.billing import Draft, Item, Payment

from .conftest import eur

WORKERS = 4


def at_once(work):
    """What *work* gives in each of a few threads that start together, or what it raises."""
    barrier = Barrier(WORKERS)

    def run(_):
        barrier.wait()
        try:
            return work()
        except (RefusedError, StaleVersionError, DatabaseBusyError) as exc:
            return exc

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


def bill(crm, euros="100"):
    with crm.unit() as unit:
        item = Item(name="x", price=eur(euros))
        return billing.invoice(unit, [Draft(customer_id=1, items=[item])])[0]


def test_numbers_stay_without_gaps(shop):
    found = at_once(lambda: [bill(shop).number for _ in range(5)])
    numbers = sorted(number for each in found for number in each)
    assert numbers == [f"R{n:06d}" for n in range(1, 5 * WORKERS + 1)]


def test_an_invoice_is_credited_once(shop):
    first = bill(shop)

    def work():
        with shop.unit() as unit:
            return billing.credit(unit, first.id)

    found = at_once(work)
    assert sum(not isinstance(each, Exception) for each in found) == 1
    with shop.unit(write=False) as unit:
        notes = billing.find(unit, kind="credit_note")
        assert billing.document(unit, first.id).open_minor == 0
    assert [each.number for each in notes] == ["C000001"]


def test_an_order_is_billed_once(shop):
    with shop.unit() as unit:
        item = Item(name="x", price=eur("1"))
        (order,) = billing.order(unit, [Draft(customer_id=1, items=[item])])

    def work():
        with shop.unit() as unit:
            return billing.invoice_order(unit, order.id)

    found = at_once(work)
    assert sum(not isinstance(each, Exception) for each in found) == 1


def test_a_payment_is_refunded_once(shop):
    with shop.unit() as unit:
        (paid,) = billing.record_payments(unit, [Payment(customer_id=1, amount=eur("10"))])

    def work():
        with shop.unit() as unit:
            return billing.refund(unit, paid.id)

    found = at_once(work)
    assert sum(not isinstance(each, Exception) for each in found) == 1
