"""Leads and deals: converted once, moved as the pipeline says, assigned, never moved twice."""

from datetime import date, timedelta

import pytest

from crmkit import (
    InvalidValueError,
    Money,
    RecordNotFoundError,
    Ref,
    RefusedError,
    StaleVersionError,
    ask,
)
from crmkit.plugins.operational import sales
from crmkit.plugins.operational.sales import DealDraft, LeadDraft

from .conftest import LOST


def eur(text):
    return Money.of(text, "EUR")


def opened(crm, customer=1, **given):
    with crm.unit() as unit:
        draft = DealDraft(**({"customer_id": customer, "name": "A kitchen"} | given))
        (found,) = sales.open_deals(unit, [draft])
    return found


def move(crm, deal_ids, stage, **given):
    with crm.unit() as unit:
        return sales.move(unit, deal_ids, stage, **given)


def read(crm, deal_id):
    with crm.unit(write=False) as unit:
        return sales.deal(unit, deal_id)


def test_a_deal_begins_in_the_first_stage_of_the_first_pipeline(house):
    found = opened(house, amount=eur("1200"), monthly=eur("10"), term_months=24)
    assert (found.pipeline, found.stage, found.outcome) == ("shops", "new", "")
    assert found.value == eur("1440")
    assert read(house, found.id) == found
    assert opened(house, pipeline="homes").stage == "new"


def test_the_same_deal_of_another_system_is_opened_once(house):
    first = opened(house, source="hubspot", source_key="9")
    assert opened(house, name="again", source="hubspot", source_key="9") == first


def test_moves_are_kept_with_how_long_it_took(house, clock):
    found = opened(house)
    clock.move(days=3)
    move(house, [found.id], "proposal")
    clock.move(days=4)
    (won,) = move(house, [found.id], "won")
    assert (won.outcome, won.closed_at, won.version) == ("won", clock.now, 3)
    with house.unit(write=False) as unit:
        told = [(each.before, each.after, each.stayed) for each in sales.moves(unit, [found.id])]
    assert told == [
        ("", "new", timedelta(0)),
        ("new", "proposal", timedelta(days=3)),
        ("proposal", "won", timedelta(days=4)),
    ]


def test_what_the_pipeline_does_not_allow(house):
    found = opened(house)
    with pytest.raises(sales.NoSuchMoveError, match="from new to won; from there: proposal, lost"):
        move(house, [found.id], "won")
    with pytest.raises(sales.ReasonNeededError, match="one of: price, no need"):
        move(house, [found.id], "lost")
    with pytest.raises(sales.UnknownNameError, match="no reason for lost 'prize', did you mean"):
        move(house, [found.id], "lost", reason="prize")
    with pytest.raises(sales.UnknownNameError, match="no stage 'propsal', did you mean"):
        move(house, [found.id], "propsal")
    assert read(house, found.id) == found


def test_a_lost_deal_may_come_back_where_the_pipeline_says_so(house):
    found = opened(house)
    (lost,) = move(house, [found.id], "lost", reason=LOST[0])
    assert (lost.outcome, lost.reason) == ("lost", "price")
    with pytest.raises(sales.NoSuchMoveError, match="from there: new"):
        move(house, [found.id], "proposal")
    (again,) = move(house, [found.id], "new")
    assert (again.outcome, again.reason, again.closed_at) == ("", "", None)


def test_a_batch_is_moved_or_not_at_all(house):
    ids = [opened(house).id for _ in range(3)]
    move(house, ids[2:], "lost", reason=LOST[0])
    with pytest.raises(sales.NoSuchMoveError):
        move(house, ids, "proposal")
    assert read(house, ids[0]).stage == "new"
    assert [each.stage for each in move(house, ids[:2], "proposal")] == ["proposal"] * 2
    assert [each.version for each in move(house, ids[:2], "proposal")] == [2, 2]


