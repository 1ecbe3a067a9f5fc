from __future__ import annotations

from datetime import date

import pytest

from crmkit import CRM, ConfigError, InvalidValueError, Money
from crmkit.plugins.operational import sales
from crmkit.plugins.operational.sales import DealDraft

TEAMS = {
    "teams": [
        {"name": "south", "lead": "pia", "countries": ["PL"]},
        {"name": "homes", "pipelines": ["homes"]},
    ],
    "sellers": [
        {"name": "pia", "team": "south", "capacity": 2},
        {"name": "kim", "team": "south", "countries": ["SE"]},
        {"name": "max", "team": "homes", "capacity": 3},
    ],
}


@pytest.fixture
def house(make_house):
    return make_house(**TEAMS)


def open_(house, customer=1, pipeline="shops", **given):
    draft = DealDraft(
        customer_id=customer,
        name="A lamp",
        pipeline=pipeline,
        amount=Money(10_000, "EUR"),
        expected_on=date(2026, 3, 1),
        **given,
    )
    with house.unit() as unit:
        (found,) = sales.open_deals(unit, [draft])
    return found.id


def test_a_team_lends_its_territory_and_sells_from_its_pipelines(house):
    shop, home, elsewhere = open_(house), open_(house, pipeline="homes"), open_(house, customer=2)
    with house.unit() as unit:
        given = sales.assign(unit)
    # Ana is in Poland, which is south's, and so pia's; kim's own Sweden goes before the team's.
    # max sells homes alone, everywhere; whose territory it is goes first, also for a home.
    assert given == {shop: "pia", home: "pia"}
    assert elsewhere not in given
    more = open_(house, pipeline="homes")
    with house.unit() as unit:
        assert sales.assign(unit) == {more: "max"}  # pia is full


def test_figures_of_a_team_are_those_of_its_sellers(house):
    open_(house, owner="pia")
    open_(house, owner="kim")
    open_(house, owner="max", pipeline="homes")
    won = open_(house, owner="pia")
    with house.unit() as unit:
        sales.move(unit, [won], "proposal")
        sales.move(unit, [won], "won")
    with house.unit(write=False) as unit:
        south, homes = sales.teams(unit)
        assert (south.sellers, south.capacity, south.open, south.free) == (2, 52, 2, 50)
        assert (south.lead, south.won, south.lost) == ("pia", 1, 0)
        assert (homes.open, homes.free, homes.won) == (1, 2, 0)
        assert [each.deals for each in sales.forecast(unit, team="south")] == [2]
        assert [each.deals for each in sales.forecast(unit)] == [3]
        assert [(each.open, each.won) for each in sales.velocity(unit, team="south")] == [(2, 1)]
        assert [each.pipeline for each in sales.velocity(unit, team="homes")] == ["homes"]


def test_what_is_overdue_by_team(house, clock):
    for owner in ("pia", "kim", "max"):
        number = open_(house, owner=owner)
        with house.unit() as unit:
            sales.set_next(unit, number, "Call", clock.now)
    clock.move(days=1)
    with house.unit(write=False) as unit:
        late = sales.overdue(unit, team="south")
        assert [each.owner for each, _ in late] == ["pia", "kim"]


@pytest.mark.parametrize(
    ("given", "told"),
    [({"team": "sooth"}, "did you mean 'south'"), ({"team": "south", "owner": "pia"}, "not both")],
)
def test_a_team_that_is_none_is_refused(house, given, told):
    with house.unit(write=False) as unit, pytest.raises(InvalidValueError, match=told):
        sales.velocity(unit, **given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sellers": [{"name": "a", "team": "x"}]}, "sellers.team"),
        ({"sellers": [{"name": "a"}, {"name": "a"}]}, "each with its own name"),
        ({"teams": [{"name": "t", "lead": "nobody"}]}, "teams.lead"),
        ({"teams": [{"name": "t", "pipelines": ["none"]}]}, "teams.pipelines"),
        ({"teams": [{"name": "t"}, {"name": "t"}]}, "each with its own name"),
    ],
)
def test_settings_that_fit_nobody_are_refused_at_the_start(given, told):
    with pytest.raises(ConfigError, match=told):
        CRM.open("sqlite://", ["sales"], settings={"sales": given})
