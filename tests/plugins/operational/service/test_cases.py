"""Cases: opened, answered, moved, merged, and their conversations from any channel."""

import pytest

from crmkit import (
    Interaction,
    InvalidValueError,
    RecordNotFoundError,
    Ref,
    StaleVersionError,
    ask,
)
from crmkit.plugins.operational import service
from crmkit.plugins.operational.service import Draft, Participant


def opened(crm, customer=1, **given):
    with crm.unit() as unit:
        draft = Draft(**({"customer_id": customer, "subject": "The lamp flickers"} | given))
        (found,) = service.open_cases(unit, [draft])
    return found


def wrote(crm, case_id, customer=1, **given):
    with crm.unit() as unit:
        told = {"kind": "contact.message", "channel": "email", "text": "And now it is dark."}
        told |= {"customer_id": customer, "at": unit.now, "thread": f"case:{case_id}"}
        return unit.interactions.add(Interaction(**(told | given)))


def read(crm, case_id):
    with crm.unit(write=False) as unit:
        return service.case(unit, case_id)


def move(crm, case_id, **wanted):
    with crm.unit() as unit:
        return service.change(unit, [case_id], **wanted)[0]


def test_a_case_begins_in_the_first_status_with_the_usual_priority(desk):
    found = opened(desk)
    assert (found.status, found.queue, found.priority) == ("new", "general", "normal")
    assert (found.thread, found.version) == (f"case:{found.id}", 1)


def test_the_same_ticket_of_another_system_is_opened_once(desk):
    given = {"source": "zendesk", "source_key": "77"}
    first = opened(desk, **given)
    assert opened(desk, subject="again", **given) == first


def test_the_status_machine_is_data(make_desk):
    machine = [
        {"name": "in", "next": ["out"]},
        {"name": "out", "solved": True},
    ]
    desk = make_desk(statuses=machine, macros=[])
    found = opened(desk)
    assert found.status == "in"
    assert move(desk, found.id, status="out").solved_at is not None
    with pytest.raises(service.NoSuchMoveError, match="from there: nowhere: it is final"):
        move(desk, found.id, status="in")


def test_a_way_that_the_machine_does_not_have_is_refused(desk):
    found = opened(desk)
    with pytest.raises(service.NoSuchMoveError, match="from new to closed; from there: open, wai"):
        move(desk, found.id, status="closed")
    assert read(desk, found.id) == found


def test_two_people_who_move_one_case(desk):
    found = opened(desk)
    move(desk, found.id, assignee="bo")
    with pytest.raises(StaleVersionError), desk.unit() as unit:
        service.change(unit, [found.id], version=found.version, assignee="cy")
    assert read(desk, found.id).assignee == "bo"


def test_what_was_changed_stays_to_be_read(desk):
    found = opened(desk)
    move(desk, found.id, status="open", assignee="bo")
    assert move(desk, found.id, status="open").version == 2
    with desk.unit(write=False) as unit:
        told = [(each.field, each.before, each.after) for each in service.history(unit, found.id)]
    assert told == [("status", "", "new"), ("status", "new", "open"), ("assignee", "", "bo")]


def test_a_batch_is_changed_or_not_at_all(desk):
    ids = [opened(desk).id, opened(desk).id]
    move(desk, ids[1], status="solved")
    move(desk, ids[1], status="closed")
    with pytest.raises(service.NoSuchMoveError), desk.unit() as unit:
        service.change(unit, ids, status="open")
    assert read(desk, ids[0]).status == "new"


@pytest.mark.parametrize(
    ("wanted", "error", "told"),
    [
        ({"queue": "biling"}, service.UnknownNameError, "did you mean 'billing'"),
        ({"priority": "asap"}, service.UnknownNameError, "there are: high, low, normal, urgent"),
        ({"status": "done"}, service.UnknownNameError, "no status 'done'"),
        ({"colour": "red"}, InvalidValueError, "one of status, queue"),
    ],
)
def test_names_that_the_settings_do_not_have(desk, wanted, error, told):
    found = opened(desk)
    with pytest.raises(error, match=told):
        move(desk, found.id, **wanted)
    with pytest.raises(RecordNotFoundError, match="case 99"):
        move(desk, 99, status="open")


