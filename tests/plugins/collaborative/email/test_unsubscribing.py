"""RFC 8058: the button "unsubscribe" of mail programs."""

from __future__ import annotations

import io
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Customer, InvalidTokenError, InvalidValueError, Outgoing
from crmkit.plugins.collaborative.email import (
    NotConfiguredError,
    Settings,
    render,
    unsubscribe,
    unsubscribe_app,
)
from crmkit.plugins.collaborative.email.tokens import read, token
from crmkit.plugins.foundation import consent
from tests.plugins.collaborative.email.test_message import NOW, parsed

SECRET = "s" * 32
EMAIL = {
    "from_address": "shop@shop.example",
    "unsubscribe_url": "https://shop.example/leave",
    "unsubscribe_secret": SECRET,
}


@pytest.fixture
def crm(make_crm):
    return make_crm("consent", "email", settings={"email": EMAIL})


@pytest.fixture
def ana(crm):
    with crm.unit() as unit:
        who = unit.customers.add(Customer(name="Ana"))
        for purpose in ("news", "care"):
            granted = {"purpose": purpose, "channel": "email", "basis": "consent"}
            consent.grant(unit, who.id, **granted, evidence="form", source="web")
    return who.id


def call(crm, method, query, body=b""):
    environ = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    if body:
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    setup_testing_defaults(environ)
    told = {}

    def start(status, headers, exc_info=None):
        told["status"], told["headers"] = int(status[:3]), dict(headers)
        return lambda data: None

    answer = validator(unsubscribe_app(crm))(environ, start)
    text = b"".join(answer).decode()
    answer.close()
    return told["status"], told["headers"], text


def ended(crm, who):
    with crm.unit(write=False) as unit:
        events = consent.log(unit, who)
    return [(each.purpose, each.channel) for each in events if each.state == "withdrawn"]


def test_both_headers_are_on_the_mail_and_lead_to_its_own_purpose_and_person():
    outgoing = Outgoing(
        key="k1", customer_id=7, address="a@x.org", subject="Hi", text="x", purpose="news"
    )
    found = parsed(render(outgoing, Settings(**EMAIL, unsubscribe_to="out@shop.example"), NOW))
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link, to = (each.strip("<> ") for each in found["List-Unsubscribe"].split(","))
    assert to == "mailto:out@shop.example?subject=unsubscribe%20k1"
    base, _, given = link.partition("?t=")
    assert base == "https://shop.example/leave"
    assert read(SECRET, given) == (7, "news")


def test_looking_changes_nothing_and_the_click_ends_that_purpose_once(crm, ana):
    query = f"t={token(SECRET, ana, 'news')}"
    for _ in range(3):
        status, headers, text = call(crm, "GET", query)
        assert (status, "<button>" in text) == (200, True)
        assert "Set-Cookie" not in headers
        assert call(crm, "HEAD", query)[::2] == (200, "")
    assert ended(crm, ana) == []
    for _ in range(3):
        status, _, text = call(crm, "POST", query, b"List-Unsubscribe=One-Click")
        assert (status, "no more e-mail for: news" in text) == (200, True)
    assert ended(crm, ana) == [("news", "email")]


def test_who_comes_back_can_leave_again_with_an_old_mail(crm, ana, clock):
    old = token(SECRET, ana, "news")
    with crm.unit() as unit:
        assert unsubscribe(unit, old)
    clock.move(days=1)
    with crm.unit() as unit:
        granted = {"purpose": "news", "channel": "email", "basis": "consent"}
        consent.grant(unit, ana, **granted, evidence="form again", source="web")
    clock.move(days=1)
    with crm.unit() as unit:
        assert unsubscribe(unit, old)
        assert not unsubscribe(unit, old)


def test_who_was_merged_leaves_as_the_one_who_survived(crm, ana):
    with crm.unit() as unit:
        survivor = unit.customers.add(Customer(name="Ana K."))
        merged = attrs.evolve(unit.customers.get(ana), status="merged", merged_into=survivor.id)
        unit.customers.save_many([merged])
    with crm.unit() as unit:
        assert unsubscribe(unit, token(SECRET, ana, "news"))
    assert ("news", "email") in ended(crm, survivor.id)


@pytest.mark.parametrize("query", ["", "t=", "t=abc", "t=%00", "t=é", "t=" + "a" * 5_000, "x=1"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_we_did_not_make_is_refused(crm, ana, method, query):
    assert call(crm, method, query)[0] == 400
    assert ended(crm, ana) == []


def test_a_token_for_nobody_is_refused(crm):
    assert call(crm, "POST", f"t={token(SECRET, 99, 'news')}")[0] == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_told_what_there_is(crm, ana, method):
    status, headers, _ = call(crm, method, f"t={token(SECRET, ana, 'news')}")
    assert (status, headers["Allow"]) == (405, "GET, HEAD, POST")


@given(st.integers(1, 2**62), st.text(min_size=1, max_size=100), st.data())
def test_a_token_reads_as_it_was_made_and_no_bit_can_be_changed(customer_id, purpose, data):
    if not purpose.isprintable():
        return
    made = token(SECRET, customer_id, purpose)
    assert read(SECRET, made) == (customer_id, purpose)
    with pytest.raises(InvalidTokenError):
        read("t" * 32, made)
    place = data.draw(st.integers(0, len(made) - 2))
    other = "A" if made[place] != "A" else "B"
    with pytest.raises(InvalidTokenError):
        read(SECRET, made[:place] + other + made[place + 1 :])


def test_purposes_are_shown_as_text(crm):
    with crm.unit() as unit:
        who = unit.customers.add(Customer(name="Ana"))
    assert "<script>" not in call(crm, "GET", f"t={token(SECRET, who.id, '<script>')}")[2]


def test_without_consent_nothing_pretends_to_be_ended(make_crm):
    crm = make_crm("email", settings={"email": EMAIL})
    with crm.unit() as unit, pytest.raises(NotConfiguredError, match="consent"):
        unsubscribe(unit, token(SECRET, 1, "news"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"unsubscribe_url": "http://shop.example/leave"}, "https://"),
        ({"unsubscribe_url": "https://shop.example/a b"}, "https://"),
        ({"unsubscribe_url": "https://shop.example/>"}, "https://"),
        ({"unsubscribe_secret": "short"}, "at least 32 characters"),
        ({"dkim_selector": "crm"}, "together with dkim_key_file"),
        ({"dkim_selector": "a b", "dkim_key_file": "k.pem"}, "labels of a domain name"),
    ],
)
def test_settings_that_cannot_work_are_refused(given, told):
    with pytest.raises(InvalidValueError, match=told) as refused:
        Settings(**(EMAIL | given))
    assert "short" not in str(refused.value)
