from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from crmkit import Customer, Interaction, Money, Plugin, Scored, Scorer, Segment, hookimpl
from crmkit.plugins.foundation import scoring
from crmkit.sql import customer, int_sum, interaction


def features(scope):
    facts = interaction.c
    return (
        sa.select(
            facts.customer_id,
            sa.func.count().label("orders"),
            int_sum(facts.amount_minor).label("amount"),
        )
        .where(
            facts.kind.in_(["purchase.order", "purchase.return"]),
            facts.at < scope.as_of,
            scope.covers(facts.customer_id),
        )
        .group_by(facts.customer_id)
    )


def fit(columns):
    return {"mean": float(columns["amount"].mean())}


def score(columns, parameters):
    parts = {"orders": columns["orders"] * 10.0, "amount": columns["amount"] / 100}
    labels = [("small", "big")[amount >= 10_000] for amount in columns["amount"].tolist()]
    return Scored(value=1 + sum(parts.values()), labels=labels, base=1.0, reasons=parts)


def big(scope):
    theirs = scoring.score_table.c
    return (
        sa.select(theirs.customer_id, customer.c.name)
        .join(customer, customer.c.id == theirs.customer_id)
        .where(theirs.scorer == "spend", theirs.label == "big", scope.covers(theirs.customer_id))
    )


def a_scorer(name="spend", **changes):
    given = {
        "version": "1",
        "summary": "What they spend.",
        "features": features,
        "fit": fit,
        "score": score,
    }
    return Scorer(name=name, **given | changes)


@pytest.fixture
def scorer():
    return a_scorer


@pytest.fixture
def book_of():
    """A plugin that contributes these scorers, and the segment of big spenders."""

    def plugin(*scorers, segments=True, requires=("scoring",)):
        @hookimpl
        def crmkit_scorers():
            return scorers

        @hookimpl
        def crmkit_segments():
            return [Segment(name="spend.big", summary="Big.", members=big)] if segments else []

        hooks = SimpleNamespace(crmkit_scorers=crmkit_scorers, crmkit_segments=crmkit_segments)
        return Plugin(name="book", summary="A book.", hooks=hooks, requires=requires)

    return plugin


@pytest.fixture
def crm(make_crm, book_of):
    return make_crm("scoring", book_of(a_scorer(), a_scorer("other")))


@pytest.fixture
def buy():
    """``buy(unit, customer_id, minor)``: an order an hour ago."""

    def order(unit, customer_id, minor, *, hours=-1):
        unit.interactions.add(
            Interaction(
                customer_id=customer_id,
                kind="purchase.return" if minor < 0 else "purchase.order",
                at=unit.now + timedelta(hours=hours),
                amount=Money(minor, "EUR"),
            )
        )

    return order


@pytest.fixture
def people(crm, buy):
    """Ids of Ana, who spent 120.00 in two orders, and Bo, who spent 50.00 in one."""
    with crm.unit() as unit:
        ana, bo = (unit.customers.add(Customer(name=name)).id for name in ("Ana", "Bo"))
        buy(unit, ana, 10_000)
        buy(unit, ana, 2_000)
        buy(unit, bo, 5_000)
    return SimpleNamespace(ana=ana, bo=bo)
