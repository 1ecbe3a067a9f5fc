"""What people are told about a template before anybody gets it."""

from __future__ import annotations

import pytest

from crmkit import ContactPoint, Customer
from crmkit.plugins.collaborative import templates
from crmkit.plugins.collaborative.templates import Template

GOOD = "<p>Dear {{ customer.name }}</p>"


@pytest.fixture
def lint(make_crm):
    settings = {
        "email": {
            "target": "maildir:out",
            "from_address": "a@shop.example",
            "unsubscribe_to": "leave@shop.example",
        }
    }
    crm = make_crm("email", "templates", settings=settings)
    with crm.unit() as unit:
        point = ContactPoint("email", "ana@example.com")
        unit.customers.add(Customer(name="Ana", locale="en", contact_points=(point,)))

    def lint(*variants, marketing=False, **given):
        with crm.unit() as unit:
            for each in variants or [given]:
                templates.save(unit, Template(name="t", **({"subject": "Hi"} | each)))
            found = templates.lint(unit, "t", marketing=marketing)
        return [(each.level, each.part, each.line, each.text) for each in found]

    lint.crm = crm
    return lint


def told(found, level=None):
    return [text for lev, _, _, text in found if level in (None, lev)]


def test_a_good_one_has_no_problem(lint):
    assert lint(text="Dear {{ customer.name }}", html=GOOD) == []


def test_a_name_nobody_knows_is_an_error_with_its_line_and_the_nearest(lint):
    """Row B-16: a misspelt field renders as nothing in stock Jinja2."""
    ((level, part, line, text),) = lint(text="Dear\n{{ customer.nme }}")
    assert (level, part, line) == ("error", "text", 2)
    assert text.startswith("'customer.nme' is not known, did you mean 'name'?; known are: customer")


def test_what_only_the_sender_knows_fits_wherever_it_is_used(lint):
    html = (
        '<a href="{{ message.link }}">{{ message.price|money }}</a> {{ message.on|date("long") }}'
    )
    assert lint(text="{{ message.n|number(2) }} {{ message.code|upper }}", html=html) == []


def test_marketing_needs_a_way_out_in_each_part(lint):
    """Row B-24."""
    found = lint(text="x", html=GOOD, marketing=True)
    assert [(level, part) for level, part, _, _ in found] == [("error", "text"), ("error", "html")]
    out = "{{ email.unsubscribe_url }}"
    fine = lint(text=f"x {out}", html=f'<p>x <a href="{out}">No more</a></p>', marketing=True)
    assert fine == []


CASES = {
    "no text": ({"html": GOOD}, "warning", "one is made of the HTML"),
    "no subject": ({"html": GOOD, "text": "x", "subject": ""}, "error", "there is none"),
    "a long subject": ({"text": "x", "subject": "x" * 71}, "warning", "71 letters"),
    "no alt": ({"html": '<img src="https://x.example/a.png">'}, "warning", "alt"),
    "an attached image": ({"html": '<img src="cid:../../x" alt="">'}, "error", "no address"),
    "a local image": ({"html": '<img src="file:///etc/passwd" alt="">'}, "error", "no address"),
    "too large": ({"html": GOOD + "x" * 102 * 1024}, "warning", "Gmail cuts off"),
    "a link to nowhere": ({"html": '<a href="/shop">Shop</a>'}, "error", "leads nowhere"),
    "a script as a link": ({"html": '<a href="javascript:x">Shop</a>'}, "error", "leads nowhere"),
    "an open link": ({"html": '<a href="http://x.example">Shop</a>'}, "warning", "is not https"),
    "a link without words": ({"html": '<a href="https://x.example"></a>'}, "warning", "no words"),
    "a link that lies": (
        {"html": '<a href="https://evil.example/x">www.bank.example</a>'},
        "error",
        "leads to evil.example: readers take that for a fraud",
    ),
    "a link that lies by a prefix": (
        {"html": '<a href="https://bank.example.evil.example">https://bank.example/login</a>'},
        "error",
        "fraud",
    ),
    "what is missing": ({"text": "Dear {{ customer.first_name }}"}, "warning", "is missing"),
    "what fails": ({"text": "{{ customer.name|money }}"}, "error", "no amount of money"),
}


@pytest.mark.parametrize(("given", "level", "why"), CASES.values(), ids=CASES)
def test_it_is_told(lint, given, level, why):
    assert any(why in each for each in told(lint(**given), level))


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://www.bank.example/x">bank.example</a>',
        '<a href="https://shop.bank.example/x">www.bank.example</a>',
        '<a href="mailto:a@bank.example">a@bank.example</a>',
        '<a href="#top">Up</a>',
        '<a href="https://x.example/?u={{ customer.name }}">Read more.</a>',
    ],
)
def test_an_honest_link_is_not_told(lint, html):
    assert told(lint(html=html, text="x")) == []


def test_languages_that_people_read_and_nobody_wrote_are_told(lint):
    with lint.crm.unit() as unit:
        unit.customers.add_many(Customer(name="X", locale=each) for each in ("pl", "pl", "de-AT"))
    default, german = {"text": "Hello"}, {"text": "Hallo", "language": "de"}
    assert told(lint(default, german)) == ["2 who read pl get the one without a language"]


def test_without_a_default_that_is_an_error(lint):
    with lint.crm.unit() as unit:
        unit.customers.add(Customer(name="X", locale="pl"))
    found = lint({"text": "Hallo", "language": "de"})
    assert told(found, "error") == ["1 who read en get nothing", "1 who read pl get nothing"]


def test_without_a_customer_what_is_written_is_looked_at(make_crm):
    crm = make_crm("templates")
    with crm.unit() as unit:
        templates.save(unit, Template(name="t", text="{{ customer.nme }}", html=GOOD))
        (found,) = templates.lint(unit, "t")
    assert (found.part, found.text) == ("subject", "there is none")
