"""What comes in: once, on the right customer, and a no is a no."""

import pytest

from crmkit import CRM, Contact, ContactPoint, Customer, InvalidValueError, ask
from crmkit.plugins.collaborative import sms
from crmkit.plugins.collaborative.sms import Message, Report, hooks
from crmkit.plugins.foundation import consent, delivery

NUMBER = "+48601234567"


def person(name, number=NUMBER):
    return Customer(name=name, contact_points=(ContactPoint("phone", number),))


def said(key="m1", text="Thank you", **more):
    return Message(id=key, number=NUMBER, text=text, **more)


def objections(unit, customer_id, address=NUMBER, channel="sms"):
    asked = Contact(
        customer_id=customer_id, purpose="news", channel=channel, address=address, at=unit.now
    )
    return [each.reason for each in ask.may_contact(unit, [asked]).get(0, ())]


@pytest.fixture
def shop(make_crm) -> CRM:
    return make_crm("sms", settings={"sms": {"region": "PL"}})


@pytest.mark.parametrize("stored", [NUMBER, "48601234567", "0048601234567", "601 234 567"])
@pytest.mark.parametrize("told", [NUMBER, "48601234567", "0048 601-234-567"])
def test_a_message_is_recorded_once_on_whose_number_it_is(shop, stored, told):
    with shop.unit() as unit:
        unit.customers.add(person("Bo", "+48601234568"))
        ana = unit.customers.add(person("Ana", stored))
        first = sms.receive_message(unit, Message(id="m1", number=told, text="Is it open?"))
    with shop.unit() as unit:
        again = sms.receive_message(unit, Message(id="m1", number=told, text="changed"))
        (stored_,) = unit.interactions.timeline(ana.id)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.interaction_id == again.interaction_id == stored_.id
    assert (stored_.kind, stored_.direction, stored_.text) == (
        "sms.received",
        "inbound",
        "Is it open?",
    )
    assert not stored_.machine


def test_a_stranger_becomes_a_customer_once(shop):
    with shop.unit() as unit:
        first = sms.receive_message(unit, said("m1"))
        second = sms.receive_message(unit, said("m2"))
        assert first.customer_id == second.customer_id
        assert unit.customers.get(first.customer_id).contact("phone") == NUMBER


def test_reports_are_a_machines_and_once_for_each_state(shop):
    with shop.unit() as unit:
        ana = unit.customers.add(person("Ana"))
        for state in ("sent", "delivered", "delivered"):
            heard = sms.receive_report(unit, Report(id="SM1", number=NUMBER, state=state))
        assert not heard.is_new
        told = unit.interactions.timeline(ana.id)
        nobody = sms.receive_report(unit, Report(id="SM2", number="+48601234568", state="sent"))
    assert nobody.interaction_id is None
    assert sorted(each.payload["state"] for each in told) == ["delivered", "sent"]
    assert {(each.machine, each.kind) for each in told} == {(True, "sms.reported")}


