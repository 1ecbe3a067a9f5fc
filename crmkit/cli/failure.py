"""How failures end: one line on stderr and the documented exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import click

from .text import visible

NOT_FOUND: Final = 3
INCOMPLETE: Final = 4
REFUSED: Final = 5
NEEDS_UPGRADE: Final = 6
PLUGIN_FAILED: Final = 7
TEMPORARY: Final = 75
INTERRUPTED: Final = 130
DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
RETRYABLE: Final = frozenset({"40001", "40P01"})


class Failure(click.ClickException):
    """Ends the command with one line and an exit code."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(" ".join(visible(line.strip()) for line in message.splitlines() if line))
        self.exit_code = exit_code  # type: ignore[misc]

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(click.style("Error: ", fg="red") + self.message, file=file, err=True)


@contextmanager
def told_plainly(*, traceback: bool) -> Iterator[None]:
    """Turn whatever is raised into one line and an exit code; *traceback* lets the rest through."""
    try:
        yield
    except (click.exceptions.Exit, click.ClickException, BrokenPipeError):
        raise
    except (KeyboardInterrupt, click.Abort) as exc:
        raise Failure("interrupted", INTERRUPTED) from exc
    except Exception as exc:
        if traceback:
            raise
        raise _failure(exc) from exc


def _failure(exc: Exception) -> Failure:
    errors = sys.modules.get("crmkit.errors")
    if errors is not None and isinstance(exc, errors.CrmkitError):
        return Failure(str(exc), exc.exit_code)
    if isinstance(exc, OSError):
        return Failure(in_plain_words(exc))
    origin = getattr(exc, "orig", None) or exc
    if getattr(origin, "sqlstate", None) in RETRYABLE:
        return Failure(
            "another transaction was in the way; nothing was written, try again", TEMPORARY
        )
    if type(exc).__module__.partition(".")[0] in ("sqlalchemy", "sqlite3", "psycopg"):
        return Failure(f"the database says: {origin} (--traceback shows more)")
    return Failure(f"unexpected {type(exc).__name__}: {exc} (--traceback shows more)")


def in_plain_words(exc: OSError) -> str:
    """What the system refused, the file and the mend."""
    file = "" if exc.filename is None else os.fsdecode(exc.filename)
    if exc.errno in FULL:
        place = f" for {file}" if file else ""
        return f"no space left on the disk{place}; free some and run it again"
    if not file or exc.strerror is None:
        return str(exc)
    if exc.errno in DENIED:
        return _denied(file, exc.strerror.lower())
    return f"{file}: {exc.strerror.lower()}"


def _denied(file: str, why: str) -> str:
    if not os.access(file, os.F_OK):
        return f"cannot write {file}: {why}; make its folder writable"
    if not os.access(file, os.R_OK):
        return f"cannot read {file}: {why}; make it readable"
    mend = "make its folder writable" if os.access(file, os.W_OK) else "make it writable"
    return f"cannot write {file}: {why}; {mend}"
