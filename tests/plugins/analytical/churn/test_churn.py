"""Risk, contracts and cohorts on real databases."""

import csv
import json
import random
from collections import defaultdict
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crmkit import CRM, ConfigError, Customer, Interaction, Money
from crmkit.plugins.analytical import churn
from crmkit.plugins.foundation import scoring
from crmkit.testing import PluginSuite

TELCO = Path(__file__).parents[5] / "shared/data/telco_churn/Telco-Customer-Churn.csv"


class TestConformance(PluginSuite):
    plugin = "churn"


def told(unit, customer_id, ago, kind="purchase.order", **given):
    amount = Money(2_000, "EUR") if kind == "purchase.order" else None
    at = unit.now - timedelta(days=ago)
    return Interaction(customer_id=customer_id, kind=kind, at=at, amount=amount, **given)


def fill(unit):
    """
    Sixty customers who buy every few weeks until half of them stop, some time ago; 1 bought every
    ten days and stopped 120 days ago, 2 goes on.
    """
    chance = random.Random(4)
    unit.customers.add_many(Customer(name=f"c{n}") for n in range(60))
    for n in range(1, 61):
        stopped = 0 if n % 2 else chance.uniform(20, 500)
        days, ago = [], chance.uniform(stopped, 600)
        while ago > stopped:
            days.append(ago)
            ago -= chance.expovariate(1 / 35)
        if n <= 2:
            days = [(120 if n == 1 else 5) + 10 * k for k in range(12)]
        unit.interactions.add_many(told(unit, n, ago) for ago in days)


@pytest.fixture
def crm(make_crm):
    crm = make_crm("scoring", "clv", "churn")
    with crm.unit() as unit:
        fill(unit)
        scoring.run(unit, ["clv", "p_alive", "churn"])
    return crm


def test_risk_is_what_is_missing_of_the_chance_to_be_alive(crm):
    with crm.unit(write=False) as unit:
        for each in (1, 2, 3):
            alive = scoring.score_of(unit, each, "p_alive").value
            assert scoring.score_of(unit, each, "churn").value == pytest.approx(1 - alive)
        assert scoring.score_of(unit, 1, "churn").label == "lost"
        assert scoring.score_of(unit, 2, "churn").label == "safe"


def test_who_would_cost_most_to_lose_comes_first_with_their_usual_pause(make_crm, crm):
    crm = make_crm("scoring", "clv", "churn", settings={"churn": {"at_risk": 0.3, "lost": 0.9999}})
    with crm.unit() as unit:
        scoring.run(unit, ["churn"])
        found = churn.riskiest(unit, top=60)
        members = set(unit.connection.scalars(scoring.members("churn.at_risk")))
    assert {each.customer_id for each in found} == members
    first = next(each for each in found if each.customer_id == 1)
    assert (first.away_days, first.pause_days, first.pauses) == (120, 10, 12)
    worth = [(each.worth_minor or 0) * each.risk for each in found]
    assert worth == sorted(worth, reverse=True)


def test_it_is_put_back_in_time(crm):
    with crm.unit(write=False) as unit:
        found = scoring.backtest(unit, "churn", cut=unit.now - timedelta(days=100))
    model, _ = found.rivals
    assert model.area_under_curve > 0.6


def test_a_retention_curve_of_contracts_by_hand(make_crm):
    crm = make_crm("scoring", "clv", "churn")
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=f"c{n}") for n in range(4))
        unit.interactions.add_many(
            [
                told(unit, 1, 100, "contract.start"),
                told(unit, 1, 40, "contract.end", payload={"reason": "moved"}),
                told(unit, 2, 90, "contract.start"),
                told(unit, 3, 50, "contract.start"),
                told(unit, 3, 20, "contract.end"),
                told(unit, 3, 10, "contract.renewal"),
                told(unit, 4, 30, "contract.start"),
                told(unit, 4, 10, "contract.end"),
            ]
        )
        first, *_ = churn.contracts_of_all(unit)
        found = churn.retention(unit)
    assert (first.customer_id, (first.until - first.since).days) == (1, 60)
    # 4 left after 20 of 4, 1 after 60 of the 2 who were seen so long
    assert (found.times, found.at_risk) == ((20, 60), (4, 2))
    assert found.survival == (0.75, 0.375)


def test_without_contracts_or_orders_there_is_nothing_to_draw(make_crm):
    with make_crm("scoring", "clv", "churn").unit(write=False) as unit:
        with pytest.raises(churn.NothingKnownError, match=r"contract\.start"):
            churn.retention(unit)
        with pytest.raises(churn.NothingKnownError, match="ordered"):
            churn.by_month(unit)


def test_cohorts_are_those_of_counting_by_hand(crm):
    with crm.unit(write=False) as unit:
        months = {
            each.id: {(i.at.year, i.at.month) for i in unit.interactions.timeline(each.id, size=99)}
            for each in unit.customers.page(size=60)
        }
        found = churn.by_month(unit)
    counted = defaultdict(lambda: defaultdict(int))
    for theirs in months.values():
        born = min(theirs)
        for year, month in theirs:
            counted[born[0] * 100 + born[1]][(year - born[0]) * 12 + month - born[1]] += 1
    assert [each.month for each in found] == sorted(counted)
    for each in found:
        assert {age: n for age, n in enumerate(each.active) if n} == dict(counted[each.month])
        assert each.retention[0] == 1


@pytest.mark.skipif(not TELCO.exists(), reason="needs shared/data/telco_churn beside the project")
def test_contracts_of_a_telecom(make_crm):
    with TELCO.open(encoding="utf-8", newline="") as file:
        rows = [(float(row["tenure"]), row["Churn"] == "Yes") for row in csv.DictReader(file)]
    found = churn.kaplan_meier(*zip(*rows, strict=True))
    left = sum(gone for _, gone in rows)
    assert (len(rows), left, sum(found.ended)) == (7_043, 1_869, 1_869)
    # in the first month 380 of the 7,032 who stayed at all
    assert (found.times[0], found.at_risk[0], found.ended[0]) == (1, 7_032, 380)
    assert found.survival[0] == pytest.approx(1 - 380 / 7_032)


@pytest.mark.parametrize("settings", [{"at_risk": 0}, {"at_risk": 0.9, "lost": 0.8}])
def test_wrong_settings_are_told(make_crm, settings):
    with pytest.raises(ConfigError, match="a share"):
        make_crm("scoring", "clv", "churn", settings={"churn": settings})


def test_the_command_line(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,clv,churn").exit_code == 0
    assert cli("churn", "curve").exit_code == 5
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit() as unit:
        fill(unit)
        unit.interactions.add_many(told(unit, n, 10 * n, "contract.start") for n in range(1, 9))
        unit.interactions.add(told(unit, 5, 3, "contract.end"))
        year = datetime.now().year
    assert cli("score", "run").exit_code == 0
    shown = cli("--format", "json", "churn", "risk", "--top", "5")
    assert shown.exit_code == 0
    assert all(
        "usual pause" in row["why"] or "single day" in row["why"]
        for row in json.loads(shown.stdout)
    )
    assert cli("churn", "curve", "--plot", "curve.svg").exit_code == 0
    assert "How long customers stay" in (tmp_path / "curve.svg").read_text()
    done = cli("--format", "json", "churn", "cohorts", "--plot", "cohorts.svg")
    assert {row["month"] // 100 for row in json.loads(done.stdout)} <= {year, year - 1, year - 2}
    assert "months later" in (tmp_path / "cohorts.svg").read_text()