def test_messages_of_any_channel_are_one_conversation(desk, clock):
    found = opened(desk)
    for channel in ("email", "chat"):
        clock.move(minutes=1)
        wrote(desk, found.id, channel=channel)
    with desk.unit() as unit:
        service.reply(unit, found.id, "We send a new one.", channel="phone")
        service.reply(unit, found.id, "He is upset.", internal=True)
    with desk.unit(write=False) as unit:
        told = [(e.direction, e.channel) for e in service.conversation(unit, found.id)]
    assert told == [
        ("inbound", "email"),
        ("inbound", "chat"),
        ("outbound", "phone"),
        ("internal", ""),
    ]
    assert read(desk, found.id).answered_at == clock.now


def test_a_message_opens_what_waits_or_is_solved(desk):
    found = opened(desk)
    for status in ("waiting", "solved"):
        move(desk, found.id, status=status)
        wrote(desk, found.id, machine=True)
        assert read(desk, found.id).status == status
        wrote(desk, found.id)
        assert (read(desk, found.id).status, read(desk, found.id).solved_at) == ("open", None)


def test_who_writes_to_a_closed_case_begins_a_new_one(desk):
    found = opened(desk, kind="complaint")
    move(desk, found.id, status="solved")
    move(desk, found.id, status="closed")
    message = wrote(desk, found.id)
    with desk.unit(write=False) as unit:
        (new,) = service.find(unit, unsolved=True)
        assert [each.id for each in service.conversation(unit, new.id)] == [message.id]
    assert (new.kind, new.subject) == ("complaint", "The lamp flickers")
    assert read(desk, found.id).status == "closed"


def test_strangers_do_not_get_into_a_case_by_its_number(desk):
    found = opened(desk)
    wrote(desk, found.id, customer=2)
    wrote(desk, 99)
    wrote(desk, found.id, thread="case:x")
    with desk.unit() as unit:
        assert service.conversation(unit, found.id) == []
        service.add_participants(unit, [Participant(case_id=found.id, customer_id=2)])
    wrote(desk, found.id, customer=2)
    with desk.unit(write=False) as unit:
        assert len(service.conversation(unit, found.id)) == 1


def test_the_message_a_case_began_with(desk):
    with desk.unit() as unit:
        first = unit.interactions.add(
            Interaction(customer_id=1, kind="contact.message", at=unit.now, text="Hello?")
        )
    found = opened(desk, interaction_id=first.id)
    with desk.unit(write=False) as unit:
        assert service.conversation(unit, found.id) == [first]
    with pytest.raises(InvalidValueError, match="an interaction of customer 2"):
        opened(desk, customer=2, interaction_id=first.id)


def test_two_cases_become_one(desk):
    one, other = opened(desk), opened(desk, subject="It is dark")
    wrote(desk, one.id)
    with desk.unit() as unit:
        service.add_participants(unit, [Participant(case_id=one.id, customer_id=2)])
        merged = service.merge(unit, one.id, other.id)
        clocks = service.clocks(unit, [one.id, other.id])
        assert len(service.conversation(unit, other.id)) == 1
        assert [each.customer_id for each in service.participants(unit, [other.id])] == [2]
        assert service.find(unit) == [service.case(unit, other.id)]
    assert merged.merged_into == other.id
    assert all(each.stopped_at for each in clocks[one.id])
    assert not any(each.stopped_at for each in clocks[other.id])
    wrote(desk, one.id)
    with desk.unit(write=False) as unit:
        assert len(service.conversation(unit, other.id)) == 2


