"""Statements on real databases: exact to the unit, whatever is added up."""

import json
import random
from contextlib import closing
from datetime import timedelta
from types import SimpleNamespace

import attrs
import pytest
import sqlalchemy as sa

from crmkit import (
    CRM,
    ConfigError,
    Customer,
    Interaction,
    Money,
    Offer,
    Plugin,
    PluginConflictError,
    Segment,
    hookimpl,
)
from crmkit.plugins.analytical import profit
from crmkit.plugins.foundation import scoring
from crmkit.sql import customer, interaction

CALL = {
    "name": "call",
    "kind": "contact.message",
    "channel": "phone",
    "cost_minor": 350,
    "minutes": 6.0,
}
MAIL = {
    "name": "mail", "kind": "contact.message", "channel": "email", "direction": "outbound",
    "by": "machines", "cost_minor": 2,
}  # fmt: skip


@pytest.fixture
def opened(make_crm):
    def make(*plugins, **settings):
        crm = make_crm("scoring", "profit", *plugins, settings={"profit": settings})
        with crm.unit() as unit:
            if not unit.customers.page(size=1):
                unit.customers.add_many(Customer(name=name) for name in ("Ana", "Bo", "Cy"))
        return crm

    return make


def told(unit, customer_id, kind="purchase.order", minor=None, *, ago=10, currency="EUR", **given):
    return Interaction(
        customer_id=customer_id,
        kind=kind,
        at=unit.now - timedelta(days=ago),
        amount=None if minor is None else Money(minor, currency),
        **given,
    )


def mail(unit, customer_id, **given):
    return told(
        unit, customer_id, "contact.message", channel="email", direction="outbound", **given
    )


def year(unit):
    return profit.Period(unit.now - timedelta(days=365), unit.now)


def test_every_line_of_a_statement_by_hand(opened):
    crm = opened(margin_share=0.4, activities=[CALL, MAIL])
    with crm.unit() as unit:
        offer = unit.offers.add(
            Offer(customer_id=1, what="Tea", kind="gift", why="w", cost=Money(250, "EUR"))
        )
        unit.interactions.add_many(
            [
                told(unit, 1, minor=10_000),
                told(unit, 1, "purchase.return", -2_000),
                told(unit, 1, "contact.message", channel="phone"),
                told(unit, 1, "contact.message", channel="phone", direction="outbound"),
                told(
                    unit, 1, "contact.message", channel="email", direction="outbound", machine=True
                ),
                told(unit, 1, "contact.message", channel="email", direction="outbound"),
                told(unit, 1, minor=99_999, ago=400),
            ]
        )
        answer = unit.interactions.add(told(unit, 1, minor=0))
        taken = attrs.evolve(offer, status="accepted", answered_by=answer.id)
        unit.offers.save_many([taken])
        (found,) = profit.statements(unit, year(unit), [1])
    assert (found.revenue_minor, found.returns_minor, found.goods_minor) == (10_000, -2_000, -4_800)
    assert (found.discounts_minor, found.service_minor) == (-250, -702)
    assert found.profit_minor == 10_000 - 2_000 - 4_800 - 250 - 702
    assert (found.contacts, found.minutes, found.messages, found.currency) == (3, 12, 3, "EUR")


def test_nothing_happened_is_a_statement_of_zeros(opened):
    with opened().unit(write=False) as unit:
        (found,) = profit.statements(unit, year(unit), [3])
        assert profit.statements(unit, year(unit)) == []
    assert (found.customer_id, found.profit_minor) == (3, 0)


def test_an_activity_costs_what_it_did_then(opened, clock):
    before = {**CALL, "cost_minor": 300, "until": "2025-07-01"}
    after = {**CALL, "cost_minor": 500, "since": "2025-07-01"}
    crm = opened(activities=[before, after])
    with crm.unit() as unit:
        for ago in (100, 250):
            unit.interactions.add(told(unit, 1, "contact.message", channel="phone", ago=ago))
        (found,) = profit.statements(unit, year(unit), [1])
    assert found.service_minor == -800


def test_refunds_above_the_purchases_are_a_loss(opened):
    crm = opened(margin_share=0.5)
    with crm.unit() as unit:
        unit.interactions.add_many(
            [told(unit, 1, minor=100), told(unit, 1, "purchase.return", -500)]
        )
        (found,) = profit.statements(unit, year(unit), [1])
    assert found.profit_minor == -400 + 200


def test_mixed_currencies_have_no_sum(opened):
    with opened().unit() as unit:
        unit.interactions.add_many([told(unit, 1, minor=1), told(unit, 2, minor=1, currency="GBP")])
        with pytest.raises(profit.MixedCurrenciesError, match="EUR and GBP; a profit and loss"):
            profit.statements(unit, year(unit))


