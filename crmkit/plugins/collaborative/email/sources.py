"""
Where mails lie: each source yields what it has not given before, oldest first.

Nothing is deleted. A maildir moves what was taken in to ``cur``; an IMAP folder is read from the
last number on, under its UIDVALIDITY; an mbox is read whole, and what is known is known by its key.
"""

from __future__ import annotations

import imaplib
import mailbox
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

from .errors import NotConnectedError
from .inbound.parsing import MOST_BYTES
from .mailbox import Mailbox

_SIZE: Final = re.compile(rb"UID (\d+).*?RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+).*?UID (\d+)")


@attrs.frozen
class Found:
    """
    One mail of a source.

    Attributes:
        raw: Empty where it is too large to be fetched.
        uid: Of IMAP; 0 elsewhere.
        size_bytes: As the source says.
        taken_in: To be called when it is recorded.
    """

    raw: bytes = attrs.field(repr=False)
    uid: int
    size_bytes: int
    taken_in: Callable[[], None]


@attrs.frozen
class Source:
    """*validity* is the UIDVALIDITY of an IMAP folder, 0 elsewhere."""

    validity: int
    mails: Iterator[Found]


@contextmanager
def opened(box: Mailbox, folder: Path, known: tuple[int, int], patience: float) -> Iterator[Source]:
    """
    Args:
        folder: Where ``crmkit.toml`` is.
        known: UIDVALIDITY and the last UID that was taken in.

    Raises:
        NotConnectedError: If it cannot be reached or read.
    """
    try:
        if box.scheme == "maildir":
            yield Source(0, _maildir(folder / box.path))
        elif box.scheme == "mbox":
            yield Source(0, _mbox(folder / box.path))
        else:
            with _connected(box, patience) as imap:
                validity = _validity(imap)
                last = known[1] if known[0] == validity else 0
                yield Source(validity, _imap(imap, last))
    except (OSError, imaplib.IMAP4.error, mailbox.Error) as exc:
        raise NotConnectedError(f"mailbox {box.name}: {exc}") from exc


def _maildir(folder: Path) -> Iterator[Found]:
    new, current = folder / "new", folder / "cur"
    if not new.is_dir():
        raise NotConnectedError(f"{folder} is no maildir: it has no folder new")
    current.mkdir(exist_ok=True)
    for path in sorted(new.iterdir()):
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MOST_BYTES else b""
        yield Found(raw, 0, size, _mover(path, current / f"{path.name}:2,S"))


def _mover(path: Path, to: Path) -> Callable[[], None]:
    def move() -> None:
        with suppress(FileNotFoundError):
            path.rename(to)

    return move


def _mbox(path: Path) -> Iterator[Found]:
    with _opened_mbox(path) as found:
        for key in found.iterkeys():
            raw = found.get_bytes(key)
            yield Found(raw if len(raw) <= MOST_BYTES else b"", 0, len(raw), _nothing)


@contextmanager
def _opened_mbox(path: Path) -> Iterator[mailbox.mbox]:
    found = mailbox.mbox(path, create=False)
    try:
        yield found
    finally:
        found.close()


def _nothing() -> None:
    """What is known is known by its key."""


@contextmanager
def _connected(box: Mailbox, patience: float) -> Iterator[imaplib.IMAP4]:
    parts = urlsplit(box.url)
    host = parts.hostname or ""
    if box.scheme == "imaps":
        context = ssl.create_default_context()
        imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            host, parts.port or 993, ssl_context=context, timeout=patience
        )
    else:
        imap = imaplib.IMAP4(host, parts.port or 143, timeout=patience)
    try:
        imap.login(box.user, box.password)
        state, told = imap.select(_quoted(box.path), readonly=True)
        if state != "OK":
            raise NotConnectedError(f"mailbox {box.name}: {box.path}: {told[0]!r}")
        yield imap
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            imap.logout()


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _validity(imap: imaplib.IMAP4) -> int:
    _, told = imap.response("UIDVALIDITY")
    return int(told[0]) if told and told[0] else 0


def _imap(imap: imaplib.IMAP4, last: int) -> Iterator[Found]:
    """From the number after *last* on; ``n:*`` names the last mail even where it is before n."""
    _, told = imap.uid("FETCH", f"{last + 1}:*", "(UID RFC822.SIZE)")
    sizes = {}
    for line in told:
        if isinstance(line, bytes) and (match := _SIZE.search(line)):
            uid, size = (match[1], match[2]) if match[1] else (match[4], match[3])
            sizes[int(uid)] = int(size)
    for uid in sorted(each for each in sizes if each > last):
        if sizes[uid] > MOST_BYTES:
            yield Found(b"", uid, sizes[uid], _nothing)
            continue
        _, parts = imap.uid("FETCH", str(uid), "(BODY.PEEK[])")
        raw = next((each[1] for each in parts if isinstance(each, tuple)), None)
        if raw is not None:
            yield Found(raw, uid, sizes[uid], _nothing)
