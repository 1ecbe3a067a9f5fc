"""Segments that people define: what rules say, checked against plain Python, and kept."""

import random
from datetime import timedelta
from operator import eq, ge, gt, le, lt, ne

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import (
    Attribute,
    Customer,
    Interaction,
    InvalidValueError,
    Money,
    RecordNotFoundError,
    RefusedError,
    Scope,
    ask,
)
from crmkit.plugins.foundation import scoring
from crmkit.plugins.foundation.scoring import rules
from crmkit.plugins.foundation.scoring.conditions import select_of

COMPARE = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
DIET = Attribute(name="diet", type="text", indexed=True)
AGE = Attribute(name="age", type="integer", indexed=True)
CLUB = Attribute(name="club", type="boolean", indexed=True)
NOTE = Attribute(name="note", type="text")


@pytest.fixture
def crm(make_crm, book_of, scorer):
    """Thirty customers with purchases, attributes and a score."""
    chance = random.Random(6)
    given_attributes = [DIET, AGE, CLUB, NOTE]
    crm = make_crm("scoring", book_of(scorer()), attributes=given_attributes)
    with crm.unit() as unit:
        customers = unit.customers.add_many(
            Customer(
                name=f"c{n}",
                kind=chance.choice(["person", "organisation"]),
                locale=chance.choice(["pl", "en-GB", ""]),
                attributes=chance.choice(
                    [{}, {"age": chance.randint(1, 9)}, {"diet": "vegan", "club": True, "age": 3}]
                ),
            )
            for n in range(30)
        )
        unit.interactions.add_many(
            Interaction(
                customer_id=each.id,
                kind="purchase.order",
                at=unit.now - timedelta(days=chance.randint(1, 60)),
                amount=Money(chance.randint(1, 9) * 1_000, "EUR"),
            )
            for each in customers
            for _ in range(chance.randint(0, 4))
        )
        scoring.run(unit)
    return crm


def fits(unit, rule):
    return {each[0] for each in scoring.preview(unit, rule, size=100).sample}


class Plain:
    """The same rule in Python, customer by customer."""

    def __init__(self, unit):
        self.unit, self.scores = unit, {}
        self.customers = unit.customers.page(size=100)
        ids = [each.id for each in self.customers]
        for customer_id, told in scoring.scores_of_many(unit, ids).items():
            self.scores[customer_id] = told[0] if told else None
        self.orders = {
            each: [i for i in unit.interactions.timeline(each, size=100) if i.at < unit.now]
            for each in ids
        }

    def term(self, term, customer):
        if isinstance(term, rules.Field):
            return getattr(customer, term.name)
        if isinstance(term, rules.Custom):
            return customer.attributes.get(term.name)
        if isinstance(term, rules.Score):
            score = self.scores[customer.id]
            return score and (score.value if term.of == "score" else score.label)
        since = None if term.days is None else self.unit.now - timedelta(days=term.days)
        found = [each for each in self.orders[customer.id] if since is None or each.at >= since]
        if term.function == "count":
            return len(found)
        if term.function == "sum":
            return sum(each.amount.amount_minor for each in found)
        return (self.unit.now - max(each.at for each in found)).days if found else None

    def fits(self, condition, customer):
        if isinstance(condition, rules.Not):
            return not self.fits(condition.condition, customer)
        if isinstance(condition, rules.Both):
            told = [self.fits(each, customer) for each in condition.conditions]
            return all(told) if condition.how == "and" else any(told)
        value = self.term(condition.term, customer)
        return value is not None and COMPARE[condition.operator](value, condition.value)

    def who(self, rule):
        condition = rules.parse(rule)
        return {each.id for each in self.customers if self.fits(condition, each)}


