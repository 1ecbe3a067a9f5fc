"""Every answer of a gateway, and every failure to answer, means for the message what it can."""

import json
import shutil
import ssl
import subprocess
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from crmkit import ConfigError
from crmkit.plugins.collaborative.sms import GATEWAYS, NotConfiguredError, Settings
from crmkit.plugins.collaborative.sms.channel import missing, opened, rendered
from crmkit.plugins.collaborative.sms.gateways import filled
from tests.faults.servers import free_port
from tests.plugins.collaborative.sms.gateway import CUT, DRIP, HANG, answer, gateway

YES = answer(201, b'{"id": "m1"}')


def test_the_request_is_what_was_described_and_one_connection_serves_many(
    sms_crm, described, outgoing
):
    with gateway(YES) as server, opened(sms_crm(described(server.port))) as send:
        receipts = [send(outgoing(key=f"k{n}", text=f'"{{secret}}" 5 € {n}')) for n in range(3)]
    assert [(each.state, each.reference) for each in receipts] == [("sent", "m1")] * 3
    assert server.connections == 1
    first, headers, content = server.requests[1]
    assert first == "POST /send HTTP/1.1"
    assert headers["Authorization"] == "Bearer s3cr3t"
    assert headers["Idempotency-Key"] == "k1"
    said = {"to": ["+48601234567"], "from": "Shop", "text": '"{secret}" 5 € 1'}
    assert json.loads(content) == said


def test_a_form_and_a_url_are_encoded(sms_crm, described, outgoing):
    body = {"to": "{to_digits}", "text": "{text}"}
    with gateway(YES) as server:
        url = f"http://127.0.0.1:{server.port}/a/{{key}}?from={{from}}"
        given = described(server.port, url=url, format="form", body=body)
        with opened(sms_crm(given | {"sender": "A & B"})) as send:
            assert send(outgoing(text="a=1&to=+1 ü\n")).state == "sent"
    ((first, _, content),) = server.requests
    assert first == "POST /a/k1?from=A%20%26%20B HTTP/1.1"
    assert parse_qs(content.decode()) == {"to": ["48601234567"], "text": ["a=1&to=+1 ü\n"]}


def test_a_gateway_may_want_it_all_in_the_url(sms_crm, described, outgoing):
    with gateway(YES) as server:
        url = f"http://127.0.0.1:{server.port}/?key={{secret}}&to={{to}}&text={{text}}"
        given = described(server.port, url=url, method="GET", body={}, headers={})
        with opened(sms_crm(given)) as send:
            assert send(outgoing(text="Tea & cake")).state == "sent"
    ((first, headers, content),) = server.requests
    assert first == "GET /?key=s3cr3t&to=%2B48601234567&text=Tea%20%26%20cake HTTP/1.1"
    assert ("Content-Type" in headers, content) == (False, b"")


@pytest.fixture
def certificate(tmp_path):
    made = [str(tmp_path / name) for name in ("key.pem", "cert.pem")]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject]
    words = [*command, "-keyout", made[0], "-out", made[1]]
    subprocess.run(words, check=True, capture_output=True)
    return made


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_over_tls_the_certificate_counts_and_silence_ends(
    sms_crm, described, outgoing, certificate, monkeypatch
):
    key, cert = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with gateway(YES, DRIP, YES, context=context) as server:
        given = described(server.port, url=f"https://localhost:{server.port}/send")
        with opened(sms_crm(given)) as send:
            stranger = send(outgoing())
        monkeypatch.setenv("SSL_CERT_FILE", cert)
        with opened(sms_crm(given)) as send:
            states = [send(outgoing()).state for _ in range(3)]
    assert stranger.state == "retry"
    assert "certificate verify failed" in stranger.detail
    assert states == ["sent", "unknown", "sent"]
    assert len(server.requests) == 3


