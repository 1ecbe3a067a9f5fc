"""Endpoints on loopback that answer as they are told, and CRMs that tell them."""

import json
import socket
import threading
import time
from contextlib import closing, suppress

import pytest

from crmkit import Customer, Identity, Interaction, Money
from crmkit.plugins.collaborative import webhook

LOOPBACK = {"allow_networks": ["127.0.0.0/8"], "timeout_seconds": 5.0}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def reply(status, *headers, body=b""):
    """A script: one answer."""
    lines = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body)}"]
    return lambda line: line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def hang(line):
    with suppress(OSError):
        line.settimeout(30)
        line.recv(1)


def drip(line):
    with suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 10_000:
            line.sendall(bytes([byte]))
            time.sleep(0.02)


def endless_body(line):
    with suppress(OSError):
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        for _ in range(1024):
            line.sendall(bytes(1 << 20))


def endless_headers(line):
    with suppress(OSError):
        line.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            line.sendall(f"X-{number}: a\r\n".encode())


def reset(line):
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def garbage(line):
    line.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def hang_up(line):
    line.shutdown(socket.SHUT_RDWR)


class Endpoint:
    """A listening socket; every request is kept, and answered by *script*."""

    def __init__(self, script, wrap=None, host="127.0.0.1"):
        self.script = script
        self.requests = []
        self.connections = 0
        self._wrap = wrap
        self._listener = socket.create_server((host, 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if wrap else 'http'}://{host}:{self.port}/in?x=1"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line):
        with suppress(OSError), closing(line):
            line.settimeout(30)
            if self._wrap:
                line = self._wrap(line)
            with closing(line):
                request = _read(line)
                if request:
                    self.requests.append(request)
                    self.script(line)

    def close(self):
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def bodies(self):
        return [json.loads(body) for _, body in self.requests]

    @property
    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.requests]


def _read(line):
    """The headers by name in lower case, the first line as ``""``, and the body."""
    read = b""
    while b"\r\n\r\n" not in read:
        got = line.recv(65536)
        if not got:
            return None
        read += got
    head, _, body = read.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (e.partition(":") for e in lines)}
    while len(body) < int(headers["content-length"]):
        body += line.recv(65536)
    return {"": first, **headers}, body


@pytest.fixture
def listen():
    """``listen(script)``: an endpoint on loopback."""
    opened = []

    def start(script=None, **options):
        opened.append(Endpoint(script or reply(204), **options))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def make_shop(make_crm):
    """A CRM with Ana, ``shop:42``, whose webhooks may go to loopback."""

    def make(**settings):
        crm = make_crm("webhook", settings={"webhook": LOOPBACK | settings})
        with crm.unit() as unit:
            unit.customers.add(Customer(name="Ana", identities=(Identity("shop", "42"),)))
        return crm

    return make


@pytest.fixture
def shop(make_shop):
    return make_shop()


@pytest.fixture
def till(shop):
    """A CRM that receives from ``till``, by a secret that is known here."""
    shop.secret = tell(shop, "till", "")
    return shop


def tell(crm, name, url, **options):
    with crm.unit() as unit:
        return webhook.add(unit, name, url, **options)[1]


def buy(crm, count=1, start=0):
    with crm.unit() as unit:
        unit.interactions.add_many(
            Interaction(
                customer_id=1,
                kind="purchase.order",
                at=unit.now,
                amount=Money(1990, "EUR"),
                source="shop",
                source_key=f"order {number}",
            )
            for number in range(start, start + count)
        )


def ways(crm, **options):
    with crm.unit(write=False) as unit:
        return webhook.deliveries(unit, size=10_000, **options)


def states(crm):
    return sorted(each.state for each in ways(crm))


def endpoint(crm, name):
    with crm.unit(write=False) as unit:
        return webhook.named(unit, name)
