from __future__ import annotations

import time
from datetime import timedelta
from types import SimpleNamespace

import attrs
import pytest

from crmkit import ChangeRejectedError, Plugin, Receipt, hookimpl
from crmkit.plugins.foundation.delivery import (
    actions,
    attempts_of,
    counts,
    deliver_due,
    intend_many,
    message,
    messages,
    run_until_empty,
    worker,
)
from crmkit.plugins.foundation.delivery.model import Delivered, Outcome
from tests.plugins.foundation.delivery.conftest import Post, an_intent


def states(crm):
    with crm.unit(write=False) as unit:
        return {each.id: each.state for each in messages(unit, size=1000)}


def test_sent_means_state_interaction_and_offer_together(crm, post, intend):
    (intent_id,) = intend(crm)
    assert str(deliver_due(crm)) == "1 sent"
    with crm.unit(write=False) as unit:
        found = message(unit, intent_id)
        (told,) = unit.interactions.timeline(found.customer_id)
        offer = unit.offers.get(found.offer_id)
        log = attempts_of(unit, intent_id)
    assert (found.state, found.attempts) == ("sent", 1)
    assert (told.kind, told.direction, told.channel) == ("message.sent", "outbound", "post")
    assert told.payload == {"purpose": "news", "intent": intent_id}
    assert (told.source, told.source_key) == ("delivery", found.key)
    assert (offer.status, offer.carried_by) == ("carried", told.id)
    assert [each.state for each in log] == ["sent"]


def test_nothing_is_sent_in_a_transaction(crm, post, intend):
    intend(crm, 3)
    seen = []

    def answer(_):
        seen.append(crm.engine.pool.checkedout())
        return Receipt(state="sent")

    post.answer = answer
    deliver_due(crm)
    assert seen == [0, 0, 0]


def test_the_channel_is_opened_once_a_pass_and_not_for_an_empty_queue(crm, post, intend):
    deliver_due(crm)
    assert post.opened == 0
    intend(crm, 30)
    deliver_due(crm)
    assert post.opened == 1


def test_limit_is_held_and_the_rest_goes_in_the_next_pass(crm, post, intend):
    intend(crm, 5)
    assert deliver_due(crm, limit=2).sent == 2
    assert run_until_empty(crm).sent == 3
    assert not deliver_due(crm)


def test_one_poison_recipient_leaves_the_others_alone(crm, post, intend):
    intend(crm, 6)

    def answer(outgoing):
        match outgoing.customer_id:
            case 2:
                raise RuntimeError("boom")
            case 3:
                return Receipt(state="failed", detail="550 no such user")
            case 4:
                return Receipt(state="unknown", detail="cut")
        return Receipt(state="sent")

    post.answer = answer
    assert deliver_due(crm).counts == {"sent": 3, "failed": 1, "unknown": 2}
    assert list(states(crm).values()) == ["sent", "sent", "unknown", "failed", "unknown", "sent"]
    assert post.addresses.count("c1@x.org") == 1
    with crm.unit(write=False) as unit:
        assert message(unit, 2).detail == "RuntimeError: boom"
        assert message(unit, 3).detail == "550 no such user"
    assert not deliver_due(crm)


def test_a_message_is_not_sent_before_its_time_nor_at_its_end(crm, post, intend, clock):
    at = clock()
    intend(crm, 2, not_before=at + timedelta(hours=1), expires_at=at + timedelta(hours=2))
    assert not deliver_due(crm)
    clock.move(hours=1)
    assert deliver_due(crm, limit=1).sent == 1
    clock.move(hours=1)
    assert deliver_due(crm).counts == {"expired": 1}
    assert sorted(states(crm).values()) == ["expired", "sent"]
    assert len(post.sent) == 1


def test_what_expires_in_the_workers_hands_is_not_sent(crm, post, intend, clock):
    intend(crm, 2, expires_at=clock() + timedelta(seconds=30))

    def answer(_):
        clock.move(seconds=60)
        return Receipt(state="sent")

    post.answer = answer
    assert deliver_due(crm).counts == {"sent": 1, "expired": 1}


def test_unsubscribing_before_the_pass_suppresses_with_the_reason(crm, post, intend):
    first, _ = intend(crm, 2)
    post.refused.add(1)
    assert deliver_due(crm).counts == {"suppressed": 1, "sent": 1}
    assert post.addresses == ["c2@x.org"]
    with crm.unit(write=False) as unit:
        assert message(unit, first).detail == "plugin_post: unsubscribed"
        assert unit.interactions.timeline(1) == []


def test_unsubscribing_after_the_claim_stops_the_message(crm, post, intend):
    intend(crm, 3)

    def answer(outgoing):
        post.refused.add(outgoing.customer_id + 1)
        return Receipt(state="sent")

    post.answer = answer
    assert deliver_due(crm).counts == {"sent": 2, "suppressed": 1}
    assert post.addresses == ["c1@x.org", "c3@x.org"]


