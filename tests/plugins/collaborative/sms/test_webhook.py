"""The gateway's own calls: none without the secret, each once."""

import hmac
import io
import json
from urllib.parse import urlencode
from wsgiref.validate import validator

import pytest

from crmkit import DatabaseBusyError
from crmkit.plugins.collaborative import sms
from crmkit.plugins.collaborative.sms import webhook
from crmkit.plugins.collaborative.sms.webhook import twilio_signature

FIELDS = {
    "message": {"id": "id", "number": "from.0", "text": "text"},
    "report": {"id": "id", "number": "to", "state": "state"},
}
SAID = {"id": "m1", "from": ["+48601234567"], "text": "STOP"}


@pytest.fixture
def shop(make_crm, described):
    def make(*, secret="w0rd", **changes):
        given = described(1, settings={"webhook_secret": secret}, **FIELDS, **changes)
        return make_crm("sms", settings={"sms": given})

    return make


def call(crm, path, body, *, method="POST", query="", **headers):
    told = []
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)),
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    } | headers
    application = validator(sms.receiver(crm))
    answer = application(environ, lambda status, *_: told.append(status) or (lambda data: None))
    assert b"".join(answer) == b""
    answer.close()
    return int(told[0][:3])


def heard(crm):
    with crm.unit() as unit:
        return [
            each.kind
            for customer in unit.customers.page()
            for each in unit.interactions.timeline(customer.id)
        ]


def test_a_message_and_a_report_are_recorded_once(shop):
    crm = shop()
    report = {"id": "s1", "to": "48601234567", "state": "delivered"}
    for _ in range(2):
        assert call(crm, "/hooks/message", SAID, HTTP_X_TOKEN="w0rd") == 204
        assert call(crm, "/hooks/report", report, query="token=w0rd") == 204
    assert sorted(heard(crm)) == ["sms.opted_out", "sms.received", "sms.reported"]


@pytest.mark.parametrize("token", ["", "wrong", "w0rd ", "W0RD", "w0rdw0rd", "ż"])
def test_without_the_secret_nothing_is_taken(shop, token):
    crm = shop()
    assert call(crm, "/message", SAID, HTTP_X_TOKEN=token) == 403
    assert heard(crm) == []


def test_without_a_secret_set_nobody_is_believed(shop):
    crm = shop(secret="")
    assert call(crm, "/message", SAID, HTTP_X_TOKEN="") == 503
    assert heard(crm) == []


def test_a_signed_body(shop):
    crm = shop(verify="hmac-sha256", verify_header="X-Signature")
    body = json.dumps(SAID).encode()
    good = hmac.new(b"w0rd", body, "sha256").hexdigest()
    assert call(crm, "/message", body + b" ", HTTP_X_SIGNATURE=good) == 403
    assert call(crm, "/message", body, HTTP_X_SIGNATURE="w0rd") == 403
    assert call(crm, "/message", body, HTTP_X_SIGNATURE=f"sha256={good}") == 204


def test_twilio_signs_as_others_verify_it():
    """https://gist.github.com/ryanwinchester/ab49855e9acb7352507b8fa92ffe69d0"""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    said = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
    assert twilio_signature("12345", url, said.items()) == b"0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_a_call_of_twilio(make_crm):
    given = {
        "gateway": "twilio",
        "webhook_secret": "12345",
        "webhook_url": "https://shop.example/sms",
    }
    crm = make_crm("sms", settings={"sms": given})
    said = {"MessageSid": "SM1", "From": "+48601234567", "Body": "Ja & nein = vielleicht", "X": ""}
    sign = twilio_signature("12345", "https://shop.example/sms/message?a=1", said.items()).decode()
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "query": "a=1"}
    body = urlencode(said).encode()
    assert call(crm, "/message", body, **form, HTTP_X_TWILIO_SIGNATURE="x" + sign[1:]) == 403
    assert call(crm, "/message", body, **form, HTTP_X_TWILIO_SIGNATURE=sign) == 204
    assert heard(crm) == ["sms.received"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"method": "GET"}, 405),
        ({"CONTENT_LENGTH": ""}, 411),
        ({"CONTENT_LENGTH": "-1"}, 411),
        ({"CONTENT_LENGTH": "65537"}, 413),
        ({"CONTENT_LENGTH": "9" * 400}, 413),
        ({"CONTENT_LENGTH": "900"}, 400),
        ({"path": "/other"}, 404),
        ({"body": b"{"}, 400),
        ({"body": b"[" * 60_000}, 400),
        ({"body": {}}, 422),
        ({"body": SAID | {"id": ["m"]}}, 422),
        ({"body": SAID | {"from": ["80808"]}}, 422),
        ({"body": b"a=1&b=%ff", "CONTENT_TYPE": "application/x-www-form-urlencoded"}, 400),
        ({"body": b"a&" * 300, "CONTENT_TYPE": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_nonsense_is_refused(shop, changes, status):
    crm = shop()
    given = {"path": "/message", "body": SAID, "HTTP_X_TOKEN": "w0rd"} | changes
    path, body = given.pop("path"), given.pop("body")
    if "CONTENT_LENGTH" in changes or "method" in changes:
        sent = sms.receiver(crm)
        told = []
        content = json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": changes.get("method", "POST"),
            "PATH_INFO": path,
            "CONTENT_LENGTH": changes.get("CONTENT_LENGTH", str(len(content))),
            "HTTP_X_TOKEN": "w0rd",
            "wsgi.input": io.BytesIO(content),
        }
        sent(environ, lambda line, _: told.append(int(line[:3])))
        assert told == [status]
    else:
        assert call(crm, path, body, **given) == status
    assert heard(crm) == []


def test_what_cannot_be_recorded_is_told_again(shop, monkeypatch):
    def busy(*words):
        raise DatabaseBusyError("locked")

    crm = shop()
    monkeypatch.setattr(webhook, "receive_message", busy)
    assert call(crm, "/message", SAID, HTTP_X_TOKEN="w0rd") == 503
