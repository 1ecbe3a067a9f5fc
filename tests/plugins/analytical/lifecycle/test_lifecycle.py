"""Objectives under the policy, referrals and answers, on real databases."""

import json
from datetime import timedelta

import pytest

from crmkit import (
    Customer,
    Interaction,
    InvalidValueError,
    Money,
    RecordNotFoundError,
    Ref,
    ask,
)
from crmkit.plugins.analytical import lifecycle
from crmkit.plugins.foundation import policy, scoring
from crmkit.sql import insert_many

POLICY = """
name = "four directions"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30

[purposes.care]
summary = "Stay close."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]

[[directions]]
direction = "advocate"
for_whom = "lifecycle.advocates"
objective = "Ask them to bring a friend."

[[directions]]
direction = "retain"
for_whom = "lifecycle.regulars"
objective = "Stay close."

[[directions]]
direction = "grow"
for_whom = "lifecycle.newcomers"
objective = "Show them more."

[[directions]]
direction = "acquire"
for_whom = "lifecycle.prospects"
objective = "Let them try."

[[directions]]
direction = "retain"
for_whom = "the neighbours"
objective = "Say hello."
"""


@pytest.fixture
def crm(make_crm):
    crm = make_crm("scoring", "policy", "profit", "lifecycle")
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=name) for name in ("Ana", "Bo", "Cy", "Di"))
        for customer_id, days in ((1, (400, 30)), (2, (20,)), (4, (500,))):
            unit.interactions.add_many(order(unit, customer_id, ago) for ago in days)
    return crm


def order(unit, customer_id, ago):
    at = unit.now - timedelta(days=ago)
    amount = Money(1_000, "EUR")
    return Interaction(customer_id=customer_id, kind="purchase.order", at=at, amount=amount)


def answer(unit, customer_id, score, ago=0, **given):
    return Interaction(
        customer_id=customer_id,
        kind="feedback.nps",
        at=unit.now - timedelta(days=ago),
        payload={"score": score},
        **given,
    )


def adopt(crm, text=POLICY):
    with crm.unit() as unit:
        policy.adopt(unit, text)


def assign(crm):
    with crm.unit() as unit:
        scoring.refresh_segments(unit, unit.now)
        return lifecycle.assign(unit)


def directions(crm):
    with crm.unit(write=False) as unit:
        return [
            found and found.direction
            for found in (lifecycle.objective_of(unit, each) for each in (1, 2, 3, 4))
        ]


def test_everybody_goes_where_the_policy_says(crm):
    adopt(crm)
    done = assign(crm)
    assert directions(crm) == ["retain", "grow", "acquire", None]
    assert (done.begun, done.ended, done.undirected) == (3, 0, 1)
    assert str(done).endswith("version 1 of the policy; 1 customers without one")


def test_a_rerun_changes_nothing(crm):
    adopt(crm)
    assign(crm)
    done = assign(crm)
    assert (done.begun, done.ended) == (0, 0)


def test_the_first_direction_that_covers_somebody_wins_and_the_history_stays(crm, clock):
    adopt(crm)
    assign(crm)
    clock.move(days=1)
    with crm.unit() as unit:
        lifecycle.refer(unit, 1, 4)
    clock.move(hours=1)
    done = assign(crm)
    assert (done.begun, done.ended) == (1, 1)
    with crm.unit(write=False) as unit:
        before, now = lifecycle.objectives_of_many(unit, [1])[1]
    assert (before.direction, before.until) == ("retain", clock.now)
    assert before.ended_why == "another direction of the policy covers them"
    assert (now.direction, now.since, now.objective) == (
        "advocate",
        clock.now,
        "Ask them to bring a friend.",
    )


def test_whom_no_direction_covers_any_more_has_none(crm, clock):
    adopt(crm)
    assign(crm)
    clock.move(days=400)
    assign(crm)
    assert directions(crm) == [None, None, "acquire", None]
    with crm.unit(write=False) as unit:
        (ended,) = lifecycle.objectives_of_many(unit, [2])[2]
    assert ended.ended_why == "no direction of the policy covers them"


