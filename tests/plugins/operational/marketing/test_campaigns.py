"""Campaigns: frozen audiences, arms, the gate, what came of them."""

from math import isnan

import attrs
import pytest

from crmkit import (
    Customer,
    Interaction,
    InvalidTokenError,
    InvalidValueError,
    Money,
    RecordNotFoundError,
    Ref,
    RefusedError,
    StaleVersionError,
    Turn,
    ask,
)
from crmkit.plugins.foundation import consent, delivery, scoring
from crmkit.plugins.foundation.scoring import tables
from crmkit.plugins.operational import marketing
from crmkit.plugins.operational.marketing import EXCLUDED, HOLDOUT, Variant
from crmkit.sql import insert_many

from .conftest import LETTER, arms, buys, draft, join, launched

TWO = [attrs.evolve(LETTER, name="a"), attrs.evolve(LETTER, name="b", share=2)]


def spring(unit):
    return marketing.campaign(unit, "spring").id


def messages(crm):
    with crm.unit(write=False) as unit:
        return delivery.messages(unit)


def results(crm, name="spring"):
    with crm.unit(write=False) as unit:
        return marketing.results(unit, name)


def test_a_launch_gives_everybody_an_arm_once(make_team):
    team = make_team(20)
    found = launched(team)
    assert found.status == "running"
    assert found.audience == {"segment": "all", "customers": 20, "frozen_by": "test"}
    by_arm = list(arms(team).values())
    assert (by_arm.count(HOLDOUT), by_arm.count("a")) == (2, 18)
    sent_to = {each.customer_id for each in messages(team)}
    assert sent_to == {each for each, arm in arms(team).items() if arm == "a"}


def test_the_audience_is_frozen(make_team):
    team = make_team(10)
    launched(team)
    join(team, 5)
    with team.unit() as unit:
        assert marketing.fill(unit, "spring").members == 10
    assert len(arms(team)) == 10


def test_a_launch_goes_on_where_it_was(make_team):
    team = make_team(20)
    launched(team, size=0)
    with team.unit() as unit:
        first = marketing.fill(unit, "spring", size=7)
    before = {each: arm for each, arm in arms(team).items() if arm}
    assert (first.left, len(before)) == (13, 7)
    marketing.fill_all(team, "spring")
    after = arms(team)
    assert before.items() <= after.items()
    assert list(after.values()).count(HOLDOUT) == 2
    with team.unit(write=False) as unit:
        assert str(marketing.progress(unit, marketing.campaign(unit, "spring"))).startswith(
            "18 messages, 2 held out, 0 excluded; 0"
        )


def test_variants_get_their_shares(make_team):
    team = make_team(60)
    launched(team, variants=TWO, holdout_share=0.0)
    counts = list(arms(team).values())
    assert (counts.count("a"), counts.count("b")) == (20, 40)


def test_arms_are_balanced_within_strata(make_team):
    team = make_team(40, stratify_by="rfm", holdout_share=0.25)
    with team.unit() as unit:
        (run,) = unit.new_ids(tables.scoring_run, 1)
        ran = (run, "rfm", "1", "full", "done", "", unit.now, None, 0.0, {}, run, 1, 1)
        insert_many(unit.connection, tables.scoring_run, [(*ran, unit.now, unit.now, "x")])
        labels = [
            ("rfm", n, 1.0, None, None, "good" if n <= 8 else "other", "{}", run)
            for n in range(1, 41)
        ]
        insert_many(unit.connection, tables.scoring_score, labels)
    launched(team)
    found = arms(team)
    assert [found[n] for n in range(1, 9)].count(HOLDOUT) == 2
    assert [found[n] for n in range(9, 41)].count(HOLDOUT) == 8


