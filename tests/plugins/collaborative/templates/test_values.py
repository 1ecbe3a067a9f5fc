"""Numbers, money and time as people write them; and what is missing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crmkit import InvalidValueError, Money
from crmkit.plugins.collaborative.templates import tokens

NOON = {"$time": "2026-03-04T13:05:06+01:00"}
PRICE = {"$money": ["123456", 2, "EUR"]}


@pytest.mark.parametrize(
    ("locale", "source", "value", "said"),
    [
        ("en-GB", "{{ message.x }}", PRICE, "€1,234.56"),
        ("de-DE", "{{ message.x }}", PRICE, "1.234,56\xa0€"),
        ("ja-JP", "{{ message.x|money }}", {"$money": ["500", 0, "JPY"]}, "\uffe5500"),
        ("en-US", "{{ message.x }}", {"$money": ["-50", 2, "USD"]}, "-$0.50"),
        ("de-DE", "{{ message.x|number }}", 1234567, "1.234.567"),
        ("en-GB", "{{ message.x|number(2) }}", 0.5, "0.50"),
        ("pl-PL", "{{ message.x|number }}", {"$number": "0.1"}, "0,1"),
        ("fr-FR", "{{ message.x|percent }}", 0.25, "25\xa0%"),
        ("de-AT", "{{ message.x|date }}", NOON, "04.03.2026"),
        ("de-DE", "{{ message.x|date('long') }}", NOON, "4. März 2026"),
        ("en-US", "{{ message.x|date('full') }}", NOON, "Wednesday, March 4, 2026"),
        ("de-DE", "{{ message.x|time }}", NOON, "13:05"),
        ("en-US", "{{ message.x|time }}", NOON, "1:05\u202fPM"),
        ("en-GB", "{{ message.x }}", {"$date": "2026-03-04"}, "4 Mar 2026"),
        ("en-GB", "{{ message.x }}", 1234, "1234"),
        ("de-XX", "{{ message.x|number }}", 0.5, "0,5"),
        ("xx", "{{ message.x|number }}", 0.5, "0.5"),
    ],
)
def test_it_is_written_as_people_there_do(renderer, locale, source, value, said):
    """Expected: the CLDR's patterns, as the Unicode Consortium publishes them."""
    answer = renderer.render(source, {"message": {"x": value}}, locale=locale)
    assert answer["text"] == said


@pytest.mark.parametrize(
    ("source", "value", "why"),
    [
        ("{{ message.x|money }}", 5, "is no amount of money"),
        ("{{ message.x|number }}", "5", "is no number"),
        ("{{ message.x|number }}", True, "is no number"),
        ("{{ message.x|percent }}", "5", "is no number"),
        ("{{ message.x|date }}", "2026-03-04", "is no date"),
        ("{{ message.x|time }}", {"$date": "2026-03-04"}, "has no time of day"),
        ("{{ message.x|date('short;') }}", NOON, "accepted: short, medium, long, full"),
        ("{{ message.x }}", True, "yes or no"),
        ("{{ message.x }}", [1], "cannot be written out"),
        ("{{ none }}", 1, "a value is missing"),
    ],
)
def test_what_is_something_else_is_told(renderer, source, value, why):
    assert why in renderer.render(source, {"message": {"x": value}})["error"]


MISSING = {"customer": {"first_name": None, "tier": None, "name": "Ana"}}


def test_nobody_is_called_none(renderer):
    answer = renderer.render("\nDear {{ customer.first_name }},", MISSING)
    assert (answer["missing"], answer["line"], answer["part"]) == (True, 2, "text")
    assert "first_name is missing for this person" in answer["error"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Dear {{ customer.first_name|default('friend') }}", "Dear friend"),
        ("Dear {{ customer.first_name|d(customer.name) }}", "Dear Ana"),
        ("{% if customer.first_name %}Dear{% else %}Hello{% endif %}", "Hello"),
        ("{% if customer.tier == 'gold' %}Gold{% else %}Plain{% endif %}", "Plain"),
        ("{{ customer.first_name|upper|default('x') }}", None),
        ("{{ customer.nme|default('friend') }}", None),
        ("{{ ''|default('friend') }}", "friend"),
        ("{{ 'Dr. Ana Kowalska'|first_name }}", "Ana"),
        ("{{ 'Kowalska, Ana Maria'|first_name }}", "Ana"),
        ("{{ 'Ana'|first_name|default('friend') }}", "friend"),
        ("{{ 'Ana'|first_name }}", None),
    ],
)
def test_what_is_missing_has_a_stand_in_and_what_is_misspelt_has_none(renderer, source, said):
    answer = renderer.render(source, MISSING)
    assert answer.get("text") == said
    assert (said is None) == ("error" in answer)


def test_what_plugins_tell_becomes_plain(crm):
    zone = UTC
    told = {
        "amount": Money(1990, "EUR"),
        "yen": Money(5, "JPY"),
        "exact": Decimal("0.10"),
        "at": datetime(2026, 3, 4, 5, tzinfo=UTC),
        "on": date(2026, 3, 4),
        "empty": "",
        "list": ({"a": 1}, None),
    }
    assert tokens._plain("x", told, zone) == {
        "amount": {"$money": ["1990", 2, "EUR"]},
        "yen": {"$money": ["5", 0, "JPY"]},
        "exact": {"$number": "0.10"},
        "at": {"$time": "2026-03-04T05:00:00+00:00"},
        "on": {"$date": "2026-03-04"},
        "empty": None,
        "list": [{"a": 1}, None],
    }


@pytest.mark.parametrize(
    "value",
    [object(), lambda: 1, {1: 2}, {"_x": 1}, {"$time": "x"}, datetime(2026, 1, 1), b"x", {1}],
)
def test_what_is_more_than_data_is_refused(value):
    with pytest.raises(InvalidValueError, match="x: "):
        tokens._plain("x", value, UTC)
