"""Values in HTML: escaped as their place asks, or refused."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PAGE = (
    "<p class=\"a {{ message.a }}\" title='{{ message.b }}'>{{ message.c }}</p>"
    '<a href="https://x.example/p?e={{ message.d }}&amp;f=1">go</a>'
)
REFUSED = {
    "without quotes": ("<a href={{ message.u }}>x</a>", "put quotes around"),
    "within a name": ("<p {{ message.u }}>x</p>", "put quotes around"),
    "as an element": ("<{{ message.u }}>", "put quotes around|cannot|ends within|quotes"),
    "in a script": ("<script>var x = '{{ message.u }}';</script>", "<script>"),
    "in a style sheet": ("<style>p { color: {{ message.u }} }</style>", "<style>"),
    "in a handler": ("<p onclick=\"x('{{ message.u }}')\">x</p>", "onclick"),
    "in srcset": ('<img srcset="{{ message.u }} 2x">', "srcset"),
    "a frame": ('<iframe src="https://x.example"></iframe>', "<iframe>"),
    "a form": ("<form><input></form>", "<form>"),
    "ends in a tag": ('<a href="https://x.example', "ends within"),
    "branches apart": ("{% if message.u %}<a href='{% endif %}x'>y</a>", "another place"),
    "branches differ": ("{% if message.u %}<a href='{% else %}<a href={% endif %}'>", "another"),
    "takes in within a tag": ("<a href=\"{% include 'footer' %}\">x</a>", "within a tag"),
    "a block within a tag": ('<a href="{% block u %}{% endblock %}">x</a>', "within a tag"),
}


@pytest.mark.parametrize(("source", "why"), REFUSED.values(), ids=REFUSED)
def test_nothing_is_put_where_no_escaping_helps(renderer, source, why):
    assert any(each in renderer.refusal(html=source) for each in why.split("|"))


@pytest.mark.parametrize(
    "source",
    [
        '<p class="{% if message.u %}a{% else %}b{% endif %}">{{ message.u }}</p>',
        '<tr {% if message.u %}bgcolor="#eee"{% endif %}><td>{{ message.u }}</td></tr>',
        '<!--[if mso]><td width="600"><![endif]--><p>{{ message.u }}</p>',
        "a < b {{ message.u }} <!-- {{ message.u }} -->",
        "<style>p > a { color: red }</style><p>{{ message.u }}",
        "{% for a in [1] %}<li>{{ message.u }}</li>{% endfor %}",
        "<title>{{ message.u }}</title><br/><img src='https://x.example/a' alt='{{ message.u }}'/>",
        "{% raw %}<p title='{{ {% endraw %}{{ message.u }}'>x</p>",
    ],
)
def test_what_is_sound_is_stored(renderer, source):
    assert renderer.refusal(html=source) == ""


def test_scripts_of_people_are_text(renderer):
    """Row B-20."""
    evil = "<script>alert(1)</script>"
    answer = renderer.render(
        "{{ message.u }}", {"message": {"u": evil}}, html="<p>{{ message.u }}</p>"
    )
    assert answer["text"] == evil
    assert answer["html"] == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"


@pytest.mark.parametrize(
    "evil",
    [
        "javascript:alert(1)", " JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x",
        "vbscript:x", "//evil.example", "file:///etc/passwd", "https://a b", "x", "",
        "https://x\nBcc: y",
    ],
)  # fmt: skip
def test_a_link_leads_to_the_web_a_mailbox_or_a_telephone(renderer, evil):
    """Row B-21."""
    answer = renderer.render("", {"message": {"u": evil}}, html='<a href="{{ message.u }}">x</a>')
    assert "is no link; accepted: https, http, mailto, tel, sms" in answer["error"]


def test_a_value_stays_within_its_place_in_an_address(renderer):
    """Row B-22."""
    html = '<a href="https://x.example/{{ message.p }}/?e={{ message.u }}">x</a>'
    answer = renderer.render("", {"message": {"u": "a&b=c#", "p": "../x"}}, html=html)
    assert answer["html"] == '<a href="https://x.example/..%2Fx/?e=a%26b%3Dc%23">x</a>'


def test_a_whole_address_keeps_its_query(renderer):
    html = '<a href="{{ message.u }}">x</a>'
    answer = renderer.render("", {"message": {"u": "https://x.example/?a=1&b=2"}}, html=html)
    assert answer["html"] == '<a href="https://x.example/?a=1&amp;b=2">x</a>'


@pytest.mark.parametrize("evil", ["red; background: url(x)", "expression(1)", "x:y", 'a"b'])
def test_a_style_takes_a_value_and_no_more(renderer, evil):
    html = '<p style="color: {{ message.u }}">x</p>'
    assert renderer.render("", {"message": {"u": "#fa0"}}, html=html)["html"].count("#fa0") == 1
    answer = renderer.render("", {"message": {"u": evil}}, html=html)
    assert "is no value of a style" in answer["error"]


class Judge(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.found.append(("/" + tag, {}))

    def handle_data(self, data):
        if self.found and self.found[-1][0] == "#":
            data = self.found.pop()[1] + data
        self.found.append(("#", data))

    def handle_comment(self, data):
        self.found.append(("comment", data))

    handle_decl = handle_pi = unknown_decl = handle_comment


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1)
sharp = st.text(st.sampled_from("<>\"'&;=/!-- ajscript:onload`\\{}%#x0;"), min_size=1, max_size=30)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(*[st.one_of(words, sharp)] * 4)
def test_no_value_changes_what_the_page_is(renderer, a, b, c, d):
    """A law: the page parsed is the template's, with each value where it was put."""
    answer = renderer.render("", {"message": {"a": a, "b": b, "c": c, "d": d}}, html=PAGE)
    judge = Judge()
    judge.feed(answer["html"])
    judge.close()
    (first, told), inner, *_, (link, to), go, _ = judge.found
    assert (first, link, go) == ("p", "a", ("#", "go"))
    assert told == {"class": f"a {a}", "title": b}
    assert inner == ("#", c)
    query = parse_qs(urlsplit(to["href"]).query, keep_blank_values=True, strict_parsing=True)
    assert query == {"e": [d], "f": ["1"]}
