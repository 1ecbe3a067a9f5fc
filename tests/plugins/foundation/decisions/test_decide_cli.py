import json

import pytest

from crmkit import CRM, ContactPoint, Customer
from crmkit.plugins.foundation import consent

SHOP = """
from crmkit import Offer, Plugin, Proposal, hookimpl


class Hooks:
    @hookimpl
    def crmkit_propose_offers(self, unit, customers):
        for each in customers:
            offer = Offer(customer_id=each.id, what="Tea", why="You like tea.")
            yield Proposal(
                customer_id=each.id,
                offer=offer,
                purpose="care",
                channel="email",
                value=400,
                why="likes tea",
            )


plugin = Plugin(name="teashop", summary="proposes tea", hooks=Hooks())
"""
CONFIG = """
[crmkit]
database = "sqlite:///crm.db"
plugins = ["policy", "consent", "delivery", "email", "decisions", "teashop.py"]
[email]
target = "maildir:mail"
from_address = "shop@example.com"
"""


@pytest.fixture
def shop(cli, tmp_path):
    """A folder with a shop in which Ana agreed to care by email."""
    (tmp_path / "teashop.py").write_text(SHOP)
    (tmp_path / "crmkit.toml").write_text(CONFIG)
    crm = CRM.from_config(tmp_path / "crmkit.toml")
    crm.upgrade()
    with crm.unit() as unit:
        ana, _ = unit.customers.add_many(
            Customer(name=name, contact_points=(ContactPoint("email", f"{name}@example.com"),))
            for name in ("ana", "bo")
        )
        consent.grant(
            unit,
            ana.id,
            purpose="care",
            channel="email",
            basis="consent",
            evidence="ticked the box",
            source="shop",
        )
    crm.close()
    return cli


def adopt(cli, tmp_path, holdout_share=0):
    from crmkit.plugins.foundation import policy

    text = policy.EXAMPLE.read_text(encoding="utf-8")
    text = text.replace("holdout_share = 0.1", f"holdout_share = {holdout_share}")
    (tmp_path / "policy.toml").write_text(text)
    assert cli("policy", "adopt", "policy.toml").exit_code == 0


def test_deciding_without_a_policy_is_refused_with_exit_code_5(shop):
    result = shop("decide", "run")
    assert result.exit_code == 5
    assert "crmkit policy adopt FILE" in result.stderr
    assert result.stdout == ""


def test_a_run_is_decided_once_shown_and_measured(shop, tmp_path):
    adopt(shop, tmp_path)
    dry = shop("--format", "json", "decide", "run", "--run", "spring", "--dry-run")
    assert json.loads(dry.stdout)["treatment"] == 1
    assert "nothing was written" in dry.stderr
    real = shop("--format", "json", "decide", "run", "--run", "spring")
    counts = {"treatment": 1, "control": 0, "silence": 1, "already": 0, "messages": 1}
    assert json.loads(real.stdout) == {"run": "spring", "policy_version": 1, **counts}
    again = shop("--format", "json", "decide", "run", "--run", "spring")
    assert json.loads(again.stdout)["already"] == 2

    (line,) = json.loads(shop("--format", "json", "decide", "show", "ana@example.com").stdout)
    assert (line["arm"], line["what"], line["value"]) == ("treatment", "Tea", "4.00 GBP")
    assert [each["outcome"] for each in line["considered"]] == ["chosen", "outranked"]
    (line,) = json.loads(shop("--format", "json", "decide", "show", "2").stdout)
    assert line["why"] == "Tea: consent: no lawful basis for care by email is on record"


def test_one_customer_may_be_decided_on_alone(shop, tmp_path):
    adopt(shop, tmp_path)
    result = shop("--format", "json", "decide", "run", "--customer", "bo@example.com")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["silence"] == 1
    assert json.loads(shop("--format", "json", "decide", "show", "1").stdout) == []