def test_unsubscribing_within_a_slow_group_stops_the_rest_of_it(crm, post, intend):
    intend(crm, 3)  # groups of one and of two

    def answer(outgoing):
        if outgoing.customer_id == 2:
            post.refused.add(3)
            time.sleep(worker.GATE_SECONDS + 0.05)
        return Receipt(state="sent")

    post.answer = answer
    assert deliver_due(crm).counts == {"sent": 2, "suppressed": 1}
    assert post.addresses == ["c1@x.org", "c2@x.org"]


def test_a_guard_that_fails_lets_nothing_pass(make_crm, post, intend):
    @hookimpl
    def crmkit_may_contact(unit, contacts):
        raise RuntimeError("no table")

    hooks = SimpleNamespace(crmkit_may_contact=crmkit_may_contact)
    broken = Plugin(name="broken", summary="x", hooks=hooks)
    crm = make_crm("delivery", post.plugin, broken)
    intend(crm, 2)
    assert deliver_due(crm).counts == {"suppressed": 2}
    assert post.sent == []


def test_the_second_message_to_a_customer_is_judged_after_the_first(make_crm, post):
    @hookimpl
    def crmkit_may_contact(unit, contacts):
        from crmkit import Objection

        for index, each in enumerate(contacts):
            if unit.interactions.timeline(each.customer_id):
                yield Objection(index, "one message a day")

    hooks = SimpleNamespace(crmkit_may_contact=crmkit_may_contact)
    crm = make_crm("delivery", post.plugin, Plugin(name="limit", summary="x", hooks=hooks))
    from crmkit import Customer

    with crm.unit() as unit:
        people = unit.customers.add_many([Customer(name="Ana"), Customer(name="Bo")])
        intend_many(
            unit,
            [
                attrs.evolve(an_intent(who.id, f"c{who.id}@x.org"), step=str(n))
                for n in range(4)
                for who in people
            ],
        )
    assert deliver_due(crm).counts == {"sent": 2, "suppressed": 6}


def test_for_now_waits_longer_each_time_and_then_fails(make_crm, post, intend, clock):
    crm = make_crm("delivery", post.plugin, settings={"delivery": {"attempts": 3}})
    (intent_id,) = intend(crm)
    post.answer = lambda _: Receipt(state="retry", detail="451 greylisted")
    waits = []
    for _ in range(2):
        assert deliver_due(crm).counts == {"queued": 1}
        assert not deliver_due(crm)
        with crm.unit(write=False) as unit:
            wait = (message(unit, intent_id).not_before - clock()).total_seconds()
        waits.append(wait)
        clock.move(seconds=wait)
    assert deliver_due(crm).counts == {"failed": 1}
    assert 45 <= waits[0] <= 75
    assert 90 <= waits[1] <= 150
    with crm.unit(write=False) as unit:
        found = message(unit, intent_id)
        log = [each.state for each in attempts_of(unit, intent_id)]
    assert found.detail == "given up after 3 attempts: 451 greylisted"
    assert (found.attempts, log) == (3, ["retry", "retry", "retry"])


def test_a_refusal_for_now_can_still_end_well(crm, post, intend, clock):
    intend(crm)
    answers = [Receipt(state="retry"), Receipt(state="sent")]
    post.answer = lambda _: answers.pop(0)
    deliver_due(crm)
    clock.move(minutes=2)
    assert deliver_due(crm).sent == 1


def test_a_channel_that_cannot_be_opened_costs_no_attempt_and_stops_no_other(make_crm, post):
    from crmkit import Customer

    other = Post("courier")
    crm = make_crm("delivery", post.plugin, other.plugin)
    with crm.unit() as unit:
        who = unit.customers.add(Customer(name="Ana")).id
        intend_many(
            unit,
            [
                an_intent(who, "a@x.org"),
                attrs.evolve(an_intent(who, "b@x.org"), channel="courier"),
            ],
        )
    post.fails_to_open = True
    done = deliver_due(crm)
    assert done.counts == {"sent": 1}
    assert done.problems == ("channel post cannot be opened: the post office is closed",)
    with crm.unit(write=False) as unit:
        waiting = message(unit, 1)
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    post.fails_to_open = False
    assert run_until_empty(crm).sent == 1


def test_the_queue_of_a_disabled_channel_waits(make_crm, post, intend):
    crm = make_crm("delivery", post.plugin)
    intend(crm)
    without = make_crm("delivery")
    assert not deliver_due(without)
    assert states(without) == {1: "queued"}
    assert deliver_due(crm).sent == 1


