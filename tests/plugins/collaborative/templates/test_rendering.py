"""Many messages at once, each for its reader."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
import sqlalchemy as sa

from crmkit import Attribute, Customer, Money, Plugin, RecordNotFoundError, hookimpl
from crmkit.plugins.collaborative import templates
from crmkit.plugins.collaborative.templates import NotRenderedError, Template

THEN = datetime(2026, 3, 4, 22, 30, tzinfo=UTC)


class Loft:
    """A plugin with something to tell."""

    asked = ()

    @staticmethod
    @hookimpl
    def crmkit_tokens(unit, customer_ids, purpose):
        Loft.asked = (*Loft.asked, (list(customer_ids), purpose))
        return {
            each: {"since": THEN, "worth": Money(1990, "EUR"), "birds": [{"name": "Coo"}]}
            for each in customer_ids
        }


LOFT = Plugin(name="loft", summary="x", hooks=Loft)


@pytest.fixture
def crm(make_crm):
    Loft.asked = ()
    tier = Attribute(name="tier", type="text")
    return make_crm("templates", LOFT, attributes=[tier], settings={"templates": {}})


def test_what_plugins_tell_is_written_as_the_reader_writes(save, people, render_many):
    save(text="{{ loft.since|datetime }} {{ loft.worth }} {{ loft.birds[0].name }}")
    save(text="{{ loft.since|datetime }} {{ loft.worth }} {{ loft.birds.0.name }}", language="ja")
    ana, bo, kai = (each.text for each in render_many("welcome", people))
    assert bo == "Mar 4, 2026, 10:30\u202fPM €19.90 Coo"  # UTC, in the language of the text
    assert ana == "Mar 4, 2026, 11:30\u202fPM €19.90 Coo"  # Vienna, but an English text
    assert kai == "2026/03/05 7:30 €19.90 Coo"  # Tokyo, a Japanese text


def test_plugins_are_asked_once_and_only_if_wanted(save, people, render_many):
    save("plain", text="{{ customer.name }}")
    save(text="{{ loft.worth }}")
    render_many("plain", people)
    assert Loft.asked == ()
    render_many("welcome", people, purpose="news")
    assert Loft.asked == (([each.id for each in people], "news"),)


def test_a_batch_is_a_handful_of_queries_however_large(crm, save):
    save(text="{{ customer.name }}")
    with crm.unit() as unit:
        few = unit.customers.add_many(Customer(name=f"C {n}") for n in range(5))
        many = unit.customers.add_many(Customer(name=f"C {n}") for n in range(500))

    def count(people):
        counted = []
        listen = (crm.engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
        with crm.unit(write=False) as unit:
            sa.event.listen(*listen)
            templates.render_many(unit, "welcome", [each.id for each in people])
            sa.event.remove(*listen)
        return len(counted)

    assert count(few) == count(many)


def test_one_that_fails_leaves_the_others_alone(save, people, render_many):
    save(text="Dear {{ customer.first_name }}")
    ana, bo, kai = render_many("welcome", people)
    assert (ana.text, kai.text) == ("Dear Ana", "Dear Kai")
    assert bo.is_missing
    assert bo.text == ""
    assert bo.problem.startswith("template welcome, text, line 1: first_name is missing for this")


def test_the_one_is_raised(crm, save, people):
    save(text="Dear {{ customer.first_name }}")
    with crm.unit(write=False) as unit:
        assert templates.render(unit, "welcome", people[0].id).text == "Dear Ana"
        with pytest.raises(NotRenderedError, match=f"customer {people[1].id}: template welcome"):
            templates.render(unit, "welcome", people[1].id)
        with pytest.raises(RecordNotFoundError, match="no customer 999"):
            templates.render(unit, "welcome", 999)
        with pytest.raises(RecordNotFoundError, match="no template 'none'"):
            templates.render(unit, "none", people[0].id)


def test_the_order_is_the_one_asked_for_and_twice_is_twice(save, people, render_many):
    save(text="{{ customer.name }}")
    asked = [people[2], people[0], people[2]]
    assert [e.text for e in render_many("welcome", asked)] == [
        "Kai Sato",
        "Ana Kowalska",
        "Kai Sato",
    ]


def test_what_the_sender_adds_is_a_message_s_own(save, people, render_many):
    save(text="{{ message.code }}")
    extra = {people[0].id: {"code": "A1"}, people[1].id: {"code": None}}
    ana, bo, kai = render_many("welcome", people, extra=extra)
    assert ana.text == "A1"
    assert bo.is_missing
    assert "'code' is not known here" in kai.problem
    assert not kai.is_missing


def test_attributes_of_customers_are_theirs(crm, save, render_many):
    with crm.unit() as unit:
        gold = unit.customers.add(Customer(name="Ana", attributes={"tier": "gold"}))
        none = unit.customers.add(Customer(name="Bo"))
    save(text="{{ customer.tier|default('new') }}")
    assert [each.text for each in render_many("welcome", [gold])] == ["gold"]
    assert "'tier' is not known" in render_many("welcome", [none])[0].problem


@pytest.mark.parametrize(
    ("customer", "first"),
    [
        (Customer(name="Ana Kowalska"), "Ana"),
        (Customer(name="Kowalska, Ana"), "Ana"),
        (Customer(name="Dr. Ana Kowalska"), "Ana"),
        (Customer(name="Kowalska"), None),
        (Customer(name=""), None),
        (Customer(name="Tea Shop Ltd", kind="organisation"), None),
    ],
)
def test_a_first_name_is_told_only_where_the_name_tells_it(customer, first):
    from crmkit.plugins.collaborative.templates.tokens import known

    assert known(customer)["first_name"] == first


def test_html_is_left_out_where_it_cannot_be_shown(save, people, render_many):
    save(text="T", html="<p>H</p>", subject="S")
    save("page", html="<p>H</p>", subject="S")
    (both,) = render_many("welcome", people[:1], html=False)
    assert (both.text, both.html) == ("T", "")
    (page,) = render_many("page", people[:1], html=False)
    assert page.text == "H\n"


def test_a_text_without_a_language_is_in_that_of_the_settings(make_crm, clock):
    crm = make_crm(
        "templates", settings={"templates": {"language": "fr-FR", "time_zone": "Asia/Tokyo"}}
    )
    with crm.unit() as unit:
        who = unit.customers.add(Customer(name="Ana"))
        templates.save(unit, Template(name="x", text="{{ message.at|datetime }}"))
        made = templates.render(unit, "x", who.id, extra={"at": THEN})
    assert made.text == "5 mars 2026, 07:30"


def test_templates_hold_nothing_of_people(crm, save, people):
    stored = save(text="{{ customer.name }}")
    with crm.unit() as unit:
        unit.customers.erase([people[0].id])
        assert templates.template(unit, "welcome") == stored
    assert "Kowalska" not in str(attrs.asdict(stored))
