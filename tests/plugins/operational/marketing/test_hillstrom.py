"""
A real campaign put into the tables: MineThatData's e-mail experiment of 2008.

64,000 customers at random to men's goods, women's goods or no e-mail; the rates are published in
K. Hillstrom's challenge (18.28 %, 15.14 % and 10.62 % visited).
"""

import csv
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from crmkit import Customer, Interaction, Money
from crmkit.plugins.operational import marketing
from crmkit.plugins.operational.marketing import Campaign, Variant

ROOT = Path(__file__).parents[4]
FILE = Path(os.environ.get("CRMKIT_SHARED", ROOT.parent / "shared"), "data/hillstrom/hillstrom.csv")
ARMS = {"Mens E-Mail": "mens", "Womens E-Mail": "womens", "No E-Mail": "holdout"}
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="needs shared/data/hillstrom")


@pytest.fixture
def hillstrom(make_team, clock):
    team = make_team(0)
    with FILE.open() as file:
        rows = list(csv.DictReader(file))
    with team.unit() as unit:
        letters = [Variant(name=name, subject="x", text="y") for name in ("mens", "womens")]
        marketing.save_campaign(
            unit,
            Campaign(
                name="goods",
                purpose="care",
                channel="email",
                segment="all",
                goal="contact.visit",
                window_days=14,
                variants=letters,
            ),
        )
        people = unit.customers.add_many(Customer(name=f"c{n}") for n in range(len(rows)))
        arms = {each.id: ARMS[row["segment"]] for each, row in zip(people, rows, strict=True)}
        marketing.take_over(unit, "goods", arms, launched_at=unit.now)
    clock.move(days=13)
    with team.unit() as unit:
        unit.interactions.add_many(_happened(unit, people, rows))
    clock.move(days=2)
    return team


def _happened(unit, people, rows):
    at = unit.now - timedelta(days=1)
    for each, row in zip(people, rows, strict=True):
        if row["visit"] == "1":
            yield Interaction(customer_id=each.id, kind="contact.visit", at=at, channel="web")
        if float(row["spend"]):
            amount = Money.of(row["spend"], "EUR")
            yield Interaction(customer_id=each.id, kind="purchase.order", at=at, amount=amount)


def test_the_published_rates_come_out(hillstrom):
    with hillstrom.unit(write=False) as unit:
        found = marketing.results(unit, "goods")
        leads = marketing.leads(unit, "goods")
    rates = {each.name: round(100 * each.reached_goal / each.people, 2) for each in found.arms}
    assert rates == {"mens": 18.28, "womens": 15.14, "holdout": 10.62}
    assert Counter({each.name: each.people for each in found.arms}) == {
        "mens": 21_307,
        "womens": 21_387,
        "holdout": 21_306,
    }
    spent = {each.name: round(each.mean_minor / 100, 4) for each in found.arms}
    assert spent == {"mens": 1.4226, "womens": 1.0772, "holdout": 0.6528}
    assert found.goal_low > 0.05
    assert found.verdict == "pays"
    # 0.7698 and 0.4244 more by head, on those who were written to.
    assert found.gain_minor / 100 == pytest.approx(21_307 * 0.7698 + 21_387 * 0.4244, rel=1e-3)
    assert [(each.variant, each.verdict) for each in leads] == [("womens", "worse")]
