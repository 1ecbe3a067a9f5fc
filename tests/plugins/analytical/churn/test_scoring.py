"""How long somebody stays, against printed tables."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Scored
from crmkit.plugins.analytical import churn
from crmkit.plugins.analytical.churn.scoring import risk_of

# Freireich et al. 1963, weeks in remission under 6-MP; 1 relapsed, 0 still in remission
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
ENDED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_the_leukaemia_patients_of_the_textbooks():
    found = churn.kaplan_meier(WEEKS, ENDED)
    assert found.times == (6, 7, 10, 13, 16, 22, 23)
    assert found.at_risk == (21, 17, 15, 12, 11, 7, 6)
    assert found.ended == (3, 1, 1, 1, 1, 1, 1)
    printed = (0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448)
    assert found.survival == pytest.approx(printed, abs=5e-4)


def test_the_bounds_are_greenwoods_on_the_log_log_scale():
    found = churn.kaplan_meier(WEEKS, ENDED)
    # printed standard errors of the survival: at 6 weeks .0764, at 23 .1346
    for at, error in ((0, 0.0764), (-1, 0.1346)):
        s = found.survival[at]
        reach = 1.959964 * error / s / abs(log(s))
        assert found.low[at] == pytest.approx(s ** np.exp(reach), abs=2e-3)
        assert found.high[at] == pytest.approx(s ** np.exp(-reach), abs=2e-3)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_without_anybody_still_there_it_is_the_share_who_stayed_longer(times):
    found = churn.kaplan_meier(times, [1] * len(times))
    for at, survival in zip(found.times, found.survival, strict=True):
        assert survival == pytest.approx(sum(each > at for each in times) / len(times))
    assert found.survival[-1] == pytest.approx(0)


@pytest.mark.parametrize(
    ("durations", "ended"), [([1, float("nan")], [1, 0]), ([1, -1], [1, 0]), ([1], [2]), ([1], [])]
)
def test_times_that_say_nothing_are_refused(durations, ended):
    with pytest.raises(churn.InvalidDurationsError, match="finite times"):
        churn.kaplan_meier(durations, ended)


def test_risk_is_the_chance_turned_round_and_still_adds_up():
    alive = Scored(
        value=np.array([0.2, 0.6]),
        low=np.array([0.1, 0.5]),
        high=np.array([0.4, 0.9]),
        base=0.5,
        reasons={"recency": np.array([-0.3, 0.1])},
    )
    found = risk_of(alive, 0.5, 0.75)
    assert found.value.tolist() == pytest.approx([0.8, 0.4])
    assert found.low.tolist() == pytest.approx([0.6, 0.1])
    assert found.high.tolist() == pytest.approx([0.9, 0.5])
    assert (found.base + found.reasons["recency"]).tolist() == pytest.approx([0.8, 0.4])
    assert found.labels.tolist() == ["lost", "safe"]
