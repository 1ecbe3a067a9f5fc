"""Refused for now by a guard: put off instead of lost."""

import time
from datetime import timedelta

import pytest

from crmkit import Objection, Plugin, hookimpl
from crmkit.plugins.foundation.delivery import (
    attempts_of,
    deliver_due,
    message,
    run_until_empty,
    worker,
)
from crmkit.plugins.foundation.delivery.cli import _would


class Guard:
    """Objects to each customer as *holds* says: reasons with their ends, by customer id."""

    def __init__(self):
        self.holds = {}

    @hookimpl
    def crmkit_may_contact(self, unit, contacts):
        for index, each in enumerate(contacts):
            for reason, until in self.holds.get(each.customer_id, ()):
                if until is None or until > each.at or reason == "confused":
                    yield Objection(index, reason, until=until)


@pytest.fixture
def guard():
    return Guard()


@pytest.fixture
def crm(make_crm, post, guard):
    return make_crm("delivery", post.plugin, Plugin(name="guard", summary="x", hooks=guard))


def test_what_is_refused_for_now_waits_until_the_last_objection_ends(
    crm, post, guard, intend, clock
):
    (intent_id,) = intend(crm)
    night, limit = clock() + timedelta(hours=9), clock() + timedelta(days=3)
    guard.holds[1] = [("limit", limit), ("night", night)]

    assert run_until_empty(crm).counts == {"queued": 1}
    with crm.unit(write=False) as unit:
        found = message(unit, intent_id)
        (line,) = attempts_of(unit, intent_id)
    assert (found.state, found.not_before, found.attempts) == ("queued", limit, 0)
    assert (line.state, line.detail) == ("deferred", "guard: limit; guard: night")
    clock.move(days=2, hours=23)
    assert not run_until_empty(crm)
    clock.move(hours=1)
    assert run_until_empty(crm).counts == {"sent": 1}
    assert post.addresses == ["c1@x.org"]


def test_one_objection_that_may_last_suppresses(crm, post, guard, intend, clock):
    (intent_id,) = intend(crm)
    guard.holds[1] = [("limit", clock() + timedelta(days=3)), ("no consent", None)]

    assert run_until_empty(crm).counts == {"suppressed": 1}
    with crm.unit(write=False) as unit:
        assert message(unit, intent_id).detail == "guard: limit; guard: no consent"
        assert attempts_of(unit, intent_id) == []


@pytest.mark.parametrize(("hours", "state"), [(3, "suppressed"), (4, "queued")])
def test_what_would_expire_before_it_may_go_is_suppressed_with_the_reason(
    crm, guard, intend, clock, hours, state
):
    (intent_id,) = intend(crm, expires_at=clock() + timedelta(hours=hours))
    guard.holds[1] = [("night", clock() + timedelta(hours=3))]

    assert run_until_empty(crm).counts == {state: 1}
    with crm.unit(write=False) as unit:
        found = message(unit, intent_id)
    assert (found.state, found.detail) == (state, "guard: night")


def test_an_end_that_is_past_already_puts_nothing_off(crm, post, guard, intend, clock):
    intend(crm)
    guard.holds[1] = [("confused", clock())]

    assert run_until_empty(crm).counts == {"suppressed": 1}
    assert post.sent == []


def test_an_objection_for_now_within_a_slow_group_puts_off_the_rest_of_it(
    crm, post, guard, intend, clock
):
    intend(crm, 3)  # groups of one and of two

    def slow(outgoing):
        if outgoing.customer_id == 2:
            guard.holds[3] = [("night", clock() + timedelta(hours=3))]
            time.sleep(worker.GATE_SECONDS + 0.05)
        return answer(outgoing)

    answer, post.answer = post.answer, slow
    assert deliver_due(crm).counts == {"sent": 2, "queued": 1}
    with crm.unit(write=False) as unit:
        assert [each.state for each in attempts_of(unit, 3)] == ["deferred"]
    clock.move(hours=3)
    assert deliver_due(crm).counts == {"sent": 1}


def test_a_dry_run_tells_what_would_be_put_off(crm, guard, intend, clock):
    intend(crm, 2)
    guard.holds[2] = [("night", clock() + timedelta(hours=3))]

    assert [(each["id"], each["would"], each["why"]) for each in _would(crm, 10)] == [
        (1, "sent", ""),
        (2, "deferred", "guard: night"),
    ]
