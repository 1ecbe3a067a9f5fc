"""
Logistic regression beside scikit-learn: 45,211 rows, 42 columns.

    python -m benchmarks.propensity

Made-up data of the size of UCI's Bank Marketing; both fit to the same likelihood.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from crmkit.plugins.foundation.scoring import fit_logistic

ROWS, COLUMNS, TURNS = 45_211, 42, 5


def main() -> None:
    chance = np.random.default_rng(1)
    matrix = chance.normal(0, 1, (ROWS, COLUMNS))
    matrix[:, 20:] = matrix[:, 20:] > 0.8
    truth = chance.normal(0, 0.4, COLUMNS)
    happened = (chance.random(ROWS) < 1 / (1 + np.exp(2 - matrix @ truth))).astype(float)
    names = [f"x{n}" for n in range(COLUMNS)]
    ours, model = _timed(lambda: fit_logistic(matrix, happened, names))
    print(f"crmkit: {ours * 1000:.0f} ms")
    if importlib.util.find_spec("sklearn") is None:
        print("scikit-learn: not installed")
        return
    from sklearn.linear_model import LogisticRegression

    def fit() -> Any:
        return LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000).fit(matrix, happened)

    theirs, other = _timed(fit)
    gap = float(np.abs(np.array(model.coefficients) - other.coef_[0]).max())
    print(f"scikit-learn: {theirs * 1000:.0f} ms, {theirs / ours:.1f} x")
    print(f"largest difference of a coefficient: {gap:.1e}")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    taken, made = [], None
    for _ in range(TURNS):
        started = time.perf_counter()
        made = work()
        taken.append(time.perf_counter() - started)
    return median(taken), made


if __name__ == "__main__":
    main()