STOPS = [
    *(
        "STOP",
        "stop",
        " Stop. ",
        "STOPP!",
        "ARRET",
        "Arrêt",
        "BAJA",
        "ALTO",
        "Désinscrire",
        "STOP\x00",
    ),
    *("UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "OPT-OUT", "CANCEL", "TD"),
    *(
        "REMOVE",
        "İPTAL",
        "СТОП",
        "стоп",
        "ΣΤΟΠ",
        "退订",
        "ＳＴＯＰ",
        "S\u200bTOP",
        "stop\n",
        "“Stop”",
    ),
]
GOES_ON = [
    "Don't stop",
    "Stop by at five?",
    "the end",
    "",
    "STOPOVER",
    "баста карапузики",
    "cancel 3",
]


@pytest.mark.parametrize("text", STOPS)
def test_opt_outs_of_many_languages(text):
    assert sms.is_opt_out(text)


@pytest.mark.parametrize("text", GOES_ON)
def test_only_whole_messages_opt_out(text):
    assert not sms.is_opt_out(text)


def test_a_shop_may_have_words_of_its_own():
    assert sms.is_opt_out("Nie, dziękuję", ["nie dziekuje"])
    assert not sms.is_opt_out("...", ["", "!"])


def test_without_consent_the_opt_out_holds_for_everybody_at_the_number(shop):
    with shop.unit() as unit:
        ana, bo = unit.customers.add_many([person("Ana"), person("Bo", "601234567")])
        cy = unit.customers.add(person("Cy", "+48601234568"))
        assert objections(unit, ana.id) == []
        assert sms.receive_message(unit, said(text="STOP")).opted_out
        refused = ["the customer opted out by text message"]
        assert objections(unit, ana.id) == objections(unit, bo.id) == refused
        assert objections(unit, cy.id) == objections(unit, ana.id, channel="email") == []
        sms.allow_again(unit, ana.id, "asked at the counter")
        assert objections(unit, ana.id) == []
        assert objections(unit, bo.id) == refused
        assert not sms.receive_message(unit, said(text="STOP")).is_new
        assert objections(unit, ana.id) == []
        sms.receive_message(unit, said("m2", text="STOP"))
        assert objections(unit, ana.id) == refused


def test_a_machine_opts_nobody_out(shop):
    with shop.unit() as unit:
        heard = sms.receive_message(unit, said(text="STOP", machine=True))
        assert not heard.opted_out
        assert unit.interactions.get(heard.interaction_id).machine


@pytest.mark.parametrize("stored", [NUMBER, "601 234 567", "0048 601 234 567"])
def test_with_consent_the_ledger_holds_it_and_can_lift_it(make_crm, stored):
    crm = make_crm("consent", "sms", settings={"sms": {"region": "PL"}})
    with crm.unit() as unit:
        ana = unit.customers.add(person("Ana", stored))
        given = {"purpose": "news", "channel": "sms", "basis": "consent"}
        consent.grant(unit, ana.id, **given, evidence="ticked", source="web")
        assert objections(unit, ana.id, stored) == []
        sms.receive_message(unit, said(text="Stop"))
        (reason,) = objections(unit, ana.id, stored)
        assert reason.endswith("opted out by text message")
        assert consent.is_suppressed_many(unit, [("phone", NUMBER)]) == [True]
        consent.lift(unit, "phone", stored, "she asked us to")
        assert objections(unit, ana.id, stored) == []


def test_if_the_ledger_fails_nothing_is_recorded(make_crm, monkeypatch):
    crm = make_crm("consent", "sms")

    def fail(*words):
        raise RuntimeError("disk")

    monkeypatch.setattr(consent, "suppress_many", fail)
    with crm.unit() as unit:
        ana = unit.customers.add(person("Ana"))
    with pytest.raises(RuntimeError), crm.unit() as unit:
        sms.receive_message(unit, said(text="STOP"))
    with crm.unit() as unit:
        assert unit.interactions.timeline(ana.id) == []


def test_an_opt_out_between_decision_and_delivery_stops_the_message(
    make_crm, described, monkeypatch
):
    from tests.plugins.collaborative.sms.gateway import answer, gateway

    with gateway(answer(201, b'{"id": "m1"}')) as server:
        settings = {"sms": described(server.port)}
        crm = make_crm("delivery", "sms", settings=settings)
        with crm.unit() as unit:
            ana, bo = unit.customers.add_many([person("Ana"), person("Bo", "+48601234568")])
            delivery.intend_many(unit, [intent(ana), intent(bo)])
            sms.receive_message(unit, said(text="STOP"))
        delivery.run_until_empty(crm)
        with crm.unit() as unit:
            states = {each.customer_id: each.state for each in delivery.messages(unit)}
    assert states == {ana.id: "suppressed", bo.id: "sent"}
    assert len(server.requests) == 1


def intent(customer):
    return delivery.Intent(
        run="r",
        step=customer.name,
        customer_id=customer.id,
        channel="sms",
        address=customer.contact("phone"),
        purpose="news",
        subject="",
        text="Tea",
    )


def test_of_several_at_one_number_it_is_whom_we_wrote_to(make_crm, described):
    from tests.plugins.collaborative.sms.gateway import answer, gateway

    script = [answer(201, b'{"id": "m%d"}' % n) for n in (1, 2)]
    with gateway(*script) as server:
        crm = make_crm("delivery", "sms", settings={"sms": described(server.port)})
        with crm.unit() as unit:
            _, bo, cy = unit.customers.add_many(map(person, ("Ana", "Bo", "Cy")))
        for each in (bo, cy):
            with crm.unit() as unit:
                delivery.intend_many(unit, [intent(each)])
            delivery.run_until_empty(crm)
    with crm.unit() as unit:
        told = sms.receive_report(unit, Report(id="m1", number=NUMBER, state="delivered"))
        heard = sms.receive_message(unit, said())
    assert (told.customer_id, heard.customer_id) == (bo.id, cy.id)


@pytest.mark.parametrize(
    "given",
    [
        {"id": ""},
        {"id": "a b"},
        {"id": "x" * 101},
        {"number": "80808"},
        {"number": "Bank"},
        {"number": ""},
        {"number": "+4860123456789012"},
    ],
)
def test_what_is_no_message_is_refused(given):
    with pytest.raises(InvalidValueError):
        Message(**{"id": "m", "number": NUMBER, "text": "x"} | given)


def findings(crm):
    with crm.unit() as unit:
        return [(each.level, each.text) for each in hooks.crmkit_diagnose(unit)]


def test_the_doctor_says_what_is_missing(make_crm, described):
    deaf = "answers and opt-outs do not come in by themselves: webhook_secret is not set"
    gateway = 'gateway is not set: such as gateway = "twilio", or [sms.custom]'
    assert findings(make_crm("sms")) == [("warn", gateway), ("warn", deaf)]
    whole = described(1, settings={"webhook_secret": "x"})
    sends = "sends through a gateway of your own"
    assert findings(make_crm("sms", settings={"sms": whole})) == [("ok", sends)]
