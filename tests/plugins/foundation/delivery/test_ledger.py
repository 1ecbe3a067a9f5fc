from __future__ import annotations

import attrs
import pytest

from crmkit import InvalidValueError, Receipt, RecordNotFoundError, Ref, Turn, ask
from crmkit.plugins.foundation.delivery import (
    WrongStateError,
    attempts_of,
    deliver_due,
    intend_many,
    message,
    messages,
    resolve,
    retry,
)
from tests.plugins.foundation.delivery.conftest import an_intent


@pytest.fixture
def unknown(crm, post, intend):
    (intent_id,) = intend(crm)
    post.answer = lambda _: Receipt(state="unknown", detail="cut")
    deliver_due(crm)
    post.answer = lambda _: Receipt(state="sent")
    return intent_id


def test_unknown_resolved_as_sent_is_as_if_sent(crm, unknown):
    with crm.unit(actor="eve") as unit:
        assert resolve(unit, unknown, "sent", "she told us").state == "sent"
    with crm.unit(write=False) as unit:
        assert message(unit, unknown).detail == "eve: she told us"
        assert [each.kind for each in unit.interactions.timeline(1)] == ["message.sent"]
        assert unit.offers.of(1)[0].status == "carried"
        assert [each.state for each in attempts_of(unit, unknown)] == ["unknown", "sent"]


def test_unknown_resolved_as_failed_may_be_sent_again(crm, post, unknown):
    with crm.unit() as unit:
        resolve(unit, unknown, "failed", "not in the log of the server")
        retry(unit, unknown)
    assert deliver_due(crm).sent == 1
    with crm.unit(write=False) as unit:
        assert message(unit, unknown).state == "sent"
        assert [each.state for each in attempts_of(unit, unknown)] == [
            "unknown",
            "failed",
            "queued",
            "sent",
        ]


def test_unknown_is_not_sent_again_without_a_persons_word(crm, unknown):
    with crm.unit() as unit, pytest.raises(WrongStateError) as caught:
        retry(unit, unknown)
    assert str(caught.value) == "intent 1 is unknown; only failed ones can be sent again"
    assert caught.value.exit_code == 5


def test_only_unknown_is_resolved_and_only_as_sent_or_failed(crm, unknown):
    with crm.unit() as unit:
        with pytest.raises(InvalidValueError):
            resolve(unit, unknown, "queued", "")
        resolve(unit, unknown, "sent", "")
        with pytest.raises(WrongStateError, match="only unknown ones can be resolved"):
            resolve(unit, unknown, "failed", "")
        with pytest.raises(RecordNotFoundError):
            retry(unit, 99)


def test_a_retried_message_is_still_put_before_the_guards(crm, post, intend):
    intend(crm)
    post.answer = lambda _: Receipt(state="failed")
    deliver_due(crm)
    post.refused.add(1)
    with crm.unit() as unit:
        retry(unit, 1)
    assert deliver_due(crm).counts == {"suppressed": 1}


def test_erasure_blanks_what_names_and_stops_what_waits(crm, post, intend):
    intend(crm, 2)
    deliver_due(crm, limit=1)
    with crm.unit() as unit:
        intend_many(unit, [attrs.evolve(an_intent(1, "c1@x.org"), step="second")])
        key = message(unit, 1).key
        unit.customers.erase([1])
    with crm.unit(write=False) as unit:
        found = [each for each in messages(unit) if each.customer_id == 1]
        assert {(each.address, each.subject, each.text) for each in found} == {("", "", "")}
        assert [each.state for each in found] == ["suppressed", "sent"]
        assert message(unit, 1).key == key
        assert message(unit, 2).address == "c2@x.org"
    assert deliver_due(crm).sent == 1
    assert post.addresses == ["c1@x.org", "c2@x.org"]


def test_erased_while_in_the_workers_hands_is_not_sent(crm, post, intend):
    intend(crm, 3)

    def answer(outgoing):
        if outgoing.customer_id == 1:
            with crm.unit() as unit:
                unit.customers.erase([2])
        return Receipt(state="sent", detail=outgoing.address)

    post.answer = answer
    assert deliver_due(crm).counts == {"sent": 2}
    assert post.addresses == ["c1@x.org", "c3@x.org"]


def test_explain_walks_from_the_interaction_to_the_decision(crm, post, intend):
    intend(crm, because=Ref("decision", 8))
    deliver_due(crm)
    with crm.unit(write=False) as unit:
        (told,) = unit.interactions.timeline(1)
        (sent,) = ask.explain(unit, [Ref("interaction", told.id)])
        (intent,) = ask.explain(unit, list(sent.because))
    assert sent.because == (Ref("intent", 1),)
    assert intent.because == (Ref("decision", 8), Ref("offer", 1))
    assert intent.text == "news by post to c1@x.org, run spring, step first: sent"


def test_doctor_tells_of_unknown_and_overdue(crm, post, unknown, intend, clock):
    with crm.unit() as unit:
        intend_many(unit, [attrs.evolve(an_intent(1, "c1@x.org"), step="second")])
    clock.move(hours=2)
    with crm.unit(write=False) as unit:
        told = {each.text: each.mend for each in ask.diagnose(unit) if each.level == "warn"}
    assert "1 may or may not have arrived" in told
    assert told["the queue waits since 2026-01-05 09:00 UTC"] == "crmkit deliver run-due"


def test_the_cycles_act_step_sends_and_its_dry_run_does_not(crm, post, intend, clock):
    intend(crm, 2)
    step = crm.contributed.cycle_steps["deliver"]
    assert step.phase == "act"
    assert step.run(crm, Turn(as_of=clock(), dry_run=True)) == "2 due"
    assert post.sent == []
    assert step.run(crm, Turn(as_of=clock())) == "2 sent"
