"""What open deals come to, and how likely each is, by what such deals came to."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.operational import sales
from crmkit.plugins.operational.sales import DealDraft
from crmkit.plugins.operational.sales.scoring import simulated

from .conftest import LOST
from .test_deals import eur, move, opened


def test_a_certain_deal_is_certain():
    assert simulated([500, 300], [1.0, 0.0], [0, 1]) == (500, 500)


def test_one_deal_is_won_or_not():
    assert simulated([100], [0.5], [0]) == (0, 100)


def test_many_deals_misjudged_together_are_wider_than_a_binomial():
    low, high = simulated([1] * 10_000, [0.5] * 10_000, [0] * 10_000, seed=1)
    # A beta of 10 and 10: 5 % and 95 % lie at 0.3201 and 0.6799; a binomial's at 0.492 and 0.508.
    assert low / 10_000 == pytest.approx(0.32, abs=0.01)
    assert high / 10_000 == pytest.approx(0.68, abs=0.01)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 1), st.integers(0, 3)), min_size=1),
    st.integers(0, 9),
)
def test_bounds_are_bounds(deals, seed):
    values, chances, groups = map(np.array, zip(*deals, strict=True))
    low, high = simulated(values, chances, groups, seed=seed, draws=200)
    assert 0 <= low <= high <= values.sum()
    assert (low, high) == simulated(values, chances, groups, seed=seed, draws=200)


def test_expected_by_month(house):
    for day, amount in ((date(2026, 2, 3), "100"), (date(2026, 2, 20), "50"), (None, "10")):
        opened(house, amount=eur(amount), expected_on=day)
    sure = opened(house, amount=eur("200"), expected_on=date(2026, 2, 1), probability=1.0)
    with house.unit(write=False) as unit:
        february, none = sales.forecast(unit)
        (chance,) = sales.chances(unit, [sure])
    # Two deals at a tenth, and one that the seller is sure of.
    assert (february.month, february.deals) == ("2026-02", 3)
    assert february.expected_minor == 20_000 + 1_500
    assert 20_000 <= february.low_minor <= february.high_minor <= february.best_minor == 35_000
    assert (none.month, none.expected_minor) == ("", 100)
    assert chance.source == "seller"


def closed(crm, clock, wins, losses, days=5):
    """Deals that were won, and lost, from the proposal, after some days there."""
    with crm.unit() as unit:
        drafts = [DealDraft(customer_id=1, name="x", amount=eur("100"))] * (wins + losses)
        ids = [each.id for each in sales.open_deals(unit, drafts)]
        sales.move(unit, ids, "proposal")
    clock.move(days=days)
    if wins:
        move(crm, ids[:wins], "won")
    if losses:
        move(crm, ids[wins:], "lost", reason=LOST[0])


def test_chances_by_what_such_deals_came_to(house, clock):
    closed(house, clock, wins=30, losses=0, days=2)
    closed(house, clock, wins=0, losses=30, days=20)
    fresh = opened(house)
    move(house, [fresh.id], "proposal")
    clock.move(days=10)
    with house.unit(write=False) as unit:
        (old,) = sales.chances(unit, [sales.deal(unit, fresh.id)])
    # Half of all are won; of those that stay ten days in the proposal none was.
    assert (old.source, old.deals, old.base) == ("history", 60, 0.5)
    assert old.value == pytest.approx(5 * 0.5 / 35)
    assert old.base + sum(old.reasons.values()) == pytest.approx(old.value)


def test_little_history_says_nothing(house, clock):
    closed(house, clock, wins=5, losses=5)
    deal = opened(house)
    with house.unit(write=False) as unit:
        (chance,) = sales.chances(unit, [deal])
    assert (chance.source, chance.value) == ("stage", 0.1)


def test_how_deals_go_through_the_stages(house, clock):
    closed(house, clock, wins=3, losses=1, days=4)
    opened(house)
    with house.unit(write=False) as unit:
        found = {each.stage: each for each in sales.stages(unit) if each.pipeline == "shops"}
        (speed,) = sales.velocity(unit)
    assert (found["new"].now, found["new"].entered, found["new"].advanced) == (1, 5, 4)
    proposal = found["proposal"]
    assert (proposal.advanced, proposal.lost, proposal.median_days) == (3, 1, 4.0)
    # One open deal, 100 euros by won one, three quarters won, in four days.
    assert speed.per_day_minor == pytest.approx(1 * 10_000 * 0.75 / 4)


def test_nothing_closed_has_no_velocity(house):
    opened(house)
    with house.unit(write=False) as unit:
        (speed,) = sales.velocity(unit)
    assert (speed.win_share, speed.cycle_days, speed.per_day_minor) == (None, None, None)


def test_who_is_in_talks(make_house, clock):
    from crmkit.plugins.foundation import scoring

    house = make_house("scoring")
    lost, _ = opened(house), opened(house, customer=2)
    move(house, [lost.id], "lost", reason=LOST[0])
    clock.move(hours=1)
    with house.unit() as unit:
        scoring.refresh_segments(unit, unit.now)
        members = unit.connection.scalars(scoring.members("sales.in_talks")).all()
    assert members == [2]
    assert clock.now - timedelta(hours=1) == lost.opened_at
