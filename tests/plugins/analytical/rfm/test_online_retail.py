"""RFM of the UCI Online Retail book (CC BY 4.0): facts that were counted outside of crmkit."""

import csv
import gzip
import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from crmkit import CRM, Customer, Identity, Interaction, Money, Scope
from crmkit.plugins.analytical import rfm
from crmkit.plugins.foundation import scoring

SHARED = Path(os.environ.get("CRMKIT_SHARED", Path(__file__).parents[5] / "shared"))
BOOK = SHARED / "data" / "online_retail" / "online_retail.csv.gz"
AS_OF = datetime(2011, 12, 10, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not BOOK.exists(), reason="the shared data are not on this machine")


def purchases():
    """Each clean invoice: ``(customer, instant, exact amount)``."""
    amounts, when = defaultdict(Decimal), {}
    with gzip.open(BOOK, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
            if row["CustomerID"] and quantity > 0 and price > 0:
                key = (row["InvoiceNo"], int(float(row["CustomerID"])))
                amounts[key] += quantity * price
                when.setdefault(key, datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC))
    return {key: (key[1], when[key], amount) for key, amount in amounts.items()}


def level(value, values):
    """1 plus the type-7 quantiles strictly below, by hand and exactly."""
    ordered, below = sorted(values), 0
    for fifth in range(1, 5):
        place = Fraction(fifth, 5) * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        below += ordered[low] + (place - low) * (ordered[high] - ordered[low]) < value
    return 1 + below


@pytest.fixture(scope="module")
def facts():
    return list(purchases().values())


@pytest.fixture(scope="module")
def book(facts, tmp_path_factory):
    """A scored CRM, and its customer ids by the shop's numbers."""
    crm = CRM.open(
        tmp_path_factory.mktemp("book") / "crm.db",
        ["scoring", "rfm"],
        strict=True,
        durability="relaxed",
        clock=lambda: AS_OF,
    )
    crm.upgrade()
    with crm.unit() as unit:
        numbers = sorted({number for number, _, _ in facts})
        added = unit.customers.add_many(
            Customer(name=f"Customer {number}", identities=(Identity("shop", str(number)),))
            for number in numbers
        )
        ids = dict(zip(numbers, (each.id for each in added), strict=True))
        unit.interactions.add_many(
            Interaction(
                customer_id=ids[number],
                kind="purchase.order",
                at=at,
                amount=Money(int((amount * 100).quantize(Decimal(1), ROUND_HALF_EVEN)), "GBP"),
            )
            for number, at, amount in facts
        )
        scoring.run(unit)
    yield crm, ids
    crm.close()


def test_the_book_has_4338_customers_and_8911407_90_of_revenue(book):
    crm, ids = book
    with crm.unit(write=False) as unit:
        select = rfm.features(Scope(as_of=AS_OF))
        rows = {row.customer_id: row for row in unit.connection.execute(select)}
    assert len(rows) == 4338
    assert sum(row.monetary_minor for row in rows.values()) == 891_140_790
    best = max(rows.values(), key=lambda row: row.monetary_minor)
    assert (best.customer_id, best.monetary_minor) == (ids[14646], 28_020_602)
    assert best.recency_days == 1


def test_every_score_is_the_one_computed_by_hand(book, facts):
    crm, ids = book
    last, count, spent = {}, defaultdict(int), defaultdict(int)
    for number, at, amount in facts:
        last[number] = max(at, last.get(number, at))
        count[number] += 1
        spent[number] += int((amount * 100).quantize(Decimal(1), ROUND_HALF_EVEN))
    days = {number: (AS_OF - at) // timedelta(days=1) for number, at in last.items()}
    levels = [
        {value: level(value, list(each.values())) for value in set(each.values())}
        for each in (days, count, spent)
    ]
    with crm.unit(write=False) as unit:
        found = scoring.scores_of_many(unit, ids.values())
    for number, customer_id in ids.items():
        r = 6 - levels[0][days[number]]
        f, m = levels[1][count[number]], levels[2][spent[number]]
        (score,) = found[customer_id]
        assert (score.value, score.label) == (100 * r + 10 * f + m, rfm.label_of(r, f, m))


def test_segments_hold_every_customer_once(book):
    crm, ids = book
    with crm.unit(write=False) as unit:
        members = [
            each.customer_id
            for segment in rfm.SEGMENTS
            for each in scoring.members_of(unit, f"rfm.{segment.name}")
        ]
    assert sorted(members) == sorted(ids.values())
