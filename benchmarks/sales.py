"""
100,000 deals through a stage change in one batch, beside one statement by hand.

    python -m benchmarks.sales [--deals 100000]

By hand is one UPDATE by id and version for every deal and one row of history each, through the
driver's executemany, without reading, checking or records. PostgreSQL takes part where
``CRMKIT_BENCH_POSTGRES`` names a server.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.databases import databases
from benchmarks.timing import report, side_by_side
from crmkit import CRM, Customer, Money
from crmkit.plugins.operational import sales
from crmkit.plugins.operational.sales import tables
from crmkit.sql import insert_many, update_rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=100_000)
    count = parser.parse_args().deals
    with tempfile.TemporaryDirectory(prefix="crmkit-bench-") as folder:
        for name, url in databases(Path(folder), "sales"):
            crm = CRM.open(url, ["sales"])
            crm.upgrade()
            ids = _fill(crm, count)
            contestants = {
                "by hand": partial(_by_hand, crm, ids),
                "sales.move": partial(_move, crm, ids),
            }
            medians = side_by_side(contestants)
            report(f"{name}: {count:,} deals to the next stage", medians, against="by hand")
            crm.close()


def _fill(crm: CRM, count: int) -> list[int]:
    with crm.unit() as unit:
        people = unit.customers.add_many(Customer(name=f"c{n}") for n in range(1_000))
        drafts = [
            sales.DealDraft(
                customer_id=people[n % 1_000].id, name="A kitchen", amount=Money(n, "EUR")
            )
            for n in range(count)
        ]
        return [each.id for each in sales.open_deals(unit, drafts)]


def _move(crm: CRM, ids: list[int]) -> None:
    with crm.unit() as unit:
        before = sales.deal(unit, ids[0]).stage
        sales.move(unit, ids, "proposal" if before == "qualified" else "qualified")


def _by_hand(crm: CRM, ids: list[int]) -> None:
    with crm.unit() as unit:
        version = sales.deal(unit, ids[0]).version
        now = unit.instant(unit.now)
        rows = [("new", now, version + 1, each, version) for each in ids]
        update_rows(
            unit.connection,
            tables.sales_deal,
            rows,
            key=("id", "version"),
            values=("stage", "stage_since", "version"),
        )
        new = unit.new_ids(tables.sales_move, len(ids))
        told = [(n, each, unit.now, "", "x", "new", 0) for n, each in zip(new, ids, strict=True)]
        insert_many(unit.connection, tables.sales_move, told)


if __name__ == "__main__":
    main()
