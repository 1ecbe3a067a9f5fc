from __future__ import annotations

from threading import Event, Thread

import attrs
import pytest

from crmkit import Customer, InvalidValueError, Receipt
from crmkit.plugins.foundation.delivery import (
    actions,
    attempts_of,
    cancel,
    cancel_run,
    counts,
    deliver_due,
    intend_many,
    message,
    pause,
    pauses,
    resume,
    run_until_empty,
    work,
)
from tests.plugins.foundation.delivery.conftest import an_intent
from tests.plugins.foundation.delivery.test_outlook import findings


def test_cancelled_is_suppressed_with_who_and_why_and_never_sent(crm, post, intend):
    first, _ = intend(crm, 2)
    with crm.unit() as unit:
        (done,) = cancel(unit, [first, 99], "wrong price")
        assert (done.id, done.state) == (first, "suppressed")
        assert done == message(unit, first)
        assert cancel(unit, [first]) == []
    assert run_until_empty(crm).counts == {"sent": 1}
    with crm.unit(write=False) as unit:
        found = message(unit, first)
        log = attempts_of(unit, first)
    assert (found.state, found.detail) == ("suppressed", "cancelled by test: wrong price")
    assert [each.state for each in log] == ["suppressed"]
    assert post.addresses == ["c2@x.org"]


def test_a_run_is_cancelled_as_a_whole_but_not_what_has_left(crm, post, intend):
    intend(crm, 3)
    deliver_due(crm, limit=1)
    with crm.unit() as unit:
        assert len(cancel_run(unit, "spring")) == 2
        assert cancel_run(unit, "summer") == []
        assert counts(unit) == {"sent": 1, "suppressed": 2}


def test_what_a_worker_merely_holds_is_taken_from_its_hands(crm, intend):
    intend(crm, 1)
    with crm.unit() as unit:
        held = actions.claim(unit, "a", ["post"], 1)
    with crm.unit() as unit:
        assert len(cancel(unit, [1])) == 1
    with crm.unit() as unit:
        assert actions.mark_sending(unit, held)[0] == []


def test_what_is_being_sent_is_too_late_to_cancel(crm, intend):
    intend(crm, 1)
    with crm.unit() as unit:
        actions.mark_sending(unit, actions.claim(unit, "a", ["post"], 1))
    with crm.unit() as unit:
        assert cancel(unit, [1]) == []


@pytest.mark.parametrize(
    "scope", [{}, {"run": "spring"}, {"channel": "post"}, {"run": "spring", "channel": "post"}]
)
def test_what_is_paused_waits_and_goes_on_where_it_stopped(crm, post, intend, scope):
    intend(crm, 5)
    deliver_due(crm, limit=2)
    with crm.unit() as unit:
        made = pause(unit, **scope, note="wrong price")
        assert pause(unit, **scope, note="again") == made
        assert pauses(unit) == [made]
    assert not run_until_empty(crm)
    with crm.unit() as unit:
        assert resume(unit, **scope)
        assert not resume(unit, **scope)
    assert run_until_empty(crm).sent == 3
    assert len(set(post.addresses)) == len(post.addresses) == 5


def test_a_pause_of_another_run_or_channel_stops_nothing(crm, intend):
    intend(crm, 1)
    with crm.unit() as unit:
        pause(unit, run="summer")
        pause(unit, channel="sms")
        pause(unit, run="spring", channel="sms")
    assert run_until_empty(crm).sent == 1


def test_a_pause_reaches_what_a_worker_already_claimed(crm, intend):
    intend(crm, 1)
    with crm.unit() as unit:
        held = actions.claim(unit, "a", ["post"], 1)
    with crm.unit() as unit:
        pause(unit, run="spring")
    with crm.unit() as unit:
        sending, left = actions.mark_sending(unit, held)
        assert (sending, left.counts) == ([], {"queued": 1})
    assert not run_until_empty(crm)


def test_pauses_are_told_by_the_doctor(crm, intend):
    intend(crm, 2)
    with crm.unit() as unit:
        pause(unit, channel="post", note="server moves")
    (told,) = [text for text in findings(crm) if "paused" in text]
    assert told.startswith("every run through post is paused since")
    assert told.endswith(": server moves")


def test_the_more_urgent_goes_first_whatever_came_first(crm, post):
    with crm.unit() as unit:
        people = unit.customers.add_many(Customer(name=f"C{n}") for n in range(4))
        order = ("bulk", "normal", "urgent", "normal")
        intend_many(
            unit,
            [
                attrs.evolve(an_intent(who.id, f"c{who.id}@x.org"), priority=priority)
                for who, priority in zip(people, order, strict=True)
            ],
        )
    deliver_due(crm, limit=3)
    assert post.addresses == ["c3@x.org", "c2@x.org", "c4@x.org"]


def test_a_priority_is_one_of_three():
    with pytest.raises(InvalidValueError, match="urgent, normal, bulk"):
        attrs.evolve(an_intent(1, "a@x.org"), priority="asap")


def test_a_worker_that_is_stopped_puts_back_what_it_holds(crm, post, intend):
    intend(crm, 5)
    stop = Event()

    def answer(_):
        stop.set()
        return Receipt(state="sent")

    post.answer = answer
    done = deliver_due(crm, stop=stop)
    assert done.counts == {"sent": 1, "queued": 4}
    with crm.unit(write=False) as unit:
        assert counts(unit) == {"sent": 1, "queued": 4}
    post.answer = lambda _: Receipt(state="sent")
    assert run_until_empty(crm).sent == 4


def test_a_worker_sends_what_becomes_due_until_it_is_stopped(crm, post, intend):
    stop, seen = Event(), []

    def told(done):
        seen.append(done.sent)
        if sum(seen) == 3:
            stop.set()

    worker = Thread(target=work, args=(crm, stop), kwargs={"poll_seconds": 0.01, "told": told})
    worker.start()
    try:
        intend(crm, 3)
    finally:
        worker.join(30)
        stop.set()
        worker.join()
    assert sum(seen) == 3
    assert len(post.sent) == 3
