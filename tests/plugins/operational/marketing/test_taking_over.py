"""A campaign that another system sent, measured as one of ours."""

from datetime import timedelta

import attrs
import pytest

from crmkit import InvalidValueError, RecordNotFoundError
from crmkit.plugins.foundation import delivery
from crmkit.plugins.operational import marketing
from crmkit.plugins.operational.marketing import HOLDOUT

from .conftest import LETTER, arms, buys, draft


@pytest.fixture
def team(make_team):
    found = make_team(4)
    draft(found, variants=[attrs.evolve(LETTER, name="letter")])
    return found


def take_over(team, wanted, *, days=-3):
    with team.unit() as unit:
        launched_at = unit.now + timedelta(days=days)
        return marketing.take_over(unit, "spring", wanted, launched_at=launched_at)


def test_it_is_stopped_and_nothing_is_sent(team, clock):
    taken = take_over(team, {1: "letter", 2: "letter", 3: HOLDOUT})
    assert (taken.status, taken.launched_at) == ("stopped", clock.now - timedelta(days=3))
    with team.unit(write=False) as unit:
        assert list(delivery.messages(unit)) == []
    assert arms(team) == {1: "letter", 2: "letter", 3: HOLDOUT}


def test_what_happened_since_is_counted_to_the_arms(team, clock):
    buys(team, [2, 3])
    clock.move(days=1)
    take_over(team, {1: "letter", 2: "letter", 3: HOLDOUT}, days=0)
    clock.move(days=1)
    buys(team, [1])
    clock.move(days=1)
    with team.unit(write=False) as unit:
        found = {each.name: each for each in marketing.results(unit, "spring").arms}
    assert (found["letter"].people, found["letter"].reached_goal) == (2, 1)
    assert (found[HOLDOUT].people, found[HOLDOUT].reached_goal) == (1, 0)


def test_it_is_taken_over_once_and_only_as_a_draft(team):
    take_over(team, {1: "letter"})
    with pytest.raises(marketing.NotRunningError, match="only a draft"):
        take_over(team, {2: "letter"})


@pytest.mark.parametrize(
    ("wanted", "days", "error", "told"),
    [
        ({1: "lettre"}, -1, InvalidValueError, "did you mean 'letter'"),
        ({1: "letter"}, 1, InvalidValueError, "that has passed"),
        ({1: "letter", 99: HOLDOUT}, -1, RecordNotFoundError, "99"),
    ],
)
def test_what_cannot_have_been_is_refused_and_nothing_is_written(team, wanted, days, error, told):
    with pytest.raises(error, match=told):
        take_over(team, wanted, days=days)
    assert arms(team) == {}
