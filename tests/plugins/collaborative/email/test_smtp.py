from __future__ import annotations

import pytest

from crmkit.plugins.collaborative.email import NotConnectedError
from crmkit.plugins.collaborative.email.channel import opened
from tests.faults.servers import CUT, SILENCE, free_port, liar, sink_at


def send_to(email_crm, port, *messages, **settings):
    crm = email_crm(target=f"smtp://127.0.0.1:{port}", helo="shop.example", **settings)
    with opened(crm) as send:
        return [send(each) for each in messages]


def test_a_real_server_gets_the_envelope_and_the_bytes(email_crm, outgoing, tmp_path):
    text = ".one\n..two\n.\r\nend"
    with sink_at(tmp_path / "log") as (sink, port):
        (receipt,) = send_to(email_crm, port, outgoing(text=text))
    (envelope,) = sink.envelopes
    assert receipt.state == "sent"
    assert receipt.reference == "<k1@shop.example>"
    assert receipt.detail == "250 2.0.0 queued"
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@shop.example", ["ana@example.com"])
    assert envelope.content.endswith(b"\r\n\r\n.one\r\n..two\r\n=2E\r\nend\r\n")
    assert sink.accepted == ["k1"]


def test_many_messages_go_over_one_connection_each_with_its_recipient(
    email_crm, outgoing, tmp_path
):
    batch = [outgoing(key=f"k{n}", address=f"c{n}@x.org") for n in range(5)]
    with liar({}) as server:
        assert {each.state for each in send_to(email_crm, server.port, *batch)} == {"sent"}
    assert server.connections == 1
    assert [c for c in server.commands if c.startswith("RCPT")] == [
        f"RCPT TO:<c{n}@x.org>" for n in range(5)
    ]


