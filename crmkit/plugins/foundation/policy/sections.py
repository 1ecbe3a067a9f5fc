"""One table of a TOML document, read field by field; problems are collected, not raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from crmkit import nearest

_DERIVED: Final = {"Policy": {"version", "text"}, "Purpose": {"name"}}
"""Fields of a record that its table does not hold."""


class Section:
    """
    Attributes:
        where: The table's own name in messages; empty for the document.
        problems: Shared by all sections of a document.
    """

    def __init__(self, where: str, given: object, record: type, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        self.given: Mapping[str, object] = given if isinstance(given, dict) else {}
        if not isinstance(given, dict):
            self.problem("", "must be a table")
        fields = {field.name for field in attrs.fields(record)}
        known = fields - _DERIVED.get(record.__name__, set())
        for key in self.given:
            if key not in known:
                self.problem(key, f"is not known{nearest(key, known)}")

    def problem(self, key: str, told: str) -> None:
        self.problems.append(f"{': '.join(filter(None, (self.where, key)))} {told}")

    def text(self, key: str, *, required: bool = True) -> str:
        value = self.given.get(key, "")
        if not isinstance(value, str) or (required and not value.strip()):
            self.problem(key, "must be text" if key in self.given else "is missing")
            return ""
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str:
        value = self.text(key)
        if value and value not in choices:
            told = f"{value!r} is none of {', '.join(choices)}{nearest(value, choices)}"
            self.problem(key, told)
        return value

    def words(self, key: str, *, required: bool = True) -> tuple[str, ...]:
        value = self.given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            self.problem(key, "must be a list of texts")
            return ()
        if required and not value:
            self.problem(key, "must not be empty" if key in self.given else "is missing")
        return tuple(value)

    def count(self, key: str, *, least: int, default: int | None = None) -> int:
        value = self.given.get(key, default)
        if type(value) is not int or not least <= value < 1 << 62:
            told = f"must be a whole number of at least {least}"
            self.problem(key, told if key in self.given else "is missing")
            return least
        return value

    def share(self, key: str) -> float:
        value = self.given.get(key)
        if type(value) not in (int, float) or not 0 <= value < 1:  # type: ignore[operator]
            told = "must be a share of at least 0 and below 1"
            self.problem(key, told if key in self.given else "is missing")
            return 0.0
        return float(value)  # type: ignore[arg-type]

    def clock(self, key: str) -> time:
        value = self.given.get(key)
        try:
            read = value if isinstance(value, time) else time.fromisoformat(str(value))
        except ValueError:
            read = None
        if read is None or read.tzinfo is not None:
            told = 'must be a time of day such as "21:00"'
            self.problem(key, told if key in self.given else "is missing")
            return time()
        return read

    def zones(self, key: str) -> tuple[str, ...]:
        zones = self.words(key)
        for zone in zones:
            try:
                ZoneInfo(zone)
            except (OSError, ValueError, KeyError):
                self.problem(key, f"{zone!r} is no IANA time zone such as Europe/Warsaw")
        return zones

    def table(self, key: str, *, required: bool = False) -> Mapping[str, object]:
        value = self.given.get(key, {})
        if not isinstance(value, dict):
            self.problem(key, "must be a table")
            return {}
        if required and not value:
            self.problem(key, "names none" if key in self.given else "is missing")
        return value

    def tables(self, key: str, record: type) -> tuple[Section, ...]:
        value = self.given.get(key, [])
        if not isinstance(value, list):
            self.problem(key, f"must be written as [[{key}]]")
            return ()
        return tuple(
            Section(f"{key} {number}", each, record, self.problems)
            for number, each in enumerate(value, 1)
        )
