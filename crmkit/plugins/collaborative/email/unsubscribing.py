"""The address that the button "unsubscribe" of a mail program calls (RFC 8058)."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from crmkit import CRM, InvalidTokenError, RecordNotFoundError

from . import tokens
from .actions import unsubscribe
from .config import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_BODY: Final = 4_096
_PAGE: Final = (
    '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>E-mail</title><p>{}</p>"
)
_BUTTON: Final = '<form method="post"><button>{}</button></form>'
_HEADERS: Final = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; form-action 'self'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
]


def unsubscribe_app(crm: CRM) -> WSGIApplication:
    """
    A WSGI application for ``[email] unsubscribe_url``, to be mounted by any host.

    GET shows a button and changes nothing, because programs follow links; POST ends what the
    mail was for. It asks for no login and sets no cookie. Each POST is a unit of its own.
    """

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        status, text = _answer(crm, environ)
        headers = [*_HEADERS, ("Allow", "GET, HEAD, POST")] if status[:3] == "405" else _HEADERS
        start(status, list(headers))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [_PAGE.format(text).encode()]

    return app


def _answer(crm: CRM, environ: WSGIEnvironment) -> tuple[str, str]:
    (given,) = parse_qs(environ.get("QUERY_STRING", "")).get("t", [""])[:1]
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD", "POST"):
        return "405 Method Not Allowed", "Use GET or POST."
    try:
        _, purpose = tokens.read(crm.settings(Settings).unsubscribe_secret, given)
        if environ["REQUEST_METHOD"] == "POST":
            _drain(environ)
            with crm.unit() as unit:
                unsubscribe(unit, given)
            return "200 OK", f"You will get no more e-mail for: {escape(purpose)}."
    except (InvalidTokenError, RecordNotFoundError):
        return "400 Bad Request", "This link is not whole. Please use the one in the e-mail."
    return "200 OK", f"E-mail for: {escape(purpose)}" + _BUTTON.format("No more of these")


def _drain(environ: WSGIEnvironment) -> None:
    """Read the form, which says nothing that matters, so that the connection can go on."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if length.isdigit():
        environ["wsgi.input"].read(min(int(length), LONGEST_BODY))
