"""
``interactions.add_many`` beside the raw driver and SQLAlchemy's ORM: same table, same indexes.

    python -m benchmarks.interactions [--rows 300000] [--postgres URL]

Every turn starts with a fresh database of 10,000 customers. Foreign keys and full durability are on
for all; validation and five plugins for crmkit, each of which implements saving, saved and
committed and does nothing. The rows of every contestant exist before its clock starts: tuples for
the raw driver, dicts for the ORM, records for crmkit; one line also counts making the records.
add_many returns the ids of its rows, and so does the ORM where it says so.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session

from benchmarks.timing import report
from crmkit import CRM, Changes, Customer, Interaction, Money, Plugin, Unit, hookimpl
from crmkit.sql import interaction

CUSTOMERS, TURNS = 10_000, 5
START = datetime(2025, 1, 1, tzinfo=UTC)
COLUMNS = interaction.columns.keys()
NAMES = ", ".join(COLUMNS)
Contestant = Callable[[CRM], None]


class Nothing:
    """Hooks of a plugin that looks at every batch and does nothing."""

    @hookimpl
    def crmkit_saving(self, unit: Unit, changes: Changes) -> None:
        """Look, and leave the batch as it is."""

    @hookimpl
    def crmkit_saved(self, unit: Unit, changes: Changes) -> None:
        """Look, and write nothing."""

    @hookimpl
    def crmkit_committed(self, crm: CRM, changes: Sequence[Changes]) -> None:
        """Look, and wake nobody."""


PLUGINS = [Plugin(name=f"nothing{n}", summary="", hooks=Nothing()) for n in range(5)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--postgres", default=os.environ.get("CRMKIT_BENCH_POSTGRES"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fresh = partial(_fresh_file, Path(folder))
        taken = _turns(fresh, _on_sqlite(_Given(fresh, asked.rows)))
    report(f"{asked.rows:,} interactions into SQLite", taken, against="raw executemany, tuples")
    if asked.postgres is None:
        print("set CRMKIT_BENCH_POSTGRES, or --postgres, to a server for the other half")
        return
    with closing(_Schema(asked.postgres)) as schema:
        taken = _turns(schema.fresh, _on_postgresql(_Given(schema.fresh, asked.rows)))
    report(f"{asked.rows:,} interactions into PostgreSQL", taken, against="raw COPY, tuples")


def _turns(fresh: Callable[[], CRM], run: Mapping[str, Contestant]) -> dict[str, float]:
    """Median seconds; the contestants take turns, and the first turn does not count."""
    taken: dict[str, list[float]] = {name: [] for name in run}
    for turn in range(TURNS + 1):
        for name, contestant in run.items():
            with closing(fresh()) as crm:
                started = time.perf_counter()
                contestant(crm)
                if turn:
                    taken[name].append(time.perf_counter() - started)
    return {name: median(each) for name, each in taken.items()}


class _Given:
    """The same purchases in the form each contestant takes, made before any clock starts."""

    def __init__(self, fresh: Callable[[], CRM], count: int) -> None:
        with closing(fresh()) as crm, crm.unit(write=False) as unit:
            instant = unit.instant
        self.fields = _purchases(count)
        self.records = _records(self.fields)
        self.tuples = [
            (
                number, each.customer_id, each.kind, instant(each.at), each.channel, each.direction,
                each.amount and each.amount.amount_minor, each.amount and each.amount.currency, "",
                "", None, False, None, each.source, each.source_key,
            )
            for number, each in enumerate(self.records, 1)
        ]  # fmt: skip
        self.dicts = [
            dict(zip(COLUMNS, (*row[:3], each["at"], *row[4:]), strict=True))
            for row, each in zip(self.tuples, self.fields, strict=True)
        ]
        self.without_ids = [{k: v for k, v in each.items() if k != "id"} for each in self.dicts]
        gc.freeze()  # a collector that walks a million prepared objects would slow every contestant


def _purchases(count: int) -> list[dict[str, Any]]:
    """The arguments of *count* records, in the order in which they happened."""
    rng = random.Random(1)
    return [
        {
            "customer_id": rng.randint(1, CUSTOMERS),
            "kind": "purchase.order",
            "at": START + timedelta(seconds=100 * n),
            "channel": rng.choice(("web", "shop", "phone")),
            "amount": Money(int(rng.lognormvariate(7.5, 1)), "GBP"),
            "source": "bench",
            "source_key": f"{n:09d}",
        }
        for n in range(count)
    ]


def _records(fields: Iterable[Mapping[str, Any]]) -> list[Interaction]:
    return [Interaction(**each) for each in fields]


def _on_sqlite(given: _Given) -> dict[str, Contestant]:
    return {"raw executemany, tuples": partial(_raw_executemany, given.tuples)} | _others(given)


def _on_postgresql(given: _Given) -> dict[str, Contestant]:
    return {"raw COPY, tuples": partial(_raw_copy, given.tuples)} | _others(given)


def _others(given: _Given) -> dict[str, Contestant]:
    model = _model()
    bare, returning = sa.insert(model), sa.insert(model).returning(model.id)
    return {
        "crmkit add_many": lambda crm: _add_many(crm, given.records),
        "crmkit, making the records as well": lambda crm: _add_many(crm, _records(given.fields)),
        "ORM bulk insert, ids returned": lambda crm: _orm(crm, returning, given.without_ids),
        "ORM bulk insert, ids given": lambda crm: _orm(crm, bare, given.dicts),
    }


def _raw_executemany(rows: list[tuple[Any, ...]], crm: CRM) -> None:
    marks = ", ".join("?" * len(COLUMNS))
    with closing(crm.engine.raw_connection()) as connection:
        connection.cursor().execute("BEGIN IMMEDIATE")
        sql = f"INSERT INTO crm_interaction ({NAMES}) VALUES ({marks})"
        connection.cursor().executemany(sql, rows)
        connection.commit()


def _raw_copy(rows: list[tuple[Any, ...]], crm: CRM) -> None:
    with closing(crm.engine.raw_connection()) as connection:
        cursor: Any = connection.cursor()
        with cursor.copy(f"COPY crm_interaction ({NAMES}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()


def _add_many(crm: CRM, records: list[Interaction]) -> None:
    with crm.unit() as unit:
        assert unit.interactions.add_many(records).new == len(records)


def _orm(crm: CRM, statement: Any, dicts: list[dict[str, Any]]) -> None:
    with Session(crm.engine) as session:
        result = session.execute(statement, dicts)
        if "id" not in dicts[0]:
            assert len(result.scalars().all()) == len(dicts)
        session.commit()


def _model() -> Any:
    class Base(DeclarativeBase):
        pass

    columns = [
        sa.Column(each.name, each.type, primary_key=each.primary_key, server_default=_default(each))
        for each in interaction.columns
    ]
    table = sa.Table(interaction.name, sa.MetaData(), *columns)
    return type("Model", (Base,), {"__table__": table})


def _default(column: sa.Column[Any]) -> sa.TextClause | None:
    return sa.text("nextval('crm_interaction_id')") if column.primary_key else None


def _fresh_file(folder: Path) -> CRM:
    prepared, path = folder / "prepared.db", folder / "bench.db"
    if not prepared.exists():
        with closing(CRM.open(prepared)) as crm:
            _prepare(crm)
    for left in folder.glob("bench.db*"):
        left.unlink()
    shutil.copyfile(prepared, path)
    return CRM.open(path, PLUGINS, strict=True)


def _prepare(crm: CRM) -> None:
    crm.upgrade()
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=f"c{n}") for n in range(CUSTOMERS))


class _Schema:
    """A schema of its own on a PostgreSQL server, emptied for every turn."""

    def __init__(self, server: str) -> None:
        name = f"crmkit_bench_{os.getpid()}"
        url = sa.make_url(server).set(drivername="postgresql+psycopg")
        self._engine, self._name = sa.create_engine(url), name
        with self._engine.begin() as connection:
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        there = url.update_query_dict({"options": f"-csearch_path={name},public"})
        self._url = there.render_as_string(hide_password=False)
        with closing(CRM.open(self._url)) as crm:
            _prepare(crm)
            with crm.unit() as unit:  # so that the ORM may leave ids to the server
                unit.connection.exec_driver_sql(
                    "ALTER TABLE crm_interaction ALTER id SET DEFAULT nextval('crm_interaction_id')"
                )

    def fresh(self) -> CRM:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(f"TRUNCATE {self._name}.crm_interaction CASCADE")
            connection.exec_driver_sql(f"ALTER SEQUENCE {self._name}.crm_interaction_id RESTART")
        return CRM.open(self._url, PLUGINS, strict=True)

    def close(self) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {self._name} CASCADE")
        self._engine.dispose()


if __name__ == "__main__":
    main()
