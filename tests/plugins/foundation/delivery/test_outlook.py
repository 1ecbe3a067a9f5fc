from __future__ import annotations

from datetime import timedelta

import pytest

from crmkit import Receipt, ask
from crmkit.plugins.foundation.delivery import actions, deliver_due, queries, run_until_empty
from crmkit.plugins.foundation.delivery.model import Delivered


@pytest.fixture
def left_behind(crm, intend, clock):
    """Six intents: 1 and 2 being sent and 3 and 4 claimed by a dead worker, 5 and 6 queued."""
    intend(crm, 6, expires_at=clock() + timedelta(hours=1))
    with crm.unit() as unit:
        claimed = actions.claim(unit, "dead", ["post"], 4)
    clock.move(seconds=30)
    with crm.unit() as unit:
        actions.mark_sending(unit, claimed[:2])


def outlook(crm):
    with crm.unit(write=False) as unit:
        return queries.outlook(unit)


def plan(crm, size=10):
    with crm.unit(write=False) as unit:
        return (
            [(each.id, each.state) for each in queries.would_end(unit, size=size)],
            [each.id for each in queries.would_take(unit, size=size)],
        )


def findings(crm):
    with crm.unit(write=False) as unit:
        return {each.text: each.mend for each in ask.diagnose(unit) if each.subject == "delivery"}


def test_what_a_dead_worker_holds_is_seen_while_its_lease_runs(crm, left_behind, clock):
    found = outlook(crm)
    assert (found.held, found.lapsed, found.unknown, found.requeued) == (4, 0, 0, 0)
    assert found.held_from == clock() + timedelta(seconds=270)
    assert found.held_until == clock() + timedelta(seconds=300)
    assert plan(crm) == ([], [5, 6])
    assert "2 queued, 4 held by workers, 0 unknown" in findings(crm)


def test_what_a_run_does_first_once_the_lease_is_over(crm, left_behind, post, clock):
    clock.move(minutes=6)
    found = outlook(crm)
    assert (found.held, found.lapsed) == (0, 4)
    assert (found.requeued, found.unknown, found.expired) == (2, 2, 0)
    assert plan(crm) == ([(1, "sending"), (2, "sending")], [3, 4, 5, 6])
    told = "4 are held by a worker that seems to have died"
    assert findings(crm)[told] == "crmkit deliver run-due"
    assert deliver_due(crm).counts == {"sent": 4, "unknown": 2}


def test_what_is_past_its_time_ends_first_whoever_held_it(crm, left_behind, post, clock):
    clock.move(hours=2)
    found = outlook(crm)
    assert (found.requeued, found.unknown, found.expired) == (0, 2, 4)
    ended = [(1, "sending"), (2, "sending"), (3, "claimed"), (4, "claimed")]
    assert plan(crm) == ([*ended, (5, "queued"), (6, "queued")], [])
    assert deliver_due(crm).counts == {"expired": 4, "unknown": 2}
    assert post.sent == []


def test_what_waits_for_a_later_time_is_seen_with_the_earliest(crm, intend, clock):
    at = clock() + timedelta(hours=3)
    intend(crm, 2, not_before=at)
    found = outlook(crm)
    assert (found.later, found.later_from, found.held) == (2, at, 0)
    assert plan(crm) == ([], [])


def test_an_intent_put_back_and_then_sent_in_the_same_call_is_counted_once(
    crm, post, intend, clock
):
    intend(crm, 2)
    answers = [Receipt(state="retry")]

    def answer(_):
        if answers:
            return answers.pop()
        clock.move(hours=1)
        return Receipt(state="sent")

    post.answer = answer
    assert run_until_empty(crm).counts == {"sent": 2}


def test_put_back_twice_counts_once():
    back = Delivered.of({1: "queued", 2: "sent"})
    assert (back + Delivered.of({1: "queued"})).counts == {"sent": 1, "queued": 1}
    assert back.taken([1]).counts == {"sent": 1}
