"""Versions, languages, and templates that take in others."""

from __future__ import annotations

import pytest

from crmkit import (
    Customer,
    InvalidValueError,
    MissingExtraError,
    RecordNotFoundError,
    RefusedError,
    StaleVersionError,
)
from crmkit.plugins.collaborative import templates
from crmkit.plugins.collaborative.templates import (
    NoVariantError,
    Template,
    TemplateRefusedError,
    queries,
)

MJML = """<mjml>
  <mj-head><mj-title>For {{ customer.name }}</mj-title></mj-head>
  <mj-body>
    {% if customer.name %}
    <mj-section><mj-column>
      <mj-text>Dear {{ customer.first_name|default('friend') }}</mj-text>
      <mj-button href="https://x.example/?n={{ customer.name }}">Go</mj-button>
    </mj-column></mj-section>
    {% endif %}
  </mj-body>
</mjml>"""


def test_saving_makes_a_version_and_the_old_one_stays(crm, save, clock):
    first = save(text="One", subject="S")
    clock.move(hours=1)
    second = save(text="Two", subject="S")
    assert (first.version, second.version) == (1, 2)
    assert (first.saved_by, second.saved_at) == ("test", clock.now)
    with crm.unit(write=False) as unit:
        assert templates.template(unit, "welcome") == second
        assert templates.template(unit, "welcome", version=1) == first
        assert [each.text for each in templates.history(unit, "welcome")] == ["Two", "One"]
        assert templates.templates(unit) == [second]


def test_saving_the_same_again_changes_nothing(save):
    assert save(text="One").version == 1
    assert save(text="One").version == 1
    assert save(text="Two").version == 2
    assert save(text="One").version == 3
    assert save(text="One", language="de").version == 1


def test_the_newest_of_a_time_can_be_asked_for(crm, save, clock, people, render_many):
    save(text="One")
    then = clock.now
    clock.move(hours=1)
    save(text="Two")
    assert [each.text for each in render_many("welcome", people[:1])] == ["Two"]
    (made,) = render_many("welcome", people[:1], as_of=then)
    assert (made.text, made.version) == ("One", 1)


def test_everybody_gets_their_language_or_the_nearest(save, people, render_many):
    save(text="Hello", language="")
    save(text="Hallo", language="de")
    save(text="Servus", language="de-AT")
    save(text="Hej", language="sv")
    assert [each.text for each in render_many("welcome", people)] == ["Servus", "Hello", "Hello"]


def test_without_a_default_who_reads_something_else_gets_nothing(save, people, render_many):
    save(text="Hallo", language="de")
    ana, bo, kai = render_many("welcome", people)
    assert (ana.text, ana.language) == ("Hallo", "de")
    assert bo.problem == "no template 'welcome in the default language'"
    assert kai.problem == "no template 'welcome in ja-JP'"


def test_taking_in_follows_the_reader_s_language(save, people, render_many):
    save("foot", text="Bye", html="<p>Bye</p>")
    save("foot", text="Baba", html="<p>Baba</p>", language="de-AT")
    save(text="Hi. {% include 'foot' %}", html="<p>Hi</p>{% include 'foot' %}", subject="S")
    found = render_many("welcome", people)
    assert [each.text for each in found] == ["Hi. Baba", "Hi. Bye", "Hi. Bye"]
    assert found[0].html == "<p>Hi</p><p>Baba</p>"


def test_a_layout_and_macros_are_templates_too(save, people, render_many):
    save("page", html="<body>{% block main %}{% endblock %}</body>")
    save("parts", html="{% macro big(x) %}<h1>{{ x }}</h1>{% endmacro %}")
    save(
        subject="S",
        html="{% extends 'page' %}{% import 'parts' as parts %}"
        "{% block main %}{{ parts.big(customer.name) }}{% endblock %}",
    )
    assert render_many("welcome", people[1:2])[0].html == "<body><h1>Bo</h1></body>"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("{% include 'nobody' %}", RecordNotFoundError),
        ("{% include 'welcome' %}", RefusedError),
        ("{% include 'page-only' %}", TemplateRefusedError),
    ],
)
def test_what_is_taken_in_must_be_there_and_not_be_itself(crm, save, source, error):
    save("page-only", html="<p>x</p>")
    with pytest.raises(error):
        save(text=source)
    with crm.unit(write=False) as unit:
        assert [each.name for each in templates.templates(unit)] == ["page-only"]


def test_a_circle_or_a_deep_chain_is_refused(save):
    save("a", text="x")
    save("b", text="{% include 'a' %}")
    with pytest.raises(RefusedError, match="in a circle: a > b > a"):
        save("a", text="{% include 'b' %}")
    for one, other in zip("cdefg", "bcdef", strict=True):
        if one == "g":
            with pytest.raises(RefusedError, match="more than 5 deep"):
                save(one, text=f"{{% include '{other}' %}}")
        else:
            save(one, text=f"{{% include '{other}' %}}")


