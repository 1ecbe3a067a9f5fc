"""What came in: whose it is, what it belongs to, and what becomes of it."""

import json

import attrs
import pytest

from crmkit import (
    ContactPoint,
    Customer,
    Interaction,
    InvalidValueError,
    Offer,
    RecordNotFoundError,
    RefusedError,
)
from crmkit.plugins.collaborative import email, inbox
from crmkit.plugins.operational import service


@pytest.fixture
def crm(make_crm):
    return make_crm("scoring", "service", "email", "inbox")


@pytest.fixture
def ana(crm):
    with crm.unit() as unit:
        point = ContactPoint("email", "ana@example.com")
        return unit.customers.add(Customer(name="Ana", contact_points=(point,))).id


def comes(crm, sender, text="Hello.", **headers):
    lines = [f"From: {sender}", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    raw = ("\n".join(lines) + f"\n\n{text}\n").encode()
    with crm.unit() as unit:
        return email.receive(unit, email.parse(raw, unit.now), unit.now)


def listed(crm, **given):
    with crm.unit(write=False) as unit:
        return inbox.entries(unit, **given)


def test_what_comes_in_is_there_the_latest_first(crm, ana):
    comes(crm, "ana@example.com", "One.")
    with crm.unit() as unit:
        offer = unit.offers.add(Offer(customer_id=ana, what="A lamp", status="carried"))
        unit.interactions.add(
            Interaction(
                customer_id=ana, kind="contact.message", at=unit.now, channel="web", text="Two.",
                thread="case:7", offer_id=offer.id,
            )
        )  # fmt: skip
    two, one = listed(crm)
    assert (one.text, one.channel, one.customer, one.how) == ("One.", "email", "Ana", "address")
    assert (two.text, two.channel, two.case_id, two.offer) == ("Two.", "web", 7, "A lamp (carried)")
    assert not one.is_unresolved
    assert listed(crm, channel="web") == [two]
    assert listed(crm, before=two.id) == [one]


def test_what_we_say_and_what_is_no_message_is_not_there(crm, ana):
    with crm.unit() as unit:
        for kind, direction in (("contact.message", "outbound"), ("contact.visit", "inbound")):
            unit.interactions.add(
                Interaction(customer_id=ana, kind=kind, at=unit.now, direction=direction)
            )
    assert listed(crm, state=None) == []


def test_what_a_machine_wrote_waits_for_nobody(crm, ana):
    comes(crm, "ana@example.com", "Away.", Auto_Submitted="auto-replied")
    assert listed(crm) == []
    (away,) = listed(crm, state="done")
    assert away.is_machine


def test_a_stranger_is_unresolved_until_somebody_says_who_it_is(crm, ana):
    comes(crm, "Bo <bo@home.example>", "It is me, Ana.")
    comes(crm, "ana@example.com", "Hi.")
    (stranger,) = listed(crm, unresolved=True)
    assert (stranger.customer, stranger.how) == ("Bo", "stranger")
    with crm.unit() as unit:
        done = inbox.identify(unit, stranger.id, ana)
        gone = unit.customers.get(stranger.customer_id)
        known = unit.customers.get(ana)
    assert (done.customer, done.is_unresolved) == ("Ana", False)
    assert (gone.status, gone.merged_into) == ("merged", ana)
    assert {each.value for each in known.contact_points} == {"ana@example.com", "bo@home.example"}
    assert comes(crm, "bo@home.example", "Again.").customer_id == ana
    assert listed(crm, unresolved=True) == []


def test_all_that_a_stranger_wrote_is_theirs(crm, ana):
    comes(crm, "bo@home.example", "One.")
    comes(crm, "bo@home.example", "Two.")
    first = listed(crm, unresolved=True)[-1]
    with crm.unit() as unit:
        inbox.identify(unit, first.id, ana)
    assert listed(crm, unresolved=True) == []
    assert {each.customer for each in listed(crm)} == {"Ana"}
    with crm.unit() as unit:
        cy = unit.customers.add(Customer(name="Cy")).id
        with pytest.raises(inbox.NotAStrangerError):
            inbox.identify(unit, listed(crm)[0].id, cy)


def test_who_does_not_have_the_address_did_not_write_from_it(crm, ana):
    with crm.unit() as unit:
        point = ContactPoint("email", "ana@example.com")
        unit.customers.add(Customer(name="Leo", contact_points=(point,)))
        cy = unit.customers.add(Customer(name="Cy")).id
    comes(crm, "ana@example.com")
    (shared,) = listed(crm, unresolved=True)
    with crm.unit() as unit, pytest.raises(inbox.NotAStrangerError):
        inbox.identify(unit, shared.id, cy)


def test_of_an_address_that_two_share_one_says_who_it_was(crm, ana):
    with crm.unit() as unit:
        point = ContactPoint("email", "ana@example.com")
        leo = unit.customers.add(Customer(name="Leo", contact_points=(point,))).id
    comes(crm, "ana@example.com")
    (shared,) = listed(crm, unresolved=True)
    with crm.unit() as unit:
        assert inbox.identify(unit, shared.id, leo).customer == "Leo"
        assert unit.customers.get(ana).status == "active"


def test_who_is_known_is_not_said_to_be_somebody_else(crm, ana):
    comes(crm, "ana@example.com")
    (entry,) = listed(crm)
    with crm.unit() as unit:
        bo = unit.customers.add(Customer(name="Bo")).id
        with pytest.raises(inbox.NotAStrangerError, match="from Ana, who is known"):
            inbox.identify(unit, entry.id, bo)


def test_who_is_gone_is_nobody_to_be(crm, ana):
    comes(crm, "bo@home.example")
    (entry,) = listed(crm)
    with crm.unit() as unit:
        gone = attrs.evolve(unit.customers.get(ana), status="merged", merged_into=entry.customer_id)
        unit.customers.save(gone)
        with pytest.raises(RefusedError, match="is merged"):
            inbox.identify(unit, entry.id, ana)


def test_a_case_begins_with_the_message(crm, ana):
    comes(crm, "ana@example.com", "The lamp flickers.\nSince Monday.")
    (entry,) = listed(crm)
    with crm.unit() as unit:
        done = inbox.open_case(unit, entry.id)
        case = service.case(unit, done.case_id)
        (said,) = service.conversation(unit, case.id)
        with pytest.raises(RefusedError, match=f"case {case.id} already"):
            inbox.open_case(unit, entry.id)
    assert (case.subject, case.customer_id) == ("The lamp flickers.", ana)
    assert said.id == entry.interaction_id


def test_without_service_no_case_is_opened_and_it_says_so(make_crm):
    crm = make_crm("email", "inbox")
    comes(crm, "ana@example.com")
    (entry,) = listed(crm)
    with crm.unit() as unit, pytest.raises(RefusedError, match="enable it"):
        inbox.open_case(unit, entry.id)


def test_what_is_settled_says_why_and_may_be_put_back(crm, ana):
    comes(crm, "ana@example.com")
    (entry,) = listed(crm)
    with crm.unit() as unit:
        done = inbox.settle(unit, entry.id, "spam", "a lottery")
    assert (done.state, done.note, listed(crm)) == ("spam", "a lottery", [])
    with crm.unit() as unit:
        inbox.settle(unit, entry.id, "open")
        assert inbox.waiting(unit)[:2] == (1, 0)
        with pytest.raises(InvalidValueError, match="open, done, spam"):
            inbox.settle(unit, entry.id, "gone")
        with pytest.raises(RecordNotFoundError):
            inbox.settle(unit, 99, "done")


def test_what_is_erased_is_gone(crm, ana):
    comes(crm, "ana@example.com")
    with crm.unit() as unit:
        unit.customers.erase([ana])
    assert listed(crm, state=None) == []


def test_the_command_line(cli, tmp_path):
    assert cli("init", "--plugins", "inbox").exit_code == 0
    assert cli("customer", "add", "Ana", "--email", "ana@example.com").exit_code == 0
    logged = cli("interaction", "log", "1", "contact.message", "--text", "Are you open?")
    assert logged.exit_code == 0, logged.output
    (row,) = json.loads(cli("--format", "json", "inbox", "list").stdout)
    assert (row["id"], row["sure"], row["text"]) == (1, "yes", "Are you open?")
    assert cli("inbox", "settle", "1", "done", "--note", "told them").exit_code == 0
    assert json.loads(cli("--format", "json", "inbox", "list").stdout) == []
    assert "told them" in cli("inbox", "show", "1").stdout
    assert cli("inbox", "case", "1").exit_code == 5
    assert cli("inbox", "show", "9").exit_code == 3
