"""Mails that come in, on real databases: whose they are, and what they may do."""

import mailbox
from datetime import timedelta

import attrs
import pytest

from crmkit import ContactPoint, Customer, Offer
from crmkit.plugins.collaborative import email
from crmkit.plugins.collaborative.email import Bounce, addresses
from crmkit.plugins.foundation import consent, delivery
from tests.plugins.collaborative.email.samples import RFC_5965, dsn, mail

SECRET = "s" * 40
SETTINGS = {
    "from_address": "shop@shop.example",
    "return_address": "bounces@shop.example",
    "reply_address": "reply@shop.example",
    "unsubscribe_to": "leave@shop.example",
    "address_secret": SECRET,
}


@pytest.fixture
def told_to(tmp_path):
    return SETTINGS | {"target": f"maildir:{tmp_path / 'outbox'}"}


@pytest.fixture
def crm(make_crm, told_to):
    return make_crm("consent", "delivery", "email", settings={"email": told_to})


@pytest.fixture
def ana(crm):
    with crm.unit() as unit:
        point = ContactPoint("email", "ana@example.com")
        who = unit.customers.add(Customer(name="Ana", contact_points=(point,)))
        consent.grant(
            unit, who.id, purpose="news", channel="email", basis="consent", evidence="f", source="w"
        )
    return who.id


@pytest.fixture
def sent(crm, ana, tmp_path):
    """A mail that went to Ana with an offer: what it says, and its key."""
    with crm.unit() as unit:
        offer = unit.offers.add(Offer(customer_id=ana, what="A lamp", kind="discount", why="w"))
        intent = delivery.Intent(
            run="spring", step="1", customer_id=ana, channel="email", address="ana@example.com",
            purpose="news", subject="Hi", text="Hello", offer_id=offer.id,
        )  # fmt: skip
        delivery.intend_many(unit, [intent])
    delivery.run_until_empty(crm)
    (found,) = mailbox.Maildir(tmp_path / "outbox", create=False)
    return attrs.make_class("Sent", ["mail", "key", "offer_id"])(
        found, found["X-CRMKit-Key"], offer.id
    )


def tagged(base, use, key):
    return addresses.tagged(base, SECRET, use, key)


def receive(crm, raw):
    with crm.unit() as unit:
        return email.receive(unit, email.parse(raw, unit.now), unit.now)


def told(crm, heard):
    with crm.unit(write=False) as unit:
        return unit.interactions.get(heard.interaction_id)


def is_suppressed(crm, address="ana@example.com"):
    with crm.unit(write=False) as unit:
        return consent.is_suppressed_many(unit, [("email", address)])[0]


def standing(crm, customer_id):
    with crm.unit(write=False) as unit:
        return {each.purpose: each.state for each in consent.standing(unit, customer_id)}


def test_what_we_send_says_where_answers_go(sent):
    tag = addresses.tag(SECRET, "reply", sent.key)
    assert sent.mail["Reply-To"] == f"reply+{tag}@shop.example"
    assert len(sent.mail["Reply-To"].partition("@")[0]) <= 64
    assert (
        f"unsubscribe%20{addresses.tag(SECRET, 'leave', sent.key)}" in sent.mail["List-Unsubscribe"]
    )


def test_an_answer_to_the_signed_address_reaches_person_thread_and_offer(crm, ana, sent):
    heard = receive(
        crm, mail("Yes!\n\n> Hello", To=sent.mail["Reply-To"], From="other@home.example")
    )
    found = told(crm, heard)
    assert (found.customer_id, found.offer_id, found.kind) == (ana, sent.offer_id, "email.received")
    assert found.thread == f"email:{sent.key}"
    assert (found.payload["how"], found.payload["address"]) == ("token", "other@home.example")
    assert (found.direction, found.channel, found.machine) == ("inbound", "email", False)
    assert found.text.startswith("Yes!")


def test_the_same_mail_again_is_once(crm, ana):
    raw = mail(Message_ID="<m@example.com>")
    first = receive(crm, raw)
    again = receive(crm, raw.replace(b"To:", b"Received: by other\nTo:"))
    assert (first.is_new, again.is_new) == (True, False)
    assert first.interaction_id == again.interaction_id


def test_an_answer_without_the_address_is_known_by_what_it_refers_to(crm, ana, sent):
    heard = receive(crm, mail(In_Reply_To=sent.mail["Message-ID"]))
    found = told(crm, heard)
    assert (found.customer_id, found.thread) == (ana, f"email:{sent.key}")
    assert (found.payload["how"], found.offer_id) == ("reference", sent.offer_id)


def test_h11_h27_a_stranger_who_names_a_mail_of_ours_does_not_get_into_its_thread(crm, ana, sent):
    heard = receive(crm, mail(From="evil@x.example", In_Reply_To=sent.mail["Message-ID"]))
    found = told(crm, heard)
    assert found.customer_id != ana
    assert (found.payload["how"], found.offer_id) == ("stranger", None)
    assert found.thread != f"email:{sent.key}"


