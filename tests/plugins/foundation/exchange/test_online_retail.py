"""The whole UCI Online Retail book: 541,909 invoice lines of a gift shop (CC BY 4.0)."""

import csv
import gzip
import os
import time
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit import CRM, sql
from crmkit.plugins.foundation import exchange

SHARED = Path(os.environ.get("CRMKIT_SHARED", Path(__file__).parents[5] / "shared"))
BOOK = SHARED / "data" / "online_retail" / "online_retail.csv.gz"
MAPPING = """
kind = "interactions"
source = "shop"
group_by = "InvoiceNo"
time_zone = "Europe/London"
rounding = "half_even"
whole_numbers = ["CustomerID"]
[columns]
CustomerID = "customer"
InvoiceDate = "at"
StockCode = "line.sku"
Description = "line.name"
Quantity = "line.quantity"
UnitPrice = "line.price"
[constants]
currency = "GBP"
channel = "web"
[customer]
name = "Customer {CustomerID}"
[[skip]]
column = "CustomerID"
empty = true
reason = "no customer"
[[skip]]
column = "UnitPrice"
at_most = 0
reason = "no price"
[[kind_when]]
column = "InvoiceNo"
starts_with = "C"
kind = "purchase.return"
"""


@pytest.mark.skipif(not BOOK.exists(), reason="the shared data are not on this machine")
def test_the_book_is_imported_as_published_in_less_than_40_seconds(tmp_path):
    crm = CRM.open(tmp_path / "crm.db", ["exchange"], strict=True, durability="relaxed")
    crm.upgrade()
    started = time.process_time()
    report = exchange.run(
        crm, BOOK, exchange.read_mapping(MAPPING), rejects=tmp_path / "rejects.csv"
    )
    assert time.process_time() - started < 40
    assert report.rows == 541_909
    assert {each.text: each.count for each in report.reasons} == {
        "no customer": 135_080,
        "no price": 40,
    }
    assert (report.created, report.rejected) == (406_789, 0)
    expected = independent_sums()
    with crm.unit(write=False) as unit:
        kind, minor = sql.interaction.c.kind, sql.interaction.c.amount_minor
        amounts = sa.select(kind, sa.func.sum(minor)).group_by(kind)
        assert dict(map(tuple, unit.connection.execute(amounts))) == {
            name: minor for name, (_, _, minor) in expected.items()
        }
        lines = (
            sa.select(kind, sa.func.count(), sa.func.count(sa.distinct(sql.line.c.customer_id)))
            .join(sql.interaction, sql.interaction.c.id == sql.line.c.interaction_id)
            .group_by(kind)
        )
        counted = {row[0]: (row[1], row[2]) for row in unit.connection.execute(lines)}
        assert counted["purchase.order"] == (397_884, 4_338)
        assert counted == {name: found[:2] for name, found in expected.items()}
        first = unit.interactions.timeline(unit.customers.find("shop:17850").id, size=500)[-1]
    assert (first.source_key, first.at.isoformat()) == ("536365", "2010-12-01T08:26:00+00:00")
    assert expected["purchase.order"][2] == 891_140_790
    crm.close()


def independent_sums():
    """Lines, customers and minor units by kind, each line rounded half to even."""
    people, found = defaultdict(set), defaultdict(lambda: [0, 0])
    with gzip.open(BOOK, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            price = Decimal(row["UnitPrice"])
            if not row["CustomerID"] or price <= 0:
                continue
            kind = "purchase.return" if row["InvoiceNo"].startswith("C") else "purchase.order"
            minor = (int(row["Quantity"]) * price * 100).to_integral_value(ROUND_HALF_EVEN)
            people[kind].add(row["CustomerID"])
            found[kind][0] += 1
            found[kind][1] += int(minor)
    return {kind: (n, len(people[kind]), minor) for kind, (n, minor) in found.items()}
