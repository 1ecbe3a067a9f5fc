"""Folding changes nothing but the number of rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.analytical.clv import (
    Histories,
    expected_transactions,
    fit_bgnbd,
    fit_paretonbd,
    p_alive,
)
from crmkit.plugins.analytical.clv.scoring import folding
from crmkit.plugins.analytical.clv.scoring.folding import (
    fold,
    fold_histories,
    fold_if_repeating,
)

values = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.5, 1e-300, 7.25])), min_size=1
)


@settings(max_examples=50, deadline=None)
@given(values)
def test_groups_are_the_distinct_rows(rows):
    columns = tuple(np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = fold(*columns)
    assert found.first.size == len(set(rows))
    for column in columns:
        assert (column[found.first][found.group] == column).all()


def test_collisions_never_merge_rows(monkeypatch):
    monkeypatch.setattr(
        folding, "_slots", lambda columns, bits, salt: (columns[0] % (2 + salt)).astype(np.intp)
    )
    found = fold(np.arange(40.0) // 2)
    assert found.first.size == 20
    assert (np.bincount(found.group) == 2).all()


def test_a_cohort_at_day_grain_folds(cdnow):
    assert fold_histories(cdnow.histories).age.size == 1016
    assert fold_histories(cdnow.histories).weights.sum() == 2357


def test_continuous_times_are_left_alone():
    distinct = np.random.default_rng(0).random(30_000)
    assert fold_if_repeating(distinct).group.tolist() == list(range(30_000))
    assert fold_if_repeating(distinct.round(2)).first.size == 101


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_paretonbd])
def test_weights_stand_for_repeated_rows(fit, small):
    folded = fold_histories(small.histories)
    whole = fit(*small.triple)
    weighted = fit(folded.frequency, folded.recency, folded.age, weights=folded.weights)
    assert weighted.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
    assert weighted.free() == pytest.approx(whole.free(), abs=1e-5)
    assert weighted.customers == 300


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_paretonbd])
def test_a_large_base_starts_from_a_sample_and_ends_at_the_same_optimum(fit, small, monkeypatch):
    cold = fit(*small.triple)
    monkeypatch.setattr(folding, "_LARGE", 10)
    assert fit(*small.triple).free() == pytest.approx(cold.free(), abs=1e-5)


def test_predictions_come_back_in_the_customers_order(small):
    model = fit_bgnbd(*small.triple)
    all_at_once = expected_transactions(model, small.histories, 20)
    for row in (0, 17, 299):
        one = Histories.of(*[column[[row]] for column in small.triple])
        assert expected_transactions(model, one, 20)[0] == pytest.approx(all_at_once[row])
        assert p_alive(model, one)[0] == pytest.approx(p_alive(model, small.histories)[row])
