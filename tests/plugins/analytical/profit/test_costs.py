"""What single articles cost: the margin of a line, by hand and in exact fractions."""

import json
import random
from contextlib import closing
from datetime import datetime, timedelta
from fractions import Fraction
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from crmkit import (
    CRM,
    Customer,
    Interaction,
    InvalidValueError,
    Line,
    Money,
    Plugin,
    RecordNotFoundError,
    Scope,
    hookimpl,
)
from crmkit.plugins.analytical import profit
from crmkit.plugins.foundation import scoring
from crmkit.sql import customer

TEA = profit.Cost(sku="tea", amount=Money(320, "EUR"))


@pytest.fixture
def opened(make_crm):
    def make(*plugins, **settings):
        crm = make_crm("scoring", "profit", *plugins, settings={"profit": settings})
        with crm.unit() as unit:
            unit.customers.add_many(Customer(name=name) for name in ("Ana", "Bo", "Cy"))
        return crm

    return make


def sold(sku, minor, quantity=1, currency="EUR"):
    return Line(sku=sku, quantity=quantity, amount=Money(minor, currency))


def purchase(unit, *lines, customer_id=1, minor=None, at=None, **given):
    total = sum(each.amount.amount_minor for each in lines) if minor is None else minor
    kind = "purchase.return" if total < 0 else "purchase.order"
    return Interaction(
        customer_id=customer_id,
        kind=kind,
        at=at or unit.now - timedelta(days=10),
        amount=Money(total, lines[0].amount.currency if lines else "EUR"),
        lines=lines,
        **given,
    )


def year(unit):
    return profit.Period(unit.now - timedelta(days=365), unit.now + timedelta(days=1))


def goods_of(unit, customer_id=1):
    (found,) = profit.statements(unit, year(unit), [customer_id])
    assert profit.reconcile(unit, year(unit)).differences == []
    return found.goods_minor


def test_known_costs_count_line_by_line_and_the_margin_share_is_for_the_rest(opened):
    with opened(margin_share=0.4).unit() as unit:
        profit.tell_costs(unit, [TEA])
        unit.interactions.add_many(
            [
                purchase(unit, sold("tea", 1_000, 2), sold("cup", 500)),
                purchase(unit, sold("cup", 200)),
                purchase(unit, minor=100),
            ]
        )
        assert goods_of(unit) == -(2 * 320) - 300 - 120 - 60


def test_what_is_paid_or_taken_off_for_the_whole_order_costs_no_goods(opened):
    with opened(margin_share=0.4).unit() as unit:
        profit.tell_costs(unit, [TEA])
        unit.interactions.add_many(
            [
                purchase(unit, sold("tea", 1_000, 2), minor=900),
                purchase(unit, sold("tea", 1_000, 2), minor=1_490),
            ]
        )
        assert goods_of(unit) == -4 * 320


def test_a_cost_holds_from_its_first_day_on_until_the_next(opened):
    with opened().unit() as unit:
        first, later = (
            unit.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=ago)
            for ago in (60, 30)
        )
        profit.tell_costs(
            unit,
            [
                profit.Cost(sku="tea", amount=Money(300, "EUR"), since=first),
                profit.Cost(sku="tea", amount=Money(400, "EUR"), since=later),
            ],
        )
        instant = timedelta(microseconds=1)
        unit.interactions.add_many(
            purchase(unit, sold("tea", 1_000), customer_id=customer_id, at=at)
            for customer_id, at in ((1, later - instant), (2, later), (3, first - instant))
        )
        assert [goods_of(unit, each) for each in (1, 2, 3)] == [-300, -400, 0]


def test_goods_that_come_back_are_worth_their_cost_whatever_the_sign_of_the_pieces(opened):
    with opened(margin_share=0.4).unit() as unit:
        profit.tell_costs(unit, [TEA])
        unit.interactions.add_many(
            [
                purchase(unit, sold("tea", 3_000, 3)),
                purchase(unit, sold("tea", -1_000, -1)),
                purchase(unit, sold("tea", -1_000, 1)),
                purchase(unit, sold("tea", 0, 1), sold("tea", 1_000, 1)),
            ]
        )
        assert goods_of(unit) == -3 * 320