def test_who_may_not_be_contacted_is_left_out_before_chance(make_team):
    team = make_team(10)
    with team.unit() as unit:
        unit.customers.add(Customer(name="No address"))
        consent.withdraw(unit, 3, purpose="care", channel="email", source="letter")
        scoring.refresh_segments(unit, unit.now)
    launched(team, holdout_share=0.5)
    with team.unit(write=False) as unit:
        out = {
            m.customer_id: m.why
            for m in marketing.members_of(unit, spring(unit))
            if m.arm == EXCLUDED
        }
    assert out.keys() == {3, 11}
    assert out[11] == "no address"
    counts = list(arms(team).values())
    assert counts.count(HOLDOUT) in (4, 5)
    assert "2 could not be contacted and take no part" in results(team).flags


def test_without_a_consent_nobody_gets_anything(make_team):
    team = make_team(5, consents=False)
    launched(team)
    assert set(arms(team).values()) == {EXCLUDED}
    assert messages(team) == []


def test_some_get_no_campaign_at_all(make_team):
    team = make_team(60, global_holdout_share=0.3)
    launched(team)
    launched(team, name="summer")
    first, second = arms(team), arms(team, "summer")
    apart = {each for each, arm in first.items() if arm == marketing.GLOBAL}
    assert 8 <= len(apart) <= 30
    assert apart == {each for each, arm in second.items() if arm == marketing.GLOBAL}


def test_messages_say_what_the_variant_says(make_team):
    team = make_team(3, holdout_share=0.0)
    launched(team, unique_codes=True)
    with team.unit(write=False) as unit:
        members = {each.customer_id: each for each in marketing.members_of(unit, spring(unit))}
    for each in messages(team):
        member = members[each.customer_id]
        assert each.id == member.message_id
        assert each.subject == f"For Customer {each.customer_id - 1}"
        assert each.text.endswith(f"your code is {member.code}.")
        assert len(member.code) == 8


def test_incentives_are_offers(make_team):
    team = make_team(4, holdout_share=0.0)
    gift = attrs.evolve(LETTER, incentive="Ten percent off", cost_minor=300)
    launched(team, variants=[gift])
    with team.unit(write=False) as unit:
        (offer,) = unit.offers.of(1)
        (cause,) = ask.explain(unit, [Ref("campaign", spring(unit))])
    assert (offer.what, offer.cost, offer.plugin) == (
        "Ten percent off",
        Money(300, "EUR"),
        "marketing",
    )
    assert cause.text == "campaign 'spring' to 4 customers of 'all'"


def test_what_was_launched_is_not_changed(make_team):
    team = make_team(5)
    found = launched(team)
    with team.unit() as unit, pytest.raises(marketing.FrozenError, match="is running"):
        marketing.save_campaign(unit, attrs.evolve(found, goal="contact.visit"))
    with team.unit() as unit, pytest.raises(marketing.NotRunningError, match="launched once"):
        marketing.launch(unit, "spring")


def test_a_draft_is_changed_by_one_at_a_time(make_team):
    team = make_team(2)
    first = draft(team)
    with team.unit() as unit:
        changed = marketing.save_campaign(unit, attrs.evolve(first, window_days=7))
    assert (changed.window_days, changed.version) == (7, 2)
    with team.unit() as unit, pytest.raises(StaleVersionError):
        marketing.save_campaign(unit, attrs.evolve(first, window_days=9))
    with pytest.raises(RefusedError, match="take another name"):
        draft(team)


def test_a_stopped_launch_goes_no_further(make_team):
    team = make_team(20)
    launched(team, size=0)
    with team.unit() as unit:
        marketing.fill(unit, "spring", size=5)
        assert marketing.stop_campaign(unit, "spring").status == "stopped"
    assert len(arms(team)) == 5
    with team.unit() as unit, pytest.raises(marketing.NotRunningError, match="is stopped"):
        marketing.fill(unit, "spring")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"segment": "al"}, "did you mean 'all'"),
        ({"channel": "mail"}, "channel"),
        ({"purpose": "car"}, "did you mean 'care'"),
        ({"goal": "purchase.odrer"}, "did you mean 'purchase.order'"),
        ({"variants": []}, "one or more"),
        ({"variants": [LETTER, LETTER]}, "its own name"),
        ({"holdout_share": 1.0}, "holdout_share"),
        ({"window_days": 0}, "window_days"),
        ({"budget": Money(1, "USD")}, "in EUR"),
        ({"name": "a b"}, "letters, digits"),
    ],
)
def test_campaigns_that_cannot_be(make_team, given, told):
    team = make_team(1)
    with pytest.raises(InvalidValueError, match=told):
        draft(team, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"subject": "{nmae}"}, {"text": "{"}, {"name": "holdout"}, {"share": 0}, {"text": " "},
        {"cost_minor": -1},
    ],
)  # fmt: skip
def test_variants_that_cannot_be(given):
    with pytest.raises(InvalidValueError):
        Variant(**({"subject": "x", "text": "y"} | given))


