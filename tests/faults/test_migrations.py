"""Upgrades: planned, backed up, refused, interrupted at every statement, run twice at once."""

import signal
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
    Customer,
    DatabaseBusyError,
    DatabaseNewerError,
    MigrationsPendingError,
    PluginError,
)
from crmkit.database import migrations

sys.path.insert(0, str(Path(__file__).parent))

from migrations_plugin import demo, snapshot

ALL = [
    "core 0001_initial",
    "demo 0001_initial",
    "demo 0002_optional_label",
    "demo 0003_tags",
]


@pytest.fixture
def opened(database):
    """``opened(plugin)``: a CRM that is not upgraded."""
    crms = []

    def make(*plugins, **options):
        crms.append(CRM.open(database, plugins, **options))
        return crms[-1]

    yield make
    for crm in crms:
        crm.close()


@pytest.fixture
def filled(opened, tmp_path):
    """A database with core, the plugin's first revision, and a row of each."""
    crm = opened(demo(tmp_path / "demo", upto=1))
    crm.upgrade()
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
        insert = "INSERT INTO demo_item (id, customer_id, label) VALUES (1, 1, 'first')"
        unit.connection.execute(sa.text(insert))
    return crm


def status(crm):
    with crm.engine.connect() as connection:
        return [
            (each.owner, each.have, list(each.pending))
            for each in migrations.status(connection, crm.owners)
        ]


def test_an_upgrade_applies_core_then_the_plugins_and_again_nothing(opened, tmp_path):
    crm = opened(demo(tmp_path / "demo"))
    assert status(crm) == [
        ("core", None, ["0001_initial"]),
        ("demo", None, ["0001_initial", "0002_optional_label", "0003_tags"]),
    ]
    assert crm.upgrade() == ALL
    assert status(crm) == [("core", "0001_initial", []), ("demo", "0003_tags", [])]
    assert crm.upgrade() == []


def test_rows_survive_a_table_that_is_rebuilt(filled, opened, tmp_path):
    crm = opened(demo(tmp_path / "demo"))
    assert crm.upgrade() == ALL[2:]
    with crm.unit() as unit:
        rows = unit.connection.execute(sa.text("SELECT id, label, colour FROM demo_item")).all()
        assert [tuple(row) for row in rows] == [(1, "first", "red")]
        unit.connection.execute(sa.text("INSERT INTO demo_item VALUES (2, 1, NULL, NULL)"))
    with pytest.raises(sa.exc.IntegrityError), crm.unit() as unit:
        unit.connection.execute(sa.text("INSERT INTO demo_item VALUES (3, 99, NULL, NULL)"))
    with pytest.raises(sa.exc.DBAPIError), crm.unit() as unit:
        unit.connection.execute(sa.text("INSERT INTO demo_item VALUES ('x', 1, NULL, NULL)"))


def test_a_plan_says_the_statements_and_changes_nothing(filled, opened, tmp_path):
    crm = opened(demo(tmp_path / "demo"))
    before = snapshot(crm.engine)
    plan = migrations.plan(crm.engine, crm.owners)
    assert snapshot(crm.engine) == before
    assert any(line.startswith("CREATE TABLE demo_tag") for line in plan)
    assert any("0003_tags" in line and "crm_schema_demo" in line for line in plan)
    assert not any("CREATE TABLE crm_" in line for line in plan)
    crm.upgrade()
    assert migrations.plan(crm.engine, crm.owners) == []


def test_a_plan_of_an_empty_database_holds_everything(opened, tmp_path):
    crm = opened(demo(tmp_path / "demo"))
    plan = migrations.plan(crm.engine, crm.owners)
    assert sum(line.startswith("CREATE TABLE") for line in plan) >= 14
    assert [key for key in snapshot(crm.engine) if key.startswith(("crm_", "demo_"))] == []


def test_a_unit_before_the_upgrade_names_who_is_behind(filled, opened, tmp_path):
    crm = opened(demo(tmp_path / "demo"))
    with pytest.raises(MigrationsPendingError, match="behind for demo; run `crmkit db up") as told:
        with crm.unit():
            pass
    assert (told.value.behind, told.value.exit_code) == (("demo",), 6)


@pytest.mark.parametrize("owner", ["core", "demo"])
def test_a_newer_database_is_refused_before_anything_is_done(filled, opened, tmp_path, owner):
    with filled.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE crm_schema_{owner} SET version_num = '0099_future'"))
    crm = opened(demo(tmp_path / "demo"))
    before, files = snapshot(crm.engine), sorted(tmp_path.iterdir())
    for work in (
        crm.upgrade,
        lambda: migrations.plan(crm.engine, crm.owners),
        lambda: crm.unit().__enter__(),
    ):
        with pytest.raises(DatabaseNewerError, match=f"'0099_future' of {owner}") as told:
            work()
    assert told.value.exit_code == 6
    assert snapshot(crm.engine) == before
    assert [each for each in sorted(tmp_path.iterdir()) if ".bak" in each.name] == []
    assert len(files) <= len(sorted(tmp_path.iterdir()))


