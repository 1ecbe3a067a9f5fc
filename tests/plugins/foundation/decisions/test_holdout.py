from math import sqrt

from crmkit.plugins.foundation import decisions, delivery, policy
from crmkit.plugins.foundation.decisions.holdout import arm_of


def share_of(experiment, share, n=20_000):
    held_out = sum(arm_of(experiment, customer_id, share) == "control" for customer_id in range(n))
    return held_out / n


def test_the_share_held_out_is_right_within_binomial_bounds():
    for share in (0.05, 0.1, 0.5):
        spread = sqrt(share * (1 - share) / 20_000)
        assert abs(share_of("shop", share) - share) < 4 * spread
    assert share_of("shop", 0) == 0


def test_the_same_people_are_held_out_every_time_and_a_larger_share_keeps_them():
    small = {n for n in range(5_000) if arm_of("shop", n, 0.1) == "control"}
    large = {n for n in range(5_000) if arm_of("shop", n, 0.2) == "control"}
    other = {n for n in range(5_000) if arm_of("cafe", n, 0.1) == "control"}
    assert small < large
    assert len(small & other) < len(small) / 4


def test_who_is_held_out_gets_no_offer_and_no_message_but_a_decision(crm, people, policy_text):
    with crm.unit() as unit:
        policy.adopt(unit, policy_text(0.5))
        everybody = people(unit, *(f"P{n}" for n in range(60)))
        result = decisions.decide(unit, run="first")
        assert (result.new, result.silence) == (60, 0)
        found = {each.id: decisions.decisions_of(unit, each.id)[0] for each in everybody}
        held_out = {who for who, each in found.items() if each.arm == "control"}
        assert held_out == {
            each.id for each in everybody if arm_of("shop", each.id, 0.5) == "control"
        }
        assert len(held_out) == result.control
        assert {found[each].what for each in held_out} == {"Tea"}
        assert {found[each].offer_id for each in held_out} == {None}
        assert all(unit.offers.of(each) == [] for each in held_out)
        sent_to = {each.customer_id for each in delivery.messages(unit)}
        assert sent_to == set(found) - held_out


def test_an_arm_once_assigned_stays_when_the_share_changes(crm, people, policy_text):
    with crm.unit() as unit:
        policy.adopt(unit, policy_text(0.5))
        everybody = people(unit, *(f"P{n}" for n in range(30)))
        decisions.decide(unit, run="first")
        policy.adopt(unit, policy_text(0.01))
        people(unit, *(f"N{n}" for n in range(30)))
        decisions.decide(unit, run="second")
        for each in everybody:
            first, second = decisions.decisions_of(unit, each.id)
            assert first.arm == second.arm
            assert (first.policy_version, second.policy_version) == (2, 3)
        newest = decisions.decide(unit, run="third")
    assert newest.new == 60
