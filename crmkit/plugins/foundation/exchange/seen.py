"""What an import has come across so far, kept on disk so that memory stays flat."""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Final

MEMORY_KIB: Final = 16_384


class Seen:
    """Facts by key, first come first kept, in a private temporary file that SQLite removes."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute(f"PRAGMA cache_size = -{MEMORY_KIB}")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, fact TEXT) WITHOUT ROWID")

    def __enter__(self) -> Seen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._db.close()

    def get(self, key: str) -> str | None:
        row = self._db.execute("SELECT fact FROM seen WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: str, fact: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (key, fact))
