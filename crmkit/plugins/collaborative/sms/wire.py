"""
One connection to a gateway, and what each of its answers means for the message.

Until the request is written nothing can have been accepted: what goes wrong before is ``retry``.
After it, silence is ``unknown``, and so is an answer that does not prove what it says.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Timer
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import attrs

from crmkit import Receipt

from .config import Settings, basic_of
from .gateways import Gateway, at_path, filled

SHOWN: Final = 200
LATER: Final = (408, 425, 429)
MAYBE: Final = (502, 504)
"""A proxy lost sight of the gateway, which may have the message."""
LONGEST_PAUSE: Final = timedelta(hours=1)
MOVED: Final = (301, 307, 308)


class _UnwrittenError(Exception):
    """The request did not leave; nothing was accepted."""


@attrs.frozen
class _Answer:
    status: int
    retry_after: str
    body: bytes
    is_whole: bool


class Connection:
    """A connection kept open between messages, and opened again where the gateway closed it."""

    def __init__(self, gateway: Gateway, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._settings = settings
        self._clock = clock
        self._http: http.client.HTTPConnection | None = None
        self._pause_until: datetime | None = None

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
        self._http = None

    def deliver(self, values: Mapping[str, str]) -> Receipt:
        """Hand over one message; during a pause the gateway asked for, nothing."""
        if self._pause_until is not None and self._clock() < self._pause_until:
            told = f"the gateway asked for a pause until {self._pause_until:%H:%M:%S} UTC"
            return Receipt(state="retry", detail=told, not_before=self._pause_until)
        try:
            answer = self._asked(values)
        except _UnwrittenError as exc:
            self.close()
            return Receipt(state="retry", detail=self._hidden(f"nothing was sent: {exc}"))
        except (OSError, http.client.HTTPException) as exc:
            self.close()
            told = f"no answer that can be read: {type(exc).__name__} {exc}"
            return Receipt(state="unknown", detail=self._hidden(told))
        if not answer.is_whole:
            self.close()
        if answer.status in (429, 503):
            self._pause_until = _pause(answer.retry_after, self._clock())
        receipt = judged(self._gateway, answer)
        until = self._pause_until if receipt.state == "retry" else None
        return attrs.evolve(receipt, detail=self._hidden(receipt.detail), not_before=until)

    def _asked(self, values: Mapping[str, str]) -> _Answer:
        connection = self._ready()
        assert connection.sock is not None
        watch = Timer(self._settings.timeout_seconds, _cut, [connection.sock])
        watch.daemon = True
        watch.start()
        try:
            self._write(connection, values)
            return self._read(connection.getresponse())
        finally:
            watch.cancel()

    def _ready(self) -> http.client.HTTPConnection:
        """Connected; a connection the gateway closed since is not written to."""
        if self._http is not None and (self._http.sock is None or _is_over(self._http.sock)):
            self.close()
        if self._http is None:
            self._http = _connection(self._gateway.url, self._settings.timeout_seconds)
            try:
                self._http.connect()
            except (OSError, http.client.HTTPException) as exc:
                raise _UnwrittenError(f"cannot connect to {self._http.host}: {exc}") from exc
        return self._http

    def _write(self, connection: http.client.HTTPConnection, values: Mapping[str, str]) -> None:
        gateway = self._gateway
        quoted = {name: quote(value, safe="") for name, value in values.items()}
        parts = urlsplit(filled(gateway.url, quoted))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Accept": "application/json", **filled(gateway.headers, values)}
        kind, content = _content(gateway, values)
        if content is not None:
            headers["Content-Type"] = kind
        try:
            connection.request(gateway.method, target, content, headers)
        except (OSError, ValueError, http.client.HTTPException) as exc:
            raise _UnwrittenError(str(exc)) from exc

    def _read(self, response: http.client.HTTPResponse) -> _Answer:
        limit = self._settings.largest_answer
        try:
            body = response.read(limit + 1)
        except (OSError, http.client.HTTPException):
            body = b"\0" * (limit + 1)
        is_whole = len(body) <= limit and not response.length
        retry_after = response.getheader("Retry-After", "")
        return _Answer(response.status, retry_after, body if is_whole else b"", is_whole)

    def _hidden(self, told: str) -> str:
        safe, secret = told, self._settings.secret
        if secret:
            for form in (basic_of(self._settings), quote(secret, safe=""), secret):
                safe = safe.replace(form, "***")
        return "".join(c if c.isprintable() else " " for c in safe)[: SHOWN * 2]


def _content(gateway: Gateway, values: Mapping[str, str]) -> tuple[str, bytes | None]:
    if gateway.method == "GET":
        return "", None
    body = filled(gateway.body, values)
    if gateway.format == "json":
        return "application/json", json.dumps(body).encode()
    return "application/x-www-form-urlencoded", urlencode(body, doseq=True).encode()


def judged(gateway: Gateway, answer: _Answer) -> Receipt:
    """What *answer* proves about the message."""
    body, status = answer.body, answer.status
    told = f"{status} {body[:SHOWN].decode('utf-8', 'replace')}".strip()
    if status in LATER or (status // 100 == 5 and (gateway.idempotent or status not in MAYBE)):
        return Receipt(state="retry", detail=told)
    if status in gateway.sent:
        return _accepted(gateway, _document(body), told)
    if status in MOVED:
        mend = "redirects are not followed: set the url under [sms.custom]"
        return Receipt(state="failed", detail=f"{told}; {mend}")
    if 400 <= status < 500:
        return Receipt(state="failed", detail=told)
    return Receipt(state="unknown", detail=told)


def _accepted(gateway: Gateway, document: object, told: str) -> Receipt:
    reference = at_path(document, gateway.reference) if gateway.reference else ""
    if gateway.code:
        code = at_path(document, gateway.code)
        if code in gateway.retry_codes:
            return Receipt(state="retry", detail=told)
        if code and code not in gateway.sent_codes:
            return Receipt(state="failed", detail=told)
        if not code:
            return Receipt(state="unknown", detail=f"no {gateway.code} in the answer: {told}")
    if gateway.reference and not reference:
        return Receipt(state="unknown", detail=f"no {gateway.reference} in the answer: {told}")
    return Receipt(state="sent", reference=reference[:SHOWN], detail=told)


def _document(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _pause(retry_after: str, now: datetime) -> datetime | None:
    """Until when; nobody may silence us for longer than an hour."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        seconds = min(int(text[:9]), LONGEST_PAUSE.total_seconds())
        return now + timedelta(seconds=seconds)
    with suppress(ValueError, TypeError):
        return min(parsedate_to_datetime(text), now + LONGEST_PAUSE)
    return None


def _connection(url: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host: Any = parts.hostname
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=timeout)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=context)


def _is_over(sock: socket.socket) -> bool:
    """Whether something came, or the end, while nobody asked."""
    try:
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _cut(sock: socket.socket) -> None:
    """Ends a request that takes too long: a timeout of the socket starts anew with each byte."""
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