def test_mjml_becomes_html_with_its_expressions(save, people, render_many):
    pytest.importorskip("mjml")
    stored = save(mjml=MJML)
    assert stored.subject == "For {{ customer.name }}"
    made = render_many("welcome", people[:1])[0]
    assert made.subject == "For Ana Kowalska"
    assert "Dear Ana" in made.html
    assert 'href="https://x.example/?n=Ana%20Kowalska"' in made.html
    assert "<mj-" not in made.html
    assert made.text == "Dear Ana\n\nGo (https://x.example/?n=Ana%20Kowalska)\n"


@pytest.mark.parametrize(
    ("mjml", "part", "line", "why"),
    [
        (
            "<mjml><mj-body>\n{{ customer.delete() }}</mj-body></mjml>",
            "mjml",
            2,
            "cannot be called",
        ),
        ("<mjml>\n<mj-include path='/etc/passwd'/></mjml>", "mjml", 2, "mj-include"),
        ('<mjml>\n\n{{ "x" }}</mjml>', "mjml", 3, "single quotes"),
        ("<mjml><mj-body></mjml>", "mjml", 0, "this is no MJML"),
        ("<p>x</p>", "mjml", 0, "this is no MJML"),
    ],
)
def test_mjml_that_is_none_is_told_with_its_line(save, mjml, part, line, why):
    pytest.importorskip("mjml")
    with pytest.raises(TemplateRefusedError, match=why) as refused:
        save(mjml=mjml)
    assert (refused.value.part, refused.value.line) == (part, line)


def test_style_sheets_go_into_the_elements(save, people, render_many):
    pytest.importorskip("css_inline")
    save(
        subject="S",
        html="<style>p{color:red} @media print{p{color:black}}</style><p>{{ customer.name }}</p>",
    )
    html = render_many("welcome", people[1:2])[0].html
    assert '<p style="color: red;">Bo</p>' in html
    assert "@media print" in html


def test_the_title_of_a_page_is_its_subject(save, people, render_many):
    assert save(html="<title>Hi {{ customer.name }}</title><p>x</p>").subject.startswith("Hi")
    assert render_many("welcome", people[1:2])[0].subject == "Hi Bo"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "Welcome Home", "text": "x"}, "name"),
        ({"name": "../x", "text": "x"}, "name"),
        ({"language": "german language", "text": "x"}, "language"),
        ({"text": " "}, "text"),
        ({"text": "x\0"}, "text"),
        ({"html": "x" * 1_000_001}, "html"),
    ],
)
def test_what_is_no_template_is_refused(given, field):
    with pytest.raises(InvalidValueError, match=f"^{field}: "):
        Template(**({"name": "x"} | given))


def test_an_error_names_template_part_line_and_what_is_known(save):
    with pytest.raises(TemplateRefusedError) as refused:
        save(text="Hi\n{{ custmer.name }}", language="de")
    assert str(refused.value) == (
        "template welcome (de), text, line 2: 'custmer' is not known, did you mean 'customer'?; "
        "known are customer, message"
    )


def test_an_unknown_template_names_the_nearest(crm, save):
    save(text="x")
    with crm.unit(write=False) as unit:
        with pytest.raises(RecordNotFoundError, match="did you mean 'welcome'"):
            templates.history(unit, "welcom")
        with pytest.raises(NoVariantError):
            queries.chosen({}, "x", "de")


@pytest.mark.parametrize("missing", ["jinja2", "babel"])
def test_without_the_extra_it_is_named(crm, save, monkeypatch, missing):
    from crmkit.plugins.collaborative.templates import worker

    real = worker.find_spec
    monkeypatch.setattr(worker, "find_spec", lambda name: None if name == missing else real(name))
    with pytest.raises(MissingExtraError, match=r"crmkit\[templates\]"):
        save(text="x")


def test_without_the_extra_of_mail_mjml_is_refused_and_styles_stay(crm, save, monkeypatch):
    from crmkit.plugins.collaborative.templates import worker

    gone = "import sys\nsys.modules['mjml'] = sys.modules['css_inline'] = None\n"
    monkeypatch.setattr(worker, "_BOOT", gone + worker._BOOT)
    with pytest.raises(MissingExtraError, match=r"Templates in MJML needs.*crmkit\[mail\]"):
        save(mjml=MJML)
    page = "<style>p{color:red}</style><p>{{ customer.kind }}</p>"
    save(html=page, text="x", subject="S")
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
        (found,) = templates.lint(unit, "welcome")
    assert "pip install 'crmkit[mail]'" in found.text


def test_two_who_save_at_once_make_one_version_each_or_one_is_told(crm, save, monkeypatch):
    """The second one finds the version taken that it was about to write."""
    save(text="One")
    monkeypatch.setattr(queries, "newest", lambda *_: None)
    with pytest.raises(StaleVersionError, match="template welcome, version 1"):
        save(text="Two")