def test_overheads_are_shared_out_to_the_unit(opened):
    pools = [
        {"name": "rent", "amount_minor": 7, "driver": "contacts"},
        {"name": "staff", "amount_minor": 11, "driver": "revenue"},
        {"name": "phone", "amount_minor": 3, "driver": "minutes"},
    ]
    crm = opened(activities=[CALL], pools=pools)
    with crm.unit() as unit:
        for customer_id, calls, minor in ((1, 2, 100), (2, 1, 200), (3, 0, 0)):
            unit.interactions.add_many(
                [told(unit, customer_id, minor=minor)]
                + [told(unit, customer_id, "contact.message", channel="phone")] * calls
            )
        found = profit.statements(unit, profit.Period(unit.now - timedelta(days=100), unit.now))
    assert sum(each.overhead_minor for each in found) == -2_100
    by_hand = (467 + 366 + 200, 233 + 734 + 100, 0)
    assert [-each.overhead_minor for each in found] == [467 + 367 + 200, 233 + 733 + 100, 0]
    assert sum(by_hand) == 2_100


def a_book(name, *rows, replaces=(), total=None):
    """A plugin that puts rows of customer, line and amount in."""

    @hookimpl(optionalhook=True)
    def profit_entries(unit, since, until):
        selects = [
            sa.select(
                sa.literal(customer_id).label("customer_id"),
                sa.literal(line).label("line"),
                sa.literal(amount).label("amount_minor"),
                sa.literal("EUR").label("currency"),
            )
            for customer_id, line, amount in rows
        ]
        select = sa.union_all(*selects).subquery()
        return [
            profit.Entries(
                name=name, select=sa.select(select), replaces=replaces, total_minor=total
            )
        ]

    hooks = SimpleNamespace(profit_entries=profit_entries)
    return Plugin(name=name, summary="s", hooks=hooks)


def test_a_book_that_knows_a_line_better_replaces_it(opened):
    book = a_book(
        "billing", (1, "revenue", 900), (2, "other", -5), replaces=("revenue",), total=895
    )
    with opened(book).unit() as unit:
        unit.interactions.add(told(unit, 1, minor=1_000))
        ana, bo = profit.statements(unit, year(unit))
        found = profit.reconcile(unit, year(unit))
    assert (ana.revenue_minor, bo.other_minor) == (900, -5)
    assert found.books == (("purchase.return", 0, 0), ("billing", 895, 895))
    assert found.differences == []


def test_a_book_that_does_not_add_up_is_named(opened):
    book = a_book("billing", (1, "other", 10), total=11)
    with opened(book).unit() as unit:
        found = profit.reconcile(unit, year(unit))
    assert found.differences == ["billing: the statements hold 10, the book says 11"]


def test_two_books_cannot_both_know_a_line_better(opened):
    books = [a_book(name, (1, "goods", -1), replaces=("goods",)) for name in ("one", "two")]
    with opened(*books).unit() as unit:
        with pytest.raises(PluginConflictError, match="one and two both replace the line 'goods'"):
            profit.statements(unit, year(unit))


def by_third(scope):
    name = sa.case((customer.c.id % 3 == 0, "third.yes"), else_="third.no").label("segment")
    return sa.select(customer.c.id.label("customer_id"), sa.literal("w").label("why"), name).where(
        customer.c.id % 5 != 0, scope.covers(customer.c.id)
    )


def thirds(*names):
    hooks = SimpleNamespace(
        crmkit_segments=hookimpl(
            lambda: [Segment(name=name, summary="s", members=by_third) for name in names]
        )
    )
    return Plugin(name="thirds", summary="s", hooks=hooks)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_customers_segments_and_books_add_up_to_the_same(opened, seed):
    chance = random.Random(seed)
    pools = [{"name": "rent", "amount_minor": chance.randint(1, 999), "driver": "revenue"}]
    crm = opened(
        thirds("third.yes", "third.no"), margin_share=0.37, activities=[CALL, MAIL], pools=pools
    )
    with crm.unit() as unit:
        ids = [
            each.id for each in unit.customers.add_many(Customer(name=f"c{n}") for n in range(40))
        ]
        unit.interactions.add_many(
            told(
                unit,
                chance.choice(ids),
                *chance.choice(
                    [
                        ("purchase.order", chance.randint(1, 9_999)),
                        ("purchase.return", -chance.randint(1, 9_999)),
                        ("contact.message",),
                    ]
                ),
                channel=chance.choice(["phone", "email"]),
                ago=chance.randint(1, 500),
            )
            for _ in range(300)
        )
        scoring.refresh_segments(unit, unit.now)
        found = profit.reconcile(unit, year(unit), "third.")
        segments = profit.by_segment(unit, year(unit), "third.")
        drawn = profit.statements(unit, year(unit))
        since = sa.and_(
            interaction.c.at >= year(unit).since, interaction.c.kind == "purchase.order"
        )
        told_by_sql = unit.connection.scalar(
            sa.select(sa.func.sum(interaction.c.amount_minor)).where(since)
        )
    assert found.differences == []
    assert {each.name for each in segments} == {"third.yes", "third.no", "(none)"}
    assert sum(each.profit_minor for each in segments) == sum(each.profit_minor for each in drawn)
    assert sum(each.revenue_minor for each in drawn) == told_by_sql
    assert sum(each.overhead_minor for each in drawn) == -365 * pools[0]["amount_minor"]


