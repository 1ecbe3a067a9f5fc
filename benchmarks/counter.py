"""
The counter's screen on 1M customers.

    python -m benchmarks.counter [--customers 1000000] [--interactions 10000000]

Customers are drawn in proportion to their interactions, as visits are.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks.book import sqlite_book
from crmkit import CRM
from crmkit.plugins.collaborative import counter

SCREENS = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--interactions", type=int, default=10_000_000)
    size = parser.parse_args()
    path = sqlite_book(size.customers, size.interactions)
    plugins = ["consent", "scoring", "billing", "service", "counter"]
    crm = CRM.open(path, plugins, strict=True, durability="relaxed")
    crm.upgrade()
    ids = _drawn(path)
    times = sorted(_seconds(crm, each) for each in ids)
    print(f"a screen, {size.customers:,} customers: median {statistics.median(times) * 1e3:.1f} ms")
    print(f"99 of 100 within {times[len(times) * 99 // 100] * 1e3:.1f} ms")
    print(f"statements for one: {_statements(crm, ids[0])}")
    crm.close()


def _drawn(path: Path) -> list[int]:
    rng = random.Random(1)
    connection = sqlite3.connect(path)
    (last,) = connection.execute("SELECT max(id) FROM crm_interaction").fetchone()
    draw = "SELECT customer_id FROM crm_interaction WHERE id = ?"
    return [connection.execute(draw, (rng.randint(1, last),)).fetchone()[0] for _ in range(SCREENS)]


def _seconds(crm: CRM, customer_id: int) -> float:
    begun = time.perf_counter()
    with crm.unit(write=False) as unit:
        counter.lines(counter.prompt(unit, customer_id))
    return time.perf_counter() - begun


def _statements(crm: CRM, customer_id: int) -> int:
    """As SQLite itself counts them: stores go past SQLAlchemy."""
    seen: list[str] = []
    with crm.unit(write=False) as unit:
        raw: Any = unit.connection.connection.dbapi_connection
        raw.set_trace_callback(seen.append)
        counter.prompt(unit, customer_id)
        raw.set_trace_callback(None)
    return sum(each.lstrip().upper().startswith(("SELECT", "WITH")) for each in seen)


if __name__ == "__main__":
    main()
