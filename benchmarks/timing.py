"""Medians side by side: the contestants take turns, so a drift of the machine meets all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping


def side_by_side(
    contestants: Mapping[str, Callable[[], object]], *, rounds: int = 5
) -> dict[str, float]:
    """Median seconds of each contestant over *rounds* turns, after one turn that does not count."""
    gc.collect()
    gc.freeze()  # what the imports of one contestant left behind must not slow the others
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            if turn:
                taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(each) for name, each in taken.items()}


def report(title: str, medians: Mapping[str, float], *, against: str, unit: str = "ms") -> None:
    """One line a contestant: its median, and how many times the one it is held against it takes."""
    scale = {"s": 1, "ms": 1e3, "us": 1e6}[unit]
    print(f"\n{title}")
    for name, seconds in medians.items():
        print(f"  {name:<42}{seconds * scale:>12,.3f} {unit}{seconds / medians[against]:>10.2f} x")
