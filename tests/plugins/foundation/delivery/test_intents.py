from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import InvalidValueError, RecordNotFoundError
from crmkit.plugins.foundation.delivery import intend_many, message, messages
from crmkit.plugins.foundation.delivery.model import key_of
from tests.plugins.foundation.delivery.conftest import Post, an_intent


@pytest.fixture
def customer_id(crm):
    from crmkit import Customer

    with crm.unit() as unit:
        return unit.customers.add(Customer(name="Ana")).id


def test_one_address_gets_one_message_per_run_and_step_in_whatever_spelling(crm, customer_id):
    first = an_intent(customer_id, "ana@example.com")
    with crm.unit() as unit:
        done = intend_many(
            unit,
            [
                first,
                attrs.evolve(first, address=" ANA@Example.com. ", text="again"),
                attrs.evolve(first, step="second"),
            ],
        )
        again = intend_many(unit, [attrs.evolve(first, address="Ana@example.com")])
        assert message(unit, done.ids[0]).text == "There is tea."
    assert done.new == 2
    assert done.ids[0] == done.ids[1] != done.ids[2]
    assert (again.new, list(again.ids)) == (0, [done.ids[0]])


@given(
    wishes=st.lists(
        st.tuples(
            st.sampled_from("rs"),
            st.sampled_from("12"),
            st.sampled_from(["a@x.org", "A@x.org", "b@x.org"]),
        ),
        max_size=12,
    )
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_ledger_holds_each_wish_once_in_whatever_batches_it_came(crm, customer_id, wishes):
    intents = [
        attrs.evolve(an_intent(customer_id, address), run=run, step=step)
        for run, step, address in wishes
    ]
    with suppress(ZeroDivisionError), crm.unit() as unit:
        half = len(intents) // 2
        new = intend_many(unit, intents[:half]).new + intend_many(unit, intents).new
        distinct = {(run, step, address.lower()) for run, step, address in wishes}
        assert new == len(distinct) == len(messages(unit, size=100))
        raise ZeroDivisionError  # roll back for the next example


def test_the_key_is_stable_and_does_not_tell_the_address():
    key = key_of("spring", "first", "ana@example.com")
    assert key == key_of("spring", "first", "ana@example.com")
    assert len(key) == 32
    assert key != key_of("springfirst", "", "ana@example.com")


def test_an_intent_is_written_in_the_callers_unit(crm, customer_id):
    with suppress(ZeroDivisionError), crm.unit() as unit:
        intend_many(unit, [an_intent(customer_id, "ana@example.com")])
        raise ZeroDivisionError
    with crm.unit(write=False) as unit:
        assert messages(unit) == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        (
            {"channel": "pots"},
            "channel: 'pots' is not accepted; expected an enabled channel, did you mean 'post'",
        ),
        ({"address": ""}, "address: '' is not accepted"),
        ({"text": "a\0b"}, "text: "),
        ({"subject": "\ud800"}, "subject: "),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(crm, customer_id, changes, error):
    with crm.unit() as unit, pytest.raises(InvalidValueError) as caught:
        intend_many(unit, [attrs.evolve(an_intent(customer_id, "a@x.org"), **changes)])
    assert str(caught.value).startswith(error)


def test_an_intent_cannot_expire_before_it_may_be_sent(crm, clock):
    with pytest.raises(InvalidValueError, match="expires_at"):
        attrs.evolve(
            an_intent(1, "a@x.org"), not_before=clock(), expires_at=clock() - timedelta(hours=1)
        )


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"customer_id": 99}, "no customer 99"), ({"offer_id": 99}, "no offer 99")],
)
def test_an_intent_needs_its_customer_and_its_offer(crm, customer_id, changes, told):
    with crm.unit() as unit, pytest.raises(RecordNotFoundError, match=told):
        intend_many(unit, [attrs.evolve(an_intent(customer_id, "a@x.org"), **changes)])


def test_two_deciders_at_once_make_one_intent(make_crm, post, database):
    if database.startswith("sqlite"):
        pytest.skip("SQLite lets one writer at a time begin")
    import threading

    from crmkit import Customer

    crm = make_crm("delivery", post.plugin)
    other = make_crm("delivery", Post().plugin)
    with crm.unit() as unit:
        who = unit.customers.add(Customer(name="Ana")).id
    found = {}

    def decide():
        with other.unit() as unit:
            found["other"] = intend_many(unit, [an_intent(who, "a@x.org")])

    with crm.unit() as unit:
        found["one"] = intend_many(unit, [an_intent(who, "a@x.org")])
        thread = threading.Thread(target=decide)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()  # waits for us to commit
    thread.join()
    assert list(found["one"].ids) == list(found["other"].ids)
    assert (found["one"].new, found["other"].new) == (1, 0)