def test_two_people_who_move_one_deal(house):
    found = opened(house)
    move(house, [found.id], "proposal", version=found.version)
    with pytest.raises(StaleVersionError):
        move(house, [found.id], "lost", reason=LOST[0], version=found.version)


def test_a_stage_that_is_gone_is_told_and_left(make_house):
    house = make_house()
    found = opened(house)
    stages = [{"name": "fresh"}, {"name": "won", "outcome": "won"}]
    other = make_house(pipelines=[{"name": "shops", "stages": stages}])
    with other.unit(write=False) as unit:
        (told,) = [each.text for each in ask.diagnose(unit) if each.subject == "sales"]
        (chance,) = sales.chances(unit, [found])
    assert told.startswith("1 open deals are in the stage 'new' of the pipeline 'shops'")
    assert chance.value == 0
    assert move(other, [found.id], "fresh")[0].stage == "fresh"


def test_a_deal_is_changed_in_one_currency(house):
    found = opened(house, amount=eur("5"))
    with house.unit() as unit:
        after = sales.change(
            unit, found.id, monthly=eur("1"), expected_on=date(2026, 3, 1), owner="pia"
        )
    assert (after.value, after.expected_on, after.owner) == (eur("17"), date(2026, 3, 1), "pia")
    with house.unit() as unit, pytest.raises(sales.MixedCurrenciesError, match="USD"):
        sales.change(unit, found.id, monthly=Money(1, "USD"))
    other = opened(house)
    with house.unit() as unit:
        dollars = sales.change(unit, other.id, amount=Money(1, "USD"))
    assert dollars.currency == "USD"


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"colour": "red"}, InvalidValueError),
        ({"probability": 1.5}, InvalidValueError),
        ({"name": " "}, InvalidValueError),
        ({"amount": eur("-1")}, InvalidValueError),
        ({"term_months": 0}, InvalidValueError),
        ({"version": 7, "name": "x"}, StaleVersionError),
    ],
)
def test_changes_that_cannot_be(house, wanted, error):
    found = opened(house)
    with house.unit() as unit, pytest.raises(error):
        sales.change(unit, found.id, **wanted)


def test_what_may_be_the_same_deal(house):
    opened(house, name="New kitchen for Ana")
    opened(house, customer=2, name="kitchen")
    with house.unit(write=False) as unit:
        mine = sales.alike(unit, 1, "a KITCHEN")
        shared = sales.alike(unit, 3, "kitchen, new")
        nothing = sales.alike(unit, 2, "A lamp")
    assert [(each.deal_id, each.customer_id) for each in mine] == [(1, 1), (None, 3)]
    assert shared[0].why.endswith("of customer 1, who has the same address")
    assert nothing == []


def test_who_gets_which_deal(house):
    ids = [opened(house, customer=customer).id for customer in (2, 1, 1, 1, 2, 2)]
    with house.unit() as unit:
        given = sales.assign(unit)
    # Ana is in Poland: pia takes two, then max; Bo is anywhere: max, until he is full.
    assert given == {ids[0]: "max", ids[1]: "pia", ids[2]: "pia", ids[3]: "max"}
    with house.unit() as unit:
        assert sales.assign(unit) == {}
    assert read(house, ids[5]).owner == ""


def test_what_is_overdue(house, clock):
    late, stale, fine = (opened(house, owner="pia") for _ in range(3))
    move(house, [stale.id, fine.id], "proposal")
    with house.unit() as unit:
        sales.set_next(unit, late.id, "Call her", clock.now + timedelta(days=1))
        sales.set_next(unit, fine.id, "Wait", clock.now + timedelta(days=99))
    clock.move(days=11)
    with house.unit(write=False) as unit:
        told = [(each.id, why) for each, why in sales.overdue(unit)]
        assert sales.overdue(unit, owner="max") == []
    assert told == [
        (late.id, "Call her was due on 2026-01-06"),
        (stale.id, "11 days in proposal, 10 are usual"),
    ]


