import attrs
import pytest

from crmkit import ChangeRejectedError, Customer, Money, Offer, Proposal, ask
from crmkit.plugins.foundation import policy

POLICY = """
name = "shop"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30
max_offer_cost_minor = 500
[purposes.news]
summary = "What is new."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]
"""
WITHOUT = POLICY.replace("max_offer_cost_minor = 500\n", "")


@pytest.fixture
def crm(make_crm):
    """A policy under which an offer may cost 5.00 EUR, and one customer."""
    crm = make_crm("policy")
    with crm.unit() as unit:
        policy.adopt(unit, POLICY)
        unit.customers.add(Customer(name="Ana"))
    return crm


def an_offer(cost, what="Tea"):
    return Offer(customer_id=1, what=what, cost=cost)


def test_proposals_that_cost_too_much_or_another_currency_are_objected_to(crm):
    costs = [Money(500, "EUR"), Money(501, "EUR"), Money(1, "USD"), None]
    proposals = [Proposal(customer_id=1, offer=an_offer(each), why="tea") for each in costs]
    silence = Proposal(customer_id=1, why="nothing to say")
    with crm.unit(write=False) as unit:
        found = ask.check_offers(unit, [*proposals, silence])
    assert {index: each.reason for index, (each,) in found.items()} == {
        1: "it costs 5.01 EUR, policy 1 allows at most 5.00 EUR",
        2: "it costs 0.01 USD, policy 1 allows at most 5.00 EUR",
    }


def test_a_new_offer_over_the_limit_is_vetoed_whoever_writes_it(crm):
    with crm.unit() as unit:
        unit.offers.add(an_offer(Money(500, "EUR")))
    with pytest.raises(ChangeRejectedError) as refused, crm.unit() as unit:
        unit.offers.add_many([an_offer(None, "Cake"), an_offer(Money(900, "EUR"), "Wine")])
    assert str(refused.value) == (
        "offer 'Wine' to customer 1: it costs 9.00 EUR, policy 1 allows at most 5.00 EUR; lower "
        "its cost, or raise max_offer_cost_minor in the policy and run `crmkit policy adopt FILE`"
    )
    assert refused.value.exit_code == 5
    with crm.unit(write=False) as unit:
        assert [each.what for each in unit.offers.of(1)] == ["Tea"]


def test_the_cost_of_an_offer_cannot_be_raised_past_the_limit_later(crm):
    with crm.unit() as unit:
        tea = unit.offers.add(an_offer(Money(500, "EUR")))
    with pytest.raises(ChangeRejectedError, match=r"it costs 5\.01 EUR"), crm.unit() as unit:
        unit.offers.save(attrs.evolve(tea, cost=Money(501, "EUR")))


def test_an_offer_made_under_an_older_policy_still_goes_its_way(crm):
    with crm.unit() as unit:
        tea = unit.offers.add(an_offer(Money(500, "EUR")))
        policy.adopt(unit, POLICY.replace("= 500", "= 100"))
        assert unit.offers.save(attrs.evolve(tea, status="accepted")).status == "accepted"
        with pytest.raises(ChangeRejectedError, match=r"policy 2 allows at most 1\.00 EUR"):
            unit.offers.add(an_offer(Money(500, "EUR")))


def test_without_the_key_or_a_policy_an_offer_may_cost_anything(make_crm):
    crm = make_crm("policy")
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
        unit.offers.add(an_offer(Money(99_900, "USD")))
        policy.adopt(unit, WITHOUT)
        unit.offers.add(an_offer(Money(99_900, "USD")))
        proposal = Proposal(customer_id=1, offer=an_offer(Money(99_900, "USD")), why="tea")
        assert ask.check_offers(unit, [proposal]) == {}


def test_the_limit_is_read_and_its_own_rules_are_held_to_it():
    assert policy.parse(POLICY).max_offer_cost_minor == 500
    assert policy.parse(WITHOUT).max_offer_cost_minor is None
    dear = """
[[offers]]
segment = "rfm.loyal"
what = "Wine"
kind = "product"
purpose = "news"
channel = "email"
value_minor = 900
cost_minor = 501
valid_days = 30
why = "You like wine."
"""
    with pytest.raises(policy.PolicyInvalidError) as refused:
        policy.parse(POLICY + dear)
    assert refused.value.problems == ("offers 1: cost_minor is above max_offer_cost_minor, 500",)
    with pytest.raises(policy.PolicyInvalidError, match="must be a whole number of at least 0"):
        policy.parse(POLICY.replace("= 500", "= -1"))


def test_the_comment_in_the_example_is_a_key_that_can_be_taken_up():
    text = policy.EXAMPLE.read_text(encoding="utf-8")
    taken_up = text.replace("# max_offer_cost_minor", "max_offer_cost_minor")
    assert policy.parse(taken_up).max_offer_cost_minor == 500
