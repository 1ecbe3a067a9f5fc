import numpy as np
import pytest

from crmkit.plugins.analytical.effect import (
    Difference,
    InvalidDesignError,
    NotEnoughDataError,
    always_valid,
    detectable,
    holm,
    mean_difference,
    sample_ratio,
    sample_size,
    sample_size_of_mean,
)


def test_a_broken_split_is_told_by_chi_square():
    # (50 - 100)^2/100 + (150 - 100)^2/100 = 50
    found = sample_ratio([50, 150], [0.5, 0.5])
    assert found.statistic == 50
    assert found.broken
    # 3.841 is the five per cent point of the printed table
    mild = sample_ratio([5098, 4902], [0.5, 0.5])
    assert mild.statistic == pytest.approx(3.8416)
    assert mild.p_value == pytest.approx(0.05, abs=1e-4)
    assert not mild.broken


def test_a_split_that_cannot_be_tested_is_refused():
    with pytest.raises(InvalidDesignError, match="add up to 1"):
        sample_ratio([5, 5], [0.5, 0.6])
    with pytest.raises(InvalidDesignError, match="a positive share"):
        sample_ratio([5, 5], [1.0, 0.0])
    with pytest.raises(NotEnoughDataError, match="fewer than five"):
        sample_ratio([6, 2], [0.5, 0.5])


def test_the_sample_size_is_that_of_the_textbook():
    # (1.959964 + .841621)^2 (.12 .88 + .10 .90) / .02^2 = 3,838.1
    assert sample_size(0.10, 0.02) == (3_839, 3_839)
    # the same sum for a mean: 2 (1.959964 + .841621)^2 10^2 / 2^2 = 392.4
    assert sample_size_of_mean(10, 2) == (393, 393)
    treated, held = sample_size(0.10, 0.02, holdout_share=0.1)
    assert treated == pytest.approx(9 * held, abs=9)
    assert treated + held > 7_678


def test_the_size_asked_for_has_the_power_asked_for():
    rng = np.random.default_rng(2)
    treated, control = sample_size(0.2, 0.08)
    seen = 0
    for _ in range(500):
        a, b = rng.random(treated) < 0.28, rng.random(control) < 0.2
        seen += mean_difference(a.astype(float), b.astype(float)).p_value < 0.05
    assert 0.75 <= seen / 500 <= 0.85
    assert detectable(10, 393, 393) == pytest.approx(2, abs=0.002)


@pytest.mark.parametrize("design", [(0, 0.1), (0.5, 0), (0.9, 0.1), (0.5, float("nan"))])
def test_a_design_that_cannot_be_is_refused(design):
    with pytest.raises(InvalidDesignError):
        sample_size(*design)
    with pytest.raises(InvalidDesignError):
        sample_size_of_mean(0, 1)


def test_looking_a_hundred_times_deceives_welch_but_not_the_sequence():
    rng = np.random.default_rng(17)
    deceived = {"welch": 0, "sequence": 0}
    for _ in range(300):
        a, b = rng.exponential(1, 2_000), rng.exponential(1, 2_000)
        looks = range(100, 2_001, 50)
        deceived["welch"] += any(mean_difference(a[:n], b[:n]).p_value < 0.05 for n in looks)
        found = [always_valid(a[:n], b[:n], best_at=1_000) for n in looks]
        deceived["sequence"] += any(each.low > 0 or each.high < 0 for each in found)
        assert all((each.low > 0 or each.high < 0) == (each.p_value < 0.05) for each in found)
    assert deceived["welch"] / 300 > 0.15
    assert deceived["sequence"] / 300 <= 0.05


def test_the_sequence_finds_a_real_effect():
    rng = np.random.default_rng(1)
    found = always_valid(rng.normal(0.3, 1, 2_000), rng.normal(0, 1, 2_000))
    assert found.low > 0
    assert found.method == "always valid"
    with pytest.raises(NotEnoughDataError):
        always_valid([1, 1], [1, 1])


def test_holm_is_worked_out_by_hand():
    # sorted .005 .01 .03 .04 times 4 3 2 1, made to never fall: .02 .03 .06 .06
    given = [_with(p) for p in (0.01, 0.04, 0.03, 0.005)]
    assert [each.p_value for each in holm(given)] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == ()


def _with(p_value):
    return Difference(value=1, low=0, high=2, p_value=p_value, treated=9, control=9)