class Interrupted(BaseException):
    """Stands for the end of the process: nothing may catch it."""


def interrupted_at(crm, nth):
    """Upgrade, but stop at the *nth* statement; False when there are not so many."""
    counted = []

    def count(*_):
        counted.append(1)
        if len(counted) == nth:
            raise Interrupted

    sa.event.listen(crm.engine, "before_cursor_execute", count)
    try:
        crm.upgrade()
    except (Interrupted, PluginError):  # Alembic's own cleaning up may fail in its place
        return True
    finally:
        sa.event.remove(crm.engine, "before_cursor_execute", count)
    return False


def test_interrupted_at_any_statement_the_database_is_old_or_new(opened, tmp_path):
    """Each attempt starts where the one before left the database, so it is also the rerun."""
    crm = opened(demo(tmp_path / "demo"))
    states = [snapshot(crm.engine)]
    interrupted, nth = 0, 1
    while interrupted_at(crm, nth):
        interrupted += 1
        now = snapshot(crm.engine)
        if now == states[-1]:
            nth += 1
        else:
            states.append(now)
            nth = 1
    assert interrupted > 40
    empty, core, *complete = ({key for key in each if " " not in key} for each in states)
    assert not any(key.startswith(("crm_", "demo_")) for key in empty)
    assert "crm_interaction_search" in core
    assert not any(key.startswith("demo_") for key in core)
    assert all("demo_tag" in each for each in complete)
    assert status(crm) == [("core", "0001_initial", []), ("demo", "0003_tags", [])]
    with crm.engine.connect() as connection:
        assert [migrations.drift(connection, owner) for owner in crm.owners] == [[], []]


def test_interrupted_while_a_table_is_rebuilt_no_row_is_lost(filled, opened, tmp_path):
    crm = opened(demo(tmp_path / "demo"), clock=filled.clock)
    old = snapshot(crm.engine)
    nth = 1
    while interrupted_at(crm, nth) and (now := snapshot(crm.engine)) == old:
        nth += 1
    assert nth > 10
    now = snapshot(crm.engine)
    assert now["demo_item rows"] == [(1, 1, "first", "red")]
    assert now["crm_schema_demo rows"] == [("0003_tags",)]


KILL = Path(__file__).with_name("migrations_kill.py")


