"""``deliver_on_commit``: a host without a worker."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from crmkit import CRM, Customer
from crmkit.plugins.foundation.delivery import deliver_due, intend_many, message, worker
from tests.plugins.foundation.delivery.conftest import an_intent


@pytest.fixture
def crm(make_crm, post) -> CRM:
    """It delivers on commit; there is one customer."""
    crm = make_crm("delivery", post.plugin, settings={"delivery": {"deliver_on_commit": True}})
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
    return crm


def an_address(unit, name="a"):
    return intend_many(unit, [an_intent(1, f"{name}@x.org")]).ids[0]


def test_off_by_default_a_commit_sends_nothing(make_crm, post, intend):
    crm = make_crm("delivery", post.plugin)
    intend(crm)
    assert post.sent == []


def test_intents_alone_are_sent_right_after_the_commit(crm, post):
    with crm.unit() as unit:
        intent_id = an_address(unit)
        assert post.sent == []
    assert post.addresses == ["a@x.org"]
    crm.run(lambda unit: an_address(unit, "b"))
    assert post.addresses == ["a@x.org", "b@x.org"]
    with crm.unit(write=False) as unit:
        assert message(unit, intent_id).state == "sent"


def test_what_was_rolled_back_is_not_sent(crm, post):
    def fail_late():
        with crm.unit() as unit:
            an_address(unit)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_late()
    with crm.unit():
        pass
    assert (post.sent, post.opened) == ([], 0)


def test_delivering_does_not_call_itself(crm, post, intend):
    intend(crm, 40)
    assert (len(post.sent), post.opened) == (40, 1)


def test_a_limit_given_by_hand_holds(crm, post, intend, clock):
    intend(crm, 5, not_before=clock() + timedelta(hours=1))
    clock.move(hours=1)
    assert deliver_due(crm, limit=2).sent == 2
    assert len(post.sent) == 2
    with crm.unit():
        pass
    assert len(post.sent) == 5


def test_what_goes_wrong_is_the_logs_and_not_the_hosts(crm, post, monkeypatch, caplog):
    post.fails_to_open = True
    with crm.unit() as unit:
        an_address(unit)
    assert "channel post cannot be opened: the post office is closed" in caplog.text

    def broken(crm):
        raise OSError("no network")

    with monkeypatch.context() as patched:
        patched.setattr(worker, "deliver_due", broken)
        with crm.unit() as unit:
            an_address(unit, "b")
    assert "plugin delivery: crmkit_committed failed: no network" in caplog.text
    post.fails_to_open = False
    with crm.unit():
        pass
    assert sorted(post.addresses) == ["a@x.org", "b@x.org"]


def test_a_joined_session_sends_when_the_host_commits_and_not_before(crm, post):
    with Session(crm.engine) as session:
        with crm.unit(session=session) as unit:
            an_address(unit, "undone")
        session.rollback()
        with crm.unit(session=session) as unit:
            an_address(unit)
        with session.begin_nested():
            pass
        assert post.sent == []
        session.commit()
        assert post.addresses == ["a@x.org"]


def test_two_crms_in_one_process_deliver_each_its_own(crm, post, tmp_path):
    other = CRM.open(
        f"sqlite:///{tmp_path}/other.db",
        ["delivery", post.plugin],
        settings={"delivery": {"deliver_on_commit": True}},
    )
    other.upgrade()
    with other.unit() as unit:
        unit.customers.add(Customer(name="Bo"))

    def forward(outgoing):
        if outgoing.address == "a@x.org":
            with other.unit() as unit:
                an_address(unit, "forwarded")
        return answer(outgoing)

    answer, post.answer = post.answer, forward
    with crm.unit() as unit:
        an_address(unit)
    other.close()
    assert post.addresses == ["forwarded@x.org", "a@x.org"]
