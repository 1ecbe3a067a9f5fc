"""A file as a table: its columns, and its rows as they stand there, good and bad."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from .errors import FileRefusedError
from .model import Row
from .source import Line, Source, oddity

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LONGEST_FIELD: Final = 131_072
MOST_LINES: Final = 200
"""A quoted cell that goes on for more physical lines than this was never closed."""
SAMPLE: Final = 1_000


@attrs.frozen(kw_only=True)
class Sheet:
    """
    How a file is laid out.

    Attributes:
        columns: The headers; of JSONL, the keys of the first objects.
        sample: The first rows.
    """

    path: Path
    format: Literal["csv", "jsonl"]
    columns: tuple[str, ...]
    delimiter: str
    multiline: bool
    encoding: str
    sample: tuple[Row, ...] = ()

    def __str__(self) -> str:
        if self.format == "jsonl":
            return f"jsonl, {self.encoding}"
        return f"csv, {DELIMITERS.get(self.delimiter, self.delimiter)}, {self.encoding}"


def read_sheet(source: Source, *, wanted: Sequence[str], delimiter: str, multiline: bool) -> Sheet:
    """
    Look at the beginning of a file.

    Args:
        wanted: The columns that will be asked for; they help to tell the delimiter.

    Raises:
        FileRefusedError: If it has no usable line of headers.
    """
    lines = _after_blanks(source.lines())
    first = next(lines, None)
    if first is None:
        raise FileRefusedError(f"{source.path}: the file is empty; expected a line of headers")
    if first.problem:
        raise FileRefusedError(f"{source.path}: line {first.number}: {first.problem}")
    is_jsonl = first.text.lstrip().startswith("{")
    columns: tuple[str, ...] = ()
    if is_jsonl:
        columns = _keys(islice(chain([first], lines), SAMPLE))
    else:
        delimiter = delimiter or _delimiter(first.text, wanted)
        columns = _headers(source, first.text, delimiter)
    sheet = Sheet(
        path=source.path,
        format="jsonl" if is_jsonl else "csv",
        columns=columns,
        delimiter=delimiter,
        multiline=multiline,
        encoding=source.encoding,
    )
    return attrs.evolve(sheet, sample=tuple(islice(rows_of(source, sheet), SAMPLE)))


def rows_of(source: Source, sheet: Sheet) -> Iterator[Row]:
    """All rows from the first, without headers and blank lines."""
    lines = _after_blanks(source.lines())
    if sheet.format == "jsonl":
        return _objects(lines, sheet.columns)
    next(lines)
    return _Records(lines, sheet).rows()


def _after_blanks(lines: Iterator[Line]) -> Iterator[Line]:
    for line in lines:
        if line.text.strip() or line.problem:
            return chain([line], lines)
    return iter(())


def _delimiter(header: str, wanted: Sequence[str]) -> str:
    """The one that shows most of the wanted columns, else that makes most columns."""

    def merit(delimiter: str) -> tuple[int, int]:
        names = _split(header, delimiter)
        return len(set(names) & set(wanted)), len(names)

    return max(DELIMITERS, key=merit)


def _split(header: str, delimiter: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]
    except csv.Error:
        return [header]


def _headers(source: Source, header: str, delimiter: str) -> tuple[str, ...]:
    names = _split(header, delimiter)
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise FileRefusedError(
            f"{source.path}: the headers name {', '.join(map(repr, twice))} twice; "
            "give every column a name of its own"
        )
    return tuple(names)


class _Records:
    """CSV in which no stray quote swallows a row."""

    def __init__(self, lines: Iterator[Line], sheet: Sheet) -> None:
        self._lines = lines
        self._again: deque[Line] = deque()
        self._delimiter = sheet.delimiter
        self._width = len(sheet.columns)
        self._takes_lookalikes = sheet.multiline or self._width < 3

    def rows(self) -> Iterator[Row]:
        again, lines, delimiter = self._again, self._lines, self._delimiter
        while True:
            line = again.popleft() if again else next(lines, None)
            if line is None:
                return
            number, text, problem = line
            if problem:
                yield Row(number, [text], problem=problem)
            elif '"' in text:
                yield self._quoted(line)
            elif text and not (text.isspace() and delimiter not in text):
                cells = text.split(delimiter)
                if len(text) > LONGEST_FIELD and max(map(len, cells)) > LONGEST_FIELD:
                    problem = _too_long()
                yield Row(number, cells, problem=problem)

    def _quoted(self, first: Line) -> Row:
        """The record that begins in *first*. If it is none, only its first line is used up."""
        taken: list[Line] = []

        def feed() -> Iterator[str]:
            yield first.text + "\n"
            while len(taken) < MOST_LINES and (line := self._next()) is not None:
                taken.append(line)
                if line.problem:
                    return
                yield line.text + "\n"

        try:
            cells = next(csv.reader(feed(), delimiter=self._delimiter, strict=True))
            problem = self._swallowed(cells, taken) if taken else ""
        except csv.Error as exc:
            cells, problem = [], _told(str(exc), len(taken))
        if not problem:
            return Row(first.number, cells)
        self._again.extendleft(reversed(taken))
        return Row(first.number, first.text.split(self._delimiter), problem=problem)

    def _next(self) -> Line | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def _swallowed(self, cells: Sequence[str], taken: Sequence[Line]) -> str:
        """Why a record over several lines is rather a quote too many, if it is."""
        if len(cells) != self._width:
            return _unclosed()
        if self._takes_lookalikes:
            return ""
        for line in taken:
            if len(_split(line.text, self._delimiter)) == self._width:
                return (
                    f"{_unclosed()}: the cell would swallow line {line.number}, which looks like a "
                    "row; state multiline = true if it is none"
                )
        return ""


def _too_long() -> str:
    return f"a cell is longer than {LONGEST_FIELD:,} characters"


def _unclosed() -> str:
    return "a quote is opened in this row and not closed"


def _told(error: str, lines: int) -> str:
    if "field larger" in error:
        return _too_long()
    if lines or "unexpected end" in error:
        return _unclosed()
    if "expected after" in error:
        return 'a quote stands inside a quoted cell; write it twice: ""'
    return f"not CSV: {error}"


def _keys(lines: Iterator[Line]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for line in lines:
        document = None if line.problem else _document(line.text)
        if isinstance(document, dict):
            found.update(dict.fromkeys(document))
    return tuple(found)


def _objects(lines: Iterator[Line], columns: Sequence[str]) -> Iterator[Row]:
    for number, text, problem in lines:
        if not text.strip():
            continue
        document = problem or _document(text)
        if isinstance(document, str):
            yield Row(number, [text], text, document)
        else:
            cells = [_cell(document.get(column)) for column in columns]
            yield Row(number, cells, text, _unfit(document, cells, text))


def _document(text: str) -> dict[str, Any] | str:
    """The object of one line; a str says why it is none."""
    try:
        document = json.loads(
            text, object_pairs_hook=_once, parse_float=str, parse_int=str, parse_constant=str
        )
    except RecursionError:
        return "not JSON: nested too deeply"
    except ValueError as exc:
        return f"not JSON: {exc}"
    return document if isinstance(document, dict) else "not a JSON object"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is named twice")
    return document


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ""


def _unfit(document: dict[str, Any], cells: Sequence[str], text: str) -> str:
    """Why an object is not a row, if it is none."""
    for column, value in document.items():
        if isinstance(value, dict | list):
            return f"{column} holds a list or an object; expected one value"
    if max(map(len, cells), default=0) > LONGEST_FIELD:
        return _too_long()
    escaped = (oddity(cell) for cell in cells) if "\\u" in text else ()
    return next(filter(None, escaped), "")
