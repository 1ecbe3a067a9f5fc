from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import Outgoing
from crmkit.plugins.collaborative.email import Settings, UnsendableError, render
from crmkit.testing import Clock

NOW = Clock().now
SHOP = Settings(from_address="shop@shop.example", from_name="Müller & Söhne")
_UNSAFE = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029"} | {
    chr(code) for code in range(0xD800, 0xE000)
}
EVIL = "=?utf-8?q?hi=0ABcc:_evil@x?="


def mail(settings=SHOP, **changes):
    message = {
        "key": "k1",
        "customer_id": 1,
        "address": "ana@example.com",
        "subject": "Hello",
        "text": "There is tea.",
        "purpose": "news",
    }
    return render(Outgoing(**(message | changes)), settings, NOW)


def parsed(sent):
    return message_from_bytes(sent.content, policy=policy.default)


def test_the_mail_says_what_was_meant():
    sent = mail(subject="Grüße aus Łódź", text="Żółć.\n\n.\nfrom me \n")
    found = parsed(sent)
    assert found["From"].addresses[0].display_name == "Müller & Söhne"
    assert found["From"].addresses[0].addr_spec == "shop@shop.example"
    assert found["To"] == "ana@example.com"
    assert found["Subject"] == "Grüße aus Łódź"
    assert found["Date"].datetime == NOW
    assert found["Message-ID"] == "<k1@shop.example>"
    assert found["X-CRMKit-Key"] == "k1"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found.get_content().replace("\r\n", "\n") == "Żółć.\n\n.\nfrom me \n"
    assert sent.content.isascii()


def test_the_message_id_is_the_same_in_every_attempt():
    again = render(
        Outgoing(key="k1", customer_id=1, address="a@x.org", subject="", text="", purpose="p"),
        SHOP,
        NOW.replace(year=2027),
    )
    assert again.message_id == mail().message_id


def test_unsubscribe_and_reply_addresses_are_told():
    settings = Settings(
        from_address="a@shop.example", reply_to="r@shop.example", unsubscribe_to="u@shop.example"
    )
    found = parsed(mail(settings))
    assert found["Reply-To"] == "r@shop.example"
    assert found["List-Unsubscribe"] == "<mailto:u@shop.example?subject=unsubscribe%20k1>"
    assert found["From"] == "a@shop.example"


def test_an_address_with_an_accented_domain_is_written_in_ascii():
    assert mail(address="ana@bücher.example").recipient == "ana@xn--bcher-kva.example"
    assert not mail(address="ana@bücher.example").needs_utf8
    assert mail(address="żółć@bücher.example").needs_utf8


BREAKS = ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x00", "\x0b", "\x0c"]


@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
@pytest.mark.parametrize(
    "field", ["subject", "address", "name", "value", "from_name", "reply_to", "unsubscribe_to"]
)
def test_a_line_break_reaches_no_header(field, line_break):
    bad = f"x{line_break}Bcc: evil@example.com"
    if field in ("from_name", "reply_to", "unsubscribe_to"):
        settings = Settings(from_address="shop@shop.example", **{field: bad})
        with pytest.raises(UnsendableError):
            mail(settings)
    elif field in ("name", "value"):
        header = (bad, "v") if field == "name" else ("X-Note", bad)
        with pytest.raises(UnsendableError):
            mail(headers=(header,))
    else:
        with pytest.raises(UnsendableError):
            mail(**{field: bad})


def test_an_encoded_word_in_a_subject_stays_the_letters_it_is():
    sent = mail(subject=EVIL, headers=(("X-Note", EVIL),))
    assert b"bcc" not in sent.content.lower()
    found = parsed(sent)
    assert found["Subject"] == EVIL
    assert found["Bcc"] is None
    assert len(found.keys()) == len(set(found.keys())) == 11


def test_an_encoded_word_in_our_own_name_stays_the_letters_it_is():
    sent = mail(Settings(from_address="shop@shop.example", from_name=EVIL))
    assert parsed(sent)["From"].addresses[0].display_name == EVIL
    assert parsed(sent)["Bcc"] is None


@pytest.mark.parametrize(
    "address",
    [
        "a@x.org, b@x.org",
        "all: a@x.org, b@x.org;",
        "Ana <a@x.org>",
        "a@x.org>, <b@x.org",
        '"a b"@x.org',
        "a@b@x.org",
        "a x@x.org",
        "a(b)@x.org",
        EVIL + "@x.org",
        "a@" + "x" * 64 + ".org",
        "ana",
        "",
    ],
)
def test_an_address_is_exactly_one(address):
    with pytest.raises(UnsendableError):
        mail(address=address)


@pytest.mark.parametrize(
    "name",
    ["From", "to", "BCC", "Cc", "Return-Path", "Subject", "Date", "Message-ID", "Content-Type",
     "Resent-To", "X-CRMKit-Key", "MIME-Version", "Sender", "a b", "", "Ü", "X:Y"],
)  # fmt: skip
def test_a_message_cannot_bring_the_headers_that_are_ours(name):
    with pytest.raises(UnsendableError):
        mail(headers=((name, "evil@example.com"),))


def test_a_message_may_bring_others():
    assert parsed(mail(headers=(("X-Campaign", "spring"),)))["X-Campaign"] == "spring"


@given(subject=st.text(max_size=120), text=st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_whatever_is_said_comes_out_as_it_went_in_or_not_at_all(subject, text):
    is_refused = any(c in _UNSAFE for c in subject) or any("\ud800" <= c <= "\udfff" for c in text)
    if is_refused:
        with pytest.raises(UnsendableError):
            mail(subject=subject, text=text)
        return
    sent = mail(subject=subject, text=text)
    found = message_from_bytes(sent.content)
    assert found.keys() == [
        *("From", "To", "Subject", "Date", "Message-ID", "X-CRMKit-Key", "Auto-Submitted"),
        *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
    ]
    lines = sent.content.split(b"\r\n")
    assert all(b"\r" not in line and b"\n" not in line and len(line) <= 998 for line in lines)
