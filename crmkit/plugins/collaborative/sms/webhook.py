"""
A WSGI application for the gateway's own calls, which any host can mount.

``POST .../message`` for what people send us, ``POST .../report`` for what became of our messages.
Nothing is read of a call that does not prove to know the secret. The answer is empty: some gateways
send what it says to the customer.
"""

from __future__ import annotations

import hmac
import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from crmkit import CRM, CrmkitError, InvalidValueError

from .actions import receive_message, receive_report
from .config import Settings
from .gateways import Gateway, at_path
from .model import Message, Report

log = logging.getLogger("crmkit.sms")

LARGEST: Final = 65_536
EMPTY: Final = [("Content-Type", "text/plain"), ("Content-Length", "0")]
Application = Callable[[Mapping[str, Any], Callable[..., Any]], Iterable[bytes]]


class _RefusedError(Exception):
    """Holds the status line of the answer."""


def receiver(crm: CRM) -> Application:
    """The application; each call is a unit of its own."""

    def application(environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        try:
            _take(crm, environ)
            status = "204 No Content"
        except _RefusedError as exc:
            status = str(exc)
        except InvalidValueError as exc:
            log.warning("a call of the gateway was refused: %s", exc)
            status = "422 Unprocessable Content"
        except CrmkitError as exc:
            log.error("a call of the gateway could not be recorded: %s", exc)
            status = "503 Service Unavailable"
        start(status, [] if status.startswith("204") else EMPTY)
        return []

    return application


def _take(crm: CRM, environ: Mapping[str, Any]) -> None:
    settings = crm.settings(Settings)
    gateway = settings.chosen
    if gateway is None or not settings.webhook_secret:
        log.error("[sms] gateway and webhook_secret must be set before its calls are taken")
        raise _RefusedError("503 Service Unavailable")
    if environ["REQUEST_METHOD"] != "POST":
        raise _RefusedError("405 Method Not Allowed")
    body = _body(environ)
    if not is_genuine(gateway, settings, environ, body):
        raise _RefusedError("403 Forbidden")
    name = str(environ.get("PATH_INFO", "")).rpartition("/")[2]
    fields = {"message": gateway.message, "report": gateway.report}.get(name)
    if not fields:
        raise _RefusedError("404 Not Found")
    document = _document(environ, body)
    said = {field: at_path(document, path) for field, path in fields.items()}
    number = said.get("number", "")
    with crm.unit(actor="sms") as unit:
        if name == "message":
            text = said.get("text", "")
            receive_message(unit, Message(id=said.get("id", ""), number=number, text=text))
        else:
            state = said.get("state", "")
            receive_report(unit, Report(id=said.get("id", ""), number=number, state=state))


def _body(environ: Mapping[str, Any]) -> bytes:
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not (length.isascii() and length.isdigit()):
        raise _RefusedError("411 Length Required")
    if len(length) > 9 or int(length) > LARGEST:
        raise _RefusedError("413 Content Too Large")
    body: bytes = environ["wsgi.input"].read(int(length))
    if len(body) != int(length):
        raise _RefusedError("400 Bad Request")
    return body


def is_genuine(
    gateway: Gateway, settings: Settings, environ: Mapping[str, Any], body: bytes
) -> bool:
    """Whether the call proves to know the secret; compared in constant time."""
    secret = settings.webhook_secret.encode()
    header = "HTTP_" + gateway.verify_header.upper().replace("-", "_")
    query = str(environ.get("QUERY_STRING", ""))
    given = str(environ.get(header, ""))
    if gateway.verify == "token":
        given = given or dict(parse_qsl(query)).get("token", "")
        wanted = secret
    elif gateway.verify == "hmac-sha256":
        wanted = hmac.digest(secret, body, "sha256").hex().encode()
        given = given.removeprefix("sha256=")
    else:
        url = settings.webhook_url.rstrip("/") + str(environ.get("PATH_INFO", ""))
        url += f"?{query}" if query else ""
        wanted = twilio_signature(settings.webhook_secret, url, _pairs(body))
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted)


def twilio_signature(token: str, url: str, pairs: Iterable[tuple[str, str]]) -> bytes:
    """As Twilio signs: the URL, then each parameter by name, HMAC-SHA1, base64."""
    told = url + "".join(name + value for name, value in sorted(pairs))
    return b64encode(hmac.digest(token.encode(), told.encode(), "sha1"))


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=200
        )
    except ValueError as exc:
        raise _RefusedError("400 Bad Request") from exc


def _document(environ: Mapping[str, Any], body: bytes) -> object:
    if "json" not in str(environ.get("CONTENT_TYPE", "")):
        return dict(_pairs(body))
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise _RefusedError("400 Bad Request") from exc
