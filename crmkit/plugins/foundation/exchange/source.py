"""An input file: what it is, whether it stays as it is, and its physical lines."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import re
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, NamedTuple

from .errors import FileChangedError, FileRefusedError

BLOCK: Final = 1 << 18
LONGEST_LINE: Final = 1_000_000
LARGEST_RATIO: Final = 200
"""A compressed file that grows more than this, beyond :data:`FREE_SIZE`, is a bomb."""
FREE_SIZE: Final = 1 << 28
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff]")
_NOT_TABLES: Final = {
    b"PK\x03\x04": "an Excel or zip file; save the sheet as CSV",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the sheet as CSV",
    b"SQLite format 3\x00": "a SQLite database",
}


class Line(NamedTuple):
    """A physical line without its end; *problem* says why its text is not what the file means."""

    number: int
    text: str
    problem: str = ""


class Source:
    """
    A regular file, held open and watched while it is read.

    Attributes:
        encoding: As stated, as its byte order mark says, or UTF-8.
        digest: SHA-256 of the bytes of the file.
        breaks: Line breaks in it; about the number of rows.

    Raises:
        FileRefusedError: If it is not a regular file, or not text.
    """

    def __init__(self, path: Path, encoding: str = "") -> None:
        self.path = path
        self._file = _open(path)
        try:
            self._stamp = self._stat()
            head = self._file.read(4)
            self._compressed = head.startswith(b"\x1f\x8b")
            self.digest, self.breaks, sample = self._examine()
            self.encoding = _encoding(path, encoding, sample)
            self._bytewise = _is_bytewise(self.encoding)
            self._newline = "\n" if b"\n" in sample or b"\r" not in sample else "\r"
            self._refuse_binary(sample)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._file.close()

    def refuse_changed(self) -> None:
        """
        Raises:
            FileChangedError: If the file is not what it was when it was opened.
        """
        if self._stat() != self._stamp:
            raise FileChangedError(
                f"{self.path}: the file was changed while it was read; "
                "import it again when it is complete"
            )

    def lines(self) -> Iterator[Line]:
        """
        All physical lines. One that is too long, cannot be decoded or holds control characters is
        marked; U+FFFD never stands for what could not be read.
        """
        blocks = self._blocks()
        pieces = (
            _byte_pieces(blocks, self.encoding, self._newline)
            if self._bytewise
            else _text_pieces(blocks, self.encoding, self._newline)
        )
        number = 0
        for text, problem in pieces:
            if problem:
                number += 1
                yield Line(number, text, problem)
                continue
            text = text.replace("\r\n", "\n").removesuffix("\r")
            is_clean = len(text) <= LONGEST_LINE and _ODD.search(text) is None
            for line in text.split(self._newline):
                number += 1
                yield Line(number, line, "" if is_clean else _problem(line))

    def _stat(self) -> tuple[int, int]:
        found = os.fstat(self._file.fileno())
        return found.st_size, found.st_mtime_ns

    def _blocks(self) -> Iterator[bytes]:
        self._file.seek(0)
        stream: Any = gzip.GzipFile(fileobj=self._file) if self._compressed else self._file
        skip = len(codecs.BOM_UTF8) if self.encoding == "utf-8-sig" else 0
        while block := stream.read(BLOCK):
            yield block[skip:]
            skip = 0
        self.refuse_changed()

    def _examine(self) -> tuple[str, int, bytes]:
        """Digest, line breaks and first block; a compressed file is read through once."""
        self._file.seek(0)
        digest = hashlib.sha256()
        breaks, sample = 0, b""
        while block := self._file.read(BLOCK):
            digest.update(block)
            if not self._compressed:
                sample = sample or block
                breaks += block.count(b"\n") or block.count(b"\r")
        if self._compressed:
            breaks, sample = self._examine_compressed()
        return digest.hexdigest(), breaks, sample

    def _examine_compressed(self) -> tuple[int, bytes]:
        self._file.seek(0)
        breaks, size, sample = 0, 0, b""
        most = max(FREE_SIZE, self._stamp[0] * LARGEST_RATIO)
        try:
            with gzip.GzipFile(fileobj=self._file) as stream:
                while block := stream.read(BLOCK):
                    sample = sample or block
                    breaks += block.count(b"\n") or block.count(b"\r")
                    size += len(block)
                    if size > most:
                        raise FileRefusedError(
                            f"{self.path}: unpacks to more than {most:,} bytes, "
                            f"{LARGEST_RATIO} times its size; unpack it first if that is right"
                        )
        except (EOFError, OSError, zlib.error) as exc:
            raise FileRefusedError(f"{self.path}: the gzip file is damaged ({exc})") from exc
        return breaks, sample

    def _refuse_binary(self, sample: bytes) -> None:
        told = next((told for magic, told in _NOT_TABLES.items() if sample.startswith(magic)), "")
        if not told and self._bytewise and b"\x00" in sample and not self._has_headers(sample):
            told = "not text (it holds zero bytes)"
        if told:
            raise FileRefusedError(f"{self.path}: {told}; expected CSV, TSV or JSONL, or .gz of it")
        if not sample:
            raise FileRefusedError(f"{self.path}: the file is empty; expected a line of headers")

    def _has_headers(self, sample: bytes) -> bool:
        first = sample.partition(self._newline.encode("ascii"))[0]
        try:
            return b"\x00" not in first and bool(first.decode(self.encoding))
        except UnicodeDecodeError:
            return False


def _open(path: Path) -> BinaryIO:
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        number = os.open(path, flags)
    except FileNotFoundError:
        raise FileRefusedError(f"{path}: no such file") from None
    except OSError as exc:
        told = "a symbolic link; name the file itself" if path.is_symlink() else exc.strerror
        raise FileRefusedError(f"{path}: {told}") from None
    except ValueError:
        raise FileRefusedError(f"{str(path)!r}: no file can have this name") from None
    mode = os.fstat(number).st_mode
    if not stat.S_ISREG(mode):
        os.close(number)
        what = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
        raise FileRefusedError(f"{path}: {what}; expected a regular file")
    return os.fdopen(number, "rb")


def _encoding(path: Path, stated: str, sample: bytes) -> str:
    marked = next((name for mark, name in _MARKS if sample.startswith(mark)), "")
    if not stated:
        return marked or "utf-8"
    try:
        known = codecs.lookup(stated)
        is_text = isinstance("a".encode(stated), bytes)
    except (LookupError, UnicodeError, ValueError, TypeError):
        is_text = False
    if not is_text:
        raise FileRefusedError(
            f"{path}: no encoding {stated!r}; expected one such as utf-8, cp1252 or utf-16"
        )
    return "utf-8-sig" if known.name == "utf-8" and marked == "utf-8-sig" else known.name


def _is_bytewise(encoding: str) -> bool:
    """Whether line ends, quotes and delimiters are the bytes that ASCII says."""
    ascii_text = '\r\n",;\t|az'
    return ascii_text.encode(encoding.removesuffix("-sig")) == ascii_text.encode("ascii")


def _byte_pieces(blocks: Iterator[bytes], encoding: str, newline: str) -> Iterator[tuple[str, str]]:
    """Texts of whole lines; a line that is too long or cannot be decoded comes on its own."""
    codec = encoding.removesuffix("-sig")
    end = newline.encode("ascii")
    for piece, is_cut in _whole_lines(blocks, end):
        if is_cut:
            yield piece.decode(codec, "backslashreplace"), _too_long()
            continue
        try:
            yield piece.decode(codec), ""
        except UnicodeDecodeError:
            yield from (_decoded(line, codec) for line in piece.split(end))


def _decoded(line: bytes, codec: str) -> tuple[str, str]:
    try:
        return line.decode(codec), ""
    except UnicodeDecodeError as exc:
        bad = exc.object[exc.start : exc.start + 1].hex()
        told = f"not {codec} text (byte 0x{bad}); state --encoding, such as cp1252"
        return line.decode(codec, "backslashreplace"), told


def _text_pieces(blocks: Iterator[bytes], encoding: str, newline: str) -> Iterator[tuple[str, str]]:
    errors = "surrogatepass" if encoding.startswith(("utf-16", "utf-32")) else "strict"
    decoder = codecs.getincrementaldecoder(encoding)(errors)

    def texts() -> Iterator[str]:
        try:
            for block in blocks:
                yield decoder.decode(block)
            yield decoder.decode(b"", True)
        except UnicodeError as exc:
            raise FileRefusedError(f"the file is not {encoding} text ({exc})") from exc

    for piece, is_cut in _whole_lines(texts(), newline):
        yield piece, _too_long() if is_cut else ""


def _whole_lines(blocks: Iterator[Any], end: Any) -> Iterator[tuple[Any, bool]]:
    """Blocks cut at line ends; what is left of a line that is too long comes with True."""
    rest = end[:0]
    is_skipping = False
    for block in blocks:
        data = rest + block
        if is_skipping:
            if end not in data:
                rest = end[:0]
                continue
            data = data.partition(end)[2]
            is_skipping = False
        whole, found, rest = data.rpartition(end)
        if found:
            yield whole, False
        if len(rest) > LONGEST_LINE:
            yield rest[:1000], True
            rest = end[:0]
            is_skipping = True
    if rest:
        yield rest, False


def _too_long() -> str:
    return f"the line is longer than {LONGEST_LINE:,} characters"


def _problem(line: str) -> str:
    return _too_long() if len(line) > LONGEST_LINE else oddity(line)


def oddity(text: str) -> str:
    """Why *text* is no text that may be stored, if it is none."""
    odd = _ODD.search(text)
    if odd is None:
        return ""
    if odd[0] == "\ufffd":
        return "the text was damaged before it got here (it holds U+FFFD)"
    return f"the row holds a character that is not text (U+{ord(odd[0]):04X})"
