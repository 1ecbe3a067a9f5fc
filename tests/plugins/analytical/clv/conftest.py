"""The published data sets, and customers drawn from known models."""

import csv
import os
from collections import defaultdict
from datetime import date
from pathlib import Path

import attrs
import numpy as np
import pytest

from crmkit.plugins.analytical.clv import Histories

ROOT = Path(__file__).parents[4]


def shared_file(*parts):
    """A file of the shared data; the test is skipped where it is absent."""
    path = Path(os.environ.get("CRMKIT_SHARED", ROOT.parent / "shared")).joinpath("data", *parts)
    if not path.exists():
        pytest.skip(f"shared data {'/'.join(parts)} is absent; set CRMKIT_SHARED to its folder")
    return path


@attrs.frozen(eq=False)
class Cohort:
    """Customers in weeks; `repeat_weeks` are all repeat purchase days, holdout included."""

    frequency: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    monetary: np.ndarray
    repeat_weeks: np.ndarray

    @property
    def triple(self):
        return self.frequency, self.recency, self.age

    @property
    def histories(self):
        return Histories.of(*self.triple)


@pytest.fixture(scope="session")
def cdnow_orders():
    """Every line of the CDNOW sample: customer, day, dollars."""
    with shared_file("cdnow", "CDNOW_sample.txt").open() as lines:
        return [
            (customer, date(int(day[:4]), int(day[4:6]), int(day[6:])), float(dollars))
            for _, customer, day, _, dollars in (line.split() for line in lines)
        ]


@pytest.fixture(scope="session")
def cdnow(cdnow_orders):
    """CDNOW sample: same-day purchases merged, calibration until 1997-09-30."""
    spent = defaultdict(lambda: defaultdict(float))
    for customer, on, dollars in cdnow_orders:
        spent[customer][on] += dollars
    end, start = date(1997, 9, 30), min(min(days) for days in spent.values())
    rows, repeats = [], []
    for days in spent.values():
        first, *later = sorted(days)
        seen = [day for day in later if day <= end]
        recency = (seen[-1] - first).days / 7 if seen else 0.0
        mean = np.mean([days[day] for day in seen]) if seen else 0.0
        rows.append((len(seen), recency, (end - first).days / 7, mean))
        repeats += [(day - start).days / 7 for day in later]
    return Cohort(*np.array(rows).T, np.array(repeats))


@pytest.fixture(scope="session")
def donations():
    """Donations by 11,104 people at 6 opportunities: frequency, recency, periods, weights."""
    with (ROOT / "tests" / "data" / "donations.csv").open() as lines:
        rows = list(csv.reader(lines))[1:]
    return np.array(rows, dtype=float).T


@pytest.fixture(scope="session")
def small():
    """300 made-up customers in weeks, from gamma rates and beta dropout chances."""
    random = np.random.default_rng(7)
    size = 300
    age = 30 + random.integers(0, 70, size) / 7
    rate, chance = random.gamma(0.6, 1 / 5, size), random.beta(0.9, 2.5, size)
    frequency, recency, clock = np.zeros(size), np.zeros(size), np.zeros(size)
    alive = np.arange(size)
    while alive.size:
        clock[alive] += np.ceil(random.exponential(1 / rate[alive]) * 7) / 7
        alive = alive[clock[alive] <= age[alive]]
        frequency[alive] += 1
        recency[alive] = clock[alive]
        alive = alive[random.random(alive.size) >= chance[alive]]
    monetary = np.where(frequency > 0, random.gamma(4, 5, size) + 1, 0)
    return Cohort(frequency, recency, age, monetary, np.empty(0))