def test_killed_in_the_middle_the_rerun_succeeds(database, opened, tmp_path):
    crm = opened(demo(tmp_path / "demo"))
    empty, complete = snapshot(crm.engine), None
    crm.engine.dispose()
    for nth in (12, 30, 45):
        done = subprocess.run(
            [sys.executable, KILL, database, str(tmp_path / "demo"), str(nth)],
            cwd=Path(__file__).parents[2], capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stderr
        now = snapshot(crm.engine)
        if "crm_customer" not in now:
            assert now == empty
        else:
            complete = complete or now
            assert now == complete
            assert "demo_item" not in now
    assert crm.upgrade() in (ALL, ALL[1:])
    with crm.engine.connect() as connection:
        assert [migrations.drift(connection, owner) for owner in crm.owners] == [[], []]


def test_two_upgrades_at_once_apply_each_revision_once(opened, tmp_path):
    crms = [opened(demo(tmp_path / f"demo{n}")) for n in range(2)]
    barrier, results = threading.Barrier(2), []

    def upgrade(crm):
        barrier.wait()
        try:
            results.append(crm.upgrade())
        except Exception as exc:
            results.append(exc)

    threads = [threading.Thread(target=upgrade, args=(crm,)) for crm in crms]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(line for result in results for line in result) == ALL
    with crms[0].unit() as unit:
        assert unit.customers.page() == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_upgrade_does_not_wait_for_ever_behind_somebody_elses_lock(
    filled, opened, tmp_path, monkeypatch
):
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT", "100ms")
    crm = opened(demo(tmp_path / "demo"))
    old = snapshot(crm.engine)
    with filled.engine.begin() as connection:
        connection.execute(sa.text("LOCK TABLE demo_item"))
        with pytest.raises(DatabaseBusyError):
            crm.upgrade()
    assert snapshot(crm.engine) == old
    assert crm.upgrade() == ALL[2:]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_is_copied_before_an_upgrade(filled, opened, tmp_path, clock):
    assert [each for each in tmp_path.iterdir() if ".bak" in each.name] == []
    crm = opened(demo(tmp_path / "demo", upto=2), clock=clock)
    crm.upgrade()
    crm = opened(demo(tmp_path / "demo"), clock=clock)
    crm.upgrade()
    crm.upgrade()
    copies = sorted(each for each in tmp_path.iterdir() if ".bak" in each.name)
    names = ["crm.db.bak-20260105T090000Z", "crm.db.bak-20260105T090000Z-2"]
    assert [each.name for each in copies] == names
    with closing(sqlite3.connect(copies[0])) as copy:
        assert copy.execute("SELECT name FROM crm_customer").fetchall() == [("Ana",)]
        assert copy.execute("SELECT * FROM demo_item").fetchall() == [(1, 1, "first")]
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


FAILS = """
def upgrade():
    op.create_table("demo_half", sa.Column("id", Id, primary_key=True), **STRICT)
    op.execute("UPDATE demo_item SET label = 'changed'")
    op.execute("INSERT INTO no_such_table VALUES (1)")
"""
RAISES = """
def upgrade():
    op.execute("UPDATE demo_item SET label = 'changed'")
    raise KeyError("colour")
"""
DANGLES = """
def upgrade():
    op.execute("INSERT INTO demo_item (id, customer_id, label) VALUES (2, 99, 'nobody')")
"""


@pytest.mark.parametrize(
    ("body", "told"), [(FAILS, "no_such_table"), (RAISES, "KeyError: 'colour'")]
)
def test_a_failing_revision_leaves_its_plugin_as_it_was_and_names_it(
    filled, opened, tmp_path, body, told
):
    crm = opened(demo(tmp_path / "demo", **{"0003_tags": body}))
    old = snapshot(crm.engine)
    with pytest.raises(PluginError, match=f"plugin demo: its upgrade failed.*{told}"):
        crm.upgrade()
    assert snapshot(crm.engine) == old
    crm = opened(demo(tmp_path / "demo"))
    assert crm.upgrade() == ALL[2:]


def test_a_failing_plugin_leaves_core_upgraded(opened, tmp_path):
    crm = opened(demo(tmp_path / "demo", **{"0001_initial": RAISES}))
    with pytest.raises(PluginError, match="plugin demo"):
        crm.upgrade()
    assert [each[:2] for each in status(crm)] == [("core", "0001_initial"), ("demo", None)]
    core = opened()
    with core.unit() as unit:
        assert unit.customers.page() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_revision_that_leaves_rows_pointing_nowhere_is_rolled_back(filled, opened, tmp_path):
    crm = opened(demo(tmp_path / "demo", **{"0003_tags": DANGLES}))
    old = snapshot(crm.engine)
    with pytest.raises(Exception, match="rows that point nowhere"):
        crm.upgrade()
    assert snapshot(crm.engine) == old


def test_a_revision_named_unlike_its_file_is_refused(opened, tmp_path):
    plugin = demo(tmp_path / "demo", upto=1)
    file = tmp_path / "demo" / "0001_initial.py"
    file.write_text(file.read_text().replace("revision = '0001_initial'", "revision = 'abc'"))
    crm = opened(plugin)
    with pytest.raises(PluginError, match=r"0001_initial\.py names itself revision 'abc'"):
        crm.upgrade()
    assert status(crm)[1][1] is None


def test_no_table_differs_from_what_the_code_declares(opened, tmp_path):
    crm = opened(demo(tmp_path / "demo"))
    crm.upgrade()
    with crm.engine.connect() as connection:
        assert [migrations.drift(connection, owner) for owner in crm.owners] == [[], []]


CHANGES = {
    "ALTER TABLE demo_item DROP COLUMN colour": "colour",
    "ALTER TABLE demo_item ADD COLUMN extra TEXT": "extra",
    "DROP INDEX ix_demo_item_customer_id": "ix_demo_item_customer_id",
    "DROP TABLE demo_tag": "demo_tag",
    "DROP INDEX ix_crm_interaction_timeline": "ix_crm_interaction_timeline",
}


def test_a_table_altered_by_hand_is_drift(opened, tmp_path):
    crm = opened(demo(tmp_path / "demo"))
    crm.upgrade()
    for change, told in CHANGES.items():
        with crm.engine.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql(
                "BEGIN" if connection.dialect.name == "sqlite" else "SELECT 1"
            )
            connection.execute(sa.text(change))
            found = [line for owner in crm.owners for line in migrations.drift(connection, owner)]
            transaction.rollback()
        assert len(found) == 1, change
        assert told in found[0]
