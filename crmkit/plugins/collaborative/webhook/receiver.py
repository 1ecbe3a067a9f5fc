"""
Receivers that any host can mount: :func:`wsgi` and :func:`asgi`.

The signature is checked over the raw bytes before anything else is looked at; a request that fails
there costs one digest per secret and touches no database.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import attrs

from crmkit import CRM, CrmkitError, DatabaseError, PluginError, RecordNotFoundError

from . import actions, incoming, queries, signing, strict
from .config import Settings
from .errors import BadMessageError, BadSignatureError, ConflictingMessageError
from .hops import having_come
from .model import Endpoint

FRESH: Final = timedelta(seconds=10)
"""So long a rotated secret or a removed receiver may still count."""
TYPES: Final = frozenset(
    {"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"}
)
_NEEDED: Final = ("content-encoding", "webhook-id", "webhook-signature", "webhook-timestamp")
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Scope]]
Send: TypeAlias = Callable[[Scope], Awaitable[None]]
StartResponse: TypeAlias = Callable[..., object]


@attrs.frozen
class _Known:
    endpoint: Endpoint
    keys: tuple[bytes, ...]
    until: datetime


class Receiver:
    """One receiver by name. It may be used by many threads at once."""

    def __init__(self, crm: CRM, name: str) -> None:
        self._crm = crm
        self._name = name
        self._settings = crm.settings(Settings)
        self._known: _Known | None = None

    @property
    def max_bytes(self) -> int:
        return self._settings.max_bytes

    def refusal(self, method: str, content_type: str, length: int | None) -> HTTPStatus | None:
        """What is wrong with a request before its body is read; None when nothing is."""
        if method != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        if content_type.partition(";")[0].strip().lower() not in TYPES:
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        if length is not None and length > self.max_bytes:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return None

    def take(self, headers: Mapping[str, str], body: bytes) -> HTTPStatus:
        """The answer to a message; *headers* by name in lower case."""
        try:
            self._take(headers, body)
        except BadSignatureError:
            return HTTPStatus.UNAUTHORIZED
        except BadMessageError:
            return HTTPStatus.BAD_REQUEST
        except ConflictingMessageError:
            return HTTPStatus.CONFLICT
        except (DatabaseError, PluginError):
            return HTTPStatus.SERVICE_UNAVAILABLE
        except CrmkitError:
            return HTTPStatus.UNPROCESSABLE_ENTITY
        return HTTPStatus.NO_CONTENT

    def _take(self, headers: Mapping[str, str], body: bytes) -> None:
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise BadMessageError("the body is encoded")
        known = self._current()
        message_id = signing.verify(
            known.keys,
            headers,
            body,
            now=self._crm.clock(),
            tolerance_seconds=self._settings.tolerance_seconds,
        )
        events = incoming.events(strict.parse(body))
        far = 1 + max(each.hops for each in events)
        with having_come(far), self._crm.unit(actor=f"webhook:{self._name}") as unit:
            found = actions.receive(unit, known.endpoint, message_id, body, events)
        if not found.is_of(body):
            raise ConflictingMessageError(f"message {message_id} was another one before")

    def _current(self) -> _Known:
        """The receiver and the keys that hold, read again now and then."""
        known, now = self._known, self._crm.clock()
        if known is None or not known.until - FRESH <= now < known.until:
            with self._crm.unit(write=False) as unit:
                try:
                    found = queries.named(unit, self._name)
                except RecordNotFoundError as exc:
                    raise BadSignatureError("nobody by that name") from exc
                keys = queries.keys(unit, [found.id]).get(found.id, [])
            is_on = found.direction == "in" and found.state == "active"
            known = _Known(found, tuple(keys if is_on else ()), now + FRESH)
            self._known = known
        return known


def wsgi(crm: CRM, name: str) -> Callable[[Mapping[str, Any], StartResponse], Iterable[bytes]]:
    """A WSGI application for the receiver *name*."""
    receiver = Receiver(crm, name)

    def application(environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        status = _answer(receiver, environ)
        told = [("Content-Length", "0")] if status != HTTPStatus.NO_CONTENT else []
        start_response(f"{status.value} {status.phrase}", told)
        return [b""]

    return application


def _answer(receiver: Receiver, environ: Mapping[str, Any]) -> HTTPStatus:
    given = environ.get("CONTENT_LENGTH") or ""
    length = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    refused = receiver.refusal(
        environ.get("REQUEST_METHOD", ""), environ.get("CONTENT_TYPE") or "", length
    )
    if refused:
        return refused
    if length is None:
        return HTTPStatus.LENGTH_REQUIRED
    body = environ["wsgi.input"].read(length)
    if len(body) != length:
        return HTTPStatus.BAD_REQUEST
    headers = {
        name: str(environ[key])
        for name in _NEEDED
        if (key := f"HTTP_{name.upper().replace('-', '_')}") in environ
    }
    return receiver.take(headers, body)


def asgi(crm: CRM, name: str) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """An ASGI application for the receiver *name*; the database is spoken to in a thread."""
    receiver = Receiver(crm, name)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"a receiver speaks http, not {scope['type']}")
        headers = _headers(scope["headers"])
        length = headers.get("content-length", "")
        status = receiver.refusal(
            scope["method"],
            headers.get("content-type", ""),
            int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None,
        )
        if status is None:
            body = await _body(receive, receiver.max_bytes)
            if body is None:
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            else:
                status = await asyncio.to_thread(receiver.take, headers, body)
        told = [(b"content-length", b"0")] if status != HTTPStatus.NO_CONTENT else []
        with contextlib.suppress(OSError):  # nobody waits for the answer any more
            await send({"type": "http.response.start", "status": int(status), "headers": told})
            await send({"type": "http.response.body", "body": b""})

    return application


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name; what stands there twice is joined, as a WSGI server does, and fails later."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


async def _body(receive: Receive, most: int) -> bytes | None:
    """The whole body; None when it is longer than *most*, or nobody is there any more."""
    read = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        read += message.get("body", b"")
        if len(read) > most:
            return None
        if not message.get("more_body", False):
            return bytes(read)