def test_a_cost_below_one_cent_is_of_several_pieces_and_rounded_once(opened):
    screw = profit.Cost(sku="screw", amount=Money(35, "EUR"), per=100)
    with opened().unit() as unit:
        profit.tell_costs(unit, [screw])
        unit.interactions.add_many(
            [purchase(unit, sold("screw", 10, 7)), purchase(unit, sold("screw", 10, 3.5))]
        )
        assert goods_of(unit) == -4  # 2.45 and 1.225 are 3.675


def test_costs_in_another_currency_have_no_sum(opened):
    with opened().unit() as unit:
        profit.tell_costs(unit, [profit.Cost(sku="tea", amount=Money(320, "USD"))])
        unit.interactions.add(purchase(unit, sold("tea", 1_000)))
        for drawn in (profit.statements, profit.products, profit.reconcile):
            with pytest.raises(profit.MixedCurrenciesError, match="EUR and USD"):
                drawn(unit, year(unit))
        (run,) = scoring.run(unit, ["profit"])
    assert (run.state, run.reason) == (
        "refused",
        "amounts are in EUR and USD; profit has one currency",
    )


def a_book_of(source):
    """A plugin that holds the purchases of one source."""

    @hookimpl(optionalhook=True)
    def profit_entries(unit, since, until):
        select = sa.select(
            customer.c.id.label("customer_id"),
            sa.literal("goods").label("line"),
            sa.literal(-7).label("amount_minor"),
            sa.literal("EUR").label("currency"),
        ).where(customer.c.id == 1)
        yield profit.Entries(name="ledger", select=select, sources=(source,), total_minor=-7)

    return Plugin(name="ledger", summary="s", hooks=SimpleNamespace(profit_entries=profit_entries))


def test_what_another_book_holds_keeps_that_books_costs(opened):
    with opened(a_book_of("till")).unit() as unit:
        profit.tell_costs(unit, [TEA])
        unit.interactions.add_many(
            [
                purchase(unit, sold("tea", 1_000), source="till", source_key="1"),
                purchase(unit, sold("tea", 1_000), source="web", source_key="2"),
            ]
        )
        assert goods_of(unit) == -320 - 7
        (product,) = profit.products(unit, year(unit))
    assert (product.quantity, product.goods_minor) == (1, -320)


def test_the_score_is_the_statement_and_runs_anew_when_costs_change(opened):
    with opened(margin_share=0.4).unit() as unit:
        unit.interactions.add_many(
            purchase(unit, sold("tea", 1_000, 2), customer_id=each) for each in (1, 2)
        )
        (before,) = scoring.run(unit, ["profit"])
        assert scoring.score_of(unit, 1, "profit").value == 400
        profit.tell_costs(unit, [TEA])
        (told,) = scoring.run(unit, ["profit"])
        value = scoring.score_of(unit, 1, "profit").value
        profit.remove_cost(unit, "tea", TEA.since)
        (after,) = scoring.run(unit, ["profit"])
        assert scoring.score_of(unit, 2, "profit").value == 400
    assert value == 1_000 - 640
    assert [before.version == told.version, before.version == after.version] == [False, True]


def test_what_came_true_counts_known_costs_too(opened):
    with opened(margin_share=0.5).unit() as unit:
        profit.tell_costs(unit, [TEA])
        scorer = unit.contributed.scorers["profit"].tuned(unit)
        unit.interactions.add(purchase(unit, sold("tea", 1_000, 2), sold("cup", 300)))
        came = scorer.outcome(Scope(as_of=unit.now - timedelta(days=20)), unit.now)
        assert unit.connection.execute(came).all() == [(1, 1_000 - 640 + 150)]


