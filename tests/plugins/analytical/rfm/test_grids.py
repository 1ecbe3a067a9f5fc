"""Other cut points, the grid, and who moves on it."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from crmkit import CRM, ConfigError, Customer, Interaction, InvalidValueError, Money
from crmkit.plugins.analytical import rfm
from crmkit.plugins.foundation import scoring

COLUMNS = {
    "recency_days": np.array([1, 5, 9, 30, 400]),
    "frequency": np.array([1, 2, 3, 4, 20]),
    "monetary_minor": np.array([100, 200, 300, 400, 500]),
    "currencies": np.full(5, None),
}
OWN = {
    "rule": "own",
    "levels": 3,
    "recency_days": [7.0, 60.0],
    "frequency": [1.0, 3.0],
    "monetary_minor": [200.0, 400.0],
}


def test_own_cut_points_put_a_value_on_them_below():
    settings = rfm.Settings(**{k: tuple(v) if isinstance(v, list) else v for k, v in OWN.items()})
    found = rfm.score(COLUMNS, rfm.fit(COLUMNS, settings))
    assert found.value.tolist() == [311, 321, 222, 232, 133]


def test_equal_steps_from_least_to_most():
    settings = rfm.Settings(rule="equal_width", levels=2)
    parameters = rfm.fit(COLUMNS, settings)
    assert parameters["cuts"]["monetary_minor"] == [300]
    assert rfm.score(COLUMNS, parameters).value.tolist() == [211, 211, 211, 212, 122]


@pytest.mark.parametrize("levels", range(2, 10))
def test_named_segments_exist_on_every_grid(levels):
    names = {each.name for each in rfm.SEGMENTS}
    found = rfm.score(COLUMNS, rfm.fit(COLUMNS, rfm.Settings(levels=levels)))
    assert set(found.labels) <= names
    best = int(np.argmax(found.value))
    assert found.value[best] <= 111 * levels


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"levels": 1}, "2 to 9 levels"),
        ({"rule": "magic"}, "quantile, equal_width, own"),
        ({"rule": "own"}, "4 cut points for 5 levels"),
        ({"frequency": [1.0]}, "0 cut points"),
        (OWN | {"frequency": [3.0, 1.0]}, "cut points that rise"),
    ],
)
def test_wrong_settings_are_told(make_crm, settings, told):
    with pytest.raises(ConfigError, match=told):
        make_crm("scoring", "rfm", settings={"rfm": settings})


def order(customer_id, at, minor):
    return Interaction(
        customer_id=customer_id, kind="purchase.order", at=at, amount=Money(minor, "EUR")
    )


def fill(unit):
    """Ten customers; the first five buy on, the others stop in March; an eleventh comes late."""
    unit.customers.add_many(Customer(name=f"c{n}") for n in range(11))
    for n in range(1, 11):
        months = range(1, 10) if n <= 5 else range(1, 4)
        unit.interactions.add_many(
            order(n, datetime(2025, month, n, tzinfo=UTC), 100 * n) for month in months
        )
    unit.interactions.add(order(11, datetime(2025, 9, 1, tzinfo=UTC), 100))


def test_the_grid_counts_everybody_once(make_crm):
    crm = make_crm("scoring", "rfm")
    with crm.unit() as unit:
        fill(unit)
        found = rfm.grid(unit, as_of=datetime(2025, 10, 1, tzinfo=UTC))
    assert sum(each.customers for each in found.cells) == 11
    paid = sum(100 * n * (9 if n <= 5 else 3) for n in range(1, 11)) + 100
    assert sum(each.monetary_minor for each in found.cells) == paid
    assert {each.r for each in found.cells} <= set(range(1, 6))


def test_who_stops_moves_by_the_borders_of_the_first_day(make_crm):
    crm = make_crm("scoring", "rfm", settings={"rfm": OWN})
    with crm.unit() as unit:
        fill(unit)
        since, until = (datetime(2025, month, 1, tzinfo=UTC) for month in (4, 10))
        found = rfm.migration(unit, since=since, until=until)
        with pytest.raises(InvalidValueError, match="a day after"):
            rfm.migration(unit, since=until, until=since)
        with pytest.raises(scoring.TooThinError, match="nobody had ordered"):
            rfm.grid(unit, as_of=since - timedelta(days=900))
    moves = {(each.left, each.joined): each.customers for each in found.moves}
    assert sum(moves.values()) == 11
    assert sum(n for (left, _), n in moves.items() if not left) == 1
    gone = {"cannot_lose", "at_risk", "lost", "hibernating"}
    assert sum(n for (left, joined), n in moves.items() if left and joined in gone) == 5


def test_other_cut_points_are_another_version(make_crm):
    with make_crm("scoring", "rfm").unit(write=False) as unit:
        usual = unit.contributed.scorers["rfm"].tuned(unit).version
    with make_crm("scoring", "rfm", settings={"rfm": OWN}).unit(write=False) as unit:
        own = unit.contributed.scorers["rfm"].tuned(unit).version
    assert usual == "1"
    assert own == "1 3 own 7/60 1/3 200/400"


def test_the_command_line(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,rfm").exit_code == 0
    assert cli("rfm", "grid").exit_code == 1
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit() as unit:
        fill(unit)
    done = cli("--format", "json", "rfm", "grid", "--plot", "grid.svg")
    assert sum(row["customers"] for row in json.loads(done.stdout)) == 11
    assert "frequency and money" in (tmp_path / "grid.svg").read_text()
    dates = ("--since", "2025-04-01", "--until", "2025-10-01")
    moved = json.loads(cli("--format", "json", "rfm", "migration", *dates).stdout)
    assert sum(row["customers"] for row in moved) == 11