def test_a_launch_stays_within_the_budget(make_team):
    team = make_team(20)
    budget = {"message_cost_minor": 60, "fixed_cost": Money(100, "EUR")}
    draft(team, budget=Money(1_179, "EUR"), **budget)
    with (
        team.unit() as unit,
        pytest.raises(marketing.OverBudgetError, match=r"cost 11\.80 EUR"),
    ):
        marketing.launch(unit, "spring")
    assert arms(team) == {}
    launched(team, name="summer", budget=Money(1_180, "EUR"), **budget)


def test_nobody_is_no_audience(make_team):
    team = make_team(0)
    draft(team)
    with team.unit() as unit, pytest.raises(marketing.EmptyAudienceError, match="'all'"):
        marketing.launch(unit, "spring")
    with team.unit() as unit, pytest.raises(RecordNotFoundError, match="did you mean 'spring'"):
        marketing.launch(unit, "sprnig")


def test_what_a_campaign_changed(make_team, clock):
    team = make_team(200, fewest=20, margin_share=0.5)
    launched(team, holdout_share=0.25, message_cost_minor=10, fixed_cost=Money(500, "EUR"))
    delivery.run_until_empty(team)
    found = arms(team)
    treated = [each for each, arm in found.items() if arm == "a"]
    held = [each for each, arm in found.items() if arm == HOLDOUT]
    clock.move(days=1)
    buys(team, treated[:60])
    buys(team, held[:5])
    buys(team, treated[:1], currency="USD")
    clock.move(days=30)
    buys(team, held)
    told = results(team)
    one, other = told.arms
    assert (one.people, one.reached, one.reached_goal) == (150, 150, 60)
    assert (other.people, other.reached_goal, other.mean_minor) == (50, 5, 50.0)
    assert told.goal_difference == pytest.approx(60 / 150 - 5 / 50)
    assert told.cost_minor == 500 + 150 * 10
    # 200 by head with the campaign, 50 without, on 150 people, less 20.00.
    assert told.gain_minor == pytest.approx(150 * (200 - 50) - 2_000)
    assert told.verdict == "pays"
    assert told.flags == ("1 purchases in other currencies than EUR are left out",)


def test_a_campaign_that_changed_nothing_is_not_praised(make_team, clock):
    team = make_team(200, fewest=20)
    launched(team, holdout_share=0.5, message_cost_minor=50)
    delivery.run_until_empty(team)
    found = arms(team)
    clock.move(days=1)
    for arm in ("a", HOLDOUT):
        buys(team, [each for each in found if found[each] == arm][:10])
    told = results(team)
    assert told.goal_difference == 0
    assert told.verdict == "open"
    assert "its window is open until 2026-02-04" in told.flags


def test_few_people_are_not_enough(make_team):
    team = make_team(20)
    launched(team)
    told = results(team)
    assert told.verdict == "not enough data"
    assert isnan(told.gain_minor)


def test_without_a_holdout_nothing_can_be_told(make_team):
    team = make_team(20, fewest=1)
    launched(team, holdout_share=0.0)
    told = results(team)
    assert told.verdict == "not enough data"
    assert "nobody was held out, so that nothing can be told" in told.flags