BIG = b'{"id": "m1", "x": "' + b"x" * 100_000 + b'"}'
SCRIPTS = {
    "created": (YES, "sent"),
    "accepted": (answer(202, b'{"id": 7}'), "sent"),
    "chunked": (
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n"
        b'{"id":"a"\r\n1\r\n}\r\n0\r\n\r\n',
        "sent",
    ),
    "until the end": (b'HTTP/1.1 200 X\r\nConnection: close\r\n\r\n{"id":"a"}', "sent"),
    "yes without an id": (answer(200, b'{"ok": true}'), "unknown"),
    "a page of a hotel": (answer(200, b"<html>Log in</html>"), "unknown"),
    "nothing": (answer(200, b""), "unknown"),
    "another yes": (answer(226, b'{"id": "m1"}'), "unknown"),
    "a gigabyte": (answer(201, BIG), "unknown"),
    "deep": (answer(201, b"[" * 60_000), "unknown"),
    "half a body": (
        b'HTTP/1.1 201 X\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{"id"',
        "unknown",
    ),
    "endless chunk": (
        b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nFFFFFF\r\n{",
        "unknown",
    ),
    "bad request": (answer(400), "failed"),
    "unauthorised": (answer(401), "failed"),
    "not found": (answer(404), "failed"),
    "too slow for it": (answer(408), "retry"),
    "too many": (answer(429), "retry"),
    "its fault": (answer(500), "retry"),
    "closed": (answer(503), "retry"),
    "proxy lost it": (answer(502), "unknown"),
    "proxy waited": (answer(504), "unknown"),
    "moved": (answer(301, b"", b"Location: /send"), "failed"),
    "moved for now": (answer(307, b"", b"Location: http://127.0.0.1:1/"), "failed"),
    "see other": (answer(303, b"", b"Location: /"), "unknown"),
    "garbage": (b"what?\r\n\r\n", "unknown"),
    "999": (b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", "unknown"),
    "a line without end": (b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n", "unknown"),
    "headers without end": (b"HTTP/1.1 200 X\r\n" + b"a: b\r\n" * 200 + b"\r\n", "unknown"),
    "cut": (CUT, "unknown"),
    "silence": (HANG, "unknown"),
    "a byte at a time": (DRIP, "unknown"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_answer_means_what_it_can(sms_crm, described, outgoing, name):
    script, state = SCRIPTS[name]
    with gateway(script, YES) as server, opened(sms_crm(described(server.port))) as send:
        receipt = send(outgoing())
        assert receipt.state == state, receipt
        assert len(server.requests) == 1
        if name not in ("too many", "closed"):
            assert send(outgoing(key="k2")).state == "sent"


def test_a_gateway_that_keeps_keys_may_be_asked_again(sms_crm, described, outgoing):
    with gateway(answer(504)) as server:
        with opened(sms_crm(described(server.port, idempotent=True))) as send:
            assert send(outgoing()).state == "retry"


def test_nobody_there_is_later(sms_crm, described, outgoing):
    port = free_port()
    with opened(sms_crm(described(port))) as send:
        receipt = send(outgoing())
    assert receipt.state == "retry"
    assert receipt.detail.startswith("nothing was sent: cannot connect to 127.0.0.1")


def test_a_connection_closed_between_two_messages_is_opened_again(sms_crm, described, outgoing):
    closing = answer(201, b'{"id": "m"}', b"Connection: close")
    with gateway(closing) as server, opened(sms_crm(described(server.port))) as send:
        assert [send(outgoing()).state, send(outgoing()).state] == ["sent", "sent"]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("told", "pause"), [(b"120", 120), (b"999999999999", 3600), (b"soon", 0), (b"-5", 0)]
)
def test_a_pause_is_kept_and_bounded(sms_crm, described, outgoing, clock, told, pause):
    busy = answer(429, b"{}", b"Retry-After: " + told)
    with gateway(busy, YES) as server, opened(sms_crm(described(server.port))) as send:
        first = send(outgoing())
        assert first.state == "retry"
        if pause:
            assert first.not_before == clock() + timedelta(seconds=pause)
            clock.move(seconds=pause - 1)
            assert send(outgoing()).state == "retry"
            assert len(server.requests) == 1
            clock.move(seconds=1)
        assert send(outgoing()).state == "sent"


def test_a_code_in_the_answer_decides(sms_crm, described, outgoing):
    codes = {"code": "r.0.s", "sent_codes": ["0"], "retry_codes": ["1"], "reference": "r.0.id"}
    said = [b'{"r":[{"s":"%d","id":"a"}]}' % n for n in (0, 1, 2)]
    script = [answer(200, each) for each in (*said, b'{"r":[]}', b'{"r":[{"s":0}]}')]
    with gateway(*script) as server, opened(sms_crm(described(server.port, **codes))) as send:
        states = [send(outgoing()).state for _ in script]
    assert states == ["sent", "retry", "failed", "unknown", "unknown"]


def test_the_secret_is_never_told(sms_crm, described, outgoing):
    with gateway(answer(401, b'{"bad key": "s3cr3t OnMzY3IzdA=="}\x1b[0m')) as server:
        crm = sms_crm(described(server.port))
        with opened(crm) as send:
            detail = send(outgoing()).detail
    assert detail == '401 {"bad key": "*** ***"} [0m'
    assert "s3cr3t" not in repr(crm.settings(Settings))


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "+1 900 555 0123"},
        {"address": "911"},
        {"address": "022 123 45 67"},
        {"text": " "},
        {"text": "a\x00b"},
        {"text": "🍵" * 200},
    ],
)
def test_what_may_not_be_sent_never_reaches_the_gateway(sms_crm, described, outgoing, changes):
    with gateway(YES) as server, opened(sms_crm(described(server.port))) as send:
        assert send(outgoing(**changes)).state == "failed"
    assert server.connections == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://gateway.example/send"},
        {"url": "https://user:word@gateway.example/send"},
        {"url": "https://{user}.example/send"},
        {"url": "ftp://gateway.example/"},
        {"body": {"to": ["{too}"]}},
        {"sent": [200, 404]},
        {"code": "status"},
        {"method": "GET"},
        {"body": {}},
    ],
)
def test_a_description_that_cannot_be_right_is_refused(sms_crm, described, changes):
    with pytest.raises(ConfigError):
        sms_crm(described(1, **changes))


def test_without_a_gateway_or_its_secret_nothing_is_opened(sms_crm):
    for given in ({}, {"gateway": "twilio", "sender": "Shop"}):
        with pytest.raises(NotConfiguredError), opened(sms_crm(given)):
            pass
    assert missing(Settings(gateway="twilio", sender="S", secret="x")) == "user is not set"


EXPECTED = {
    "twilio": {"To": "+48601234567", "From": "Shop", "Body": "5 €"},
    "vonage": {
        "api_key": "me", "api_secret": "s", "from": "Shop", "to": "48601234567", "text": "5 €",
        "type": "text",
    },
    "messagebird": {
        "originator": "Shop", "recipients": ["48601234567"], "body": "5 €", "reference": "k1",
        "datacoding": "plain",
    },
    "sinch": {
        "from": "Shop", "to": ["+48601234567"], "body": "5 €", "type": "mt_text",
        "client_reference": "k1",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", GATEWAYS)
def test_the_well_known_ones_get_what_they_document(outgoing, name):
    settings = Settings(gateway=name, user="me", secret="s", sender="Shop")
    assert missing(settings) == ""
    values = rendered(outgoing(text="5 €"), settings, GATEWAYS[name])
    assert filled(GATEWAYS[name].body, values) == EXPECTED[name]
    assert "{" not in filled(GATEWAYS[name].url, values)
