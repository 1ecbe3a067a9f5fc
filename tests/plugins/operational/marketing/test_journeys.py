"""Journeys: step by step, for many at a time, edited while people are underway."""

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import Interaction, InvalidValueError, StaleVersionError
from crmkit.plugins.foundation import delivery, scoring
from crmkit.plugins.operational import marketing
from crmkit.plugins.operational.marketing import Journey, Step

from .conftest import buys, join


def message(name, **given):
    return Step(
        name=name,
        kind="message",
        channel="email",
        purpose="care",
        subject=f"{name} for {{name}}",
        text="x",
        **given,
    )


WELCOME = Journey(
    name="welcome",
    segment="all",
    steps=[
        message("hello"),
        Step(name="pause", kind="wait", hours=48),
        Step(name="bought", kind="goal", goal="purchase.order"),
        Step(name="good", kind="condition", segment="buyers", otherwise="coin"),
        message("thanks", next="over"),
        Step(name="coin", kind="split", shares={"nudge": 1, "over": 1}),
        message("nudge"),
        Step(name="over", kind="end"),
    ],
)


@pytest.fixture
def team(make_team):
    crm = make_team(20)
    with crm.unit() as unit:
        scoring.define_segment(unit, "buyers", "count(purchase.order) >= 1")
    save(crm, WELCOME)
    return crm


def save(crm, journey, **given):
    with crm.unit() as unit:
        return marketing.save_journey(unit, journey, **given)


def walk(crm):
    return marketing.walk_all(crm, "welcome")


def sent(crm):
    with crm.unit(write=False) as unit:
        found = delivery.messages(unit)
    steps = {}
    for each in found:
        steps.setdefault(each.step, set()).add(each.customer_id)
    assert sum(map(len, steps.values())) == len(found)
    return steps


def places(crm):
    with crm.unit(write=False) as unit:
        return {
            each.step: (each.underway, each.ended) for each in marketing.standing(unit, "welcome")
        }


def refresh(crm):
    with crm.unit() as unit:
        scoring.refresh_segments(unit, unit.now)


def test_everybody_sets_out_once(team, clock):
    assert walk(team) == 20
    assert places(team) == {"bought": (20, 0)}
    assert walk(team) == 0
    clock.move(hours=1)
    join(team, 3)
    assert walk(team) == 3
    assert places(team) == {"bought": (23, 0)}


def test_who_reaches_the_goal_ends_and_others_go_on(team, clock):
    walk(team)
    clock.move(hours=47)
    buys(team, [1, 2])
    walk(team)
    assert places(team) == {"bought": (20, 0)}
    clock.move(hours=1)
    walk(team)
    found = places(team)
    assert found["bought"] == (0, 2)
    assert sum(ended for _, ended in found.values()) == 20
    assert 2 <= len(sent(team)["nudge"]) <= 16
    assert "thanks" not in sent(team)


def test_a_condition_parts_them(team, clock):
    buys(team, [5])
    clock.move(minutes=1)
    refresh(team)
    walk(team)
    clock.move(hours=48)
    walk(team)
    assert sent(team)["thanks"] == {5}
    assert 5 not in sent(team)["nudge"]


def test_a_machine_reaches_no_goal(team, clock):
    walk(team)
    with team.unit() as unit:
        told = Interaction(customer_id=1, kind="purchase.order", at=unit.now, machine=True)
        unit.interactions.add(told)
    clock.move(hours=48)
    walk(team)
    assert "bought" not in places(team)


def test_an_edited_journey_sends_nothing_twice(team, clock):
    walk(team)
    with team.unit(write=False) as unit:
        old = marketing.journey(unit, "welcome")
    steps = [message("hello"), *WELCOME.steps[2:], message("late")]
    new = save(team, attrs.evolve(old, steps=steps))
    assert new.version == 2
    clock.move(hours=48)
    walk(team)
    assert len(sent(team)["hello"]) == 20


