"""Where a story plays: a folder, the tables it reads, and a clock that it moves."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs

from crmkit import CRM, Customer, Identity, InvalidValueError, Unit

HERE: Final = Path(__file__).parent
TABLES: Final = HERE.parent / "tables"
BEGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
Row = Mapping[str, str]


@attrs.define
class Scene:
    """
    Attributes:
        folder: Of the configuration, the database and the outbox.
        tables: A folder with one folder of CSV files for each system.
        now: What the clock of the CRM says.
    """

    folder: Path
    tables: Path
    now: datetime = BEGIN
    _crm: CRM | None = attrs.field(default=None, init=False)

    def set_up(self, scenario: str, *systems: str) -> None:
        """
        The folder with its configuration; what is there stays as it is.

        Raises:
            InvalidValueError: If there are no tables of one of *systems*; nothing is written then.
        """
        for system in systems:
            self._folder(system)
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "crmkit.toml"
        if not config.exists():
            told = (HERE / f"{scenario}.toml").read_text(encoding="utf-8")
            config.write_text(told, encoding="utf-8")
        self._crm = CRM.from_config(config, strict=True, clock=lambda: self.now, actor="demo")
        self._crm.upgrade()

    @property
    def crm(self) -> CRM:
        assert self._crm is not None
        return self._crm

    @contextmanager
    def at(self, now: datetime) -> Iterator[Unit]:
        """A unit at that instant."""
        self.now = now
        with self.crm.unit() as unit:
            yield unit

    def rows(self, system: str, name: str) -> list[Row]:
        """
        The rows of one table, without blanks around their values.

        Raises:
            InvalidValueError: If there is no such table.
        """
        path = self._folder(system) / f"{name}.csv"
        if not path.is_file():
            raise InvalidValueError("tables", str(path), f"a file in the layout of {system}")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [_stripped(row) for row in csv.DictReader(file)]

    def _folder(self, system: str) -> Path:
        for name in (system, f"{system}_fivetran"):
            if (self.tables / name).is_dir():
                return self.tables / name
        accepted = f"a folder with a folder {system}; leave --tables out for what is in the box"
        raise InvalidValueError("tables", str(self.tables), accepted)


def _stripped(row: Mapping[str, str]) -> Row:
    return {name: value.strip() for name, value in row.items()}


def instant(told: str) -> datetime | None:
    """``2021-01-07 6:49:18``, with or without a fraction, in UTC; None where nothing is told."""
    day, _, clock = told.partition(" ")
    if not day:
        return None
    hour, _, rest = clock.partition(":")
    text = f"{day}T{hour:0>2}:{rest}" if clock else day
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moment(told: str) -> datetime:
    """The same where there has to be one."""
    found = instant(told)
    assert found is not None
    return found


def strangers(unit: Unit, system: str, ids: Iterable[str]) -> tuple[dict[str, int], int]:
    """
    The customers of these ids, and how many of them nobody knew: they are kept as merely
    mentioned, so that what others tell of them is not lost.
    """
    wanted = sorted(set(ids))
    known = unit.customers.ids_of(system, wanted)
    new = [
        Customer(
            name=f"{system.capitalize()} {each}",
            standing="mentioned",
            identities=(Identity(system, each),),
        )
        for each in wanted
        if each not in known
    ]
    added = {each.identities[0].external_id: each.id for each in unit.customers.add_many(new)}
    return known | added, len(new)


def title(phase: str, what: str) -> str:
    return f"\n{phase:<8}{what}"
