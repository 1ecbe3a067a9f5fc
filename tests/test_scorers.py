"""Every bundled scorer passes the suite that everybody's scorers run."""

from datetime import timedelta
from importlib.metadata import entry_points
from types import MappingProxyType

from crmkit import CRM, Interaction
from crmkit.plugins.foundation.decisions import assignment_table, decision_table
from crmkit.sql import insert_many
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


class TestClvOfRegulars(TestClv):
    settings = MappingProxyType({"clv": {"model": "mbgnbd", "regularity": 2}})


class TestPAliveOfRegulars(TestPAlive):
    settings = MappingProxyType({"clv": {"regularity": 3}})


class TestChurn(ScorerSuite):
    plugin = "churn"
    scorer = "churn"
    outcome_adds_up = False
    time = ("recency_days", "age_days")
    time_scales = "nothing"
    tolerance = 1e-3


class TestContractChurn(ScorerSuite):
    plugin = "churn"
    scorer = "contract_churn"
    outcome_adds_up = False
    people = 90
    settings = MappingProxyType({"churn": {"contracts": {"least_events": 5}}})
    money = ("revenue_minor", "then_revenue_minor")
    money_scales = "nothing"

    def happened(self, unit, customer, chance):
        super().happened(unit, customer, chance)
        days = [chance.uniform(200, 700)] + (
            [chance.uniform(1, 150)] if chance.random() < 0.5 else []
        )
        unit.interactions.add_many(
            Interaction(customer_id=customer.id, kind=kind, at=unit.now - timedelta(days=ago))
            for kind, ago in zip(("contract.start", "contract.end"), days, strict=False)
        )


class TestProfit(ScorerSuite):
    plugin = "profit"
    scorer = "profit"
    money = ("revenue_minor", "returns_minor", "discount_minor", "service_minor")
    money_scales = "value"


class TestValuation(ScorerSuite):
    plugin = "valuation"
    scorer = "valuation"
    before = ("clv",)
    settings = MappingProxyType(
        {"profit": {"activities": [{"name": "x", "kind": "purchase.order", "cost_minor": 9}]}}
    )
    money = ("expected_minor", "low_minor", "high_minor", "service_minor", "discount_minor")
    money_scales = "nothing"
    tolerance = 1e-2


class TestPropensity(ScorerSuite):
    plugin = "propensity"
    scorer = "propensity"
    people = 90
    settings = MappingProxyType({"propensity": {"least_events": 5}})
    money = ("revenue_minor", "then_revenue_minor")
    money_scales = "nothing"


class TestPropensityByTrees(TestPropensity):
    settings = MappingProxyType({"propensity": {"least_events": 5, "model": "boosting"}})


class TestUplift(ScorerSuite):
    plugin = "effect"
    scorer = "uplift"
    also = ("email",)
    people = 130
    money = ("outcome_minor", "revenue_minor", "then_revenue_minor")
    money_scales = "value"

    def happened(self, unit, customer, chance):
        super().happened(unit, customer, chance)
        known = assignment_table.c.customer_id == customer.id
        if unit.connection.execute(assignment_table.select().where(known)).first():
            return
        at, arm = unit.now - timedelta(days=100), ("treatment", "control")[customer.id % 2]
        insert_many(unit.connection, assignment_table, [("spring", customer.id, arm, at)])
        (new,) = unit.new_ids(decision_table, 1)
        told = {
            "id": new, "run": "spring", "customer_id": customer.id, "arm": arm, "value": 0.0,
            "currency": "EUR", "because": [], "considered": [], "experiment": "spring",
            "policy_version": 1, "offer_id": None, "at": at,
            "window_until": at + timedelta(days=30),
        }  # fmt: skip
        row = [told.get(each.name, "") for each in decision_table.columns]
        insert_many(unit.connection, decision_table, [row])


class TestSatisfaction(ScorerSuite):
    plugin = "service"
    scorer = "satisfaction"
    also = ("scoring",)

    def happened(self, unit, customer, chance):
        unit.interactions.add_many(
            Interaction(
                customer_id=customer.id,
                kind=f"feedback.{measure}",
                at=unit.now - timedelta(days=chance.uniform(1, 300)),
                payload={"score": chance.randint(1, most)},
            )
            for measure, most in (("csat", 5), ("ces", 7))
            for _ in range(chance.randint(1, 4))
        )


def test_every_bundled_scorer_is_here():
    tested = {each.scorer for each in globals().values() if hasattr(each, "scorer")}
    crm = CRM.open("sqlite://", PLUGINS, strict=True)
    assert crm.contributed.scorers.keys() <= tested
    crm.close()
