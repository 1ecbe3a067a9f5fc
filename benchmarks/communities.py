"""
Communities: the graph of Online Retail and its partition beside igraph, scikit-network and
networkx; larger made-up books; and whole runs on SQLite.

    python -m benchmarks.communities [--large]

The peers take part where they can be imported. Modularity is the mean over five seeds, seconds the
median of five turns. Without the shared file, only the made-up books are measured.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.timing import report, side_by_side
from crmkit import CRM, Customer, Interaction, Line, Money, Unit
from crmkit.plugins.analytical import communities
from crmkit.plugins.analytical.communities.leiden import leiden, modularity
from crmkit.plugins.analytical.communities.neighbours import graph, idf, nearest, vectors
from crmkit.plugins.analytical.communities.placing import strengths

SHARED = Path(os.environ.get("CRMKIT_SHARED", Path(__file__).parents[2] / "shared"))
BOOK = SHARED / "data" / "online_retail" / "online_retail.csv.gz"
K = 15
ITEMS = 5_000
EACH = 60
"""Products a customer of the made-up books bought, on average; as in Online Retail."""
Partition = Callable[[int], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="up to 100,000 customers; minutes")
    large = parser.parse_args().large
    if BOOK.exists():
        _real()
    else:
        print("the shared data are not on this machine")
    for count in (5_000, 10_000, 20_000) if large else (5_000,):
        _made_up(count)
    _runs(100_000 if large else 10_000)


def _real() -> None:
    bought = _online_retail()
    medians = side_by_side({"graph": lambda: _graph(bought)})
    report("Online Retail: the graph", medians, against="graph", unit="s")
    ties = _graph(bought)
    print(f"{ties.shape[0]:,} customers, {ties.nnz // 2:,} edges")
    contestants = {"crmkit Leiden": lambda seed: leiden(ties, seed=seed), **_peers(ties)}
    for name, partition in contestants.items():
        found = [partition(seed) for seed in range(5)]
        mean = statistics.mean(modularity(ties, each) for each in found)
        counts = sorted(len(set(np.asarray(each).tolist())) for each in found)
        print(f"  {name:<30} Q {mean:.4f}   {counts[2]} communities")
    medians = side_by_side({name: (lambda p=p: p(0)) for name, p in contestants.items()})
    report("Online Retail: the partition", medians, against="crmkit Leiden", unit="s")


def _graph(bought: Any) -> Any:
    rows = vectors([(bought, idf(bought), 1.0)])
    return graph(*nearest(rows, rows, K, np.arange(rows.shape[0])))


def _online_retail() -> Any:
    with gzip.open(BOOK, "rt", encoding="utf-8", newline="") as lines:
        pairs = {
            (int(float(row["CustomerID"])), row["StockCode"])
            for row in csv.DictReader(lines)
            if row["CustomerID"] and int(row["Quantity"]) > 0 and float(row["UnitPrice"]) > 0
        }
    rows = np.unique([customer for customer, _ in pairs], return_inverse=True)[1]
    columns = np.unique([code for _, code in pairs], return_inverse=True)[1]
    return sparse.csr_array(sparse.coo_array((np.ones(len(pairs)), (rows, columns))))


def _peers(ties: Any) -> Mapping[str, Partition]:
    return {**_igraph(ties), **_networkx(ties), **_scikit_network(ties)}


def _igraph(ties: Any) -> Mapping[str, Partition]:
    try:
        import igraph
    except ModuleNotFoundError:
        return {}
    import random

    upper = sparse.triu(ties).tocoo()
    made = igraph.Graph(n=ties.shape[0], edges=np.stack(upper.coords, axis=1))
    made.es["weight"] = upper.data

    def by(method: Callable[..., Any]) -> Partition:
        def partition(seed: int) -> Any:
            igraph.set_random_number_generator(random.Random(seed))
            return method().membership

        return partition

    def converged() -> Any:
        return made.community_leiden("modularity", weights="weight", n_iterations=-1)

    return {
        "igraph Leiden": by(lambda: made.community_leiden("modularity", weights="weight")),
        "igraph Leiden, to convergence": by(converged),
        "igraph Louvain": by(lambda: made.community_multilevel(weights="weight")),
    }


def _networkx(ties: Any) -> Mapping[str, Partition]:
    try:
        import networkx as nx
    except ModuleNotFoundError:
        return {}
    made = nx.from_scipy_sparse_array(ties)

    def partition(seed: int) -> Any:
        labels = np.empty(ties.shape[0], int)
        for number, nodes in enumerate(nx.community.louvain_communities(made, seed=seed)):
            labels[list(nodes)] = number
        return labels

    return {"networkx Louvain": partition}


def _scikit_network(ties: Any) -> Mapping[str, Partition]:
    try:
        from sknetwork.clustering import Leiden, Louvain
    except ModuleNotFoundError:
        return {}
    made = sparse.csr_matrix(ties)
    return {
        f"scikit-network {each.__name__}": lambda seed, each=each: each(
            random_state=seed, shuffle_nodes=True
        ).fit_predict(made)
        for each in (Leiden, Louvain)
    }


def _made_up(count: int) -> None:
    bought = _tastes(count, seed=1)
    started = time.perf_counter()
    ties = _graph(bought)
    tied = time.perf_counter()
    labels = leiden(ties)
    done = time.perf_counter()
    new = _tastes(count, seed=2)
    weights = idf(bought)
    anchors, rows = (vectors([(each, weights, 1.0)]) for each in (bought, new))
    begun = time.perf_counter()
    strengths(*nearest(rows, anchors, K), labels, int(labels.max()) + 1)
    placed = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{count:,} made-up customers, {ITEMS:,} products, {ties.nnz // 2:,} edges: "
        f"graph {tied - started:.2f} s, Leiden {done - tied:.2f} s (Q "
        f"{modularity(ties, labels):.3f}); placing {count:,} more {placed:.2f} s; "
        f"peak {peak:,.0f} MB"
    )


def _runs(count: int) -> None:
    """A book of *count* customers on SQLite, found and placed; then a thousand buy again."""
    with TemporaryDirectory() as folder:
        crm = CRM.open(Path(folder) / "crm.db", ["scoring", "communities"], strict=True)
        crm.upgrade()
        bought = _tastes(count, seed=3)
        ids = list[int]()
        for begin in range(0, count, 5_000):
            with crm.unit() as unit:
                rows = range(begin, min(begin + 5_000, count))
                people = unit.customers.add_many(Customer(name=f"C{n}") for n in rows)
                ids += [each.id for each in people]
                unit.interactions.add_many(_order(ids[row], bought, row) for row in rows)
        first = _timed(crm, communities.run)
        again = _timed(crm, communities.run)
        with crm.unit() as unit:
            unit.interactions.add_many(_order(ids[row], bought, row) for row in range(1_000))
        placed = _timed(crm, communities.place)
        crm.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{count:,} customers, {bought.nnz:,} lines on SQLite: run {first:.1f} s, again "
        f"{again:.1f} s, place 1,000 {placed:.2f} s; peak {peak:,.0f} MB"
    )


def _order(customer_id: int, bought: Any, row: int) -> Interaction:
    price = Money(500, "EUR")
    items = bought.indices[bought.indptr[row] : bought.indptr[row + 1]].tolist()
    lines = tuple(Line(sku=f"S{item}", quantity=1, amount=price) for item in items)
    at = datetime.now(UTC) - timedelta(days=1 + row % 300)
    amount = Money(500 * len(items), "EUR")
    return Interaction(
        customer_id=customer_id, kind="purchase.order", at=at, amount=amount, lines=lines
    )


def _timed(crm: CRM, action: Callable[[Unit], object]) -> float:
    started = time.perf_counter()
    with crm.unit() as unit:
        action(unit)
    return time.perf_counter() - started


def _tastes(count: int, seed: int) -> Any:
    """Customers of twenty tastes: half of what they buy is of theirs, all of it is Zipfian."""
    rng = np.random.default_rng(seed)
    sizes = rng.geometric(1 / EACH, count)
    rows = np.repeat(np.arange(count), sizes)
    popularity = 1 / np.arange(10, ITEMS + 10)
    popularity /= popularity.sum()
    columns = rng.choice(ITEMS, len(rows), p=popularity)
    own = rng.random(len(rows)) < 0.5
    tastes = rng.integers(0, 20, count)[rows]
    columns[own] = (columns[own] // 20) * 20 + tastes[own]
    made = sparse.csr_array(
        sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, ITEMS))
    )
    made.data[:] = 1.0
    return made


if __name__ == "__main__":
    main()