@pytest.mark.parametrize("customer", [1, 2])
def test_what_cannot_be_merged(desk, customer):
    one, other = opened(desk), opened(desk, customer=customer)
    with desk.unit() as unit, pytest.raises(service.CannotMergeError, match="same case"):
        service.merge(unit, one.id, one.id)
    if customer == 2:
        with desk.unit() as unit, pytest.raises(service.CannotMergeError, match="a participant"):
            service.merge(unit, one.id, other.id)
        return
    with desk.unit() as unit:
        service.merge(unit, one.id, other.id)
    for work in (
        lambda unit: service.merge(unit, other.id, one.id),
        lambda unit: service.change(unit, [one.id], status="open"),
        lambda unit: service.reply(unit, one.id, "x"),
    ):
        with desk.unit() as unit, pytest.raises(service.MergedCaseError, match=f"case {other.id}"):
            work(unit)


def test_a_macro_answers_and_changes(desk):
    found = opened(desk)
    with desk.unit() as unit:
        after = service.apply_macro(unit, found.id, "sorry")
        (said,) = service.conversation(unit, found.id)
    assert said.text == f"Dear Ana, about 'The lamp flickers': we are sorry. Case {found.id}."
    assert (after.status, after.priority) == ("waiting", "high")
    with desk.unit() as unit, pytest.raises(service.UnknownNameError, match="did you mean 'sorry'"):
        service.apply_macro(unit, found.id, "sory")


def test_lists_by_what_people_look_for(desk):
    ids = [opened(desk, customer=n, queue="billing" if n == 2 else "").id for n in (1, 2, 3)]
    move(desk, ids[0], status="solved")
    move(desk, ids[2], assignee="bo")
    with desk.unit(write=False) as unit:
        found = {
            "unsolved": service.find(unit, unsolved=True),
            "billing": service.find(unit, queue="billing"),
            "nobody": service.find(unit, assignee=""),
            "bo": service.find(unit, assignee="bo"),
            "ana": service.find(unit, customer_id=1),
            "page": service.find(unit, before=ids[2], size=1),
        }
    assert {name: [ids.index(each.id) for each in cases] for name, cases in found.items()} == {
        "unsolved": [2, 1],
        "billing": [1],
        "nobody": [1, 0],
        "bo": [2],
        "ana": [0],
        "page": [1],
    }


def test_what_others_are_told(desk):
    found = opened(desk)
    with desk.unit(write=False) as unit:
        told = [remark.text for _, remark in ask.describe(unit, unit.customers.get_many([1]))]
        (cause,) = ask.explain(unit, [Ref("case", found.id)])
    assert told == ["has an open case, since 2026-01-05"]
    assert cause.text == "question 'The lamp flickers', new"


def test_doctor_sees_statuses_that_are_gone(make_desk):
    desk = make_desk()
    found = opened(desk)
    move(desk, found.id, status="waiting")
    machine = [{"name": "new", "next": ["done"]}, {"name": "done", "solved": True}]
    other = make_desk(statuses=machine, macros=[])
    with other.unit(write=False) as unit:
        (told,) = [each.text for each in ask.diagnose(unit) if each.subject == "service"]
    assert told == "cases are in the status 'waiting', which the settings do not have"
    assert move(other, found.id, status="done").status == "done"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"statuses": [{"name": "a", "next": ["b"]}]}, "status: 'b'"),
        ({"statuses": []}, "one status or more"),
        ({"promises": [{"name": "x", "calendar": "ofice"}]}, "calendar: 'ofice'"),
        ({"promises": [{"name": "x", "queue": "none"}]}, "queue: 'none'"),
        ({"promises": [{"name": "x", "warn_share": 2}]}, "share"),
        ({"promises": [{"name": "x", "resolution_minutes": -1}]}, "open minutes"),
        ({"macros": [{"name": "x", "text": "{who}"}]}, "only {name}"),
        ({"calendars": [{"name": "x", "hours": {"mon": "9-5"}}]}, "hours such as"),
        ({"calendars": [{"name": "x", "time_zone": "Mars"}]}, "IANA"),
        ({"amends_holdout": 1.0}, "amends_holdout"),
        ({"usual_priority": "meh"}, "priority: 'meh'"),
    ],
)
def test_settings_that_cannot_be(make_crm, wrong, told):
    with pytest.raises(Exception, match=told.replace("{", r"\{")):
        make_crm("service", settings={"service": wrong})
