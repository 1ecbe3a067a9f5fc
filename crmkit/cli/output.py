"""Data on stdout in the chosen format; talk, progress and warnings on stderr."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Final, Literal, TypeAlias

import click

from .text import cell, clipped, harmless, json_escapes, plain, visible, width

Format = Literal["table", "json", "jsonl", "csv"]
FORMATS: Final = ("table", "json", "jsonl", "csv")
Row: TypeAlias = Mapping[str, object]
GAP: Final = "  "
NARROWEST: Final = 6
REPORT_SECONDS: Final = 5.0


class Talk:
    """How this run speaks: in which format, and whether it talks at all."""

    def __init__(self, format: Format = "table", *, quiet: bool = False) -> None:
        self.format = format
        self.quiet = quiet


def talk() -> Talk:
    """The one of the command that runs."""
    context = click.get_current_context(silent=True)
    found = context.meta.setdefault(__name__, Talk()) if context else Talk()
    assert isinstance(found, Talk)
    return found


def begin_talk(context: click.Context, format: Format, *, quiet: bool) -> None:
    context.meta[__name__] = Talk(format, quiet=quiet)


def examples(*lines: str) -> str:
    """The epilog of a command; every line is run by a test in a prepared folder."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def say(text: str) -> None:
    """Tell people something, on stderr; silent with ``-q``."""
    if not talk().quiet:
        click.echo("\n".join(visible(line) for line in text.split("\n")), err=True)


def warn(text: str) -> None:
    """Tell people what they must know, on stderr, also with ``-q``."""
    click.echo(click.style("Warning: ", fg="yellow") + visible(text), err=True)


def emit(rows: Iterable[Row], columns: Sequence[str] | None = None) -> None:
    """
    Write *rows* to stdout.

    Args:
        columns: What a table and CSV show, in this order; default the keys of the first row. The
            JSON formats always hold whole rows.
    """
    match talk().format:
        case "table":
            _table(list(rows), columns)
        case "csv":
            _csv(rows, columns)
        case "jsonl":
            for row in rows:
                _write(_json(row) + "\n")
        case "json":
            _array(rows)


def emit_one(thing: Row) -> None:
    """Write one thing to stdout: its fields one below the other, or as one document or row."""
    match talk().format:
        case "table":
            _fields(thing)
        case "csv":
            _csv([thing], None)
        case "jsonl":
            _write(_json(thing) + "\n")
        case "json":
            _write(_json(thing, indent=2) + "\n")


def emit_screen(lines: Iterable[str], thing: Row) -> None:
    """Write one thing to stdout: as these *lines* for people, or as one document or row."""
    if talk().format == "table":
        _write("".join(visible(line) + "\n" for line in lines))
    else:
        emit_one(thing)


@contextmanager
def progress(total: int | None, label: str) -> Iterator[Callable[[int], None]]:
    """
    Show on stderr how far long work is: a bar on a terminal, else a line every few seconds.

    Yields the function to call with the number of items just done.
    """
    if talk().quiet:
        yield lambda _: None
    elif sys.stderr.isatty() and total:
        with click.progressbar(length=total, label=visible(label), file=sys.stderr) as bar:
            yield bar.update
    else:
        yield _line_now_and_then(total, label)


def _line_now_and_then(total: int | None, label: str) -> Callable[[int], None]:
    done = 0
    said_at = time.monotonic()

    def step(more: int) -> None:
        nonlocal done, said_at
        done += more
        if time.monotonic() - said_at >= REPORT_SECONDS:
            said_at = time.monotonic()
            say(f"{label}: {done:,}" + (f" of {total:,}" if total else ""))

    return step


def _write(text: str) -> None:
    sys.stdout.write(text)


def _json(value: object, indent: int | None = None) -> str:
    import json

    return json_escapes(json.dumps(plain(value), ensure_ascii=False, indent=indent))


def _array(rows: Iterable[Row]) -> None:
    before = "[\n  "
    for row in rows:
        _write(before + _json(row))
        before = ",\n  "
    _write("[]\n" if before.startswith("[") else "\n]\n")


def _csv(rows: Iterable[Row], columns: Sequence[str] | None) -> None:
    shown = visible if sys.stdout.isatty() else str
    iterator = iter(rows)
    first = next(iterator, None)
    names = list(columns or first or ())
    if names:
        _write(",".join(map(harmless, names)) + "\n")
    for row in chain([] if first is None else [first], iterator):
        _write(shown(",".join(harmless(row.get(name)) for name in names)) + "\n")


def _table(rows: Sequence[Row], columns: Sequence[str] | None) -> None:
    if not rows:
        say("(nothing)")
        return
    names = list(columns or rows[0])
    lines = [[visible(cell(row.get(name))) for name in names] for row in rows]
    heads = [name.replace("_", " ") for name in names]
    widths = [max(map(width, column)) for column in zip(heads, *lines, strict=True)]
    widths = _fitted(widths, heads)
    right = [all(_is_number(row.get(name)) for row in rows) for name in names]
    click.echo(click.style(_line(heads, widths, right), bold=True))
    _write("".join(_line(line, widths, right) + "\n" for line in lines))


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _fitted(widths: list[int], heads: list[str]) -> list[int]:
    """*widths* made smaller, the widest first, until they fit the terminal if there is one."""
    if not sys.stdout.isatty():
        return widths
    room = shutil.get_terminal_size().columns - len(GAP) * (len(widths) - 1)
    widths = list(widths)
    while sum(widths) > room and max(widths) > NARROWEST:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = []
    for text, columns, is_right in zip(cells, widths, right, strict=True):
        text = clipped(text, columns)
        space = " " * (columns - width(text))
        padded.append(space + text if is_right else text + space)
    return GAP.join(padded).rstrip()


def _fields(thing: Row) -> None:
    indent = max(map(len, thing), default=0) + len(GAP)
    for name, value in thing.items():
        lines = _lines(value)
        if not any(lines):
            continue
        label = click.style(name.replace("_", " ").ljust(indent), bold=True)
        click.echo(label + visible(lines[0]))
        _write("".join(" " * indent + visible(line) + "\n" for line in lines[1:]))


def _lines(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [line for each in value for line in cell(each).split("\n")]
    return cell(value).split("\n")
