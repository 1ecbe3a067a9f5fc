"""The pages: a GET changes nothing, a POST what its owner chose."""

import re

import pytest

from crmkit.plugins.collaborative import preferences
from crmkit.plugins.foundation import consent

from .test_asking import token_of


@pytest.fixture
def page(shop):
    with shop.unit(write=False) as unit:
        return preferences.centre_link(unit, shop.ana)


def standing(shop):
    with shop.unit(write=False) as unit:
        return {
            each.purpose: each.state
            for each in consent.standing(unit, shop.ana)
            if each.purpose != "confirmation"
        }


def test_a_link_that_a_program_opens_confirms_nothing(shop, wish, browse):
    link = f"?confirm={token_of(wish())}"
    for method in ("GET", "HEAD"):
        status, _, body = browse(method, link)
        assert (status, "<button>Yes</button>" in body) == ("200", method == "GET")
    assert standing(shop) == {}
    assert browse("POST", link)[2].endswith("Confirmed: news. Thank you.")
    assert standing(shop) == {"news": "granted"}
    assert browse("GET", link)[2].endswith("Confirmed: news. Thank you.")


def test_a_late_answer_is_told_so(wish, browse, clock):
    link = f"?confirm={token_of(wish())}"
    clock.move(days=4)
    status, _, body = browse("POST", link)
    assert status == "409"
    assert "sign up once more" in body


def test_the_page_offers_what_rests_on_consent_and_hides_the_address(browse, page):
    status, headers, body = browse("GET", page)
    assert status == "200"
    assert re.findall(r'value="(\w+:\w+)"', body) == ["news:email", "tips:email"]
    assert "What is &lt;new&gt;." in body
    assert "ana@example.com" not in body
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers


def test_what_is_ticked_is_granted_and_what_is_not_withdrawn(shop, browse, page, clock):
    assert "Saved." in browse("POST", page, b"on=news%3Aemail&on=tips%3Aemail")[2]
    assert standing(shop) == {"news": "granted", "tips": "granted"}
    clock.move(hours=1)
    body = browse("POST", page, b"on=tips%3Aemail")[2]
    assert re.findall(r'value="(\w+):email"( checked)?', body) == [
        ("news", ""),
        ("tips", " checked"),
    ]
    assert standing(shop) == {"news": "withdrawn", "tips": "granted"}
    with shop.unit(write=False) as unit:
        last = consent.log(unit, shop.ana)[-1]
    assert (last.source, last.evidence) == ("their own page", "by a click from 203.0.113.7")
    clock.move(hours=1)
    browse("POST", page, b"none=1&on=tips%3Aemail")
    assert standing(shop) == {"news": "withdrawn", "tips": "withdrawn"}


def test_saving_the_same_again_writes_nothing(shop, browse, page):
    browse("POST", page, b"on=news%3Aemail")
    with shop.unit(write=False) as unit:
        before = consent.log(unit, shop.ana)
    browse("POST", page, b"on=news%3Aemail")
    with shop.unit(write=False) as unit:
        assert consent.log(unit, shop.ana) == before


@pytest.mark.parametrize("form", [b"on=orders:email", b"on=%FF%00", b"on=news:*", b"x" * 16_000])
def test_what_is_not_offered_cannot_be_ticked(shop, browse, page, form):
    assert browse("POST", page, form)[0] == "200"
    assert standing(shop) == {}


@pytest.mark.parametrize("query", ["", "?centre=", "?centre=x", "?confirm=%00", "?t=1"])
def test_a_broken_link_is_told_so(browse, query):
    for method in ("GET", "POST"):
        status, _, body = browse(method, query)
        assert (status, "not whole" in body) == ("400", True)


def test_other_methods_and_long_forms_are_refused(browse, page):
    status, headers, _ = browse("DELETE", page)
    assert (status, headers["Allow"]) == ("405", "GET, HEAD, POST")
    assert browse("POST", page, b"x" * 20_000)[0] == "413"


def test_the_page_of_who_was_erased_is_gone(shop, browse, page):
    with shop.unit() as unit:
        unit.customers.erase([shop.ana])
    assert browse("GET", page)[0] == "400"


def test_templates_may_name_the_page(shop, page):
    from crmkit.plugins.collaborative.preferences.hooks import crmkit_tokens

    with shop.unit(write=False) as unit:
        told = crmkit_tokens(unit, [shop.ana], "news")
    assert told == {shop.ana: {"link": page}}