def test_people_in_a_step_that_goes_are_told_where(team, clock):
    walk(team)
    with team.unit(write=False) as unit:
        old = marketing.journey(unit, "welcome")
    fewer = attrs.evolve(old, steps=[message("hello"), Step(name="over", kind="end")])
    with pytest.raises(marketing.StepGoneError, match="20 in 'bought'"):
        save(team, fewer)
    with pytest.raises(InvalidValueError, match="moved"):
        save(team, fewer, moved={"bought": "nowhere"})
    save(team, fewer, moved={"bought": "over"})
    walk(team)
    assert places(team) == {"over": (0, 20)}
    with pytest.raises(StaleVersionError):
        save(team, old)


def test_a_stopped_journey_stands_still(team, clock):
    walk(team)
    with team.unit() as unit:
        marketing.stop_journey(unit, "welcome")
    clock.move(hours=48)
    join(team, 1)
    assert walk(team) == 0
    assert places(team) == {"bought": (20, 0)}
    with team.unit(write=False) as unit:
        stopped = marketing.journey(unit, "welcome")
    save(team, stopped)
    walk(team)
    assert sum(underway for underway, _ in places(team).values()) == 1


def test_it_goes_on_part_by_part(team):
    seen = []
    for _ in range(4):
        with team.unit() as unit:
            seen.append(marketing.step_on(unit, "welcome", size=8))
    assert [each.messages for each in seen] == [8, 8, 4, 0]
    assert str(seen[0]) == "20 set out, 16 steps, 8 messages, 0 ended"


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([], "one or more"),
        ([{"name": "a", "kind": "end"}] * 2, "its own name"),
        ([{"name": "a", "kind": "end", "next": "b"}], "a.next: 'b'"),
        ([{"name": "a", "kind": "message"}], "a message needs it"),
        ([{"name": "a", "kind": "wait"}], "a wait needs it"),
        ([{"name": "a", "kind": "jump"}], "kind"),
        ([{"name": "a", "kind": "split", "shares": {"a": 1}}], "without a wait"),
    ],
)
def test_journeys_that_cannot_be(steps, told):
    with pytest.raises(InvalidValueError, match=told):
        Journey(name="x", segment="all", steps=[Step(**each) for each in steps])


def test_what_nobody_knows_is_refused(team):
    wrong = attrs.evolve(WELCOME, name="other", segment="al")
    with pytest.raises(InvalidValueError, match="did you mean 'all'"):
        save(team, wrong)
    step = Step(name="a", kind="goal", goal="purchase.odrer")
    with pytest.raises(InvalidValueError, match=r"a\.goal"):
        save(team, attrs.evolve(WELCOME, name="other", steps=[step]))


KIND = st.sampled_from(["wait", "message", "split", "goal", "end"])
WAITS = st.lists(st.integers(1, 60), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(KIND, min_size=1, max_size=6), WAITS, st.integers(1, 9))
def test_nobody_is_lost_and_nobody_gets_a_step_twice(make_team, kinds, hours, size):
    name = f"j{abs(hash((tuple(kinds), tuple(hours), size)))}"
    team = make_team(0)
    join(team, 7)
    steps = []
    for n, kind in enumerate(kinds):
        given = {"wait": {"hours": 24}, "goal": {"goal": "purchase.order"}}.get(kind, {})
        if kind == "split":
            given = {"shares": {f"s{n + 1}": 1, f"s{len(kinds)}": 2}}
        step = message(f"s{n}") if kind == "message" else Step(name=f"s{n}", kind=kind, **given)
        steps.append(step)
    steps.append(Step(name=f"s{len(kinds)}", kind="end"))
    journey = Journey(name=name, segment="all", steps=steps)
    save(team, journey)
    for _ in [*hours, 0]:
        while True:
            with team.unit() as unit:
                if not marketing.step_on(unit, name, size=size).moved:
                    break
    with team.unit(write=False) as unit:
        found = marketing.standing(unit, name)
        keys = [(e.run, e.step, e.customer_id) for e in delivery.messages(unit)]
        everybody = len(unit.customers.page(size=1_000))
    assert sum(each.underway + each.ended for each in found) == everybody
    assert len(keys) == len(set(keys))