OK = b"250 ok\r\n"
SCRIPTS = {
    "greeting refused": ({"GREETING": b"554 no\r\n"}, "closed"),
    "greeting cut": ({"GREETING": CUT}, "closed"),
    "mail refused": ({"MAIL": b"550 go away\r\n"}, "failed"),
    "mail for now": ({"MAIL": b"451 later\r\n"}, "retry"),
    "mail garbage": ({"MAIL": b"what?\r\n"}, "retry"),
    "mail cut": ({"MAIL": CUT}, "retry"),
    "recipient refused": ({"RCPT": b"550 5.1.1 unknown\r\n"}, "failed"),
    "recipient refused in lines": ({"RCPT": b"550-5.1.1 un\r\n550 known\r\n"}, "failed"),
    "recipient greylisted": ({"RCPT": b"450 4.2.0 later\r\n"}, "retry"),
    "recipient over quota": ({"RCPT": b"452 full\r\n"}, "retry"),
    "recipient closing": ({"RCPT": b"421 closing\r\n"}, "retry"),
    "recipient cut": ({"RCPT": CUT}, "retry"),
    "recipient garbage": ({"RCPT": b"\xff\xfe\x00\r\n"}, "retry"),
    "recipient unexpected": ({"RCPT": b"354 go\r\n"}, "retry"),
    "recipient 999": ({"RCPT": b"999 hm\r\n"}, "retry"),
    "recipient endless line": ({"RCPT": b"250 " + b"x" * 20_000 + b"\r\n"}, "retry"),
    "data refused": ({"DATA": b"554 no\r\n"}, "failed"),
    "data for now": ({"DATA": b"451 later\r\n"}, "retry"),
    "data answered too well": ({"DATA": b"250 ok\r\n"}, "retry"),
    "data cut": ({"DATA": CUT}, "retry"),
    "sent": ({"END": b"250 2.0.0 queued as 4711\r\n"}, "sent"),
    "sent in lines": ({"END": b"250-one\r\n250 two\r\n"}, "sent"),
    "content refused": ({"END": b"554 spam\r\n"}, "failed"),
    "content too large": ({"END": b"552 too large\r\n"}, "failed"),
    "content for now": ({"END": b"451 later\r\n"}, "retry"),
    "content closing": ({"END": b"421 closing\r\n"}, "retry"),
    "cut after the dot": ({"END": CUT}, "unknown"),
    "silence after the dot": ({"END": SILENCE}, "unknown"),
    "garbage after the dot": ({"END": b"ok, thanks\r\n"}, "unknown"),
    "endless line after the dot": ({"END": b"250 " + b"x" * 20_000 + b"\r\n"}, "unknown"),
    "354 after the dot": ({"END": b"354 more\r\n"}, "unknown"),
    "half an answer": ({"END": b"25"}, "unknown"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_answer_means_what_it_can(email_crm, outgoing, name):
    script, state = SCRIPTS[name]
    with liar(script) as server:
        if state == "closed":
            with pytest.raises(NotConnectedError, match="cannot connect to"):
                send_to(email_crm, server.port, outgoing())
            return
        (receipt,) = send_to(email_crm, server.port, outgoing(), timeout_seconds=0.2)
    assert receipt.state == state, receipt


@pytest.mark.parametrize("name", [n for n, (_, state) in SCRIPTS.items() if state != "closed"])
def test_whatever_befell_one_message_the_next_one_arrives(email_crm, outgoing, name):
    script, _ = SCRIPTS[name]
    (verb, lie), *_ = script.items()
    polite = b"354 go ahead\r\n" if verb == "DATA" else OK
    with liar({verb: [lie, polite]}) as server:
        first, second = send_to(
            email_crm,
            server.port,
            outgoing(key="k1"),
            outgoing(key="k2"),
            timeout_seconds=0.2,
        )
    assert second.state == "sent", (first, second)
    assert sum(b"X-CRMKit-Key: k2" in mail for mail in server.mails) == 1


def test_a_connection_the_server_closed_between_messages_is_opened_again(email_crm, outgoing):
    for goodbye in (CUT, b"421 idle too long\r\n"):
        with liar({"MAIL": [OK, goodbye, OK]}) as server:
            receipts = send_to(email_crm, server.port, outgoing(key="k1"), outgoing(key="k2"))
            assert [each.state for each in receipts] == ["sent", "sent"]
            assert server.connections == 2


def test_a_server_that_is_gone_is_not_called_for_every_message(email_crm, outgoing):
    batch = [outgoing(key=f"k{n}") for n in range(4)]
    with liar({}) as server:
        crm = email_crm(target=f"smtp://127.0.0.1:{server.port}", helo="shop.example")
        with opened(crm) as send:
            assert send(batch[0]).state == "sent"
            server.close()
            receipts = [send(each) for each in batch[1:]]
    assert {each.state for each in receipts} == {"retry"}
    assert {"cannot connect to" in each.detail for each in receipts} == {True}


def test_nobody_listening_is_told_before_anything_is_claimed(email_crm, outgoing):
    with pytest.raises(NotConnectedError, match="cannot connect"):
        send_to(email_crm, free_port(), outgoing())


def test_an_address_that_is_not_ascii_needs_a_server_that_takes_it(email_crm, outgoing, tmp_path):
    polish = outgoing(address="żółć@example.com")
    with liar({}) as server:
        (receipt,) = send_to(email_crm, server.port, polish)
    assert receipt.state == "failed"
    assert "żółć@example.com is not ASCII" in receipt.detail
    assert "does not offer SMTPUTF8" in receipt.detail
    with sink_at(tmp_path / "log", enable_SMTPUTF8=True) as (sink, port):
        (receipt,) = send_to(email_crm, port, polish)
    assert receipt.state == "sent"
    assert sink.envelopes[0].rcpt_tos == ["żółć@example.com"]


def test_tls_that_is_asked_for_is_not_done_without(email_crm, outgoing):
    with liar({}) as server:
        for scheme in ("smtp+starttls", "smtps"):
            crm = email_crm(
                target=f"{scheme}://127.0.0.1:{server.port}", timeout_seconds=0.3, helo="x"
            )
            with pytest.raises(NotConnectedError), opened(crm) as send:
                send(outgoing())
    assert server.mails == []


def test_wrong_credentials_are_told_before_anything_is_claimed(email_crm, outgoing):
    script = {"EHLO": b"250-liar\r\n250 AUTH PLAIN\r\n", "AUTH": b"535 no\r\n"}
    with liar(script) as server, pytest.raises(NotConnectedError) as caught:
        send_to(email_crm, server.port, outgoing(), user="shop", password="hunter2")
    assert "535" in str(caught.value)
    assert "hunter2" not in str(caught.value)
