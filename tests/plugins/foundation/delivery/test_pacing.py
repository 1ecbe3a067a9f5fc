from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Customer, InvalidValueError, Receipt
from crmkit.plugins.foundation.delivery import deliver_due, intend_many, run_until_empty
from crmkit.plugins.foundation.delivery.config import Settings
from crmkit.plugins.foundation.delivery.pacing import Pace, limits
from tests.plugins.foundation.delivery.conftest import Post, an_intent
from tests.plugins.foundation.delivery.test_outlook import findings

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@given(
    st.integers(1, 500),
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 60)), min_size=1, max_size=60),
)
def test_no_minute_holds_more_than_the_limit(per_minute, asked):
    pace, now, went = Pace(per_minute), START, []
    for after_ms, wanted in asked:
        now += timedelta(milliseconds=after_ms)
        count = min(wanted, pace.room(now))
        pace = pace.after(count, now)
        went += [now] * count
    for first in went:
        assert sum(first <= each < first + MINUTE for each in went) <= per_minute


@pytest.mark.parametrize("per_minute", [1, 7, 60, 600])
def test_who_asks_often_gets_nine_tenths_of_the_limit(per_minute):
    pace, count = Pace(per_minute), 0
    for tenth in range(6000):
        now = START + timedelta(seconds=tenth / 10)
        room = pace.room(now)
        pace = pace.after(room, now)
        count += room
    assert 9 * per_minute <= count <= 10 * per_minute


def test_after_a_silence_a_tenth_goes_at_once():
    assert Pace(600).room(START) == 60
    assert Pace(600).after(60, START).room(START) == 0
    assert Pace(600).after(60, START).room(START + MINUTE) == 60
    assert Pace(1).after(1, START).room(START + timedelta(seconds=59)) == 0
    assert Pace(1).after(1, START).room(START + MINUTE) == 1


def test_a_message_falls_under_its_channel_and_its_domain():
    assert limits("email", "Ana@Example.COM") == ("email", "email@example.com")
    assert limits("sms", "+4915112345678") == ("sms",)


@pytest.mark.parametrize("name", ["@x.org", "email@", "email@X.org"])
def test_a_limit_has_the_name_of_a_channel_or_a_channel_and_a_domain(name):
    with pytest.raises(InvalidValueError, match="a channel, or channel@domain in small letters"):
        Settings(rates={name: 5})


def test_a_limit_is_at_least_one():
    with pytest.raises(InvalidValueError, match=r"rates\.email"):
        Settings(rates={"email": 0})


def paced(make_crm, post, rates):
    return make_crm("delivery", post.plugin, settings={"delivery": {"rates": rates}})


def test_a_channel_sends_what_its_limit_lets_through_and_the_rest_waits(
    make_crm, post, intend, clock
):
    crm = paced(make_crm, post, {"post": 30})
    intend(crm, 10)
    assert run_until_empty(crm).sent == 3  # a tenth of 30
    assert run_until_empty(crm).sent == 0
    clock.move(seconds=3)
    assert run_until_empty(crm).sent == 1
    clock.move(minutes=1)
    assert run_until_empty(crm).sent == 3


def test_a_full_domain_leaves_the_others_alone(make_crm, post, clock):
    crm = paced(make_crm, post, {"post@slow.example": 1})
    with crm.unit() as unit:
        people = unit.customers.add_many(Customer(name=f"C{n}") for n in range(6))
        domains = ["slow.example", "SLOW.example", "notslow.example"] * 2
        intend_many(
            unit,
            [
                an_intent(who.id, f"c{who.id}@{domain}")
                for who, domain in zip(people, domains, strict=True)
            ],
        )
    run_until_empty(crm)
    assert sorted(each.partition("@")[2] for each in post.addresses) == [
        "notslow.example",
        "notslow.example",
        "slow.example",
    ]
    clock.move(minutes=1)
    assert run_until_empty(crm).sent == 1


def test_two_workers_share_one_limit(make_crm, post, intend):
    crm = paced(make_crm, post, {"post": 10})
    intend(crm, 5)
    other = make_crm("delivery", Post().plugin, settings={"delivery": {"rates": {"post": 10}}})
    assert deliver_due(crm).sent + deliver_due(other).sent == 1


def test_what_failed_used_the_limit_too(make_crm, post, intend):
    crm = paced(make_crm, post, {"post": 10})
    intend(crm, 3)
    post.answer = lambda _: Receipt(state="failed")
    assert run_until_empty(crm).counts == {"failed": 1}


def test_a_limit_on_a_channel_nobody_has_is_told(make_crm, post):
    crm = paced(make_crm, post, {"psot": 10})
    assert "rates.psot limits a channel that is not enabled" in findings(crm)