def test_a_lead_becomes_one_deal(house):
    with house.unit() as unit:
        (lead,) = sales.take_in(unit, [LeadDraft(customer_id=1, interest="A kitchen", owner="pia")])
        first = sales.convert(unit, lead.id)
    with house.unit() as unit:
        assert sales.convert(unit, lead.id, DealDraft(customer_id=1, name="other")) == first
        assert sales.lead(unit, lead.id).status == "converted"
        (cause,) = ask.explain(unit, [Ref("deal", first.id)])
    assert (first.name, first.owner, first.lead_id) == ("A kitchen", "pia", lead.id)
    assert cause.because == (Ref("lead", lead.id),)
    with house.unit() as unit, pytest.raises(RefusedError, match=f"became deal {first.id}"):
        sales.give_up(unit, lead.id, "x")


def test_a_lead_is_qualified_by_what_the_company_wants(make_house):
    house = make_house(wanted_criteria=["need", "budget"])
    with house.unit() as unit:
        (lead,) = sales.take_in(unit, [LeadDraft(customer_id=1)])
        assert sales.qualify(unit, lead.id, {"need": True}).status == "new"
    with house.unit() as unit, pytest.raises(RefusedError, match="budget not answered with yes"):
        sales.convert(unit, lead.id)
    with house.unit() as unit:
        assert sales.qualify(unit, lead.id, {"budget": True}).status == "qualified"
        assert sales.convert(unit, lead.id).name == f"Lead {lead.id}"
    with house.unit() as unit, pytest.raises(InvalidValueError, match="yes or no for each of"):
        sales.qualify(unit, lead.id, {"mood": True})


def test_a_lead_that_was_given_up(house):
    with house.unit() as unit:
        (lead,) = sales.take_in(unit, [LeadDraft(customer_id=1, source="web", source_key="5")])
        assert sales.take_in(unit, [LeadDraft(customer_id=1, source="web", source_key="5")]) == [
            lead
        ]
        sales.give_up(unit, lead.id, "no budget")
    with (
        house.unit() as unit,
        pytest.raises(sales.LeadClosedError, match=r"given up \(no budget\)"),
    ):
        sales.convert(unit, lead.id)
    with house.unit() as unit:
        assert sales.take_up(unit, lead.id).status == "new"
        assert sales.convert(unit, lead.id).id


def test_nobody_sells_to_who_is_not_there(house):
    with pytest.raises(RecordNotFoundError, match="customer 99"):
        opened(house, customer=99)
    with house.unit() as unit, pytest.raises(RecordNotFoundError, match="customer 99"):
        sales.take_in(unit, [LeadDraft(customer_id=99)])


def test_preferences_heard_while_selling(house, clock):
    found = opened(house, amount=eur("5"))
    with house.unit() as unit:
        sales.hear(unit, found.id, "colour", "white")
    clock.move(hours=1)
    with house.unit() as unit:
        sales.hear(unit, found.id, "colour", "no white, ever")
        sales.hear(unit, found.id, "calls", "never before ten")
        told = [remark.text for _, remark in ask.describe(unit, unit.customers.get_many([1]))]
    assert told == [
        "calls: never before ten",
        "colour: no white, ever",
        "deal 'A kitchen' over 5.00 EUR, in new",
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"pipelines": []}, "one or more"),
        ({"pipelines": [{"stages": []}]}, "one stage or more"),
        ({"pipelines": [{"stages": [{"name": "a", "next": ["b"]}]}]}, "next: 'b'"),
        ({"pipelines": [{"stages": [{"name": "a", "outcome": "won"}]}]}, "not terminal"),
        ({"pipelines": [{"stages": [{"name": "a", "probability": 2}]}]}, "share"),
        ({"wanted_criteria": ["mood"]}, "one of budget"),
        ({"currency": "EURO"}, "ISO 4217"),
    ],
)
def test_settings_that_cannot_be(make_crm, wrong, told):
    with pytest.raises(Exception, match=told):
        make_crm("sales", settings={"sales": wrong})
