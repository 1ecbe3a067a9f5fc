import csv
import gzip
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from crmkit import Customer, Identity, Interaction, Line, Money

SHARED = Path(os.environ.get("CRMKIT_SHARED", Path(__file__).parents[5] / "shared"))
BOOK = SHARED / "data" / "online_retail" / "online_retail.csv.gz"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SETTINGS = {"min_customers": 30, "min_size": 5, "k": 6}
GROUPS = {"tea": "Teacup", "garden": "Trowel", "party": "Balloon"}


def edges(pairs, count=None, weights=None):
    """The symmetric matrix of undirected edges."""
    ends = np.array(pairs, int).reshape(-1, 2)
    size = count or int(ends.max()) + 1
    values = np.ones(len(ends)) if weights is None else np.array(weights, float)
    one_way = sparse.coo_array((values, (ends[:, 0], ends[:, 1])), shape=(size, size))
    return sparse.csr_array(one_way + one_way.T)


def sets(rows, width):
    """The 0/1 matrix of these rows of items."""
    pairs = [(row, item) for row, items in enumerate(rows) for item in sorted(items)]
    places = np.array(pairs, int).reshape(-1, 2)
    shape = (len(rows), width)
    return sparse.csr_array((np.ones(len(pairs)), (places[:, 0], places[:, 1])), shape=shape)


@pytest.fixture(scope="session")
def online_retail():
    """Who bought what, 0/1: 4,338 customers by their number, 3,665 products by their code."""
    if not BOOK.exists():
        pytest.skip("the shared data are not on this machine")
    pairs = set()
    with gzip.open(BOOK, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["CustomerID"] and int(row["Quantity"]) > 0 and float(row["UnitPrice"]) > 0:
                pairs.add((int(float(row["CustomerID"])), row["StockCode"]))
    customers = {each: place for place, each in enumerate(sorted({a for a, _ in pairs}))}
    products = {each: place for place, each in enumerate(sorted({b for _, b in pairs}))}
    bought = [set() for _ in customers]
    for number, code in pairs:
        bought[customers[number]].add(products[code])
    return sets(bought, len(products))


def order(customer_id, skus, *, days=10, hour=9, channel="web", kind="purchase.order"):
    sign = -1 if kind == "purchase.return" else 1
    lines = tuple(
        Line(sku=sku, name=_named(sku), quantity=1, amount=Money(sign * 500, "EUR")) for sku in skus
    )
    at = (NOW - timedelta(days=days)).replace(hour=hour)
    return Interaction(
        customer_id=customer_id,
        kind=kind,
        at=at,
        channel=channel,
        amount=Money(sign * 500 * len(lines), "EUR"),
        lines=lines,
    )


def _named(sku):
    group, _, number = sku.partition("-")
    return f"{GROUPS.get(group, 'Thing')} no {number}"


def baskets(each=20, seed=1):
    """``(group, skus)`` of customers who buy six of their group's ten products and one other."""
    rng = random.Random(seed)
    for group in GROUPS:
        for _ in range(each):
            own = rng.sample(range(10), 6)
            yield group, [f"{group}-{n}" for n in own] + [f"any-{rng.randrange(8)}"]


def fill(crm, given):
    """Add the customers with one basket each; returns their ids by group."""
    ids = {group: [] for group, _ in given}
    with crm.unit() as unit:
        added = unit.customers.add_many(
            Customer(name=f"Customer {n}", identities=(Identity("shop", str(n)),))
            for n in range(len(given))
        )
        for customer, (group, _) in zip(added, given, strict=True):
            ids[group].append(customer.id)
        unit.interactions.add_many(
            order(customer.id, skus) for customer, (_, skus) in zip(added, given, strict=True)
        )
    return ids


@pytest.fixture
def shop(make_crm, clock):
    """A CRM of three groups of twenty, and their ids by group."""
    clock.now = NOW
    crm = make_crm("scoring", "communities", settings={"communities": SETTINGS})
    return crm, fill(crm, list(baskets()))