def test_a_stranger_becomes_somebody_who_is_mentioned(crm):
    heard = receive(crm, mail(From="Bo <Bo@Example.org>"))
    with crm.unit(write=False) as unit:
        who = unit.customers.get(heard.customer_id)
    assert (who.name, who.standing, who.contact("email")) == ("Bo", "mentioned", "bo@example.org")
    assert receive(crm, mail("More.", From="bo@example.org")).customer_id == who.id


def test_a_conversation_goes_on_without_us(crm, ana):
    first = told(crm, receive(crm, mail(Message_ID="<one@example.com>")))
    second = told(crm, receive(crm, mail("And?", References="<one@example.com>")))
    assert first.thread == second.thread == "email:one@example.com"


@pytest.mark.parametrize("change", ["flip", "other use", "other key", "truncated"])
def test_h12_a_reply_address_that_is_not_ours_proves_nothing_and_is_noted(crm, ana, sent, change):
    tag = addresses.tag(SECRET, "reply", sent.key)
    forged = {
        "flip": tag[:-1] + ("a" if tag[-1] != "a" else "b"),
        "other use": addresses.tag(SECRET, "bounce", sent.key),
        "other key": addresses.tag("x" * 40, "reply", sent.key),
        "truncated": tag[:-4],
    }[change]
    heard = receive(crm, mail("STOP", To=f"reply+{forged}@shop.example"))
    found = told(crm, heard)
    assert (found.payload["how"], found.customer_id) == ("address", ana)
    assert "not ours" in found.payload["note"]
    assert standing(crm, ana) == {"news": "granted"}


def test_h13_a_vacation_note_is_a_machine_and_no_answer(crm, ana, sent):
    heard = receive(crm, mail("Away.", To=sent.mail["Reply-To"], Auto_Submitted="auto-replied"))
    found = told(crm, heard)
    assert (found.machine, found.offer_id, found.customer_id) == (True, None, ana)


def test_stop_to_the_signed_address_ends_what_the_mail_was_for(crm, ana, sent):
    receive(crm, mail("Stop.\n\n> Hello", To=sent.mail["Reply-To"]))
    assert standing(crm, ana) == {"news": "withdrawn"}


@pytest.mark.parametrize(
    "text",
    ["Thanks!\n\n> reply STOP to end", "I cannot stop thinking of the lamp", "Hi\n-- \nstop"],
)
def test_h18_a_quoted_stop_ends_nothing(crm, ana, sent, text):
    receive(crm, mail(text, To=sent.mail["Reply-To"]))
    assert standing(crm, ana) == {"news": "granted"}


def test_a_claim_alone_ends_nothing(crm, ana):
    receive(crm, mail("STOP"))
    assert standing(crm, ana) == {"news": "granted"}


def test_the_mail_of_the_button_ends_it_by_its_signed_subject(crm, ana, sent):
    tag = addresses.tag(SECRET, "leave", sent.key)
    receive(crm, mail("", To="leave@shop.example", Subject=f"unsubscribe {sent.key}"))
    assert standing(crm, ana) == {"news": "granted"}
    receive(crm, mail("", To="leave@shop.example", Subject=f"unsubscribe {tag}"))
    assert standing(crm, ana) == {"news": "withdrawn"}


def test_a_hard_bounce_suppresses_the_address(crm, ana, sent):
    heard = receive(crm, dsn(tagged("bounces@shop.example", "bounce", sent.key)))
    found = told(crm, heard)
    assert (found.kind, found.machine, found.direction) == ("email.bounced", True, "internal")
    assert found.payload == {
        "address": "ana@example.com",
        "status": "5.1.1",
        "severity": "hard",
        "suppressed": True,
    }
    assert is_suppressed(crm)


@pytest.mark.parametrize("to", ["bounces@shop.example", "bounces+x-y@shop.example"])
def test_h15_a_forged_bounce_changes_nothing(crm, ana, sent, to):
    with pytest.raises(email.UnprovenError, match="nothing proves"):
        receive(crm, dsn(to))
    assert not is_suppressed(crm)


def test_without_a_secret_nothing_is_proven(make_crm, told_to):
    open_to_all = {"unsubscribe_to": "leave@shop.example", "from_address": "shop@shop.example"}
    settings = open_to_all | {"target": told_to["target"]}
    crm = make_crm("consent", "delivery", "email", settings={"email": settings})
    with crm.unit() as unit:
        point = ContactPoint("email", "ana@example.com")
        ana = unit.customers.add(Customer(name="Ana", contact_points=(point,))).id
        allowed = {"purpose": "news", "channel": "email", "basis": "consent"}
        consent.grant(unit, ana, **allowed, evidence="f", source="w")
        intent = delivery.Intent(
            run="r", step="1", customer_id=ana, channel="email", address="ana@example.com",
            purpose="news", subject="Hi", text="Hello",
        )  # fmt: skip
        delivery.intend_many(unit, [intent])
    delivery.run_until_empty(crm)
    with crm.unit(write=False) as unit:
        (message,) = delivery.messages(unit)
    forged = addresses.tag("", "leave", message.key)
    receive(crm, mail("", To="leave@shop.example", Subject=f"unsubscribe {forged}"))
    assert standing(crm, ana) == {"news": "granted"}
    forged = addresses.tagged("reply@shop.example", "", "reply", message.key)
    with pytest.raises(email.UnprovenError):
        receive(crm, RFC_5965.replace(b"REPLYTO", forged.encode()))
    assert not is_suppressed(crm)