def test_an_objective_that_lasted_no_time_leaves_no_trace(crm):
    adopt(crm)
    assign(crm)
    adopt(crm, POLICY.replace("Stay close.", "Stay very close."))
    assign(crm)
    with crm.unit(write=False) as unit:
        (only,) = lifecycle.objectives_of_many(unit, [1])[1]
    assert (only.objective, only.policy_version) == ("Stay very close.", 2)


def test_without_a_policy_nobody_is_led_anywhere(crm):
    with crm.unit() as unit, pytest.raises(policy.NoPolicyError):
        lifecycle.assign(unit)


def test_directions_are_segments_and_tell_where_they_come_from(crm):
    adopt(crm)
    assign(crm)
    with crm.unit() as unit:
        scoring.refresh_segments(unit, unit.now)
        members = unit.connection.scalars(scoring.members("lifecycle.retain")).all()
        (cause,) = ask.explain(unit, [Ref("objective.retain", 1)])
        told = [remark.text for _, remark in ask.describe(unit, [unit.customers.get(1)])]
    assert members == [1]
    assert cause.text == "Stay close."
    assert cause.because == (Ref("policy", 1), Ref("segment.lifecycle.regulars", 1))
    assert told == ["to retain since 2026-01-05: Stay close."]


def test_doctor_names_directions_that_only_people_can_follow(crm):
    adopt(crm)
    with crm.unit(write=False) as unit:
        texts = [each.text for each in ask.diagnose(unit) if each.subject == "lifecycle"]
    assert texts == ["the direction 'retain' is for 'the neighbours', which is no segment"]


def test_the_life_of_a_customer_in_segments(crm, clock):
    def segment_of(customer_id):
        with crm.unit() as unit:
            scoring.refresh_segments(unit, unit.now)
            stays = scoring.memberships_of(unit, customer_id)
        return [each.segment for each in stays if each.until is None]

    assert [segment_of(each) for each in (1, 2, 3, 4)] == [
        ["lifecycle.regulars"],
        ["lifecycle.newcomers"],
        ["lifecycle.prospects"],
        ["lifecycle.lapsed"],
    ]
    clock.move(days=80)
    assert segment_of(2) == ["lifecycle.regulars"]


def test_a_referral_is_noted_once_whoever_records_it(crm):
    with crm.unit() as unit:
        first = lifecycle.refer(unit, 1, 2)
        assert lifecycle.refer(unit, 1, 2) == first
        (found,) = lifecycle.referrals_about(unit, [2])
    assert (found.referrer_id, found.referred_id, found.interaction_id) == (1, 2, first)


def test_nobody_is_sent_twice(crm):
    with crm.unit() as unit:
        lifecycle.refer(unit, 1, 2)
        made = Interaction(
            customer_id=3, kind="referral.made", at=unit.now, payload={"referred_id": 2}
        )
        with pytest.raises(
            lifecycle.AlreadyReferredError, match="customer 2 was sent by customer 1"
        ):
            unit.interactions.add(made)


def test_nobody_sends_who_sent_them(crm):
    with crm.unit() as unit:
        lifecycle.refer(unit, 1, 2)
        lifecycle.refer(unit, 2, 3)
        with pytest.raises(lifecycle.ReferralCircleError, match="3 customers"):
            lifecycle.refer(unit, 3, 1)
        with pytest.raises(InvalidValueError, match="another customer"):
            lifecycle.refer(unit, 4, 4)
        with pytest.raises(RecordNotFoundError, match="99"):
            lifecycle.refer(unit, 4, 99)


def test_a_referral_without_a_name_is_refused(crm):
    with crm.unit() as unit, pytest.raises(InvalidValueError, match="referred_id"):
        unit.interactions.add(Interaction(customer_id=1, kind="referral.made", at=unit.now))


def worth(unit, values):
    from crmkit.plugins.foundation.scoring import tables

    (run,) = unit.new_ids(tables.scoring_run, 1)
    fitted = (run, "clv", "1", "full", "done", "", unit.now, None, 0.0, {}, run, 1, 1)
    insert_many(unit.connection, tables.scoring_run, [(*fitted, unit.now, unit.now, "test")])
    rows = [("clv", each, value, None, None, None, "{}", run) for each, value in values.items()]
    insert_many(unit.connection, tables.scoring_score, rows)