@pytest.mark.parametrize("seed", range(4))
def test_statements_are_exact_fractions_rounded_once_per_customer(opened, seed):
    chance = random.Random(seed)
    share = chance.choice([0.25, 0.37, 1.0])
    day = timedelta(days=1)
    with opened(margin_share=share).unit() as unit:
        start = unit.now.replace(hour=0, minute=0, second=0, microsecond=0) - 300 * day
        told = [
            profit.Cost(
                sku=sku,
                amount=Money(chance.randint(0, 999), "EUR"),
                per=chance.choice([1, 1, 12, 100]),
                since=start + chance.randint(0, 40) * day,
            )
            for sku in "abcde"
            for _ in range(chance.randint(1, 3))
        ]
        costs = {(each.sku, each.since): each for each in told}
        profit.tell_costs(unit, costs.values())
        made = []
        for _ in range(120):
            sign = chance.choice([1, 1, 1, -1])
            lines = [
                sold(
                    chance.choice("abcdexy"),
                    sign * chance.randint(1, 5_000),
                    sign * chance.choice([1, 2, 5, 0.5, 1.25]),
                )
                for _ in range(chance.randint(0, 3))
            ]
            whole = sum(each.amount.amount_minor for each in lines) + sign * chance.randint(0, 99)
            at = start + chance.randint(-5, 60) * day
            who = chance.randint(1, 3)
            made.append(purchase(unit, *lines, customer_id=who, minor=whole or 1, at=at))
        unit.interactions.add_many(made)
        found = profit.statements(unit, year(unit), [1, 2, 3])
        assert profit.reconcile(unit, year(unit)).differences == []
    for each in found:
        theirs = [one for one in made if one.customer_id == each.customer_id]
        assert -each.goods_minor == _goods(theirs, costs.values(), share)


def _goods(purchases, costs, share):
    known, unknown = Fraction(0), 0
    for each in purchases:
        priced = [(line, _cost_on(costs, line.sku, each.at)) for line in each.lines]
        if not any(cost for _, cost in priced):
            unknown += each.amount.amount_minor
        for line, cost in priced:
            if cost is not None:
                known += Fraction(line.quantity) * cost.amount.amount_minor / cost.per
            elif any(cost for _, cost in priced):
                unknown += line.amount.amount_minor
    return round(known) + round(unknown * (1 - share))


def _cost_on(costs, sku, at):
    begun = [each for each in costs if each.sku == sku and each.since <= at]
    return max(begun, key=lambda each: each.since, default=None)


def test_products_by_margin_with_the_share_of_known_costs(opened):
    with opened(margin_share=0.5).unit() as unit:
        profit.tell_costs(
            unit,
            [profit.Cost(sku="tea", amount=Money(320, "EUR"), since=year(unit).since)],
        )
        unit.interactions.add_many(
            [
                purchase(unit, sold("tea", 1_000, 2), sold("cup", 500)),
                purchase(unit, sold("tea", -500, -1)),
            ]
        )
        found = profit.products(unit, year(unit))
    told = [
        (each.sku, each.quantity, each.amount_minor, each.margin_minor, each.costed_share)
        for each in found
    ]
    assert told == [("cup", 1, 500, 250, 0), ("tea", 1, 500, 180, 1)]


def test_costs_are_told_replaced_and_taken_back(opened):
    with opened().unit() as unit:
        dearer = profit.Cost(sku="tea", amount=Money(330, "EUR"))
        assert [profit.tell_costs(unit, [TEA]), profit.tell_costs(unit, [TEA])] == [1, 0]
        assert profit.tell_costs(unit, [dearer]) == 1
        assert profit.costs(unit) == profit.costs(unit, ["tea"]) == [dearer]
        profit.remove_cost(unit, "tea", dearer.since)
        assert profit.costs(unit) == []
        with pytest.raises(RecordNotFoundError, match="tea since 1970-01-01"):
            profit.remove_cost(unit, "tea", dearer.since)


@pytest.mark.parametrize(
    ("given", "told_so"),
    [
        ({"sku": ""}, "sku"),
        ({"sku": " tea"}, "sku"),
        ({"amount": Money(-1, "EUR")}, "0 or more"),
        ({"per": 0}, "from 1 to"),
        ({"since": datetime(2026, 1, 1)}, "time zone"),
    ],
)
def test_a_cost_is_a_whole_record(given, told_so):
    with pytest.raises(InvalidValueError, match=told_so):
        profit.Cost(**{"sku": "tea", "amount": Money(1, "EUR")} | given)


