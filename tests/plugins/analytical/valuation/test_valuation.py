"""The report on real databases."""

import json
import random
from contextlib import closing
from datetime import timedelta

import pytest

from crmkit import CRM, ConfigError, Customer, Interaction, Money
from crmkit.plugins.analytical import valuation
from crmkit.plugins.foundation import scoring
from crmkit.testing import PluginSuite

CALL = {"name": "call", "kind": "contact.message", "channel": "phone", "cost_minor": 400}
SETTINGS = {"profit": {"activities": [CALL]}, "valuation": {"message_minor": 0}}


class TestConformance(PluginSuite):
    plugin = "valuation"


def told(unit, customer_id, ago, minor=None):
    return Interaction(
        customer_id=customer_id,
        kind="contact.message" if minor is None else "purchase.order",
        at=unit.now - timedelta(days=ago),
        channel="phone",
        amount=None if minor is None else Money(minor, "EUR"),
    )


def fill(unit):
    """Sixty customers; 1 is called all the time and bought once, 2 is never called."""
    chance = random.Random(3)
    unit.customers.add_many(Customer(name=f"c{n}") for n in range(60))
    for n in range(1, 61):
        orders = 1 if n == 1 else 12 if n == 2 else chance.randint(2, 9)
        calls = 40 if n == 1 else 0 if n == 2 else orders
        unit.interactions.add_many(
            [told(unit, n, 20 + 25 * k, 5_000 + 100 * n) for k in range(orders)]
            + [told(unit, n, 5 + k) for k in range(calls)]
        )


@pytest.fixture
def crm(make_crm):
    crm = make_crm("scoring", "clv", "profit", "valuation", settings=SETTINGS)
    with crm.unit() as unit:
        fill(unit)
        scoring.run(unit, ["clv", "valuation"])
    return crm


def test_who_gets_too_much_and_who_too_little_stand_at_the_ends(crm):
    with crm.unit(write=False) as unit:
        found = valuation.report(unit, top=1)
        members = unit.connection.scalars(scoring.members("valuation.overvalued")).all()
    over, under = found
    assert (over.customer_id, over.label) == (1, "overvalued")
    assert over.given_minor == 40 * 400
    assert over.fair_minor == pytest.approx(over.given_minor + over.gap_minor)
    assert over.low_minor <= over.fair_minor <= over.high_minor < over.given_minor
    assert over.correction.what == "serve through a cheaper channel"
    assert (under.customer_id, under.label, under.given_minor) == (2, "undervalued", 0)
    assert under.correction.amount_minor <= under.gap_minor
    assert under.potential_minor >= under.expected_minor
    assert 1 in members


def test_without_scores_there_is_no_report(make_crm):
    crm = make_crm("scoring", "clv", "profit", "valuation")
    with (
        crm.unit(write=False) as unit,
        pytest.raises(valuation.NotScoredError, match="score run clv"),
    ):
        valuation.report(unit)


def test_other_prices_ask_for_a_full_run(crm, make_crm):
    with crm.unit(write=False) as unit:
        before = unit.contributed.scorers["valuation"].tuned(unit).version
    changed = {"profit": {"activities": [{**CALL, "cost_minor": 500}]}}
    with make_crm("scoring", "clv", "profit", "valuation", settings=changed).unit() as unit:
        assert unit.contributed.scorers["valuation"].tuned(unit).version != before


@pytest.mark.parametrize(
    ("settings", "accepted"),
    [
        ({"potential_share": 2.0}, "a share"),
        ({"cuts": ["messages"]}, "each of messages, discounts, minutes, service, once"),
        ({"levers": [{"name": "x", "cost_minor": 0}]}, "1 or more"),
    ],
)
def test_wrong_settings_are_told(make_crm, settings, accepted):
    with pytest.raises(ConfigError, match=accepted):
        make_crm("scoring", "clv", "profit", "valuation", settings={"valuation": settings})


def test_the_command_line(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,clv,profit,valuation").exit_code == 0
    missing = cli("valuation", "report")
    assert missing.exit_code == 5
    assert "crmkit score run clv valuation" in missing.stderr
    with (tmp_path / "crmkit.toml").open("a") as file:
        file.write(
            '[[profit.activities]]\nname = "call"\nkind = "contact.message"\ncost_minor = 400\n'
        )
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit() as unit:
        fill(unit)
    assert cli("score", "run", "clv", "valuation").exit_code == 0
    rows = json.loads(cli("--format", "json", "valuation", "report", "--top", "1").stdout)
    assert [row["customer_id"] for row in rows] == [1, 2]
    assert rows[0]["correction"].startswith("serve through a cheaper channel: -")
    one = json.loads(cli("--format", "json", "valuation", "of", "1").stdout)
    assert one["label"] == "overvalued"
