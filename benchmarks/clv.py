"""
Lifetime-value fits and predictions: CDNOW sample and a million simulated customers.

    python benchmarks/clv.py

Medians of 5, in seconds; next to `lifetimes` where it can be imported. Its fits of a million are
timed once (BG/NBD) or left out (Pareto/NBD): they take minutes.
"""

import csv
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from crmkit.plugins.analytical.clv import (
    Histories,
    discounted_transactions,
    expected_transactions,
    fit_bgnbd,
    fit_paretonbd,
    p_alive,
)

try:
    import lifetimes
except ImportError:
    lifetimes = None

SHARED = Path(os.environ.get("CRMKIT_SHARED", Path(__file__).parents[2] / "shared"))
MILLION = 1_000_000
WEEKS_AHEAD = 52.0
Triple = tuple[np.ndarray, np.ndarray, np.ndarray]


def seconds(call: Callable[[], object], repeats: int = 5) -> float:
    """Median duration; the first call warms caches and does not count."""
    if repeats > 1:
        call()
    durations = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def cdnow() -> Triple | None:
    """Frequency, recency and age in weeks (two decimals) of the CDNOW sample, or None."""
    path = SHARED / "data" / "cdnow" / "cdnow_customers_summary.csv"
    if not path.exists():
        return None
    with path.open() as lines:
        rows = [
            (float(r["frequency"]), float(r["recency"]), float(r["T"]))
            for r in csv.DictReader(lines)
        ]
    frequency, recency, age = np.array(rows).T
    return frequency, recency, age


def simulated(size: int) -> Triple:
    """A cohort at day grain, from BG/NBD with the parameters of the CDNOW sample."""
    random = np.random.default_rng(1)
    age = 39 - random.integers(0, 84, size) / 7
    rate, chance = random.gamma(0.243, 1 / 4.414, size), random.beta(0.793, 2.426, size)
    frequency, recency, clock = np.zeros(size), np.zeros(size), np.zeros(size)
    alive = np.arange(size)
    while alive.size:
        clock[alive] += random.exponential(1 / rate[alive])
        alive = alive[clock[alive] <= age[alive]]
        frequency[alive] += 1
        recency[alive] = np.minimum(np.ceil(clock[alive] * 7) / 7, age[alive])
        alive = alive[random.random(alive.size) >= chance[alive]]
    return frequency, recency, age


def line(task: str, ours: float, theirs: float | None) -> None:
    """One row of the table."""
    peer = "" if theirs is None else f"{theirs:12.4f} {theirs / ours:8.1f}x"
    print(f"{task:44}{ours:10.4f}{peer}", flush=True)


def compare_fits(name: str, triple: Triple, *, slow_peer: bool) -> None:
    """Both models on one base."""
    line(
        f"BG/NBD fit, {name}",
        seconds(lambda: fit_bgnbd(*triple)),
        peer_fit("BetaGeoFitter", triple, 1 if slow_peer else 5),
    )
    line(
        f"Pareto/NBD fit, {name}",
        seconds(lambda: fit_paretonbd(*triple)),
        None if slow_peer else peer_fit("ParetoNBDFitter", triple, 5),
    )


def peer_fit(fitter: str, triple: Triple, repeats: int) -> float | None:
    """Seconds of the peer's fit, or None without it."""
    if lifetimes is None:
        return None
    return seconds(lambda: getattr(lifetimes, fitter)().fit(*triple), repeats)


def compare_predictions(triple: Triple) -> None:
    """Expected transactions and P(alive) of every customer."""
    model, customers = fit_bgnbd(*triple), Histories.of(*triple)
    peer = None
    if lifetimes is not None:
        peer = lifetimes.BetaGeoFitter().fit(*(column[::100] for column in triple))
        ahead = peer.conditional_expected_number_of_purchases_up_to_time
    line(
        "BG/NBD expected transactions, 1M",
        seconds(lambda: expected_transactions(model, customers, WEEKS_AHEAD)),
        None if peer is None else seconds(lambda: ahead(WEEKS_AHEAD, *triple)),
    )
    line(
        "BG/NBD P(alive), 1M",
        seconds(lambda: p_alive(model, customers)),
        None if peer is None else seconds(lambda: peer.conditional_probability_alive(*triple)),
    )
    line(
        "BG/NBD discounted transactions, 1M",
        seconds(lambda: discounted_transactions(model, customers, delta=0.0027)),
        None,
    )


def main() -> None:
    """Print the table."""
    if lifetimes is None:
        print("lifetimes not installed")
    print(f"{'seconds':44}{'crmkit':>10}{'lifetimes':>12}{'ratio':>9}")
    sample = cdnow()
    if sample is None:
        print("CDNOW sample is absent; set CRMKIT_SHARED to the folder that holds data/cdnow")
    else:
        compare_fits("CDNOW sample", sample, slow_peer=False)
    million = simulated(MILLION)
    compare_fits("1M simulated", million, slow_peer=True)
    compare_predictions(million)


if __name__ == "__main__":
    main()