NUMBERS = st.sampled_from(
    ["score.spend", "count(purchase.order)", "sum(purchase.order)", "attribute.age",
     "count(purchase.order, 30 days)", "sum(purchase.order, 7 days)", "days_since(purchase.order)"]
)  # fmt: skip
VALUES = st.sampled_from(["2", "0", "31.5", "4000"])
SMALL = st.builds("{} {} {}".format, NUMBERS, st.sampled_from([*COMPARE]), VALUES)
TEXTS = st.builds(
    "{} {} {}".format,
    st.sampled_from(["customer.kind", "customer.locale", "label.spend", "attribute.diet"]),
    st.sampled_from(["=", "!="]),
    st.sampled_from(['"person"', '"pl"', '"big"', '"vegan"', '""']),
)
RULES = st.recursive(
    SMALL | TEXTS | st.just("attribute.club = true"),
    lambda inner: (
        st.builds("({} and {})".format, inner, inner)
        | st.builds("{} or {}".format, inner, inner)
        | st.builds("not ({})".format, inner)
    ),
    max_leaves=5,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_rule_holds_whom_plain_python_holds(crm, data):
    with crm.unit(write=False) as unit:
        plain = Plain(unit)
        rule = data.draw(RULES)
        assert fits(unit, rule) == plain.who(rule), rule


def test_and_binds_closer_than_or():
    found = rules.parse("count(a) > 1 or count(b) > 1 and count(c) > 1")
    assert found.how == "or"
    assert [getattr(each, "how", "") for each in found.conditions] == ["", "and"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("", "count(KIND), in(SEGMENT) or the like instead of its end"),
        ("score.rfm >", "a number to compare score.rfm with instead of its end"),
        ("score.rfm > 3 score", "and, or, or the end instead of 'score' at character 15"),
        ("score.rfm ~ 3", "=, !=, <, <=, > or >= instead of '~ 3' at character 11"),
        ("score.rfm > many", "a number to compare score.rfm with instead of 'many'"),
        (
            "mood.today > 3",
            "days_since(KIND) or in(SEGMENT) instead of 'mood.today' at character 1",
        ),
        ("count(purchase.order, 3) > 1", "'days' instead of ')'"),
        ("count(purchase.order, -3 days) > 1", "a number of days"),
        ("(score.rfm > 3", "')' instead of its end"),
        ("label.rfm = 3", 'a text in "double quotes"'),
        ('customer.name = "Ana"', "customer.kind, customer.standing"),
        ("not " * 30 + "score.rfm > 1", "at most 20 levels"),
    ],
)
def test_what_is_no_rule_is_told_with_its_place(rule, told):
    with pytest.raises(InvalidValueError) as caught:
        rules.parse(rule)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("score.spent > 1", "did you mean 'spend'"),
        ("count(purchase.ordr) > 1", "purchase.order"),
        ('attribute.diett = "x"', "diet"),
        ('attribute.note = "x"', "indexed = true"),
    ],
)
def test_names_nobody_knows_are_told_with_the_nearest(crm, rule, told):
    with crm.unit(write=False) as unit, pytest.raises(InvalidValueError, match=told):
        scoring.preview(unit, rule)


def test_why_says_what_the_terms_are(crm):
    with crm.unit(write=False) as unit:
        (first, *_) = scoring.preview(unit, "count(purchase.order) >= 1").sample
        plain = Plain(unit)
    assert first[1] == f"count(purchase.order) {len(plain.orders[first[0]])}"


def test_a_defined_segment_is_joined_changed_and_dropped_with_its_history(crm, clock):
    with crm.unit() as unit:
        scoring.define_segment(unit, "own.buyers", "count(purchase.order) >= 1", summary="Buyers.")
        scoring.refresh_segments(unit, unit.now)
        wanted = fits(unit, "count(purchase.order) >= 1")
        assert set(unit.connection.scalars(scoring.members("own.buyers"))) == wanted
        assert ask.segments(unit)["own.buyers"].summary == "Buyers."
    clock.move(hours=1)
    with crm.unit() as unit:
        scoring.define_segment(unit, "own.buyers", "count(purchase.order) >= 3")
        scoring.refresh_segments(unit, unit.now)
        fewer = set(unit.connection.scalars(scoring.members("own.buyers")))
        left = min(wanted - fewer)
        (stay,) = [m for m in scoring.memberships_of(unit, left) if m.segment == "own.buyers"]
    assert fewer < wanted
    assert (stay.until, stay.ended_why) == (clock.now, "the definition no longer fits")
    clock.move(hours=1)
    with crm.unit() as unit:
        scoring.drop_segment(unit, "own.buyers")
        scoring.refresh_segments(unit, unit.now)
        assert "own.buyers" not in ask.segments(unit)
        assert unit.connection.scalars(scoring.members("own.buyers")).all() == []
        versions = [each.rule for each in scoring.segment_history(unit, "own.buyers")]
        with pytest.raises(RecordNotFoundError):
            scoring.drop_segment(unit, "own.buyers")
    assert versions == ["count(purchase.order) >= 1", "count(purchase.order) >= 3", ""]


