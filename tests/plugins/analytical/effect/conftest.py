import os
from datetime import timedelta
from pathlib import Path

import pytest

from crmkit import Customer, Interaction, Money
from crmkit.plugins.foundation import policy
from crmkit.plugins.foundation.decisions import assignment_table, decision_table
from crmkit.sql import insert_many

ROOT = Path(__file__).parents[4]
POLICY = """
name = "shop"
currency = "EUR"
holdout_share = {share}
offer_window_days = 30
[purposes.news]
summary = "What is new."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]
[[limits]]
at_most = 1
days = 7
[quiet_hours]
since = "20:00"
until = "08:00"
unknown_zone = ["Europe/London"]
"""


@pytest.fixture
def hillstrom():
    path = Path(
        os.environ.get("CRMKIT_SHARED", ROOT.parent / "shared"), "data/hillstrom/hillstrom.csv"
    )
    if not path.exists():
        pytest.skip("the Hillstrom data are not on this machine")
    return path


@pytest.fixture
def crm(make_crm):
    crm = make_crm(
        "effect",
        "decisions",
        "scoring",
        "delivery",
        "consent",
        "policy",
        "rfm",
        "email",
        settings={
            "effect": {"margin_share": 0.5, "contact_cost_minor": 3},
            "email": {"target": "maildir:mail", "from_address": "a@example.com"},
        },
    )
    with crm.unit() as unit:
        policy.adopt(unit, POLICY.format(share=0.5))
    return crm


@pytest.fixture
def book():
    return Book


class Book:
    """Customers in the arms of a run, whatever a policy would have decided."""

    def __init__(self, unit, arms, run="spring", at=None, days=30):
        self.unit, self.run = unit, run
        self.at = at or unit.now
        self.customers = [
            each.id
            for each in unit.customers.add_many(
                Customer(name=f"{run} {n}") for n in range(len(arms))
            )
        ]
        insert_many(
            unit.connection,
            assignment_table,
            [("shop", c, arm, self.at) for c, arm in zip(self.customers, arms, strict=True)],
        )
        self.decide(arms, run, self.at, days)

    def decide(self, arms, run, at, days=30):
        columns = [each.name for each in decision_table.columns]
        ids = self.unit.new_ids(decision_table, len(arms))
        rows = []
        for new, customer_id, arm in zip(ids, self.customers, arms, strict=True):
            fields = dict.fromkeys(columns, "") | {
                "id": new,
                "run": run,
                "customer_id": customer_id,
                "arm": arm,
                "value": 0.0,
                "currency": "EUR",
                "because": [],
                "considered": [],
                "experiment": "shop",
                "policy_version": 1,
                "offer_id": None,
                "at": at,
                "window_until": at + timedelta(days=days),
            }
            rows.append([fields[name] for name in columns])
        insert_many(self.unit.connection, decision_table, rows, columns)

    def buys(self, spent, days=1.0, **changes):
        """One purchase by each customer of *spent*, minor units by position; 0 buys nothing."""
        self.unit.interactions.add_many(
            Interaction(
                **{
                    "customer_id": self.customers[place],
                    "kind": "purchase.order" if minor >= 0 else "purchase.return",
                    "at": self.at + timedelta(days=days),
                    "channel": "shop",
                    "amount": Money(int(minor), "EUR"),
                }
                | changes
            )
            for place, minor in spent.items()
            if minor
        )
