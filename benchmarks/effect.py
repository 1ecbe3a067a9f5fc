"""
The Qini coefficient of a million customers, beside scikit-uplift, and attribution, beside
ChannelAttribution, where these are installed.

    python -m benchmarks.effect [--rows 1000000]
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable

import numpy as np

from benchmarks.timing import report, side_by_side
from crmkit.plugins.analytical.effect import attribute, markov, qini_coefficient


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    rng = np.random.default_rng(1)
    y, t, u = rng.integers(0, 2, rows), rng.integers(0, 2, rows), rng.normal(size=rows)
    contestants: dict[str, Callable[[], object]] = {"crmkit": lambda: qini_coefficient(y, u, t)}
    try:
        from sklift.metrics import qini_auc_score
    except ModuleNotFoundError:
        print("scikit-uplift is not installed here, so it does not take part")
    else:
        warnings.simplefilter("ignore")
        assert abs(qini_auc_score(y, u, t) - qini_coefficient(y, u, t)) < 1e-12
        contestants["scikit-uplift"] = lambda: qini_auc_score(y, u, t)
    medians = side_by_side(contestants, rounds=3)
    report(f"Qini coefficient of {rows:,} customers", medians, against="crmkit")
    channels = np.array(list("abcdefgh"))
    paths = [tuple(channels[rng.integers(0, 8, rng.integers(1, 8))]) for _ in range(10_000)]
    won = (rng.random(10_000) < 0.2).tolist()
    medians = side_by_side({"crmkit": lambda: attribute(paths, won)}, rounds=3)
    report("credit by all rules, 10,000 paths", medians, against="crmkit")
    contestants = {"crmkit, exact": lambda: markov(paths, won)}
    try:
        import ChannelAttribution
        import pandas as pd
    except ModuleNotFoundError:
        print("ChannelAttribution is not installed here, so it does not take part")
    else:
        conversions = np.array(won, int)
        told = {"path": [" > ".join(path) for path in paths], "conv": conversions}
        frame = pd.DataFrame(told | {"null": 1 - conversions})
        contestants["ChannelAttribution, simulated"] = lambda: ChannelAttribution.markov_model(
            frame, "path", "conv", var_null="null", verbose=False, flg_pro=False
        )
    medians = side_by_side(contestants, rounds=3)
    report("first-order Markov, 10,000 paths", medians, against="crmkit, exact")


if __name__ == "__main__":
    main()