def test_advocates_are_owed_for_those_they_sent_and_these_sent(make_crm, crm):
    crm = make_crm(
        "scoring",
        "policy",
        "profit",
        "lifecycle",
        "clv",
        settings={"lifecycle": {"referral_share": 0.5}},
    )
    with crm.unit() as unit:
        worth(unit, {1: 100.0, 2: 40.0, 3: 20.0, 4: 7.0})
        lifecycle.refer(unit, 1, 2)
        lifecycle.refer(unit, 2, 3)
        first, second = lifecycle.advocates(unit)
    assert (first.customer_id, first.sent, first.bought) == (1, 1, 1)
    assert (first.own_minor, first.received_minor, first.credited_minor) == (100, 25, 125)
    assert (second.customer_id, second.sent, second.bought) == (2, 1, 0)
    assert (second.own_minor, second.received_minor, second.credited_minor) == (40, 10, 25)


def test_without_its_scorer_nobody_is_owed_anything(crm):
    with crm.unit(write=False) as unit, pytest.raises(RecordNotFoundError, match="clv"):
        lifecycle.advocates(unit)


def test_the_last_answer_of_each_counts_and_machines_are_not_asked(crm):
    with crm.unit() as unit:
        unit.interactions.add_many(
            [
                answer(unit, 1, 0, ago=9),
                answer(unit, 1, 10, ago=2),
                answer(unit, 2, 9, ago=3),
                answer(unit, 3, 6, ago=1),
                answer(unit, 4, 0, machine=True),
            ]
        )
        score = lifecycle.net_promoter_score(unit)
        earlier = lifecycle.net_promoter_score(unit, until=unit.now - timedelta(days=5))
        scoring.refresh_segments(unit, unit.now)
        of_advocates = lifecycle.net_promoter_score(unit, segment="lifecycle.advocates")
    assert (score.promoters, score.passives, score.detractors) == (2, 0, 1)
    assert (earlier.promoters, earlier.detractors) == (0, 1)
    assert (of_advocates.promoters, of_advocates.detractors) == (2, 0)


@pytest.mark.parametrize("wrong", [11, -1, "many"])
def test_an_answer_that_is_none_is_refused(crm, wrong):
    with crm.unit() as unit, pytest.raises(InvalidValueError, match="payload"):
        unit.interactions.add(answer(unit, 1, wrong))


def test_a_segment_nobody_knows_has_no_score(crm):
    with crm.unit(write=False) as unit, pytest.raises(RecordNotFoundError, match="segment"):
        lifecycle.net_promoter_score(unit, segment="nobody")


def test_erasing_one_friend_leaves_the_others(crm):
    with crm.unit() as unit:
        lifecycle.refer(unit, 1, 2)
        lifecycle.refer(unit, 1, 3)
        unit.customers.erase([2])
        assert [each.referred_id for each in lifecycle.referrals_about(unit, [1])] == [3]


def test_the_command_line_leads_from_assignment_to_advocates(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,policy,profit,lifecycle,clv").exit_code == 0
    (tmp_path / "policy.toml").write_text(POLICY)
    assert cli("policy", "adopt", "policy.toml").exit_code == 0
    for name in ("Ana", "Bo"):
        assert cli("customer", "add", name, "--email", f"{name.lower()}@example.com").exit_code == 0
    assert cli("score", "run").exit_code == 0
    done = cli("--format", "json", "lifecycle", "assign")
    assert json.loads(done.stdout)["undirected"] == 0
    shown = cli("--format", "json", "lifecycle", "directions")
    sizes = {row["direction"]: row["customers"] for row in json.loads(shown.stdout)}
    assert sizes == {"acquire": 2, "grow": 0, "retain": 0, "advocate": 0, "none": 0}
    assert cli("lifecycle", "refer", "ana@example.com", "bo@example.com").exit_code == 0
    told = cli("--format", "json", "lifecycle", "advocates")
    assert json.loads(told.stdout)[0]["sent"] == 1
    again = cli("lifecycle", "refer", "bo@example.com", "ana@example.com")
    assert again.exit_code != 0
    assert "in a circle" in again.output
    score = cli("--format", "json", "lifecycle", "nps")
    assert json.loads(score.stdout)["value"] is None
