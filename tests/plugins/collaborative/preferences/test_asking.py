"""Double opt-in: what is sent, to whom, how often, and what the answer means."""

import re
from datetime import timedelta
from hashlib import sha256

import attrs
import pytest

from crmkit import (
    ContactPoint,
    Customer,
    InvalidTokenError,
    InvalidValueError,
    RecordNotFoundError,
    RefusedError,
    tokens,
)
from crmkit.plugins.collaborative import preferences
from crmkit.plugins.collaborative.preferences import Settings
from crmkit.plugins.foundation import consent, delivery, policy

from .conftest import POLICY, SETTINGS


def messages(shop):
    with shop.unit(write=False) as unit:
        return list(delivery.messages(unit))


def token_of(made):
    return tokens.sign(SETTINGS["preferences"]["secret"].encode(), "confirm", str(made.id))


def confirm(shop, made, **given):
    with shop.unit() as unit:
        return preferences.confirm(unit, token_of(made), **given)


def refusal(shop, purpose="news"):
    with shop.unit(write=False) as unit:
        return consent.refusal(consent.log(unit, shop.ana), purpose, "email", unit.now)


def test_a_wish_is_one_question_and_no_consent(shop, wish):
    made = wish("news", "tips")
    (message,) = messages(shop)
    assert (message.address, message.purpose) == ("ana@example.com", "confirmation")
    assert (message.priority, message.expires_at) == ("urgent", made.expires_at)
    assert "news, tips" in message.text
    (link,) = re.findall(r"https://\S+", message.text)
    assert link == f"https://shop.example/choose?confirm={token_of(made)}"
    assert refusal(shop) == "no lawful basis for news by email is on record"


def test_the_answer_makes_it_a_consent_with_its_evidence(shop, wish, clock):
    made = wish("news", "tips")
    asked = clock.now
    clock.move(hours=5)
    assert confirm(shop, made, evidence="click").confirmed_at == clock.now
    with shop.unit(write=False) as unit:
        events = [each for each in consent.log(unit, shop.ana) if each.basis == "consent"]
    assert [each.purpose for each in events] == ["news", "tips"]
    assert {each.evidence for each in events} == {
        f"double opt-in: asked on {asked:%Y-%m-%d %H:%M} UTC, confirmed from ana@example.com on "
        f"{clock.now:%Y-%m-%d %H:%M} UTC; click"
    }
    assert {each.text_hash for each in events} == {sha256(b"Yes, write to me.").hexdigest()}
    assert {each.source for each in events} == {"checkout"}
    assert refusal(shop) == ""


def test_a_second_answer_revives_nothing(shop, wish, clock):
    made = wish()
    confirm(shop, made)
    clock.move(hours=1)
    with shop.unit() as unit:
        consent.withdraw(unit, shop.ana, purpose="news", channel="email", source="phone")
    confirm(shop, made)
    assert refusal(shop).startswith("withdrawn")


def test_an_answer_goes_past_an_earlier_objection(shop, wish, clock):
    with shop.unit() as unit:
        consent.object_to_marketing(unit, shop.ana, source="phone")
    clock.move(hours=1)
    confirm(shop, wish())
    assert refusal(shop) == ""
    assert refusal(shop, "tips").startswith("no lawful basis")


def test_an_answer_after_its_time_is_refused(shop, wish, clock):
    made = wish()
    clock.move(days=3)
    with pytest.raises(preferences.LateError, match="sign up once more"):
        confirm(shop, made)
    assert refusal(shop) != ""
    with shop.unit(write=False) as unit:
        assert preferences.wishes(unit, open_only=True) == []


def test_the_basis_of_the_question_ends_with_it(shop, wish, clock):
    wish()
    assert refusal(shop, "confirmation") == ""
    clock.move(days=3)
    assert refusal(shop, "confirmation").startswith("the contract expired")


def test_the_same_again_soon_is_the_same_wish(shop, wish, clock):
    first = wish("news", "tips")
    assert wish("tips", "news") == first
    clock.move(minutes=61)
    assert wish("news", "tips").id != first.id
    assert len(messages(shop)) == 2