SHEET = """\ufeffsku,cost,currency,per,since
tea,3.20,EUR,,
tea,3.50,EUR,,2026-01-01
screw,0.35,EUR,100,
yen-tea,320,JPY,1,

"""
WRONG = """sku,cost,currency,per,since
tea,3.20,EUR,,
,1.00,EUR,,
cup,"3,20",EUR,,
pot,0.004,EUR,,
mug,1.00,EURO,,
jug,-1.00,EUR,,
can,1.00,EUR,0,
tin,1.00,EUR,,31.1.2026
tea,3.30,EUR,,
box,1.00
"""


def test_a_sheet_is_imported_whole_and_twice_is_once(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,profit").exit_code == 0
    (tmp_path / "costs.csv").write_text(SHEET, encoding="utf-8")
    tried = cli("profit", "costs", "import", "costs.csv", "--dry-run")
    assert (tried.exit_code, "4 of them new" in tried.stderr) == (0, True), tried.output
    assert json.loads(cli("--format", "json", "profit", "costs", "list").stdout) == []
    done = cli("profit", "costs", "import", "costs.csv")
    assert (
        "No purchase so far has a line with 3 of the articles: screw, tea, yen-tea" in done.stderr
    )
    again = cli("profit", "costs", "import", "costs.csv")
    assert "4 costs told, 0 of them new or changed" in again.stderr
    listed = cli("--format", "csv", "profit", "costs", "list").stdout
    (tmp_path / "listed.csv").write_text(listed, encoding="utf-8")
    back = cli("profit", "costs", "import", "listed.csv")
    assert "4 costs told, 0 of them new or changed" in back.stderr, back.output
    assert cli("profit", "costs", "remove", "tea", "--since", "2026-01-01").exit_code == 0
    left = json.loads(cli("--format", "json", "profit", "costs", "list", "tea").stdout)
    assert left == [{"sku": "tea", "cost": "3.20", "currency": "EUR", "per": 1, "since": ""}]


def test_every_mistake_of_a_sheet_is_listed_and_nothing_imported(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,profit").exit_code == 0
    (tmp_path / "wrong.csv").write_text(WRONG)
    done = cli("--format", "json", "profit", "costs", "import", "wrong.csv")
    assert done.exit_code == 4
    assert "wrong.csv: 9 lines cannot be used, as listed; nothing was imported" in done.stderr
    found = [(each["line"], each["field"]) for each in json.loads(done.stdout)]
    assert found == [
        (3, "sku"), (4, "cost"), (5, "cost"), (6, "currency"), (7, "cost"), (8, "per"),
        (9, "since"), (10, "sku"), (11, "cells"),
    ]  # fmt: skip
    assert json.loads(cli("--format", "json", "profit", "costs", "list").stdout) == []


@pytest.mark.parametrize("text", ["sku;cost;currency\ntea;1;EUR\n", "sku,price\n", "", "sku,sku\n"])
def test_a_file_that_is_no_sheet_of_costs_is_told(cli, tmp_path, text):
    assert cli("init", "--plugins", "scoring,profit").exit_code == 0
    (tmp_path / "other.csv").write_text(text)
    done = cli("profit", "costs", "import", "other.csv")
    assert (done.exit_code, "expected sku, cost, currency and perhaps" in done.stderr) == (2, True)
    (tmp_path / "latin.csv").write_bytes("sku,cost,currency\nté,1,EUR\n".encode("latin-1"))
    assert "a CSV file in UTF-8" in cli("profit", "costs", "import", "latin.csv").stderr


def test_the_command_line_shows_margins_and_says_that_billing_knows_better(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,profit,billing").exit_code == 0
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
        unit.interactions.add(purchase(unit, sold("tea", 1_000, 2), sold("cup", 100)))
    (tmp_path / "costs.csv").write_text("sku,cost,currency\ntea,3.20,EUR\n")
    done = cli("profit", "costs", "import", "costs.csv")
    assert "billing is enabled: purchases from billing keep the costs of its books" in done.stderr
    shown = json.loads(cli("--format", "json", "profit", "products").stdout)
    assert [(each["sku"], each["margin_minor"]) for each in shown] == [("tea", 360), ("cup", 100)]
    left = json.loads(cli("--format", "json", "profit", "products", "--without-cost").stdout)
    assert [each["sku"] for each in left] == ["cup"]
    sums = json.loads(cli("--format", "json", "profit", "reconcile").stdout)
    assert {"book": "goods", "statements": -640, "book_says": -640} in sums
