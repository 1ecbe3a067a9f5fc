"""What is refused at the door, and in which words."""

import numpy as np
import pytest

from crmkit.plugins.analytical.clv import (
    Histories,
    InvalidHistoryError,
    Nbd,
    Regularity,
    expected_transactions,
    fit_bgcnbdk,
    fit_bgnbd,
    fit_mbgnbd,
    fit_nbd,
    fit_paretonbd,
    transaction_mass,
)

nan = float("nan")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([nan], [0], [1]), "frequency[0] is nan; accepted: integers >= 0"),
        (([1, -2], [1, 1], [2, 2]), "frequency[1] is -2; accepted: integers >= 0"),
        (([1.5], [1], [2]), "frequency[0] is 1.5; accepted: integers >= 0"),
        (([1], [nan], [2]), "recency[0] is nan; accepted: finite numbers >= 0"),
        (([1], [-1], [2]), "recency[0] is -1; accepted: finite numbers >= 0"),
        (([1], [1], [float("inf")]), "age[0] is inf; accepted: finite numbers >= 0"),
        (([0], [0], [-1]), "age[0] is -1; accepted: finite numbers >= 0"),
        (([1, 1], [1, 9], [2, 2]), "recency[1] is 9; accepted: values <= age of the same row"),
        (([0], [1], [2]), "recency[0] is 1; accepted: 0 where frequency is 0"),
        (([], [], []), "frequency is of shape (0,); accepted: shape (n,), n >= 1"),
        ((1, 1, 2), "frequency is of shape (); accepted: shape (n,), n >= 1"),
        (([1], [1, 2], [2]), "recency is of shape (2,); accepted: shape (1,)"),
        (([1], [1], [2, 3]), "age is of shape (2,); accepted: shape (1,)"),
        (([1], [1], [2], [-1]), "weights[0] is -1; accepted: finite numbers >= 0"),
        (([1], [1], [2], [0]), "weights is 0 everywhere; accepted: at least one weight > 0"),
        (([1], [1], [2], [1, 1]), "weights is of shape (2,); accepted: shape (1,)"),
        (
            ([1], [1], [2], None, ([[nan]], None)),
            "purchase covariates[0, 0] is nan; accepted: finite numbers",
        ),
        (
            ([1], [1], [2], None, (None, [1.0])),
            "dropout covariates is of shape (1,); accepted: shape (1, m)",
        ),
    ],
)
def test_refusals_name_argument_value_and_range(arguments, message):
    with pytest.raises(InvalidHistoryError) as caught:
        Histories.of(*arguments)
    assert str(caught.value) == message


def fit_k(*triple):
    return fit_bgcnbdk(*triple, Regularity(k=(2,)))


def nbd(frequency, _, age):
    return fit_nbd(frequency, age)


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_mbgnbd, fit_paretonbd, fit_k, nbd])
def test_every_fit_needs_a_repeat_purchase_and_time(fit):
    with pytest.raises(InvalidHistoryError, match="frequency is 0 everywhere; accepted: at least"):
        fit([0, 0], [0, 0], [3, 4])
    with pytest.raises(InvalidHistoryError, match="age is 0 everywhere; accepted: at least one"):
        fit([1, 1], [0, 0], [0, 0])
    with pytest.raises(InvalidHistoryError, match=r"frequency\[0\] is nan"):
        fit([nan, 0], [0, 0], [3, 4])


def test_the_error_carries_the_facts():
    with pytest.raises(InvalidHistoryError) as caught:
        Histories.of([-1], [0], [1])
    error = caught.value
    assert (error.argument, error.found, error.accepted) == ("frequency[0]", "-1", "integers >= 0")


def test_questions_are_checked_too():
    customers = Histories.of([1], [1], [2])
    model = Nbd(r=1, alpha=1)
    with pytest.raises(InvalidHistoryError, match="t is -1; accepted: finite numbers >= 0"):
        expected_transactions(model, customers, -1)
    with pytest.raises(InvalidHistoryError, match=r"count\[0\] is 1.5; accepted: integers >= 0"):
        transaction_mass(model, 1.5, 2)


def test_negative_zero_is_zero():
    assert not np.signbit(Histories.of([0], [-0.0], [1]).recency).any()