def test_nobody_floods_a_mailbox_whoever_enters_it_and_however_spelt(shop, wish, clock):
    ids = [shop.ana]
    for spelling in ("Ana@Example.com", "ANA@example.com", "ana@EXAMPLE.COM"):
        with shop.unit() as unit:
            point = ContactPoint("email", spelling)
            ids.append(unit.customers.add(Customer(name="X", contact_points=(point,))).id)
    for each in ids[:3]:
        wish(customer_id=each)
    with pytest.raises(RefusedError, match="most_asked"):
        wish(customer_id=ids[3])
    assert len(messages(shop)) == 3
    clock.move(days=3, seconds=1)
    wish(customer_id=ids[3])


def test_a_suppressed_address_is_not_asked(shop, wish):
    with shop.unit() as unit:
        consent.suppress(unit, "email", "ana@example.com", "bounced")
    with pytest.raises(RefusedError, match="may not be sent: the address is suppressed"):
        wish()
    with shop.unit(write=False) as unit:
        assert preferences.wishes(unit) == []
        assert consent.log(unit, shop.ana) == []


def test_a_policy_without_the_question_refuses_it(shop, wish):
    with shop.unit() as unit:
        policy.adopt(unit, POLICY.replace("[purposes.confirmation]", "[purposes.other]"))
    with pytest.raises(RefusedError, match="confirmation"):
        wish()
    assert messages(shop) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"purposes": ("newz",)}, "did you mean 'news'"),
        ({"purposes": ("orders",)}, "a marketing purpose that rests on consent by email"),
        ({"purposes": ()}, "purposes"),
        ({"channel": "pigeon"}, "a marketing purpose that rests on consent by pigeon: tips"),
        ({"purposes": ("tips",), "channel": "pigeon"}, "one on which customer"),
        ({"address": "bo@example.com"}, "add it first"),
        ({"wording": " "}, "wording"),
        ({"source": ""}, "source"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_name(shop, given, told):
    asked = {"purposes": ("news",), "wording": "Yes.", "source": "form"} | given
    with shop.unit() as unit, pytest.raises(InvalidValueError, match=told):
        preferences.ask(unit, shop.ana, asked.pop("purposes"), **asked)
    assert messages(shop) == []


def test_the_answer_of_who_was_merged_is_that_of_who_survived(shop, wish):
    made = wish()
    with shop.unit() as unit:
        bo = unit.customers.add(Customer(name="Bo")).id
        gone = attrs.evolve(unit.customers.get(shop.ana), status="merged", merged_into=bo)
        unit.customers.save(gone)
    confirm(shop, made)
    with shop.unit(write=False) as unit:
        assert consent.refusal(consent.log(unit, bo), "news", "email", unit.now) == ""


def test_the_answer_of_who_was_erased_is_nobodys(shop, wish):
    made = wish()
    with shop.unit() as unit:
        unit.customers.erase([shop.ana])
    with pytest.raises(RecordNotFoundError):
        confirm(shop, made)


def test_a_link_to_the_page_confirms_nothing(shop, wish):
    wish()
    with shop.unit() as unit:
        centre = preferences.centre_link(unit, shop.ana).partition("=")[2]
        with pytest.raises(InvalidTokenError):
            preferences.confirm(unit, centre)


def test_without_a_secret_no_link_is_made(make_crm):
    crm = make_crm("consent", "delivery", "policy", "preferences")
    with crm.unit() as unit, pytest.raises(preferences.NotConfiguredError, match="secret"):
        preferences.centre_link(unit, 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"url": "http://shop.example"}, "https"),
        ({"text": "Hello {nam} {link}"}, "no other fields"),
        ({"text": "Hello"}, "link"),
        ({"text": "{link} {"}, "no other fields"),
        ({"valid_days": 0}, "valid_days"),
    ],
)
def test_a_wrong_setting_is_named(given, told):
    with pytest.raises(ValueError, match=told):
        Settings(**given)


def test_the_time_between_is_what_the_setting_says(shop, wish):
    assert wish().expires_at - wish().asked_at == timedelta(days=3)