def test_segments_that_overlap_are_no_partition(opened):
    both = thirds("third.yes", "third.no")
    all_of_them = SimpleNamespace(
        crmkit_segments=hookimpl(
            lambda: [
                Segment(
                    name="third.all",
                    summary="s",
                    members=lambda scope: sa.select(
                        customer.c.id.label("customer_id"), sa.literal("w").label("why")
                    ),
                )
            ]
        )
    )
    crm = opened(both, Plugin(name="everybody", summary="s", hooks=all_of_them))
    with crm.unit() as unit:
        scoring.refresh_segments(unit, unit.now)
        with pytest.raises(profit.OverlappingSegmentsError, match="is in third"):
            profit.by_segment(unit, year(unit), "third.")


def test_the_score_is_the_statement_without_overheads(opened):
    crm = opened(margin_share=0.4, activities=[CALL])
    with crm.unit() as unit:
        for customer_id, minor in ((1, 10_000), (2, 500), (3, 700)):
            unit.interactions.add(told(unit, customer_id, minor=minor))
        unit.interactions.add(told(unit, 2, "contact.message", channel="phone"))
        scoring.run(unit, ["profit"])
        drawn = profit.statements(unit, year(unit), [1, 2, 3])
        scores = [scoring.score_of(unit, each, "profit") for each in (1, 2, 3)]
        segments = {
            name: unit.connection.scalars(scoring.members(f"profit.{name}")).all()
            for name in ("top", "loss_making")
        }
    assert (
        [each.value for each in scores]
        == [each.profit_minor for each in drawn]
        == [4_000, -150, 280]
    )
    assert scores[1].reasons == {
        "revenue": 500, "returns": 0, "goods": -300, "discounts": 0, "service": -350,
    }  # fmt: skip
    assert segments == {"top": [1], "loss_making": [2]}


def test_mixed_currencies_are_not_scored(opened):
    with opened().unit() as unit:
        unit.interactions.add_many([told(unit, 1, minor=1), told(unit, 2, minor=1, currency="GBP")])
        (run,) = scoring.run(unit, ["profit"])
    assert (run.state, run.reason) == (
        "refused",
        "amounts are in EUR and GBP; profit has one currency",
    )


def test_attention_is_what_was_given(opened):
    with opened(activities=[CALL]).unit() as unit:
        unit.interactions.add_many(
            [told(unit, 1, "contact.message", channel="phone", direction="outbound")] * 3
        )
        (found,) = profit.attention(unit, year(unit))
    assert found == profit.Attention(
        customer_id=1, service_minor=1_050, discount_minor=0, minutes=18, messages=3
    )


@pytest.mark.parametrize(
    ("settings", "told_so"),
    [
        ({"margin_share": 0}, "margin_share"),
        ({"activities": [{"name": "x", "kind": "y", "by": "dogs"}]}, "anybody, people, machines"),
        ({"activities": [{"name": "x", "kind": "y", "since": "1.2.2026"}]}, "2026-01-31"),
        ({"pools": [{"name": "x", "amount_minor": -1}]}, "0 or more"),
        (
            {"pools": [{"name": "x", "amount_minor": 1, "driver": "mood"}]},
            "contacts, minutes, revenue",
        ),
    ],
)
def test_wrong_settings_are_told(make_crm, settings, told_so):
    with pytest.raises(ConfigError, match=told_so):
        make_crm("scoring", "profit", settings={"profit": settings})


def test_the_command_line(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,rfm,profit").exit_code == 0
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit() as unit:
        unit.customers.add_many(Customer(name=f"c{n}") for n in range(10))
        unit.interactions.add_many(told(unit, n, minor=100 * n) for n in range(1, 11))
        scoring.run(unit)
    shown = json.loads(cli("--format", "json", "profit", "statement", "3").stdout)
    assert shown[-1] == {"line": "= profit", "amount_minor": 300}
    spread = json.loads(cli("--format", "json", "profit", "concentration").stdout)
    assert (spread["customers"], spread["total"], spread["gini"]) == (10, 5_500, pytest.approx(0.3))
    drawn = cli("profit", "whale", "--plot", "whale.svg")
    assert drawn.exit_code == 0, drawn.output
    assert "Who brings the profit" in (tmp_path / "whale.svg").read_text()
    sums = cli("--format", "json", "profit", "reconcile", "--prefix", "rfm.")
    assert [row["statements"] for row in json.loads(sums.stdout)] == [5_500, 0, 5_500]
    parts = json.loads(cli("--format", "json", "profit", "segments").stdout)
    assert sum(row["profit"] for row in parts) == 5_500
    assert (
        cli("profit", "statement", "3", "--since", "2026-02-01", "--until", "2026-01-01").exit_code
        == 2
    )
