"""Receivers in hosts people use, and two ends of ours that talk over real connections."""

import http.client
import json
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from crmkit import Customer, Identity
from crmkit.plugins.collaborative import webhook
from tests.plugins.collaborative.webhook.conftest import buy, endpoint, tell
from tests.plugins.collaborative.webhook.test_receiving import (
    body_of,
    event,
    inbox,
    signed,
    stored,
)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """``serve(application)``: the port of a WSGI server on loopback."""
    servers = []

    def start(application):
        server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server.server_port

    yield start
    for each in servers:
        each.shutdown()
        each.server_close()


def ask(port, headers, body):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    line.request("POST", "/", body, headers)
    answer = line.getresponse()
    told = answer.status, answer.read()
    line.close()
    return told


def test_over_a_real_server_a_message_is_taken_in_and_a_forgery_is_not(till, serve):
    port = serve(webhook.wsgi(till, "till"))
    body = body_of(event())
    assert ask(port, signed(till, body), body) == (204, b"")
    assert ask(port, signed(till, body), body + b" ") == (401, b"")
    assert ask(port, signed(till, b"{", "msg_2"), b"{") == (400, b"")
    assert len(stored(till)) == 1


def test_flask_mounts_it(till):
    from flask import Flask
    from werkzeug.middleware.dispatcher import DispatcherMiddleware
    from werkzeug.test import Client

    app = Flask("host")
    mounted = DispatcherMiddleware(app, {"/hooks/till": webhook.wsgi(till, "till")})
    body = body_of(event())
    answer = Client(mounted).post("/hooks/till", data=body, headers=signed(till, body))
    assert (answer.status_code, answer.data) == (204, b"")
    assert len(stored(till)) == 1


def test_fastapi_mounts_it(till):
    import asyncio

    import httpx
    from fastapi import FastAPI

    app = FastAPI()
    app.mount("/hooks/till", webhook.asgi(till, "till"))
    body = body_of(event())

    async def post(**change):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
            headers = signed(till, body) | change
            return await client.post("/hooks/till/", content=body, headers=headers)

    assert asyncio.run(post()).status_code == 204
    answer = asyncio.run(post(**{"webhook-signature": "v1,AAAA"}))
    assert (answer.status_code, answer.content) == (401, b"")
    assert len(stored(till)) == 1


def test_what_one_crm_tells_another_takes_in(till, serve, make_crm, tmp_path):
    """Both ends in one database would be a loop: the other end has one of its own."""
    from crmkit import CRM

    other = CRM.open(f"sqlite:///{tmp_path / 'other.db'}", ["webhook"], clock=till.clock)
    other.upgrade()
    with other.unit() as unit:
        unit.customers.add(Customer(name="Somebody else"))
        ana = unit.customers.add(Customer(name="Ana", identities=(Identity("shop", "42"),)))
        _, secret = webhook.add(unit, "partner")
    port = serve(webhook.wsgi(other, "partner"))
    tell(till, "partner", f"http://127.0.0.1:{port}/", kinds=["purchase.*"], key=secret)
    buy(till, 5)
    assert webhook.send_due(till).sent == 5
    with other.unit(write=False) as unit:
        found = unit.interactions.timeline(ana.id)
    other.close()
    assert [str(each.amount) for each in found] == ["19.90 EUR"] * 5
    assert endpoint(till, "partner").failing_since is None


def test_r49_who_was_erased_does_not_come_back(till):
    body = body_of(event())
    receiver = webhook.Receiver(till, "till")
    with till.unit() as unit:
        unit.customers.erase([1])
    assert receiver.take(signed(till, body), body) == 204
    assert stored(till) == []
    assert [each.detail for each in inbox(till)] == ["a customer nobody knows"]
    with till.unit(write=False) as unit:
        assert len(unit.customers.page(status="active")) == 0
    assert "42" not in json.dumps([each.detail for each in inbox(till)])
