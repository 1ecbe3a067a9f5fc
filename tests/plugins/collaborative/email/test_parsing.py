"""From bytes to facts: the examples of the RFCs, and what people break on purpose."""

import base64
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.collaborative.email import PoisonError, parse
from crmkit.plugins.collaborative.email.inbound.parsing import file_name
from tests.plugins.collaborative.email.samples import RFC_3464, RFC_5965, dsn, mail

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def read(raw):
    return parse(raw, NOW)


def test_the_notification_of_rfc_3464():
    found = read(RFC_3464)
    assert found.bounce.recipient == "louisl@larry.slip.umd.edu"
    assert (found.bounce.action, found.bounce.status) == ("failed", "4.0.0")
    assert (found.bounce.severity, found.bounce.is_report) == ("soft", True)
    assert found.bounce.diagnostic == "smtp; 426 connection timed out"
    assert found.is_automatic
    assert found.sent_at == datetime(1994, 7, 7, 21, 16, 5, tzinfo=UTC)


def test_the_complaint_of_rfc_5965():
    found = read(RFC_5965.replace(b"REPLYTO", b"reply+abc-abcdefghijklmnop@shop.example"))
    assert (found.complaint.kind, found.bounce) == ("abuse", None)
    assert found.complaint.tags == ("abc-abcdefghijklmnop",)


@pytest.mark.parametrize(
    ("action", "status", "severity"),
    [
        ("failed", "5.1.1", "hard"),
        ("failed", "5.1.2", "hard"),
        ("failed", "5.4.4", "hard"),
        ("failed", "5.2.2", "soft"),
        ("failed", "5.7.1", "soft"),
        ("failed", "4.2.2", "soft"),
        ("delayed", "4.4.1", "none"),
        ("delivered", "2.1.5", "none"),
    ],
)
def test_only_a_wrong_address_is_a_hard_bounce(action, status, severity):
    assert read(dsn("x@shop.example", action=action, status=status)).bounce.severity == severity


def test_a_server_that_knows_no_rfc_3464_is_guessed_from_its_words():
    told = "Sorry: your mail was refused: 550 5.1.1 <ana@example.com> unknown user"
    found = read(mail(told, From="postmaster@example.com")).bounce
    assert (found.status, found.severity, found.is_report) == ("5.1.1", "hard", False)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner=x"},
        {"Precedence": "bulk"},
        {"Return_Path": "<>"},
        {"List_Id": "<news.example.com>"},
        {"X_Auto_Response_Suppress": "OOF, AutoReply"},
        {"From": "MAILER-DAEMON@example.com"},
        {"X_CRMKit_Key": "abc"},
    ],
)
def test_what_a_machine_wrote_is_known_as_such(headers):
    assert read(mail(**headers)).is_automatic


@pytest.mark.parametrize(
    "headers", [{}, {"Auto_Submitted": "no"}, {"Return_Path": "<a@b.example>"}]
)
def test_what_a_person_wrote_too(headers):
    assert not read(mail(**headers)).is_automatic


@pytest.mark.parametrize(
    "tail",
    [
        "On Fri, 27 Nov 2026 at 10:00, Shop <s@shop.example> wrote:\n> old",
        "Am 27.11.2026 um 10:00 schrieb Shop <s@shop.example>:\n> old",
        "-----Original Message-----\nold",
        "> old",
        "-- \nAna Ruiz\nold",
        "________________________________\nFrom: old",
    ],
)
def test_what_somebody_says_is_without_what_they_quote(tail):
    found = read(mail(f"Yes, please.\n\n{tail}"))
    assert found.said == "Yes, please."
    assert "old" in found.text


def test_a_mail_with_html_and_attachments():
    told = EmailMessage()
    told["From"], told["To"], told["Subject"] = "Ana <ana@example.com>", "s@shop.example", "Grüße"
    told["Message-ID"], told["References"] = "<c@x>", "<a@x> <b@x>"
    told.set_content("Plain.")
    told.add_alternative("<p>Rich <img src='cid:logo'></p>", subtype="html")
    told.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../etc/x.pdf")
    found = read(told.as_bytes())
    assert (found.sender, found.sender_name, found.subject) == ("ana@example.com", "Ana", "Grüße")
    assert (found.message_id, found.references) == ("c@x", ("b@x", "a@x"))
    assert (found.text.strip(), "Rich" in found.html) == ("Plain.", True)
    (attached,) = found.attachments
    assert (attached.name, attached.media_type, attached.content) == (
        "x.pdf",
        "application/pdf",
        b"%PDF",
    )


def test_html_alone_gives_its_words():
    raw = mail(
        "<style>p{}</style><p>One &amp; two</p><script>x</script><p>three", Content_Type="text/html"
    )
    assert read(raw).text.split() == ["One", "&", "two", "three"]


