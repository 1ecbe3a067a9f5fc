import numpy as np
import pytest

from crmkit.plugins.analytical.effect import (
    InvalidDesignError,
    NotEnoughDataError,
    auuc,
    bands,
    fit_uplift,
    held_out_uplift,
    logistic,
    qini_coefficient,
    qini_curve,
    ridge,
    uplift_at_k,
    uplift_curve,
    weighted_average_uplift,
)

Y = np.array([1, 0, 1, 1, 0, 0, 1, 0, 0, 1])
T = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
U = np.array([0.9, 0.1, 0.8, 0.3, 0.2, 0.7, 0.3, 0.6, 0.1, -0.2])


def test_the_curves_are_those_of_scikit_uplift():
    # scikit-uplift 0.5.1 prints these; the first four points are also quickly done by hand
    n, qini = qini_curve(Y, U, T)
    assert n.tolist() == [0, 1, 2, 3, 4, 6, 7, 9, 10]
    assert qini == pytest.approx([0, 1, 2, 2, 2, 2, 5 / 3, 1.75, 1])
    assert uplift_curve(Y, U, T)[1] == pytest.approx([0, 1, 2, 3, 4, 4, 2.91666667, 3.15, 2])


def test_the_coefficients_are_those_of_scikit_uplift():
    assert qini_coefficient(Y, U, T) == pytest.approx(0.6283783783783784, rel=1e-12)
    assert auuc(Y, U, T) == pytest.approx(0.70703125, rel=1e-12)
    assert uplift_at_k(Y, U, T, 0.6, by_arm=False) == pytest.approx(2 / 3)
    assert uplift_at_k(Y, U, T, 0.4, by_arm=True) == 1
    assert weighted_average_uplift(Y, U, T, bins=2) == pytest.approx(1 / 6)


def test_ties_and_noise_too():
    rng = np.random.default_rng(7)
    y, t = rng.integers(0, 2, 200), rng.integers(0, 2, 200)
    u = rng.normal(size=200).round(1)
    assert qini_coefficient(y, u, t) == pytest.approx(-0.042863544256239706, rel=1e-10)
    assert auuc(y, u, t) == pytest.approx(-0.058827036427564844, rel=1e-10)
    assert weighted_average_uplift(y, u, t) == pytest.approx(0.07222510000287777, rel=1e-10)


def test_a_perfect_order_has_coefficient_one():
    perfect = Y * T - Y * (1 - T)
    assert qini_coefficient(Y, perfect, T) == 1


@pytest.mark.parametrize("measure", [qini_coefficient, auuc])
def test_metrics_refuse_what_they_cannot_read(measure):
    with pytest.raises(NotEnoughDataError, match="one arm"):
        measure(Y, U, np.ones(10))
    with pytest.raises(InvalidDesignError, match="only 0 and 1"):
        measure(Y * 2, U, T)
    with pytest.raises(InvalidDesignError, match="finite"):
        measure(Y, np.where(U > 0.8, np.nan, U), T)
    with pytest.raises(InvalidDesignError, match="equal ones"):
        measure(Y, U[:5], T)
    with pytest.raises(NotEnoughDataError, match="better than chance"):
        measure(np.zeros(10), U, T)


def test_a_share_with_an_empty_arm_is_refused():
    with pytest.raises(NotEnoughDataError, match="an arm is empty"):
        uplift_at_k(Y, U, T, 0.1, by_arm=False)
    with pytest.raises(NotEnoughDataError, match="an arm is empty"):
        weighted_average_uplift(Y, U, T, bins=10)
    with pytest.raises(InvalidDesignError, match="between 0 and 1"):
        uplift_at_k(Y, U, T, 1, by_arm=True)


def planted(n=4_000, seed=0):
    """An offer is worth 2 + 3 x1 to a customer; x0 moves the outcome alike in both arms."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    t = (rng.random(n) < 0.4).astype(float)
    effect = 2 + 3 * x[:, 1]
    return x, 5 * x[:, 0] + t * effect + rng.normal(size=n), t, effect


@pytest.mark.parametrize("method", ["s", "t", "x", "class"])
def test_every_learner_finds_the_planted_effect(method):
    x, y, t, effect = planted()
    found = fit_uplift(x, y, t, method)(x)
    assert np.corrcoef(found, effect)[0, 1] > 0.95
    assert found.mean() == pytest.approx(2, abs=0.6)
    if method != "class":  # the turned outcome carries the noise of x0
        assert np.abs(found - effect).mean() < 0.15


def test_any_pair_of_callables_is_an_estimator():
    x, y, t, _ = planted(600)

    def mean_only(rows, outcome):
        return lambda new: np.full(len(new), outcome.mean())

    found = fit_uplift(x, y, t, "t", fit=mean_only)(x[:3])
    assert found == pytest.approx(np.full(3, y[t == 1].mean() - y[t == 0].mean()))


def test_a_logistic_pair_finds_who_is_persuadable():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(6_000, 1))
    t = (rng.random(6_000) < 0.5).astype(float)
    chance = 1 / (1 + np.exp(-(-1 + t * 1.5 * x[:, 0])))
    y = (rng.random(6_000) < chance).astype(float)
    assert qini_coefficient(y, held_out_uplift(x, y, t, fit=logistic), t) > 0.1


def test_the_default_estimators_are_what_they_say():
    rng = np.random.default_rng(9)
    x = np.c_[rng.normal(size=(500, 2)), np.ones(500)]  # a constant column does no harm
    assert ridge(x, 1 + x @ [2, -1, 0], penalty=1e-9)(x) == pytest.approx(1 + x @ [2, -1, 0])
    separated = (x[:, 0] > 0).astype(float)
    chance = logistic(x, separated)(x)
    assert ((chance > 0.5) == (separated == 1)).mean() > 0.97
    assert np.isfinite(logistic(x, np.ones(500))(x)).all()


def test_learners_refuse_thin_and_broken_data():
    x, y, t, _ = planted(50)
    with pytest.raises(NotEnoughDataError, match="columns need more"):
        fit_uplift(x, y, np.r_[1.0, np.zeros(49)])
    with pytest.raises(InvalidDesignError, match="finite"):
        fit_uplift(np.where(x > 1, np.nan, x), y, t)
    with pytest.raises(InvalidDesignError, match="one row of columns"):
        fit_uplift(x[:, 0], y, t)
    with pytest.raises(InvalidDesignError, match="s, t, x or class"):
        fit_uplift(x, y, t, "z")


def test_bands_fall_with_the_planted_effect_and_cover_it():
    _, y, t, effect = planted()
    found = bands(y, effect, t)
    assert [each.customers for each in found] == [400] * 10
    assert all(each.measured.low <= each.predicted <= each.measured.high for each in found[:8])
    values = [each.measured.value for each in found]
    assert values[0] > values[4] > values[-1]
    assert bands(Y, U, T, bins=10)[0].measured is None