def test_a_rule_may_ask_for_another_segment_but_not_for_itself(crm):
    with crm.unit() as unit:
        scoring.define_segment(unit, "own.poor", "not in(spend.big) and score.spend > 0")
        scoring.refresh_segments(unit, unit.now)
        big = set(unit.connection.scalars(scoring.members("spend.big")))
        assert big.isdisjoint(unit.connection.scalars(scoring.members("own.poor")))
        with pytest.raises(InvalidValueError, match=r"does not ask for own\.poor itself"):
            scoring.define_segment(unit, "own.poor", "not in(own.poor)")
        with pytest.raises(RecordNotFoundError, match="nobody"):
            scoring.define_segment(unit, "own.x", "in(nobody)")


def test_a_plugins_segment_is_not_taken_over(crm):
    with crm.unit() as unit:
        with pytest.raises(RefusedError, match=r"'spend\.big' is a plugin's"):
            scoring.define_segment(unit, "spend.big", "score.spend > 1")
        with pytest.raises(InvalidValueError, match="lower-case name"):
            scoring.define_segment(unit, "Big Ones", "score.spend > 1")


def test_only_those_asked_for_are_looked_at(crm):
    import sqlalchemy as sa

    from crmkit.sql import customer

    few = sa.select(customer.c.id).where(customer.c.id < 5)
    with crm.unit(write=False) as unit:
        scope = Scope(as_of=unit.now, customers=few)
        select = select_of(rules.parse("count(purchase.order) >= 0"), scope)
        assert sorted(row[0] for row in unit.connection.execute(select)) == [1, 2, 3, 4]


def test_two_segments_side_by_side(crm, clock):
    with crm.unit() as unit:
        scoring.define_segment(unit, "own.some", "count(purchase.order) >= 1")
        scoring.define_segment(unit, "own.many", "count(purchase.order) >= 3")
        scoring.refresh_segments(unit, unit.now)
        some, many = (fits(unit, f"count(purchase.order) >= {least}") for least in (1, 3))
        found = scoring.compare(unit, "own.many", "own.some")
        means = [
            sum(scoring.score_of(unit, each, "spend").value for each in part) / len(part)
            for part in (many, some)
        ]
    assert (found.customers, found.other_customers, found.both) == (len(many), len(some), len(many))
    assert found.jaccard == len(many) / len(some)
    (spend,) = found.scores
    assert [spend.mean, spend.other_mean] == pytest.approx(means)
    assert spend.low < spend.difference < spend.high
    assert spend.median_difference == spend.median - spend.other_median
    assert spend.median_low <= spend.median_difference <= spend.median_high
    with crm.unit(write=False) as unit, pytest.raises(RecordNotFoundError, match="nobody"):
        scoring.compare(unit, "own.many", "nobody")


def test_who_moved_from_one_to_the_other_is_counted(crm, clock):
    with crm.unit() as unit:
        scoring.define_segment(unit, "own.now", "days_since(purchase.order) <= 100")
        scoring.define_segment(unit, "own.then", "days_since(purchase.order) > 100")
        scoring.refresh_segments(unit, unit.now)
        before = len(fits(unit, "days_since(purchase.order) <= 100"))
    clock.move(days=200)
    with crm.unit() as unit:
        scoring.refresh_segments(unit, unit.now)
        found = scoring.compare(unit, "own.now", "own.then")
    assert (found.moved, found.moved_back, found.customers) == (before, 0, 0)
    assert found.other_customers == before
