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


def test_what_people_are_called_is_never_taken_for_markup(renderer):
    answer = renderer.render("", {"message": {"x": "<b>&amp;"}}, html="<p>{{ message.x }}</p>")
    assert answer["text"] == "<b>&amp;\n"


def test_a_text_of_its_own_is_left_alone(renderer):
    answer = renderer.render("Plain.  \n\n\n\nWords.", html="<p>Other words</p>")
    assert answer["text"] == "Plain.  \n\n\n\nWords."
