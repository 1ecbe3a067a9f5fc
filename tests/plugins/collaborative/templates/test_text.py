"""The text part that is made of HTML."""

from __future__ import annotations

import pytest

CASES = {
    "paragraphs": ("<p>One</p><p>Two\n  words</p>", "One\n\nTwo words\n"),
    "a line break": ("One<br>Two<br/>Three", "One\nTwo\nThree\n"),
    "a link": (
        '<a href="https://x.example/a?b=1&amp;c=2">Go on</a>',
        "Go on (https://x.example/a?b=1&c=2)\n",
    ),
    "a link that says where it leads": (
        '<a href="https://x.example">https://x.example</a>',
        "https://x.example\n",
    ),
    "an address": ('<a href="mailto:a@x.example">a@x.example</a>', "a@x.example\n"),
    "a place on the page": ('<a href="#top">Up</a>', "Up\n"),
    "an image that is a link": (
        '<a href="https://x.example"><img src="https://x.example/a.png" alt="The shop"></a>',
        "The shop (https://x.example)\n",
    ),
    "an image for the eye only": ('A<img src="https://x.example/a.png" alt="">B', "AB\n"),
    "lists": (
        "<ul><li>tea</li><li>cups</li></ul><ol><li>one</li><li>two</li></ol>",
        "- tea\n- cups\n\n1. one\n2. two\n",
    ),
    "a table": (
        "<table><tr><td>Tea</td><td>5 €</td></tr><tr><td>Cup</td><td>9 €</td></tr></table>",
        "Tea 5 €\nCup 9 €\n",
    ),
    "what is not shown": (
        "<head><title>T</title><style>p{}</style></head><body>"
        '<div style="display: none">preview</div><p>Seen</p></body>',
        "Seen\n",
    ),
    "hidden with what is in it": (
        '<div style="display:none"><div>a</div><p>b</p></div><p>Seen</p>',
        "Seen\n",
    ),
    "signs of other names": ("<p>Tea &amp; cups &lt;3 &nbsp; &euro;</p>", "Tea & cups <3 \xa0 €\n"),
    "what fills preview lines": ("<p>A\u200c\u00ad\ufeffB</p>", "AB\n"),
    "a rule": ("<p>A</p><hr><p>B</p>", "A\n\n----\n\nB\n"),
    "left open": ("<p>One<p>Two <b>bold", "One\n\nTwo bold\n"),
}


@pytest.mark.parametrize(("html", "text"), CASES.values(), ids=CASES)
def test_it_says_what_is_seen(renderer, html, text):
    assert renderer.render("", html=html)["text"] == text


FOLLOWED = {
    "a loop": "<p>Tea:</p><ul>{% for x in message.list %}<li>{{ x }}</li>{% endfor %}</ul>"
    "<p>Bye</p>",
    "a loop over rows": "<table>{% for x in message.list %}<tr><td>{{ x }}</td><td>5</td></tr>"
    "{% endfor %}</table>",
    "branches": "<p>{% if message.x %}A{% else %}B{% endif %} <b>{{ message.x }}</b></p>",
    "a link": '<p>See <a href="https://x.example/?q={{ message.x }}">Tea {{ message.x }}</a>.</p>',
    "tags that take in blanks": "<p>A</p> {%- if message.x -%} <p>{{- message.x -}}</p>"
    " {%- endif %}",
    "a comment": "<p>A {# x #} {{ message.x }}</p>",
    "a statement in an attribute": '<p class="{% if message.x %}a{% endif %}">{{ message.x }}</p>',
    "a statement in what is hidden": '<div style="display:none">{% if message.x %}x{% endif %}'
    "</div><p>{{ message.x }}</p>",
    "raw": "<p>{% raw %}{{ x }}{% endraw %} {{ message.x }}</p>",
    "a macro": "{% macro b(t) %}<h1>{{ t }}</h1>{% endmacro %}{{ b(message.x) }}<p>y</p>",
    "set in the head": "<head>{% set x = 'a' %}</head><body><p>{{ x }}</p></body>",
    "marks of its own": "<p>\ue0000\ue001 {{ message.x }}</p>",
}


@pytest.mark.parametrize("html", FOLLOWED.values(), ids=FOLLOWED)
def test_the_text_made_beforehand_is_the_text_of_the_message(renderer, html):
    """The short way, once for a template, against the long way, for each message."""
    from crmkit.plugins.collaborative.templates.sandbox.plain import text_of

    for value in ("words", "<b>&amp;</b>", ""):
        told = {"message": {"x": value, "list": ["tea", "cups", value or "-"]}}
        answer = renderer.render("", told, html=html)
        assert answer["text"] == text_of(answer["html"])


def test_what_people_are_called_is_never_taken_for_markup(renderer):
    answer = renderer.render("", {"message": {"x": "<b>&amp;"}}, html="<p>{{ message.x }}</p>")
    assert answer["text"] == "<b>&amp;\n"


def test_a_text_of_its_own_is_left_alone(renderer):
    answer = renderer.render("Plain.  \n\n\n\nWords.", html="<p>Other words</p>")
    assert answer["text"] == "Plain.  \n\n\n\nWords."
