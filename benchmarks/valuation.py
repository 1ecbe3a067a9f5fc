"""
Planted cases among the highest tenth, by valuation and by the rankings people usually look at.

    python -m benchmarks.valuation [--seeds 20]

The books are those of the tests: 1,000 customers, a tenth of whom get far too much and a tenth far
too little. Of the two usual rankings, by revenue and by lifetime value, the better end counts.
"""

from __future__ import annotations

import argparse
from statistics import fmean

import numpy as np

from crmkit.plugins.analytical.valuation.config import Settings
from crmkit.plugins.analytical.valuation.scoring import fit, score
from tests.plugins.analytical.valuation.conftest import book

TENTH = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    found: dict[str, list[float]] = {}
    kept: list[float] = []
    for seed in range(1, parser.parse_args().seeds + 1):
        columns, over, under, revenue = book(seed)
        value = score(columns, fit(columns, Settings())).value
        for name, truth, ours in (("overvalued", over, -value), ("undervalued", under, value)):
            rankings = {"valuation": (ours,), "revenue": _both(revenue)}
            rankings["lifetime value"] = _both(columns["expected_minor"])
            for ranking, ways in rankings.items():
                best = max(float(truth[_top(each)].mean()) for each in ways)
                found.setdefault(f"{name} by {ranking}", []).append(best)
        kept.append(_kept(columns, value, seed))
    for name, shares in found.items():
        print(f"{name:<32} {fmean(shares):6.1%}  ({min(shares):.0%} to {max(shares):.0%})")
    print(f"{'of the top tenth kept by a refit':<32} {fmean(kept):6.1%}  (least {min(kept):.0%})")


def _both(ranking: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return ranking, -ranking


def _top(ranking: np.ndarray) -> np.ndarray:
    return np.argsort(-ranking, kind="stable")[:TENTH]


def _kept(columns: dict[str, np.ndarray], value: np.ndarray, seed: int) -> float:
    """How much of either end is the same when the model is fitted to resampled customers."""
    drawn = np.random.default_rng(seed).integers(0, len(value), len(value))
    resampled = {name: column[drawn] for name, column in columns.items()}
    again = score(columns, fit(resampled, Settings())).value
    ends = [np.intersect1d(_top(w * value), _top(w * again)).size / TENTH for w in (1, -1)]
    return min(ends)


if __name__ == "__main__":
    main()
