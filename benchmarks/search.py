"""
Finding customers among 1M by name, part of a name, address and number.

    python -m benchmarks.search [--customers 1000000] [--interactions 10000000]

On SQLite, and on PostgreSQL where ``CRMKIT_BENCH_POSTGRES`` names a server.
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks.book import postgres_book, sqlite_book
from crmkit import CRM

ASKED = {
    "two letters of a name": "an",
    "a frequent name": "kowalska",
    "part of a name": "owals",
    "two words and a number": "quinn 9999",
    "an e-mail address": "c777777@example.com",
    "a phone number": "+44 20 0077 7777",
    "part of a number": "77777",
    "nobody": "zzzz",
}
ROUNDS = 11


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--interactions", type=int, default=10_000_000)
    size = parser.parse_args()
    places = {"SQLite": sqlite_book(size.customers, size.interactions)}
    if url := postgres_book(size.customers, size.interactions):
        places["PostgreSQL"] = url
    for name, place in places.items():
        crm = CRM.open(place)
        print(f"\nsearch among {size.customers:,} customers, {name}, 20 found at most")
        with crm.unit(write=False) as unit:
            for what, text in ASKED.items():
                found, taken = unit.customers.search(text), []
                for _ in range(ROUNDS):
                    started = time.perf_counter()
                    unit.customers.search(text)
                    taken.append(time.perf_counter() - started)
                median = statistics.median(taken) * 1000
                print(f"  {what:<26}{text!r:<24}{median:>9.3f} ms{len(found):>5} found")
        crm.close()


if __name__ == "__main__":
    main()