# Reference, section 3 H: the number of each row is in the name.


def test_h01_an_encoded_line_break_stays_in_its_header():
    found = read(mail(Subject="=?utf-8?q?hi=0ABcc:_evil@x?="))
    assert found.subject == "hi Bcc: evil@x"
    assert found.recipients == ("shop@shop.example",)


@pytest.mark.parametrize(
    "raw",
    [
        mail(To="(" * 3_000),  # H-02
        mail(Message_ID="<a@[x"),  # H-05
        mail(Content_Type="text/plain; charset=x-evil"),  # H-04
        mail(Date="Mon, 99 Foo 99999 99:99:99 +9999"),  # H-23
        mail(Subject="=?utf-8?b?####?="),
        mail(Content_Type="multipart/mixed; boundary="),
        mail(Content_Transfer_Encoding="base64", text="####"),
        b"",
        b"\0\0\0",
        b"\xff\xfe",
    ],
)
def test_h02_to_h05_what_breaks_libraries_is_read_or_kept_aside(raw):
    with suppress(PoisonError):
        assert read(raw).key


def nested(depth):
    head = "From: a@b.example\n"
    for n in range(depth):
        head += f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n'
    return (head + "Content-Type: text/plain\n\nx\n").encode()


@pytest.mark.parametrize("depth", [40, 400, 1_000])
def test_h03_parts_within_parts_are_kept_aside(depth):
    with pytest.raises(PoisonError):
        read(nested(depth))


def test_h06_twenty_thousand_addresses_and_ten_thousand_parts():
    many = ", ".join(f"a{n}@x.example" for n in range(20_000))
    assert len(read(mail(To=many)).recipients) <= 200
    parts = "".join(f"--b\nContent-Type: text/plain\n\n{n}\n" for n in range(10_000))
    with pytest.raises(PoisonError, match="500 parts"):
        read(mail(parts + "--b--", Content_Type='multipart/mixed; boundary="b"'))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/x\0.pdf", "x.pdf"),
        ("C:\\temp\\a.exe", "a.exe"),
        ("\u202efdp.exe", "fdp.exe"),
        ("\u200b.htaccess", "_.htaccess"),
        ("", "attachment"),
        ("...", "attachment"),
        ("a" * 300, "a" * 120),
        ('<b onclick="x">.txt', "_b onclick=_x__.txt"),
    ],
)
def test_h08_h09_names_of_files_lead_nowhere(given, shown):
    assert file_name(given) == shown


@pytest.mark.parametrize("sender", ["", "undisclosed:;", "a@b.example, c@d.example"])
def test_h10_a_sender_is_one_or_none(sender):
    assert read(mail(From=sender)).sender == ""
    twice = mail().replace(b"To:", b"From: evil@x.example\nTo:")
    assert read(twice).sender == ""


def test_h22_what_is_enclosed_is_kept_and_not_opened():
    inner = base64.b64encode(b"x").decode()
    raw = mail(
        "--b\nContent-Type: application/ms-tnef; name=winmail.dat\n"
        f"Content-Transfer-Encoding: base64\n\n{inner}\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: evil@x.example\nSubject: inner\n\ntext\n--b--",
        Content_Type='multipart/mixed; boundary="b"',
    )
    found = read(raw)
    assert [each.media_type for each in found.attachments] == [
        "application/ms-tnef",
        "message/rfc822",
    ]
    assert (found.sender, found.subject) == ("ana@example.com", "A lamp")


def test_h24_the_same_mail_by_two_ways_has_one_key_and_another_body_another():
    one = mail(Message_ID="<m@x>", Received="from a")
    other_way = mail(Message_ID="<m@x>", Received="from b")
    other_body = mail("Other.", Message_ID="<m@x>")
    assert read(one).key == read(other_way).key != read(other_body).key
    assert read(mail()).key != read(mail(Received="x")).key


def test_h25_what_is_too_large_is_kept_aside():
    with pytest.raises(PoisonError, match="more than 30,000,000"):
        read(b"From: a@b.example\n\n" + b"x" * 30_000_001)


def test_h26_headers_in_raw_utf_8_are_read():
    raw = "From: 用户 <user@例子.广告>\nSubject: Grüße\nTo: s@shop.example\n\nHi\n".encode()
    found = read(raw)
    assert found.text.strip() == "Hi"
    assert found.subject


@given(st.binary(max_size=2_000))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_kept_aside(raw):
    with suppress(PoisonError):
        assert parse(raw, NOW).key


@given(st.text(max_size=300), st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_words_come_out_without_what_turns_text_round(text, subject):
    told = EmailMessage()
    told["From"] = "ana@example.com"
    told.set_content(text.replace("\ud800", ""), charset="utf-8")
    found = parse(told.as_bytes(), NOW)
    assert "\u202e" not in found.text
    assert "\0" not in found.text
