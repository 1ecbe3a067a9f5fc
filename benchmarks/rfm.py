"""
RFM of a book from the SQLite file to stored scores, beside pandas, and its rerun after a busy hour.

    python -m benchmarks.rfm [--customers 1000000] [--interactions 10000000]

pandas takes part where it is installed. It reads what the job needs and groups it; the bare variant
leaves out the kind and the currency, and so cannot see returns or mixed currencies. All must agree
on every score. The book is copied first; nothing is written to the shared one.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.book import END, FOLDER, sqlite_book
from benchmarks.timing import report, side_by_side
from crmkit import CRM, Interaction, Money, Scope
from crmkit.plugins.foundation import scoring
from crmkit.plugins.foundation.scoring.computing import LastRead, compute

ROUNDS = 5
NEW = 1_000
KINDS = "'purchase.order', 'purchase.return'"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--interactions", type=int, default=10_000_000)
    size = parser.parse_args()
    path = FOLDER / f"rfm-{size.customers}-{size.interactions}.db"
    shutil.copyfile(sqlite_book(size.customers, size.interactions), path)
    _without_scores(path)
    crm = CRM.open(path, ["scoring", "rfm"], strict=True)
    crm.upgrade()
    try:
        _compute(crm, path)
        _runs(crm, path, size.customers)
    finally:
        crm.close()
        for left_over in path.parent.glob(f"{path.name}*"):
            left_over.unlink()


def _without_scores(path: Path) -> None:
    """Other benchmarks may have scored the shared book."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND (name LIKE 'scoring%' OR name = 'crm_schema_scoring')"
        ).fetchall()
        for (name,) in found:
            connection.execute(f"DROP TABLE {name}")


def _compute(crm: CRM, path: Path) -> None:
    contestants: dict[str, Callable[[], Any]] = {"crmkit": lambda: _crmkit(crm)}
    try:
        import pandas as pd
    except ModuleNotFoundError:
        print("pandas is not installed here, so it does not take part")
    else:
        contestants["pandas"] = lambda: _pandas(path)
        contestants["pandas, bare"] = lambda: _pandas(path, bare=True)
        print(f"pandas {pd.__version__}")
    expected = _crmkit(crm)
    for name, run in contestants.items():
        assert np.array_equal(run(), expected), f"{name} disagrees"
    medians = side_by_side(contestants, rounds=ROUNDS)
    report(
        f"features, fit and score of {len(expected):,} customers",
        medians,
        against="crmkit",
        unit="s",
    )


def _crmkit(crm: CRM) -> Any:
    with crm.unit(write=False) as unit:
        scorer = unit.contributed.scorers["rfm"]
        return compute(LastRead(unit), scorer, Scope(as_of=END), None).outcome.value


def _pandas(path: Path, *, bare: bool = False) -> Any:
    import pandas as pd

    as_of = int(END.timestamp()) * 1_000_000
    columns = "customer_id, at, amount_minor" + ("" if bare else ", kind, currency")
    with sqlite3.connect(path) as connection:
        facts = pd.read_sql_query(
            f"SELECT {columns} FROM crm_interaction WHERE kind IN ({KINDS}) AND at < {as_of}",
            connection,
        )
    orders = facts if bare else facts[facts["kind"] == "purchase.order"]
    if not bare and facts["currency"].nunique() > 1:
        raise ValueError("mixed currencies")
    grouped = orders.groupby("customer_id").agg(last=("at", "max"), f=("at", "size"))
    grouped["m"] = facts.groupby("customer_id")["amount_minor"].sum()
    recency = (as_of - grouped["last"]) // 86_400_000_000
    levels = [
        np.searchsorted(values.quantile([0.2, 0.4, 0.6, 0.8]), values)
        for values in (recency, grouped["f"], grouped["m"])
    ]
    return (5 - levels[0]) * 100 + (1 + levels[1]) * 10 + 1 + levels[2]


def _runs(crm: CRM, path: Path, customers: int) -> None:
    first = [_timed_first(crm, path) for _ in range(ROUNDS)]
    again = [_timed(crm, "full") for _ in range(ROUNDS)]
    after = []
    for turn in range(ROUNDS + 1):
        _buy(crm, customers, turn)
        after.append(_timed(crm, "incremental"))
    medians = {
        "full run, first time": statistics.median(first),
        "full run again, nothing changed": statistics.median(again),
        f"rerun after {NEW:,} new interactions": statistics.median(after[1:]),
    }
    report(
        "whole runs to stored scores and segments", medians, against=list(medians)[-1], unit="ms"
    )


def _timed_first(crm: CRM, path: Path) -> float:
    _without_scores(path)
    crm.upgrade()
    return _timed(crm, "full")


def _timed(crm: CRM, mode: scoring.Mode) -> float:
    started = time.perf_counter()
    with crm.unit() as unit:
        scoring.run(unit, mode=mode, as_of=END)
    return time.perf_counter() - started


def _buy(crm: CRM, customers: int, turn: int) -> None:
    rng = random.Random(turn)
    with crm.unit() as unit:
        unit.interactions.add_many(
            Interaction(
                customer_id=customer_id,
                kind="purchase.order",
                at=END - timedelta(minutes=rng.randrange(1, 60)),
                amount=Money(rng.randrange(500, 50_000), "GBP"),
                source="bench",
                source_key=f"{turn}-{customer_id}",
            )
            for customer_id in rng.sample(range(1, customers + 1), NEW)
        )


if __name__ == "__main__":
    main()
