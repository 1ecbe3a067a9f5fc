"""How unevenly profit is spread, against published and hand-made numbers."""

import csv
import gzip
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.plugins.analytical import profit
from crmkit.plugins.analytical.profit.scoring import concentration, goods_minor

BOOK = Path(__file__).parents[5] / "shared/data/online_retail/online_retail.csv.gz"
AMOUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=40).filter(any)


def test_all_alike_is_no_concentration_and_one_with_all_is_nearly_one():
    assert profit.gini([5, 5, 5, 5]) == pytest.approx(0)
    assert profit.gini([0, 0, 0, 10]) == pytest.approx(0.75)


def test_the_gini_of_a_textbook_case():
    # 1, 2, 3: mean absolute difference 8/9, by twice the mean 4
    assert profit.gini([3, 1, 2]) == pytest.approx(8 / 9 / 4)


@given(AMOUNTS)
def test_gini_is_half_the_mean_difference_by_the_mean(values):
    y = np.array(values, float)
    differences = np.abs(y[:, None] - y[None, :]).mean()
    assert profit.gini(values) == pytest.approx(differences / (2 * y.mean()), abs=1e-12)


def test_the_whale_rises_above_everything_and_comes_back():
    share, reached = profit.whale_curve([-50, 100, 50, -20])
    assert share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert reached.tolist() == [0, 1.25, 1.875, 1.625, 1]
    found = concentration([-50, 100, 50, -20])
    assert (found.peak, found.losing, found.gini) == (1.875, 2, None)


@given(AMOUNTS, st.integers(1, 1000))
def test_concentration_knows_no_unit(values, by):
    one, other = concentration(values), concentration([each * by for each in values])
    assert one.gini == pytest.approx(other.gini)
    assert one.top_20 == pytest.approx(other.top_20)


def test_goods_are_rounded_to_even_and_go_back_with_the_goods():
    assert goods_minor([100, 105, 95, 0], [0, 0, 0, -100], 0.5).tolist() == [50, 52, 48, -50]


@pytest.mark.skipif(not BOOK.exists(), reason="needs shared/data/online_retail beside the project")
def test_the_concentration_of_online_retail():
    spent = defaultdict(Decimal)
    with gzip.open(BOOK, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
            if row["CustomerID"] and quantity > 0 and price > 0:
                spent[row["CustomerID"]] += quantity * price
    found = concentration([float(each) for each in spent.values()])
    assert found.customers == 4_338
    assert found.total == pytest.approx(8_911_407.90, abs=0.01)
    assert found.gini == pytest.approx(0.71514, abs=5e-6)
    assert found.top_20 == pytest.approx(0.74617, abs=5e-6)
    assert found.top_1 == pytest.approx(0.31999, abs=5e-6)
    assert found.best == pytest.approx(280_206.02, abs=0.01)


def test_a_period_is_not_empty_and_knows_its_zone():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="an instant after 2026-01-01"):
        profit.Period(start, start)
    with pytest.raises(ValueError, match="time zone"):
        profit.Period(datetime(2026, 1, 1), start)