def test_variants_are_compared_as_often_as_one_looks(make_team, clock):
    team = make_team(90, holdout_share=0.0)
    launched(team, variants=[attrs.evolve(LETTER, name=name) for name in "ab"])
    found = arms(team)
    clock.move(hours=1)
    with team.unit(write=False) as unit:
        (even,) = marketing.leads(unit, "spring")
    assert (even.verdict, even.difference) == ("go on", 0)
    buys(team, [each for each, arm in found.items() if arm == "b"])
    with team.unit(write=False) as unit:
        (ahead,) = marketing.leads(unit, "spring")
    assert (ahead.variant, ahead.against, ahead.difference) == ("b", "a", 1.0)


PERSON = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0"


@pytest.mark.parametrize(
    ("agent", "method", "after", "counts"),
    [
        (PERSON, "GET", 60, True),
        (PERSON, "HEAD", 60, False),
        (PERSON, "GET", 1, False),
        ("", "GET", 60, False),
        ("Barracuda Sentinel (EE)", "GET", 60, False),
        ("Mozilla/5.0 GoogleImageProxy", "GET", 60, False),
    ],
)
def test_people_click_and_machines_do_not_count(make_team, clock, agent, method, after, counts):
    team = make_team(1, holdout_share=0.0)
    launched(team)
    delivery.run_until_empty(team)
    with team.unit() as unit:
        token = marketing.link_token(unit, spring(unit), 1, "https://shop.example/spring?a=1.5")
    clock.move(seconds=after)
    for _ in range(2):
        with team.unit() as unit:
            url = marketing.respond(unit, token, agent=agent, method=method)
    assert url == "https://shop.example/spring?a=1.5"
    assert results(team).arms[0].clicked == int(counts)
    with team.unit(write=False) as unit:
        told = [e for e in unit.interactions.timeline(1) if e.kind == "campaign.clicked"]
    assert [each.machine for each in told] == [not counts] * 2


def test_an_opening_is_no_click(make_team, clock):
    team = make_team(1, holdout_share=0.0)
    launched(team)
    clock.move(minutes=1)
    with team.unit() as unit:
        assert (
            marketing.respond(unit, marketing.link_token(unit, spring(unit), 1), agent=PERSON) == ""
        )
    (arm,) = results(team).arms
    assert (arm.opened, arm.clicked) == (1, 0)


def test_a_token_is_not_made_by_others(make_team):
    team = make_team(2, holdout_share=0.0)
    launched(team)
    with team.unit() as unit:
        token = marketing.link_token(unit, spring(unit), 1, "https://shop.example")
    for wrong in (token[:-2] + "xx", "x" + token[1:], "", "ä", token + "A"):
        with team.unit() as unit, pytest.raises(InvalidTokenError):
            marketing.respond(unit, wrong, agent=PERSON)


def test_a_code_is_taken_once_by_whom_it_was_for(make_team):
    team = make_team(2, holdout_share=0.0)
    gift = attrs.evolve(LETTER, cost_minor=250)
    launched(team, unique_codes=True, variants=[gift])
    with team.unit() as unit:
        ana, _ = marketing.members_of(unit, spring(unit))
        assert marketing.redeem(unit, f" {ana.code.lower()} ", ana.customer_id) == "spring"
    for who, why in ((1, "it was taken on"), (2, "no such code")):
        with team.unit() as unit, pytest.raises(marketing.InvalidCodeError, match=why):
            marketing.redeem(unit, ana.code, who)
    assert results(team).cost_minor == 250


def test_the_cycle_goes_on_with_launches(make_team, clock):
    team = make_team(8)
    launched(team, size=0)
    step = team.contributed.cycle_steps["marketing.campaigns"]
    assert step.run(team, Turn(as_of=clock.now, dry_run=True)) == "1 launches would go on"
    assert step.run(team, Turn(as_of=clock.now)) == "1 launches are through"
    assert "" not in arms(team).values()


def test_machines_do_not_reach_goals(make_team, clock):
    team = make_team(4, holdout_share=0.0)
    launched(team, goal="contact.visit")
    clock.move(hours=1)
    with team.unit() as unit:
        unit.interactions.add_many(
            Interaction(customer_id=n, kind="contact.visit", at=unit.now, machine=n > 1)
            for n in (1, 2, 3)
        )
    assert results(team).arms[0].reached_goal == 1
