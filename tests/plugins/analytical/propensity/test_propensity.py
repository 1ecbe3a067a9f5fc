"""The score on real databases."""

import json
import random
from contextlib import closing
from datetime import timedelta

import pytest

from crmkit import CRM, Attribute, Customer, Interaction, InvalidValueError, Money
from crmkit.plugins.analytical import propensity
from crmkit.plugins.foundation import scoring
from crmkit.testing import PluginSuite

CITY = Attribute(name="city", type="text", indexed=True)


class TestConformance(PluginSuite):
    plugin = "propensity"


@pytest.fixture
def opened(make_crm):
    def make(**settings):
        crm = make_crm(
            "scoring", "propensity", attributes=[CITY], settings={"propensity": settings}
        )
        with crm.unit() as unit:
            if not unit.customers.page(size=1):
                fill(unit)
        return crm

    return make


def fill(unit, people=240):
    """Who bought often goes on; who lives in Graz is twice as eager."""
    chance = random.Random(8)
    customers = unit.customers.add_many(
        Customer(name=f"c{n}", attributes={"city": ("Graz", "Linz")[n % 2]}) for n in range(people)
    )
    for each in customers:
        eager = chance.choice([0.1, 0.4, 0.8]) * (1.0 if each.attributes["city"] == "Graz" else 0.5)
        days = [day for day in range(400, 0, -20) if chance.random() < eager] or [380]
        unit.interactions.add_many(bought(unit, each.id, day) for day in days)


def bought(unit, customer_id, ago):
    at, amount = unit.now - timedelta(days=ago), Money(1_000, "EUR")
    return Interaction(customer_id=customer_id, kind="purchase.order", at=at, amount=amount)


def run(crm):
    with crm.unit() as unit:
        (made,) = scoring.run(unit, ["propensity"], mode="full")
    return made


def test_who_buys_often_is_likelier_and_the_reasons_say_why(opened):
    crm = opened(attributes=["city"])
    made = run(crm)
    measured = made.parameters["measured"]
    assert made.state == "done"
    assert measured["customers"] == 235
    assert measured["area_under_curve"] > 0.75
    with crm.unit(write=False) as unit:
        scores = [scoring.score_of(unit, each.id, "propensity") for each in unit.customers.page()]
    best = max(scores, key=lambda each: each.value)
    worst = min(scores, key=lambda each: each.value)
    assert 0 < worst.value < best.value < 1
    assert set(best.reasons) >= {"orders", "recency_days", "attribute_city"}
    assert best.low < best.value < best.high


def test_a_column_that_knows_the_answer_is_refused_unless_it_is_trusted(opened):
    crm = opened(kinds=["note.heard"])
    with crm.unit() as unit:
        recent = {
            each.id
            for each in unit.customers.page(size=240)
            if any(
                i.at >= unit.now - timedelta(days=90) for i in unit.interactions.timeline(each.id)
            )
        }
        unit.interactions.add_many(
            Interaction(
                customer_id=each, kind="note.heard", at=unit.now - timedelta(days=91), text="x"
            )
            for each in recent
        )
    made = run(crm)
    assert made.state == "refused"
    assert "'count_note_heard' alone tells the two apart" in made.reason
    assert run(opened(kinds=["note.heard"], trusted=["count_note_heard"])).state == "done"


def test_too_few_events_are_refused_with_the_numbers(opened):
    made = run(opened(event="purchase.return"))
    assert made.state == "refused"
    assert made.reason.startswith("purchase.return came to 0 of 235 customers within 90 days")


def test_a_kind_nobody_knows_is_told(opened):
    with opened(event="purchase.ordr").unit() as unit:
        with pytest.raises(InvalidValueError, match="one of contact"):
            scoring.run(unit, ["propensity"])


def test_it_is_put_back_in_time(opened):
    with opened().unit(write=False) as unit:
        found = scoring.backtest(unit, "propensity", cut=unit.now - timedelta(days=90))
    model, _, mean = found.rivals
    assert found.foretells == "event"
    assert model.log_loss < mean.log_loss
    assert model.area_under_curve > 0.7


def test_the_command_line(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,propensity").exit_code == 0
    missing = cli("propensity", "show")
    assert missing.exit_code == 5
    assert "crmkit score run propensity --full" in missing.stderr
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit() as unit:
        for each in unit.customers.add_many(Customer(name=f"c{n}") for n in range(120)):
            days = range(10, 400, 15 + 10 * (each.id % 25))
            unit.interactions.add_many(bought(unit, each.id, 100 + day) for day in days)
            if each.id % 3 == 0 or each.id % 25 < 6:
                unit.interactions.add(bought(unit, each.id, 20))
    assert cli("score", "run", "propensity", "--full").exit_code == 0
    rows = json.loads(cli("--format", "json", "propensity", "show").stdout)
    assert {row["column"] for row in rows} >= {"orders", "recency_days"}
    drawn = cli("--format", "json", "propensity", "lift", "--plot", "lift.svg")
    assert len(json.loads(drawn.stdout)) == 10
    assert "times the average" in (tmp_path / "lift.svg").read_text()


def test_what_is_exported_is_what_the_package_says():
    assert all(getattr(propensity, name) for name in propensity.__all__)
