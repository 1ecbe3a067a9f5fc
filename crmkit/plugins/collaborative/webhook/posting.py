"""
One POST to one endpoint, with an end: so many seconds in all, so many bytes of an answer's head.

The body of an answer is not read: nothing in it could matter, and it may have no end. No redirect
is followed.
"""

from __future__ import annotations

import contextlib
import errno
import re
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import attrs

from crmkit import ConfigError

from . import guard
from .config import Settings
from .errors import RefusedAddressError
from .guard import Target

LONGEST_HEAD: Final = 65_536
LONGEST_WAIT: Final = 86_400.0
THROTTLING: Final = frozenset({429, 502, 503, 504})
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")
_RETRY_AFTER = re.compile(rb"\nretry-after:[ \t]*([^\r\n]*?)[ \t]*\r?\n", re.IGNORECASE)
_OURS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


@attrs.frozen(kw_only=True)
class Answer:
    """
    What a hand-over came to.

    Attributes:
        status: The HTTP status; 0 when there was none.
        problem: In a few words of our own; empty with a status.
        was_sent: The request left, so that it may have been taken in.
        is_ours: This machine lacks something; the endpoint is not to blame.
        retry_after_seconds: How long the endpoint wants to be left alone, 0 to a day.
    """

    status: int = 0
    problem: str = ""
    was_sent: bool = False
    is_ours: bool = False
    retry_after_seconds: float = 0.0

    @property
    def is_miss(self) -> bool:
        """No answer, or one that asks to be left alone for a while."""
        return not self.status or self.status in THROTTLING

    @property
    def text(self) -> str:
        return self.problem or f"answered {self.status}"


class _TooLong(OSError):
    pass


class _NoHttp(OSError):
    pass


def trust(settings: Settings, folder: Path) -> ssl.SSLContext:
    """
    TLS 1.2 or newer, with the name of the endpoint in the certificate.

    Raises:
        ConfigError: If ``ca_file`` cannot be read.
    """
    file = folder / settings.ca_file if settings.ca_file else None
    try:
        context = ssl.create_default_context(cafile=file)
    except OSError as exc:
        told = f"[webhook] ca_file: {file} holds no certificates that can be read ({exc})"
        raise ConfigError(told) from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def post(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    settings: Settings,
    context: ssl.SSLContext,
    now: datetime,
) -> Answer:
    """Hand *body* over once. Whatever the other side does becomes an answer."""
    ends_at = time.monotonic() + settings.timeout_seconds
    request = _request(target, headers, body)
    was_sent = False
    try:
        found = guard.addresses(target, settings.allow_networks)
        with contextlib.closing(_connected(target, found, context, ends_at)) as line:
            was_sent = True  # in part at least
            line.settimeout(_left(ends_at))
            line.sendall(request)
            return _answer(_head(line, ends_at), now)
    except RefusedAddressError as exc:
        return Answer(problem=str(exc))
    except (OSError, UnicodeError) as exc:
        ours = isinstance(exc, OSError) and exc.errno in _OURS
        return Answer(problem=_told(exc), was_sent=was_sent, is_ours=ours)


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = {
        "Host": target.authority,
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Accept": "*/*",
        "User-Agent": "crmkit-webhook",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def _connected(
    target: Target, found: list[str], context: ssl.SSLContext, ends_at: float
) -> socket.socket:
    line = _dialled(target, found, ends_at)
    try:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.settimeout(_left(ends_at))
        return context.wrap_socket(line, server_hostname=target.host) if target.is_tls else line
    except BaseException:
        line.close()
        raise


def _dialled(target: Target, found: list[str], ends_at: float) -> socket.socket:
    """Connected to the first address that answers; the name is not looked up again."""
    for address in found[:-1]:
        with contextlib.suppress(OSError):
            return _dial(address, target.port, _left(ends_at) / 2)
    return _dial(found[-1], target.port, _left(ends_at))


def _dial(address: str, port: int, seconds: float) -> socket.socket:
    line = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        line.settimeout(seconds)
        line.connect((address, port))
    except BaseException:
        line.close()
        raise
    return line


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _head(line: socket.socket, ends_at: float) -> bytes:
    """The head of the final answer."""
    read = b""
    while True:
        head, blank, rest = read.partition(b"\r\n\r\n")
        if blank and not head.startswith(b"HTTP/1.1 1"):
            return head + b"\r\n"
        if blank:
            read = rest
            continue
        if len(read) >= LONGEST_HEAD:
            raise _TooLong
        line.settimeout(_left(ends_at))
        got = line.recv(LONGEST_HEAD - len(read))
        if not got:
            raise ConnectionResetError
        read += got


def _answer(head: bytes, now: datetime) -> Answer:
    if not (found := _STATUS.match(head)):
        raise _NoHttp
    wait = _RETRY_AFTER.search(head)
    seconds = retry_after(wait[1].decode("latin-1"), now) if wait else 0.0
    return Answer(status=int(found[1]), was_sent=True, retry_after_seconds=seconds)


def retry_after(text: str, now: datetime) -> float:
    """Seconds, 0 to a day, of a Retry-After header: a number or a date; 0 for anything else."""
    if re.fullmatch(r"[0-9]{1,20}", text, re.ASCII):
        return min(float(text), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return 0.0
    return min(max(wait.total_seconds(), 0.0), LONGEST_WAIT)


def _told(exc: Exception) -> str:
    for kind, told in _PROBLEMS:
        if isinstance(exc, kind):
            return told
    return "cannot be reached"


_PROBLEMS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (_TooLong, "answered with more headers than are read"),
    (_NoHttp, "answered in no HTTP"),
    (TimeoutError, "took too long"),
    (ssl.SSLError, "TLS failed: its certificate, its name or its version"),
    (socket.gaierror, "its name is unknown"),
    (UnicodeError, "its name is unknown"),
    (ConnectionRefusedError, "refused the connection"),
    (ConnectionError, "broke the connection"),
)
