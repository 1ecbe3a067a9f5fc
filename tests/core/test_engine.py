"""Engine settings, asserted on real connections, and what the database's refusals are called."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit import (
    CRM,
    ConfigError,
    Customer,
    DatabaseBusyError,
    DatabaseError,
    DatabaseFullError,
    DatabaseReadOnlyError,
    MissingExtraError,
)
from crmkit.database import engine as engines


@pytest.fixture
def path(tmp_path):
    return tmp_path / "crm.db"


@pytest.fixture
def crm(path):
    opened = CRM.open(f"sqlite:///{path}")
    opened.upgrade()
    yield opened
    opened.close()


def pragma(crm, name):
    with crm.unit() as unit:
        return unit.connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("query_only", 0)],
)
def test_sqlite_keeps_what_it_promised(crm, name, value):
    assert pragma(crm, name) == value


def test_relaxed_durability_is_a_setting_for_imports(path):
    crm = CRM.open(path, durability="relaxed")
    crm.upgrade()
    assert pragma(crm, "synchronous") == 1
    assert pragma(crm, "journal_mode") == "wal"
    crm.close()


def test_a_strict_table_refuses_text_in_an_integer_column(crm):
    with pytest.raises(sa.exc.IntegrityError, match="cannot store TEXT value in INTEGER column"):
        with crm.unit() as unit:
            unit.connection.exec_driver_sql(
                "INSERT INTO crm_sequence (name, next_id) VALUES ('x', 'abc')"
            )


def test_every_table_of_core_is_strict(crm):
    with crm.unit() as unit:
        rows = unit.connection.exec_driver_sql("PRAGMA table_list").mappings().all()
    loose = {
        row["name"]
        for row in rows
        if row["type"] == "table" and row["name"].startswith("crm_") and not row["strict"]
    }
    assert loose == {"crm_schema_core"}


def test_a_dangling_row_is_refused(crm):
    with pytest.raises(sa.exc.IntegrityError, match="FOREIGN KEY"):
        with crm.unit() as unit:
            unit.connection.exec_driver_sql("INSERT INTO crm_identity VALUES ('a', 'b', 99)")


def test_a_writer_takes_the_lock_before_it_reads_and_readers_go_on(crm, monkeypatch):
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.1)
    other = CRM.open(crm.engine.url.render_as_string())
    with crm.unit() as first:
        with other.unit(write=False) as reader:
            assert reader.customers.page() == []
            first.customers.add(Customer(name="A"))
            assert reader.customers.page() == []
        with pytest.raises(DatabaseBusyError) as busy, other.unit():
            pytest.fail("a second writer was let in")
    assert str(busy.value) == (
        "the database is locked by another process; nothing was written, try again"
    )
    assert busy.value.exit_code == 75
    with other.unit() as unit:
        assert [each.name for each in unit.customers.page()] == ["A"]
    other.close()


def test_a_second_writer_waits_for_the_first(crm):
    other = CRM.open(crm.engine.url.render_as_string())
    entered = threading.Event()

    def second():
        entered.set()
        with other.unit() as unit:
            unit.customers.add(Customer(name="second"))

    with crm.unit() as unit:
        thread = threading.Thread(target=second)
        thread.start()
        entered.wait()
        unit.customers.add(Customer(name="first"))
    thread.join()
    with crm.unit(write=False) as unit:
        assert [each.name for each in unit.customers.page()] == ["first", "second"]
    other.close()


@pytest.mark.parametrize(
    "content", [b"not a database at all, just text\n" * 40, b"PK\x03\x04" * 300]
)
def test_a_file_that_is_no_database_is_said_to_be_none(path, content):
    path.write_bytes(content)
    crm = CRM.open(path)
    for work in (crm.upgrade, lambda: crm.unit().__enter__()):
        with pytest.raises(DatabaseError, match=r"^the file is not a SQLite database$"):
            work()
    crm.close()
    assert path.read_bytes() == content


def test_a_missing_folder_is_said_to_be_missing(tmp_path):
    crm = CRM.open(tmp_path / "nowhere" / "crm.db")
    with pytest.raises(
        DatabaseError, match=r"nowhere/crm\.db cannot be opened: its folder does not"
    ):
        crm.upgrade()
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(DatabaseError, match="cannot be opened: it is a folder"):
        CRM.open(tmp_path).upgrade()


@pytest.mark.parametrize("url", ["mysql://root@localhost/crm", "duckdb:///x.db", "oracle://x"])
def test_another_database_system_is_refused_by_name(url):
    with pytest.raises(ConfigError, match=r"sqlite:///file\.db or postgresql://"):
        CRM.open(url)


@pytest.mark.parametrize("url", ["://", "sqlite//x://", "1://2"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(ConfigError, match="database"):
        CRM.open(url)


def test_postgresql_without_its_driver_says_which_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'crmkit\[postgres\]'"):
        CRM.open("postgresql://localhost/crm")


def test_a_server_that_does_not_answer_is_said_not_to(unused_port):
    crm = CRM.open(f"postgresql://postgres@127.0.0.1:{unused_port}/crm")
    with pytest.raises(DatabaseError, match=r"server cannot be reached: .*refused"):
        crm.upgrade()


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def test_opening_touches_nothing(path):
    CRM.open(path)
    assert list(path.parent.iterdir()) == []


def test_a_file_opened_read_only_can_be_read_and_not_written(crm, path):
    with crm.unit() as unit:
        unit.customers.add(Customer(name="A"))
    crm.close()
    closed = CRM.open(f"sqlite:///file:{path}?mode=ro&uri=true")
    with closed.unit(write=False) as unit:
        assert [each.name for each in unit.customers.page()] == ["A"]
    with pytest.raises(DatabaseReadOnlyError, match="make the file and its folder writable"):
        with closed.unit() as unit:
            unit.customers.add(Customer(name="B"))
    closed.close()


AS_NOBODY = """
import os, sys
import crmkit
crm = crmkit.CRM.open(sys.argv[1])
with crm.unit() as unit:
    unit.customers.add(crmkit.Customer(name="B"))
