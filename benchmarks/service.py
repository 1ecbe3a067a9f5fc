"""
The clocks of a million open cases: opened, recomputed after a holiday was added, watched.

    python -m benchmarks.service [--cases 1000000]

PostgreSQL takes part where ``CRMKIT_BENCH_POSTGRES`` names a server.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.databases import databases
from crmkit import CRM, Customer
from crmkit.plugins.operational import service
from crmkit.testing import Clock

HOURS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-12:00, 13:00-17:00")
CHUNK = 50_000


def settings(**days: str) -> dict[str, Any]:
    office = {"name": "office", "time_zone": "Europe/Berlin", "hours": HOURS, "days": days}
    promise = {"name": "usual", "calendar": "office", "resolution_minutes": 2_400}
    return {"service": {"calendars": [office], "promises": [promise]}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    count = parser.parse_args().cases
    with tempfile.TemporaryDirectory(prefix="crmkit-bench-") as folder:
        for name, url in databases(Path(folder), "service"):
            print(f"\n{name}, {count:,} open cases")
            for what, seconds in _turn(url, count):
                print(f"  {what:<58}{seconds:>10.2f} s")


def _turn(url: str, count: int) -> Iterator[tuple[str, float]]:
    clock = Clock()
    with _opened(url, clock) as crm:
        crm.upgrade()
        yield "open them, in batches of 50,000", _taken(lambda: _fill(crm, clock, count))
        yield "recompute, nothing changed", _taken(lambda: _recompute(crm, 0))
        yield "watch, nothing late", _taken(lambda: _watch(crm))
    holiday = (clock.now + timedelta(days=2)).date().isoformat()
    with _opened(url, clock, **{holiday: ""}) as crm:
        yield (
            "recompute after a holiday was added: all move",
            _taken(lambda: _recompute(crm, count)),
        )
    clock.move(days=30)
    with _opened(url, clock) as crm:
        yield "watch, all are late", _taken(lambda: _watch(crm))


def _taken(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _fill(crm: CRM, clock: Clock, count: int) -> None:
    with crm.unit() as unit:
        people = unit.customers.add_many(Customer(name=f"c{n}") for n in range(1_000))
    for first in range(0, count, CHUNK):
        clock.move(minutes=1)
        with crm.unit() as unit:
            service.open_cases(
                unit,
                [
                    service.Draft(customer_id=people[n % 1_000].id, subject="The lamp flickers")
                    for n in range(first, min(first + CHUNK, count))
                ],
            )


def _recompute(crm: CRM, expected: int) -> None:
    with crm.unit() as unit:
        moved = service.recompute(unit)
    assert moved == expected, moved


def _watch(crm: CRM) -> None:
    with crm.unit() as unit:
        service.watch(unit)


@contextmanager
def _opened(url: str, clock: Clock, **days: str) -> Iterator[CRM]:
    crm = CRM.open(url, ["service"], clock=clock, settings=settings(**days))
    try:
        yield crm
    finally:
        crm.close()


if __name__ == "__main__":
    main()
