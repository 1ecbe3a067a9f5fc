import csv
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.plugins.analytical.effect import (
    InvalidDesignError,
    NotEnoughDataError,
    cuped,
    mean_difference,
    ratio_difference,
    share_difference,
    wilson,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
THEN = {"measured_until": NOON, "assigned_at": NOON}


@pytest.mark.parametrize(("n", "bound"), [(2, 4.303), (3, 2.776), (16, 2.042), (61, 1.980)])
def test_equal_arms_have_the_bound_of_the_printed_t_table(n, bound):
    # both arms the same values, so 2n - 2 degrees of freedom
    values = np.arange(n, dtype=float)
    found = mean_difference(values + 1, values)
    assert found.value == pytest.approx(1)
    error = (2 * values.var(ddof=1) / n) ** 0.5
    assert (found.high - 1) / error == pytest.approx(bound, abs=5e-4)


def test_the_interval_is_the_one_worked_out_by_hand():
    # means 20 and 10, variances 100 and 100, so a standard error of sqrt(200/3) and 4 degrees
    found = mean_difference([10, 20, 30], [0, 10, 20])
    assert found.value == 10
    assert found.high - found.value == pytest.approx(2.776445 * (200 / 3) ** 0.5, rel=1e-6)
    assert found.total == pytest.approx((30, 3 * found.low, 3 * found.high))


def test_unequal_arms_have_welchs_degrees_of_freedom():
    from scipy import stats

    treated, control = [3.0, 0, 0, 12.5, 7, 0, 1], [0.0, 0, 4, 2.5]
    found = mean_difference(treated, control)
    peer = stats.ttest_ind(treated, control, equal_var=False)
    interval = peer.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.p_value == pytest.approx(peer.pvalue, rel=1e-9)


@pytest.mark.parametrize(
    ("treated", "control"), [([], []), ([1, 2], [1]), ([1], [1, 2]), ([0, 0], [0, 0])]
)
def test_too_little_data_is_said_to_be_too_little(treated, control):
    with pytest.raises(NotEnoughDataError):
        mean_difference(treated, control)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(InvalidDesignError, match="finite numbers only"):
        mean_difference([1.0, bad], [1.0, 2.0])
    with pytest.raises(InvalidDesignError, match="one-dimensional"):
        mean_difference([[1.0, 2.0]], [1.0, 2.0])


def test_newcombes_own_examples():
    # R. G. Newcombe 1998, table II, method 10, examples a, d and g
    for (a, n, b, m), (low, high) in {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (5, 56, 0, 29): (-0.0381, 0.1926),
    }.items():
        found = share_difference(a, n, b, m)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_wilsons_interval_of_none_has_width():
    # R. G. Newcombe 1998, Statistics in Medicine 17, 857-872, table I: 0 of 20, 1 of 29
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


@pytest.mark.parametrize("events", [(0, 10, 0, 10), (10, 10, 7, 7)])
def test_where_all_or_none_converted_nothing_can_differ(events):
    with pytest.raises(NotEnoughDataError, match="of both arms converted"):
        share_difference(*events)


def test_shares_refuse_an_empty_arm_and_more_events_than_customers():
    with pytest.raises(NotEnoughDataError, match="both are needed"):
        share_difference(1, 4, 0, 0)
    with pytest.raises(InvalidDesignError, match="between 0 and the 4"):
        share_difference(5, 4, 1, 4)


def test_hillstrom_has_the_published_rates_and_effects_that_are_not_zero(hillstrom):
    visits = {}
    with hillstrom.open() as file:
        for row in csv.DictReader(file):
            visits.setdefault(row["segment"], []).append(int(row["visit"]))
    counted = {name: (sum(each), len(each)) for name, each in visits.items()}
    rates = {name: (round(v / n, 6), n) for name, (v, n) in counted.items()}
    assert rates == {
        "Mens E-Mail": (0.182757, 21_307),
        "Womens E-Mail": (0.151400, 21_387),
        "No E-Mail": (0.106167, 21_306),
    }
    mens = share_difference(*counted["Mens E-Mail"], *counted["No E-Mail"])
    womens = share_difference(*counted["Womens E-Mail"], *counted["No E-Mail"])
    assert (mens.value, womens.value) == pytest.approx((0.076590, 0.045233), abs=2e-6)
    # normal approximation at this size: 1.96 sqrt(p q / n + p q / n)
    for found, p, n in ((mens, 0.182757, 21_307), (womens, 0.151400, 21_387)):
        reach = 1.959964 * (p * (1 - p) / n + 0.106167 * 0.893833 / 21_306) ** 0.5
        assert (found.low, found.high) == pytest.approx(
            (found.value - reach, found.value + reach), abs=2e-5
        )


def test_a_ratio_over_ones_is_the_difference_of_means():
    treated, control = [3.0, 0, 1, 5], [0.0, 0, 4, 2.5, 1]
    plain = mean_difference(treated, control)
    ratio = ratio_difference(treated, np.ones(4), control, np.ones(5))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )


def test_a_ratio_covers_at_its_level_though_orders_of_a_customer_hang_together():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(400):
        arms = []
        for _arm in range(2):
            orders = rng.integers(1, 6, 300).astype(float)
            price = rng.gamma(2, 5, 300)  # of all orders of a customer
            arms += [orders * price, orders]
        found = ratio_difference(*arms)
        hits += found.low <= 0 <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_a_ratio_without_a_denominator_is_refused():
    with pytest.raises(InvalidDesignError, match="a sum other than 0"):
        ratio_difference([1, 2], [0, 0], [1, 2], [1, 1])


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3), st.sampled_from([1e-3, 1.0, 1e6]))
def test_intervals_move_and_stretch_with_the_outcome(seed, shift, scale):
    rng = np.random.default_rng(seed)
    treated, control = rng.normal(1, 2, 30), rng.normal(0, 1, 20)
    plain = mean_difference(treated, control)
    moved = mean_difference((treated + shift) * scale, (control + shift) * scale)
    assert moved.low / scale == pytest.approx(plain.low, rel=1e-6, abs=1e-9)
    assert moved.p_value == pytest.approx(plain.p_value, rel=1e-6, abs=1e-12)


def test_cuped_covers_the_planted_effect_and_takes_off_the_squared_correlation():
    rng = np.random.default_rng(11)
    hits, reductions, widths, plain_widths = 0, [], [], []
    for _ in range(400):
        before = rng.normal(10, 3, 400)
        after = before + rng.normal(0, 3, 400)  # correlation sqrt(1/2)
        after[:200] += 0.7
        found = cuped(after[:200], after[200:], before[:200], before[200:], **THEN)
        plain = mean_difference(after[:200], after[200:])
        hits += found.low <= 0.7 <= found.high
        reductions.append(found.variance_reduction)
        widths.append(found.high - found.low)
        plain_widths.append(plain.high - plain.low)
    assert 0.92 <= hits / 400 <= 0.98
    assert np.mean(reductions) == pytest.approx(0.5, abs=0.02)
    assert (np.mean(widths) / np.mean(plain_widths)) ** 2 == pytest.approx(0.5, abs=0.03)


def test_cuped_refuses_a_covariate_the_treatment_may_have_changed():
    late = {"measured_until": NOON + timedelta(hours=1), "assigned_at": NOON}
    with pytest.raises(InvalidDesignError, match="from before the assignment"):
        cuped([1, 2], [3, 4], [1, 2], [1, 3], **late)


def test_cuped_refuses_a_constant_and_a_covariate_of_another_length():
    with pytest.raises(InvalidDesignError, match="differs between customers"):
        cuped([1, 2, 4], [3, 4, 9], [0.1, 0.1, 0.1], [0.1, 0.1, 0.1], **THEN)
    with pytest.raises(InvalidDesignError, match="one per outcome"):
        cuped([1, 2, 4], [3, 4, 9], [1, 2], [1, 2, 3], **THEN)


def test_welch_covers_a_planted_effect_on_skewed_spending():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(600):
        treated = rng.gamma(1, 20, 300) + 4
        control = rng.gamma(1, 20, 150)
        found = mean_difference(treated, control)
        hits += found.low <= 4 <= found.high
    assert 0.925 <= hits / 600 <= 0.975
