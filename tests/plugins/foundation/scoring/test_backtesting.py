"""A scorer put back in time."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from crmkit import CRM, Customer, Interaction, InvalidValueError, Money, RefusedError, Scored
from crmkit.plugins.foundation import scoring
from crmkit.sql import int_sum, interaction

CUT = datetime(2025, 7, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)


def outcome(scope, until):
    facts = interaction.c
    return (
        sa.select(facts.customer_id, int_sum(facts.amount_minor).label("outcome"))
        .where(facts.at >= scope.as_of, facts.at < until, scope.covers(facts.customer_id))
        .group_by(facts.customer_id)
    )


@pytest.fixture
def foretelling(make_crm, book_of, scorer):
    """A CRM of 20 customers who pay n before the cut and 2 n, the last one nothing, after it."""

    def make(**changes):
        given = {"outcome": outcome, "foretells": "amount", "fit": lambda columns: {}}
        given["score"] = lambda columns, fitted: Scored(
            value=2 * columns["amount"], reasons={"double": 2 * columns["amount"]}
        )
        crm = make_crm("scoring", book_of(scorer(**given | changes), segments=False))
        with crm.unit() as unit:
            customers = unit.customers.add_many(Customer(name=f"c{n}") for n in range(1, 21))
            for n, each in enumerate(customers, 1):
                unit.interactions.add(order(each.id, CUT - timedelta(days=30), n))
                if n < 20:
                    unit.interactions.add(order(each.id, CUT + timedelta(days=30), 2 * n))
        return crm

    return make


def order(customer_id, at, minor):
    return Interaction(
        customer_id=customer_id, kind="purchase.order", at=at, amount=Money(minor, "EUR")
    )


def test_amounts_are_held_against_what_came_and_two_simple_rivals(foretelling):
    with foretelling().unit(write=False) as unit:
        found = scoring.backtest(unit, "spend", cut=CUT, until=END)
    model, before, mean = found.rivals
    assert (found.customers, found.came, found.happened) == (20, 2 * 190, 19)
    assert (model.total, before.total, mean.total) == (2 * 210, 210, 210)
    assert model.absolute_error == 40 / 20
    assert before.absolute_error == (190 + 20) / 20
    assert mean.rank_correlation is None
    # the two highest of twenty are 20, who left, and 19
    assert model.top_share == pytest.approx(38 / 380)
    assert found.best_top_share == pytest.approx((38 + 36) / 380)
    assert found.deciles[0].came == 19


def test_nothing_from_the_cut_on_is_known_and_nothing_is_written(foretelling):
    crm = foretelling()
    with crm.unit(write=False) as unit:
        first = scoring.backtest(unit, "spend", cut=CUT, until=END)
    with crm.unit() as unit:
        unit.interactions.add(order(1, END, 10_000))
        assert scoring.backtest(unit, "spend", cut=CUT, until=END) == first
        assert scoring.runs(unit) == []


def test_without_an_end_it_looks_until_the_last_interaction(foretelling):
    with foretelling().unit(write=False) as unit:
        found = scoring.backtest(unit, "spend", cut=CUT)
    assert found.until == CUT + timedelta(days=31)


def test_chances_are_held_against_what_happened(foretelling):
    crm = foretelling(
        foretells="event",
        score=lambda columns, fitted: Scored(
            value=columns["amount"] / 40, reasons={"amount": columns["amount"] / 40}
        ),
    )
    with crm.unit(write=False) as unit:
        model, before, mean = scoring.backtest(unit, "spend", cut=CUT, until=END).rivals
    assert model.area_under_curve == before.area_under_curve == 0
    assert mean.area_under_curve == 0.5
    assert (mean.total, mean.squared_error) == (20, 1 / 20)
    assert before.log_loss is None


def test_an_order_is_judged_as_one(foretelling):
    crm = foretelling(foretells="order")
    with crm.unit(write=False) as unit:
        model, _ = scoring.backtest(unit, "spend", cut=CUT, until=END).rivals
    assert model.absolute_error is None
    assert model.rank_correlation == pytest.approx(1 - 6 * (19**2 + 19) / (20 * 399))


def test_a_horizon_that_can_move_is_moved_and_another_is_refused(foretelling, scorer):
    asked = []

    def ahead(days):
        asked.append(days)
        return scorer(outcome=outcome, horizon_days=days)

    with foretelling(horizon_days=365, ahead=ahead).unit(write=False) as unit:
        scoring.backtest(unit, "spend", cut=CUT, until=END)
    assert asked == [184]
    with foretelling(horizon_days=365).unit(write=False) as unit:
        with pytest.raises(InvalidValueError, match="365 days after the cut"):
            scoring.backtest(unit, "spend", cut=CUT, until=END)


def test_what_cannot_be_looked_up_is_not_tested(foretelling):
    with foretelling(outcome=None).unit(write=False) as unit:
        with pytest.raises(RefusedError, match="foretells nothing"):
            scoring.backtest(unit, "spend", cut=CUT)


def test_a_cut_after_everything_and_too_few_customers_are_refused(foretelling):
    with foretelling().unit(write=False) as unit:
        with pytest.raises(InvalidValueError, match="a day before"):
            scoring.backtest(unit, "spend", cut=END)
        with pytest.raises(scoring.TooThinError, match="no customer has the facts"):
            scoring.backtest(unit, "spend", cut=CUT - timedelta(days=60))
        with pytest.raises(scoring.TooThinError, match="nothing came"):
            scoring.backtest(unit, "spend", cut=CUT + timedelta(days=90), until=END)


def test_the_command_line_shows_rivals_deciles_and_a_picture(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,rfm").exit_code == 0
    refused = cli("score", "backtest", "rfm", "--cut", "2025-06-01")
    assert refused.exit_code == 1
    assert "no interaction" in refused.stderr
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit() as unit:
        customers = unit.customers.add_many(Customer(name=f"c{n}") for n in range(30))
        unit.interactions.add_many(
            order(each.id, datetime(2025, month, 1, tzinfo=UTC), each.id)
            for each in customers
            for month in (3, 9)
        )
    arguments = ("score", "backtest", "rfm", "--cut", "2025-06-01")
    done = cli("--format", "json", *arguments, "--plot", "gains.svg")
    assert done.exit_code == 0, done.output
    assert [each["name"] for each in json.loads(done.stdout)] == ["model", "before"]
    assert "30 customers scored" in done.stderr
    assert (tmp_path / "gains.svg").read_text().startswith("<svg")
    tenths = json.loads(cli("--format", "json", *arguments, "--deciles").stdout)
    assert [each["customers"] for each in tenths] == [3] * 10
