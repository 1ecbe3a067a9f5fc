"""Every bundled scorer passes the suite that everybody's scorers run."""

from importlib.metadata import entry_points

from crmkit import CRM
from crmkit.testing import ScorerSuite

PLUGINS = sorted(
    each.name
    for each in entry_points(group="crmkit.plugins")
    if each.value.startswith("crmkit.plugins.")
)


class TestRfm(ScorerSuite):
    plugin = "rfm"
    scorer = "rfm"
    money = ("monetary_minor",)
    money_scales = "nothing"
    time = ("recency_days",)
    time_scales = "nothing"


class TestClv(ScorerSuite):
    plugin = "clv"
    scorer = "clv"
    money = ("repeat_minor", "gross_minor", "returned_minor")
    money_scales = "value"
    tolerance = 1e-3


class TestPAlive(ScorerSuite):
    plugin = "clv"
    scorer = "p_alive"
    time = ("recency_days", "age_days")
    time_scales = "nothing"
    tolerance = 1e-3


class TestProfit(ScorerSuite):
    plugin = "profit"
    scorer = "profit"
    money = ("revenue_minor", "returns_minor", "discount_minor", "service_minor")
    money_scales = "value"


def test_every_bundled_scorer_is_here():
    tested = {each.scorer for each in globals().values() if hasattr(each, "scorer")}
    crm = CRM.open("sqlite://", PLUGINS, strict=True)
    assert crm.contributed.scorers.keys() <= tested
    crm.close()