crm.close()
os.setgid(65534); os.setuid(65534)
try:
    with crm.unit() as unit:
        unit.customers.add(crmkit.Customer(name="C"))
except crmkit.DatabaseReadOnlyError as exc:
    print(exc)
"""


def open_to_all(path):
    for each in path.parents:
        if not each.stat().st_mode & 0o001:
            each.chmod(0o755)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody who may not write")
def test_a_file_and_folder_of_somebody_else_are_read_only(crm, path):
    crm.close()
    open_to_all(path)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(path)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.startswith("the database, or this unit of work, is read-only"), done.stderr
    assert rows(path) == 1


AS_NOBODY_BESIDE = """
import os, sys
import crmkit
crm = crmkit.CRM.open(sys.argv[1])
with crm.unit() as unit:
    unit.customers.add(crmkit.Customer(name="B"))
crm.close()
os.setgid(65534); os.setuid(65534)
try:
    with crm.unit() as unit:
        unit.customers.add(crmkit.Customer(name="C"))
except crmkit.DatabaseReadOnlyError as exc:
    print(exc)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody who may not write")
def test_a_read_only_file_beside_the_database_is_named(crm, path):
    fill(crm, 1)
    open_to_all(path)
    path.parent.chmod(0o777)
    path.chmod(0o666)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY_BESIDE, str(path)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.startswith(f"{path}-shm is read-only; nothing was written"), done.stderr


def test_a_full_disk_met_while_reading_claims_no_rollback(crm):
    with pytest.raises(DatabaseFullError, match="disk is full; nothing was written; free some"):
        with crm.unit(write=False):
            raise sqlite3.OperationalError("database or disk is full")


def rows(path):
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return raw.execute("SELECT count(*) FROM crm_customer").fetchone()[0]


def fill(crm, names=2000):
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=f"{'x' * 400} {n}") for n in range(names))


def test_a_full_database_is_rolled_back_and_goes_on_after_there_is_room(crm, path):
    fill(crm, 10)
    with crm.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    @sa.event.listens_for(crm.engine, "checkout")
    def limit(raw, *_):
        raw.execute(f"PRAGMA max_page_count = {limit.pages}")

    limit.pages = pages + 5
    with pytest.raises(DatabaseFullError, match="disk is full; the transaction was rolled back"):
        fill(crm)
    with crm.unit() as unit:
        with pytest.raises(DatabaseFullError):
            fill_in(unit)
    limit.pages = 1 << 30
    assert rows(path) == 10
    fill(crm, 20)
    assert rows(path) == 30


def fill_in(unit):
    from crmkit.database.engine import translated

    with translated():
        unit.customers.add_many(Customer(name=f"{'x' * 400} {n}") for n in range(2000))


FILLING = """
import resource, signal, sys
import crmkit
crm = crmkit.CRM.open(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    for turn in range(100):
        with crm.unit() as unit:
            unit.customers.add_many(
                crmkit.Customer(name="x" * 400 + f" {turn} {n}") for n in range(200)
            )
        print("committed", flush=True)
except crmkit.DatabaseFullError as exc:
    print(exc)
"""


def test_a_disk_that_fills_up_loses_no_commit_and_breaks_no_page(crm, path):
    fill(crm, 10)
    crm.close()
    limit = path.stat().st_size + 1_000_000
    done = subprocess.run(
        [sys.executable, "-c", FILLING, str(path), str(limit)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    committed = done.stdout.count("committed")
    assert "the disk is full; the transaction was rolled back" in done.stdout
    assert rows(path) == 10 + 200 * committed
    fill(crm, 5)
    assert rows(path) == 15 + 200 * committed
