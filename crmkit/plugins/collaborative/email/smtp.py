"""
One connection to a mail server, and what each of its answers means for the message.

Until the final dot nothing can have been accepted: whatever goes wrong before is ``retry``. After
it, silence is ``unknown``.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal

import attrs

from crmkit import Receipt

from .config import Server, Settings
from .errors import NotConnectedError
from .message import Mail

Refusal = Literal["failed", "retry"]
SHOWN: Final = 300
CLOSING: Final = 421
GO_AHEAD: Final = 354
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class _LostError(Exception):
    """The connection broke, or what came was no answer; nothing was accepted."""


class _ClosedError(_LostError):
    """The server closed the connection since the last message, as it may."""


@attrs.frozen
class _Answer:
    code: int
    text: str

    @property
    def kind(self) -> int:
        """First digit; 0 for what is no answer."""
        return self.code // 100 if 200 <= self.code < 600 else 0

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Connection:
    """
    A connection that is opened again when the server closed it between two messages.

    Raises:
        NotConnectedError: If the server cannot be reached or refuses us.
    """

    def __init__(self, server: Server, settings: Settings) -> None:
        self._server = server
        self._settings = settings
        self._is_used = False
        self._down = ""
        self._smtp: smtplib.SMTP | None = self._connect()

    def close(self) -> None:
        if self._smtp is not None:
            with suppress(OSError):
                self._smtp.quit()
            self._drop()

    def deliver(self, mail: Mail) -> Receipt:
        """Hand over one message. Once the server is gone for good, all others are ``retry``."""
        try:
            try:
                return self._hand_over(self._ready(), mail)
            except _ClosedError:
                self._drop()
                return self._hand_over(self._ready(), mail)
        except NotConnectedError as exc:
            self._down = str(exc)
            return Receipt(state="retry", detail=self._down)
        except _LostError as exc:
            self._drop()
            told = f"{self._server}: nothing was accepted: {exc}"
            return Receipt(state="retry", detail=told)

    def _ready(self) -> smtplib.SMTP:
        if self._down:
            raise NotConnectedError(self._down)
        if self._smtp is None:
            self._smtp = self._connect()
        return self._smtp

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None
        self._is_used = False

    def _connect(self) -> smtplib.SMTP:
        server, settings = self._server, self._settings
        us, patience = settings.helo or None, settings.timeout_seconds
        try:
            if server.security == "tls":
                context = ssl.create_default_context()
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, us, timeout=patience, context=context
                )
            else:
                smtp = smtplib.SMTP(server.host, server.port, us, timeout=patience)
            return self._greeted(smtp)
        except (OSError, ValueError) as exc:
            raise NotConnectedError(f"cannot connect to {server}: {exc}") from exc

    def _greeted(self, smtp: smtplib.SMTP) -> smtplib.SMTP:
        try:
            if self._server.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
            # The final dot is a packet of its own; it must not wait 40 ms for an acknowledgement.
            assert smtp.sock is not None
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._settings.user:
                smtp.login(self._settings.user, self._settings.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _hand_over(self, smtp: smtplib.SMTP, mail: Mail) -> Receipt:
        if mail.needs_utf8 and not smtp.has_extn("smtputf8"):
            told = f"{mail.recipient} is not ASCII and {self._server} does not offer SMTPUTF8"
            return Receipt(state="failed", detail=told)
        options = " SMTPUTF8 BODY=8BITMIME" if mail.needs_utf8 else ""
        smtp.command_encoding = "utf-8" if mail.needs_utf8 else "ascii"
        answer = self._begin(smtp, f"MAIL FROM:<{mail.sender}>{options}")
        if answer.kind == 2:
            answer = _ask(smtp, f"RCPT TO:<{mail.recipient}>")
        if answer.kind == 2:
            answer = _ask(smtp, "DATA")
            if answer.code == GO_AHEAD:
                self._transmit(smtp, mail.content)
                return self._verdict(smtp, mail)
        return self._refused(smtp, answer)

    def _begin(self, smtp: smtplib.SMTP, command: str) -> _Answer:
        was_used, self._is_used = self._is_used, True
        try:
            answer = _ask(smtp, command)
        except _LostError as exc:
            raise _ClosedError(str(exc)) if was_used else exc from exc
        if was_used and answer.code == CLOSING:
            raise _ClosedError(str(answer))
        return answer

    def _refused(self, smtp: smtplib.SMTP, answer: _Answer) -> Receipt:
        if answer.kind not in (4, 5):
            raise _LostError(f"unexpected answer {answer}")
        if answer.code == CLOSING or not _is_reset(smtp):
            self._drop()
        state: Refusal = "failed" if answer.kind == 5 else "retry"
        return Receipt(state=state, detail=str(answer))

    def _transmit(self, smtp: smtplib.SMTP, content: bytes) -> None:
        """All but the final dot."""
        try:
            smtp.send(_LEADING_DOT.sub(b"..", content))
        except OSError as exc:
            raise _LostError(str(exc)) from exc

    def _verdict(self, smtp: smtplib.SMTP, mail: Mail) -> Receipt:
        end = b".\r\n" if mail.content.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            smtp.send(end)
            answer = _read(smtp)
        except OSError as exc:
            self._drop()
            told = f"{self._server}: no answer after the message: {exc}"
            return Receipt(state="unknown", reference=mail.message_id, detail=told)
        if answer.kind == 2:
            return Receipt(state="sent", reference=mail.message_id, detail=str(answer))
        if answer.kind in (4, 5):
            return self._refused(smtp, answer)
        self._drop()
        told = f"{self._server}: no answer after the message but {answer}"
        return Receipt(state="unknown", reference=mail.message_id, detail=told)


def _ask(smtp: smtplib.SMTP, command: str) -> _Answer:
    try:
        smtp.putcmd(command)
        return _read(smtp)
    except (OSError, ValueError) as exc:
        raise _LostError(str(exc)) from exc


def _is_reset(smtp: smtplib.SMTP) -> bool:
    try:
        return _ask(smtp, "RSET").kind == 2
    except _LostError:
        return False


def _read(smtp: smtplib.SMTP) -> _Answer:
    code, text = smtp.getreply()
    told = text.decode("ascii", "backslashreplace").replace("\n", " ")
    return _Answer(code, told[:SHOWN])


@contextmanager
def connected(server: Server, settings: Settings) -> Iterator[Connection]:
    connection = Connection(server, settings)
    try:
        yield connection
    finally:
        connection.close()
