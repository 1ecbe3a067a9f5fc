"""The body of a mail: its text, and beside it the HTML where there is any (RFC 2046, 5.1.4)."""

from __future__ import annotations

import re
from binascii import b2a_qp
from email.message import Message
from typing import Final

from crmkit import Outgoing

from .errors import UnsendableError

PLAIN: Final = 'text/plain; charset="utf-8"'
HTML: Final = 'text/html; charset="utf-8"'
ENCODING: Final = ("Content-Transfer-Encoding", "quoted-printable")
_LINE_END = re.compile(r"\r\n|\r|\n")


def written(outgoing: Outgoing) -> tuple[list[tuple[str, str]], bytes]:
    """
    The headers that say what the body is, and the body; the text comes first, as the lesser one.

    Raises:
        UnsendableError: If something cannot be written in UTF-8.
    """
    text = _encoded("text", outgoing.text)
    if not outgoing.html:
        return [("Content-Type", PLAIN), ENCODING], text
    line = b"--" + _boundary(outgoing).encode()
    pieces = [line, _head(PLAIN), b"", text.rstrip(b"\r\n")]
    pieces += [line, _head(HTML), b"", _encoded("html", outgoing.html).rstrip(b"\r\n")]
    kind = f'multipart/alternative; boundary="{_boundary(outgoing)}"'
    return [("Content-Type", kind)], b"\r\n".join([*pieces, line + b"--", b""])


def verify(mail: Message, outgoing: Outgoing) -> None:
    """
    Raises:
        UnsendableError: If *mail*, parsed again, does not say what it should.
    """
    parts = mail.get_payload() if outgoing.html else [mail]
    meant = [("text/plain", outgoing.text), ("text/html", outgoing.html)][: len(parts)]
    if len(parts) != 1 + bool(outgoing.html):
        raise UnsendableError("the parts did not come out as they went in")
    for part, (kind, told) in zip(parts, meant, strict=True):
        assert isinstance(part, Message)
        said = part.get_payload(decode=True)
        if part.get_content_type() != kind or not isinstance(said, bytes) or part.defects:
            raise UnsendableError(f"{kind}: did not come out as it went in")
        if said.decode().replace("\r\n", "\n").rstrip("\n") != _lines(told).rstrip("\n"):
            raise UnsendableError(f"{kind}: did not come out as it went in")


def _boundary(outgoing: Outgoing) -> str:
    """What no quoted-printable text can hold: there, two hexadecimal digits follow a ``=``."""
    return f"=_{outgoing.key[:60]}"


def _head(kind: str) -> bytes:
    name, value = ENCODING
    return f"Content-Type: {kind}\r\n{name}: {value}".encode()


def _lines(text: str) -> str:
    return _LINE_END.sub("\n", text)


def _encoded(field: str, text: str) -> bytes:
    try:
        plain = _lines(text).encode()
    except UnicodeEncodeError as exc:
        raise UnsendableError(f"{field}: cannot be written in UTF-8: {exc}") from exc
    return b2a_qp(plain.rstrip(b"\n") + b"\n", istext=True).replace(b"\n", b"\r\n")
