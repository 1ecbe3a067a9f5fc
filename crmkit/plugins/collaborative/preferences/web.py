"""The pages behind the links: confirm a wish, choose what to hear about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from crmkit import CRM, InvalidTokenError, RecordNotFoundError, RefusedError, Unit

from . import actions, queries
from .config import Settings
from .links import CENTRE, CONFIRM, read
from .model import Choice

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_BODY: Final = 16_384
BROKEN: Final = "This link is not whole. Please use the one in the message."
_PAGE: Final = (
    '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Your choice</title>{}"
)
_HEADERS: Final = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
]
Answer = tuple[str, str]


def preferences_app(crm: CRM) -> WSGIApplication:
    """
    A WSGI application for ``[preferences] url``, to be mounted by any host.

    GET changes nothing, because programs follow links; POST does, in a unit of its own. It sets no
    cookie and needs no script. An address is shown only by its beginning.
    """

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        status, text = _answer(crm, environ)
        headers = [*_HEADERS, ("Allow", "GET, HEAD, POST")] if status[:3] == "405" else _HEADERS
        start(status, list(headers))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [_PAGE.format(text).encode()]

    return app


def _answer(crm: CRM, environ: WSGIEnvironment) -> Answer:
    method = environ["REQUEST_METHOD"]
    if method not in ("GET", "HEAD", "POST"):
        return "405 Method Not Allowed", "<p>Use GET or POST."
    given = parse_qs(environ.get("QUERY_STRING", ""))
    form = _form(environ) if method == "POST" else None
    if form is not None and len(form) > LONGEST_BODY:
        return "413 Content Too Large", "<p>That is more than the form has."
    try:
        if CONFIRM in given:
            return _confirm(crm, given[CONFIRM][0], form, environ)
        return _centre(crm, given.get(CENTRE, [""])[0], form, environ)
    except (InvalidTokenError, RecordNotFoundError):
        return "400 Bad Request", f"<p>{BROKEN}"
    except RefusedError as exc:
        return "409 Conflict", f"<p>{escape(str(exc)).capitalize()}."


def _form(environ: WSGIEnvironment) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    wanted = min(int(length), LONGEST_BODY + 1) if length.isascii() and length.isdigit() else 0
    read_: bytes = environ["wsgi.input"].read(wanted)
    return read_


def _confirm(crm: CRM, token: str, form: bytes | None, environ: WSGIEnvironment) -> Answer:
    with crm.unit(write=form is not None) as unit:
        made = queries.wish(unit, read(crm.settings(Settings), CONFIRM, token))
        if form is not None:
            made = actions.confirm(unit, token, evidence=_evidence(environ))
        told = escape(", ".join(made.purposes))
    if made.confirmed_at is not None:
        return "200 OK", f"<p>Confirmed: {told}. Thank you."
    asked = f'<p>Yes, write to me about: {told}.<form method="post"><button>Yes</button></form>'
    return "200 OK", asked


def _centre(crm: CRM, token: str, form: bytes | None, environ: WSGIEnvironment) -> Answer:
    customer_id = read(crm.settings(Settings), CENTRE, token)
    with crm.unit(write=form is not None) as unit:
        who = queries.survivor(unit, customer_id)
        saved = form is not None and _save(unit, who.id, form, _evidence(environ))
        boxes = "".join(_boxes(queries.choices(unit, who.id)))
    told = "<p>Saved." if saved else ""
    return "200 OK", (
        f'{told}<form method="post"><p>What may we write to you about?{boxes or "<p>Nothing."}'
        '<p><button>Save</button> <button name="none" value="1">Nothing at all</button></form>'
    )


def _save(unit: Unit, customer_id: int, form: bytes, evidence: str) -> bool:
    given = parse_qs(form.decode("utf-8", "replace"), keep_blank_values=True)
    ticked = set() if "none" in given else set(given.get("on", ()))
    wanted = {
        (each.purpose, each.channel): f"{each.purpose}:{each.channel}" in ticked
        for each in queries.choices(unit, customer_id)
    }
    actions.change(unit, customer_id, wanted, evidence=evidence)
    return True


def _boxes(choices: Iterable[Choice]) -> Iterator[str]:
    for each in choices:
        value = escape(f"{each.purpose}:{each.channel}")
        checked = " checked" if each.is_on else ""
        told = escape(f"{each.summary} By {each.channel}, to {_hidden(each.address)}")
        yield f'<p><label><input type="checkbox" name="on" value="{value}"{checked}> {told}</label>'


def _hidden(address: str) -> str:
    """Enough for its owner to know it."""
    return address[:2] + "..."


def _evidence(environ: WSGIEnvironment) -> str:
    return f"by a click from {environ.get('REMOTE_ADDR') or 'an unknown network address'}"