def test_soft_bounces_suppress_when_they_are_too_many(crm, ana, sent, clock):
    to = tagged("bounces@shop.example", "bounce", sent.key)
    for n, expected in enumerate((False, False, True)):
        clock.move(days=1)
        raw = dsn(to, status="4.2.2").replace(b"Sorry.", b"Sorry, %d." % n)
        assert told(crm, receive(crm, raw)).payload["suppressed"] is expected
    assert is_suppressed(crm)


def test_soft_bounces_long_ago_do_not_count(crm, ana, sent, clock):
    to = tagged("bounces@shop.example", "bounce", sent.key)
    for n in range(5):
        clock.move(days=8)
        receive(crm, dsn(to, status="5.2.2").replace(b"Sorry.", b"Sorry, %d." % n))
    assert not is_suppressed(crm)


def test_h16_a_delay_says_nothing_yet(crm, ana, sent):
    to = tagged("bounces@shop.example", "bounce", sent.key)
    found = told(crm, receive(crm, dsn(to, action="delayed", status="4.4.1")))
    assert (found.payload["severity"], found.payload["suppressed"]) == ("none", False)
    assert not is_suppressed(crm)


def test_h17_a_complaint_counts_when_the_mail_it_brings_was_ours(crm, ana, sent):
    with pytest.raises(email.UnprovenError):
        receive(crm, RFC_5965.replace(b"REPLYTO", b"reply@shop.example"))
    assert not is_suppressed(crm)
    raw = RFC_5965.replace(b"REPLYTO", sent.mail["Reply-To"].encode())
    found = told(crm, receive(crm, raw))
    assert (found.kind, found.payload["kind"], found.customer_id) == (
        "email.complained",
        "abuse",
        ana,
    )
    assert is_suppressed(crm)


def test_without_consent_nothing_is_suppressed_and_it_says_so(make_crm, told_to):
    crm = make_crm("delivery", "email", settings={"email": told_to})
    with crm.unit() as unit:
        point = ContactPoint("email", "ana@example.com")
        ana = unit.customers.add(Customer(name="Ana", contact_points=(point,))).id
        intent = delivery.Intent(
            run="r", step="1", customer_id=ana, channel="email", address="ana@example.com",
            purpose="news", subject="Hi", text="Hello",
        )  # fmt: skip
        delivery.intend_many(unit, [intent])
    delivery.run_until_empty(crm)
    with crm.unit(write=False) as unit:
        (message,) = delivery.messages(unit)
    heard = receive(crm, dsn(tagged("bounces@shop.example", "bounce", message.key)))
    assert told(crm, heard).payload["suppressed"] is False


def test_attachments_are_kept_by_number(crm, ana):
    raw = mail(
        "--b\nContent-Type: text/plain\n\nSee.\n"
        "--b\nContent-Type: application/pdf; name=../x.pdf\n\n%PDF\n--b--",
        Content_Type='multipart/mixed; boundary="b"',
    )
    heard = receive(crm, raw)
    with crm.unit(write=False) as unit:
        (stored,) = email.attachments_of(unit, heard.interaction_id)
        _, content = email.content_of(unit, stored.id)
    assert (stored.name, stored.media_type, content) == ("x.pdf", "application/pdf", b"%PDF")
    assert stored.customer_id == ana


def test_what_is_erased_leaves_nothing(crm, ana):
    heard = receive(crm, mail("<p>x</p>", Content_Type="text/html", Message_ID="<m@x>"))
    with crm.unit(write=False) as unit:
        assert "<p>x</p>" in email.html_of(unit, heard.interaction_id)
    with crm.unit() as unit:
        unit.customers.erase([ana])
        assert email.html_of(unit, heard.interaction_id) == ""


def test_an_answer_of_who_was_merged_is_that_of_who_survived(crm, ana, sent):
    with crm.unit() as unit:
        bo = unit.customers.add(Customer(name="Bo")).id
        gone = attrs.evolve(unit.customers.get(ana), status="merged", merged_into=bo)
        unit.customers.save(gone)
    assert receive(crm, mail(To=sent.mail["Reply-To"])).customer_id == bo


def test_a_mail_from_the_future_came_now(crm, ana, clock):
    ahead = clock.now + timedelta(days=400)
    heard = receive(crm, mail(Date=f"{ahead:%a, %d %b %Y %H:%M:%S} +0000"))
    assert told(crm, heard).at == clock.now


def test_a_bounce_is_a_record_of_its_own():
    assert Bounce(action="failed", status="", recipient="", diagnostic="").severity == "soft"