def test_what_was_sent_but_cannot_be_recorded_is_unknown_and_stops_no_other(make_crm, post, intend):
    @hookimpl
    def crmkit_saving(unit, changes):
        if changes.noun == "interaction" and any(e.customer_id == 2 for e in changes.after):
            raise ChangeRejectedError("not this one")

    hooks = SimpleNamespace(crmkit_saving=crmkit_saving)
    crm = make_crm("delivery", post.plugin, Plugin(name="veto", summary="x", hooks=hooks))
    intend(crm, 4)
    assert deliver_due(crm).counts == {"sent": 3, "unknown": 1}
    assert len(post.sent) == 4
    with crm.unit(write=False) as unit:
        assert message(unit, 2).detail == "sent, but that could not be recorded: not this one"


def test_interrupted_in_the_middle_of_sending_the_rest_goes_back(crm, post, intend):
    intend(crm, 7)

    def answer(outgoing):
        if outgoing.customer_id == 5:
            raise KeyboardInterrupt
        return Receipt(state="sent")

    post.answer = answer
    with pytest.raises(KeyboardInterrupt):
        deliver_due(crm)
    found = list(reversed(states(crm).values()))
    assert found == ["sent"] * 4 + ["unknown"] + ["queued"] * 2


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(days=9_999), timedelta(days=1)),
        (timedelta(seconds=1), None),
        (timedelta(days=-1), None),
    ],
)
def test_the_other_side_may_ask_for_a_longer_wait_but_not_for_ever(
    crm, post, intend, clock, asked, waits
):
    (number,) = intend(crm)
    until = clock() + asked
    post.answer = lambda _: Receipt(state="retry", detail="429 busy", not_before=until)
    deliver_due(crm)
    with crm.unit(write=False) as unit:
        found = message(unit, number)
    if waits is None:  # our own back-off, a minute and a quarter of it either way
        assert timedelta(seconds=45) <= found.not_before - clock() <= timedelta(seconds=75)
    else:
        assert found.not_before == clock() + waits


class TestLeases:
    def claim(self, crm, who="a", size=10):
        with crm.unit() as unit:
            return actions.claim(unit, who, ["post"], size)

    def test_a_claim_is_nobody_elses(self, crm, intend):
        intend(crm, 4)
        first = self.claim(crm, "a", 3)
        assert [each.id for each in first] == [1, 2, 3]
        assert [each.id for each in self.claim(crm, "b")] == [4]

    def test_a_customer_is_in_the_hands_of_one_worker(self, crm, intend):
        intend(crm)
        with crm.unit() as unit:
            intend_many(unit, [attrs.evolve(an_intent(1, "c1@x.org"), step="second")])
        assert [each.id for each in self.claim(crm, "a", 1)] == [1]
        assert self.claim(crm, "b") == []

    def test_claimed_by_a_dead_worker_is_queued_again_and_sent_once(self, crm, post, intend, clock):
        intend(crm)
        stale = self.claim(crm)
        clock.move(minutes=4)
        assert not deliver_due(crm)
        clock.move(minutes=2)
        assert deliver_due(crm).counts == {"sent": 1}
        with crm.unit() as unit:
            assert actions.mark_sending(unit, stale) == ([], Delivered())
        assert len(post.sent) == 1

    def test_a_late_worker_cannot_mark_what_was_queued_again(self, crm, intend, clock):
        intend(crm)
        stale = self.claim(crm)
        clock.move(minutes=6)
        with crm.unit() as unit:
            actions.recover(unit)
        fresh = self.claim(crm, "b")
        with crm.unit() as unit:
            assert actions.mark_sending(unit, stale)[0] == []
            assert actions.mark_sending(unit, fresh)[0][0].id == 1

    def test_sending_by_a_dead_worker_is_unknown_and_its_late_word_only_logged(
        self, crm, post, intend, clock
    ):
        intend(crm)
        claimed = self.claim(crm)
        with crm.unit() as unit:
            ready, _ = actions.mark_sending(unit, claimed)
        clock.move(minutes=6)
        assert deliver_due(crm).counts == {"unknown": 1}
        with crm.unit() as unit:
            late = actions.record(unit, [Outcome(ready[0], "sent", detail="250 ok")])
            assert not late
            assert counts(unit) == {"unknown": 1}
            assert unit.interactions.timeline(1) == []
            log = [(each.state, each.detail) for each in attempts_of(unit, 1)]
        assert log[1] == ("sent", "250 ok")
        clock.move(days=30)
        assert not deliver_due(crm)
        assert post.sent == []

    def test_a_worker_that_was_frozen_hands_nothing_over(self, make_crm, post, intend, monkeypatch):
        crm = make_crm("delivery", post.plugin)
        intend(crm, 3)
        now = [0.0]
        monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])

        def answer(outgoing):
            if outgoing.customer_id == 2:
                now[0] += 151  # more than half the lease, in a group of two
            return Receipt(state="sent")

        post.answer = answer
        assert deliver_due(crm).counts == {"sent": 3}
        assert post.addresses == ["c1@x.org", "c2@x.org", "c3@x.org"]
