"""The channel against a real HTTP server on loopback, through Apprise's own schema for JSON."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from crmkit import ConfigError, Outgoing, ask
from crmkit.testing import ChannelSuite, OtherSide, PluginSuite


@contextmanager
def server(status):
    """Yields the server; ``requests`` holds (path, headers, body) of what it took."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if status == 200:
                found.requests.append((self.path, self.headers, json.loads(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.requests = []
    thread = Thread(target=found.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.shutdown()
        found.server_close()
        thread.join()


def url(found):
    return f"json://127.0.0.1:{found.server_port}/to/{{address}}?+Idempotency-Key={{key}}"


class TestConformance(PluginSuite):
    plugin = "apprise"


class TestChannel(ChannelSuite):
    plugin = "apprise"
    channel = "apprise"
    address = "hook:ana"
    bad_addresses = ("ana", "nowhere:ana", "hook:", "hook:  ", "hook:" + "x" * 600)
    answers = ("sent", "unknown")

    @contextmanager
    def other_side(self, answer, folder):
        with server(200 if answer == "sent" else 500) as found:
            settings = {"services": {"hook": url(found)}}
            yield OtherSide(settings, lambda: [h["Idempotency-Key"] for _, h, _ in found.requests])


def outgoing(address, **changes):
    given = {"subject": "Hello", "text": "There is tea.", "purpose": "care"} | changes
    return Outgoing(key="k1", customer_id=1, address=address, **given)


def sends(make_crm, services, *messages):
    crm = make_crm("apprise", settings={"apprise": {"services": services}})
    with crm.contributed.channels["apprise"].open(crm) as send:
        return [send(each) for each in messages]


@pytest.mark.parametrize(
    "address", ["a/../../b", "a@evil.example", "a?x=1&+Evil=1", "a#b", "a%2Fb"]
)
def test_an_address_stays_where_it_is_put(make_crm, address):
    with server(200) as found:
        (receipt,) = sends(make_crm, {"hook": url(found)}, outgoing(f"hook:{address}"))
        ((path, headers, body),) = found.requests
    assert receipt.state == "sent"
    assert path.startswith("/to/")
    assert headers["Evil"] is None
    assert headers["Idempotency-Key"] == "k1"
    assert (body["title"], body["message"]) == ("Hello", "There is tea.")


def test_a_service_that_does_not_listen_leaves_it_unknown(make_crm):
    (receipt,) = sends(make_crm, {"hook": "json://127.0.0.1:1/{address}"}, outgoing("hook:ana"))
    assert receipt.state == "unknown"
    assert "did not say yes" in receipt.detail


def test_what_apprise_does_not_know_is_told_without_its_secrets(make_crm):
    services = {"odd": "nosuch://s3cr3t/{address}"}
    crm = make_crm("apprise", settings={"apprise": {"services": services}})
    with crm.unit(write=False) as unit:
        (found,) = [each for each in ask.diagnose(unit) if each.subject == "apprise"]
    assert "services.odd is no URL that Apprise knows" in found.text
    assert "s3cr3t" not in found.text


@pytest.mark.parametrize(
    "services", [{"Hook": "json://x"}, {"hook": "json://{host}/"}, {"hook": "x"}, {"hook": "a://{"}]
)
def test_wrong_settings_are_told_without_their_secrets(make_crm, services):
    with pytest.raises(ConfigError, match="services"):
        make_crm("apprise", settings={"apprise": {"services": services}})
