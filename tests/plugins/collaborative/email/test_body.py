"""Mails with HTML: multipart/alternative, the text first, as RFC 2046, 5.1.4 asks."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import Outgoing
from crmkit.plugins.collaborative.email import Settings, UnsendableError, render
from crmkit.testing import Clock

NOW = Clock().now
SHOP = Settings(from_address="shop@shop.example")


def mail(text="There is tea.", html="<p>There is <b>tea</b>.</p>", **changes):
    given = {
        "key": "k1",
        "customer_id": 1,
        "address": "ana@example.com",
        "subject": "Hello",
        "purpose": "news",
    }
    return render(Outgoing(text=text, html=html, **(given | changes)), SHOP, NOW)


def parts(sent):
    found = message_from_bytes(sent.content, policy=policy.default)
    assert not found.defects
    return found, list(found.iter_parts())


def test_the_text_comes_first_and_readers_choose_the_html():
    found, (text, html) = parts(mail("Żółć.", "<p>Żółć — ünï</p>"))
    assert found.get_content_type() == "multipart/alternative"
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content() == "Żółć."
    assert html.get_content() == "<p>Żółć — ünï</p>"
    assert found.get_body(("html", "plain")) is html
    assert found.get_body(("plain",)) is text
    assert "Content-Transfer-Encoding" not in found


def test_without_html_it_stays_one_part():
    found = message_from_bytes(mail(html="").content, policy=policy.default)
    assert found.get_content_type() == "text/plain"
    assert not found.is_multipart()


def test_the_same_message_has_the_same_bytes_in_every_attempt():
    assert mail().content == mail().content


@pytest.mark.parametrize(
    "evil",
    [
        "--=_k1--\r\n",
        "--=_k1\nContent-Type: text/html\n\n<script>",
        "\n.\r\n.\r\nMAIL FROM:<x>",
        "\nBcc: evil@example.com\n\n",
        "x" * 5_000,
        "\r\n" * 50,
        "=_k1 =3D =",
        "From x\n>From y",
    ],
)
def test_nothing_in_a_part_ends_it_or_adds_another(evil):
    found, (text, html) = parts(mail(evil, evil))
    assert found.get_all("Bcc") is None
    for part in (text, html):
        said = part.get_payload(decode=True).decode().replace("\r\n", "\n")
        assert said.rstrip("\n") == evil.replace("\r\n", "\n").rstrip("\n")
    assert all(len(line) <= 998 for line in mail(evil, evil).content.split(b"\r\n"))


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)
def test_any_text_and_html_come_out_as_they_went_in(text, html):
    _, found = parts(mail(text, html))
    for part, meant in zip(found, (text, html), strict=True):
        meant = meant.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        said = part.get_payload(decode=True).decode().replace("\r\n", "\n")
        assert said.rstrip("\n") == meant


def test_half_a_letter_is_refused():
    with pytest.raises(UnsendableError, match="html: cannot be written in UTF-8"):
        mail(html="\ud800")


def test_a_line_break_in_the_subject_is_refused_here_too():
    with pytest.raises(UnsendableError, match="subject: "):
        mail(subject="x\r\nBcc: evil@example.com")
