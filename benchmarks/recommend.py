"""
Recommendations on Online Retail, and association rules beside mlxtend.

    python -m benchmarks.recommend --book FILE

FILE is the CSV of UCI Online Retail, compressed or not. mlxtend, where it is installed, is compared
on ten thousand made-up baskets of 169 items.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib.util
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from crmkit import CRM, Customer, Interaction, Line, Money
from crmkit.plugins.analytical import recommend

CUT = datetime(2011, 9, 1, tzinfo=UTC)
END = datetime(2011, 12, 10, tzinfo=UTC)
SUPPORT, CONFIDENCE = "0.001", "0.8"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--book", type=Path)
    book: Path | None = parser.parse_args().book
    if book is not None:
        _online_retail(book)
    _rules()


def _online_retail(book: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "retail.db"
        with closing(CRM.open(path, ["scoring", "recommend"], clock=lambda: END)) as crm:
            crm.upgrade()
            with crm.unit() as unit:
                _fill(unit, book)
            started = time.perf_counter()
            with crm.unit(write=False) as unit:
                found = recommend.evaluated(unit, cut=CUT)
            print(f"four models, learnt and compared in {time.perf_counter() - started:.1f} s")
            for each in found:
                print(
                    f"{each.model:<9} nDCG@10 {each.ndcg:.4f}  MAP {each.average_precision:.4f}  "
                    f"precision {each.precision:.4f}  recall {each.recall:.4f}  hit rate "
                    f"{each.hit_rate:.3f}  coverage {each.coverage:.3f}  "
                    f"novelty {each.novelty:.2f}  ({each.customers:,} customers)"
                )


def _fill(unit: Any, book: Path) -> None:
    read = gzip.open if book.suffix == ".gz" else open
    orders: dict[tuple[str, str], list[dict[str, str]]] = {}
    with read(book, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["CustomerID"] and int(row["Quantity"]) > 0 and Decimal(row["UnitPrice"]) > 0:
                orders.setdefault((row["InvoiceNo"], row["CustomerID"]), []).append(row)
    numbers = sorted({number for _, number in orders})
    made = unit.customers.add_many(Customer(name=f"Customer {each}") for each in numbers)
    ids = dict(zip(numbers, (each.id for each in made), strict=True))
    unit.interactions.add_many(_order(ids[number], rows) for (_, number), rows in orders.items())


def _order(customer_id: int, rows: list[dict[str, str]]) -> Interaction:
    lines = tuple(map(_line, rows))
    return Interaction(
        customer_id=customer_id,
        kind="purchase.order",
        at=datetime.fromisoformat(rows[0]["InvoiceDate"]).replace(tzinfo=UTC),
        amount=Money(sum(each.amount.amount_minor for each in lines), "GBP"),
        lines=lines,
    )


def _line(row: dict[str, str]) -> Line:
    minor = int(Decimal(row["UnitPrice"]) * int(row["Quantity"]) * 100)
    name, quantity = row["Description"].strip(), float(row["Quantity"])
    return Line(sku=row["StockCode"], name=name, quantity=quantity, amount=Money(minor, "GBP"))


def _rules() -> None:
    baskets = _baskets()
    ours = _timed(
        lambda: recommend.association_rules(baskets, min_support=SUPPORT, min_confidence=CONFIDENCE)
    )
    print(f"rules, crmkit: {ours * 1000:.0f} ms")
    if importlib.util.find_spec("mlxtend") is None:
        print("rules, mlxtend: not installed")
        return
    theirs = _timed(lambda: _by_mlxtend(baskets, float(SUPPORT), float(CONFIDENCE)))
    print(f"rules, mlxtend fpgrowth: {theirs * 1000:.0f} ms, {theirs / ours:.1f} x")
    tent = [["tent", "pegs"]] * 4 + [["tent"]] + [["stove"]] * 19
    found = recommend.association_rules(tent, min_support="0.1", min_confidence=CONFIDENCE)
    missed = _by_mlxtend(tent, 0.1, 0.8)
    told = any(each.given == ("tent",) for each in found)
    print(f"tent => pegs, confidence 4/5: crmkit {told}, mlxtend {('tent',) in missed}")


def _baskets() -> list[list[str]]:
    chance = random.Random(1)
    weights = [1 / (n + 3) for n in range(169)]
    items = [f"item {n}" for n in range(169)]
    return [
        list(set(chance.choices(items, weights, k=chance.randint(1, 9)))) for _ in range(10_000)
    ]


def _by_mlxtend(
    baskets: list[list[str]], support: float, confidence: float
) -> set[tuple[str, ...]]:
    import pandas as pd
    from mlxtend.frequent_patterns import association_rules, fpgrowth
    from mlxtend.preprocessing import TransactionEncoder

    encoder = TransactionEncoder()
    frame = pd.DataFrame(encoder.fit(baskets).transform(baskets), columns=encoder.columns_)
    sets = fpgrowth(frame, min_support=support, use_colnames=True, max_len=4)
    rules = association_rules(sets, metric="confidence", min_threshold=confidence)
    return {tuple(sorted(each)) for each in rules["antecedents"]}


def _timed(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return median(taken)


if __name__ == "__main__":
    main()
