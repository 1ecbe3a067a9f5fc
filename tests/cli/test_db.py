import json
import sqlite3
from contextlib import closing

import pytest

from crmkit import DatabaseNewerError
from crmkit.database import engine
from tests.cli.conftest import enable


def execute(path, sql):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql).fetchall()


def rows(done):
    return {row["owner"]: row for row in json.loads(done.stdout)}


def test_db_status_tells_what_is_pending(shop):
    shop("plugins", "enable", "consent")
    found = rows(shop("--format", "json", "db", "status"))
    assert (found["core"]["state"], found["core"]["revision"]) == ("up to date", "0001_initial")
    assert found["consent"] == {
        "owner": "consent",
        "state": "pending",
        "revision": "",
        "pending": ["0001_initial"],
    }


def test_db_plan_prints_the_sql_and_runs_none_of_it(shop, tmp_path):
    shop("plugins", "enable", "consent")
    plan = shop("db", "plan")
    assert "CREATE TABLE consent_event" in plan.stdout
    assert "CREATE TABLE crm_customer" not in plan.stdout
    assert shop("db", "upgrade", "--dry-run").stdout == plan.stdout
    tables = execute(tmp_path / "crm.db", "SELECT name FROM sqlite_master")
    assert ("consent_event",) not in tables


def test_db_plan_of_a_new_database_makes_no_file(cli, tmp_path):
    done = cli("--db", "sqlite:///new.db", "db", "plan")
    assert "CREATE TABLE crm_customer" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_db_upgrade_copies_the_file_first_and_twice_is_once(shop, tmp_path):
    shop("plugins", "enable", "consent")
    done = shop("db", "upgrade")
    assert "upgraded consent 0001_initial" in done.stderr
    (copy,) = tmp_path.glob("crm.db.bak-*")
    assert f"The database was copied to {copy} first." in done.stderr
    assert ("Ana Kowalska",) in execute(copy, "SELECT name FROM crm_customer")
    again = shop("db", "upgrade")
    assert again.stderr == "The database is up to date.\n"
    assert shop("db", "plan").stderr == "Nothing is pending.\n"


def test_db_works_with_broken_plugins_and_broken_settings(shop, configuration):
    enable(configuration, "consent", "gone", more="[nowhere]\nx = 1\n")
    assert shop("customer", "list").exit_code == 2
    done = shop("db", "upgrade")
    assert done.exit_code == 0
    assert "plugin gone: not installed" in done.stderr
    assert shop("--format", "json", "db", "status").exit_code == 0


def test_db_backup_writes_a_copy_and_never_over_a_file(shop, tmp_path):
    assert shop("db", "backup", "copy.db").exit_code == 0
    assert len(execute(tmp_path / "copy.db", "SELECT * FROM crm_customer")) == 2
    done = shop("db", "backup", "crmkit.toml")
    assert done.exit_code == 1
    assert "crmkit.toml exists" in done.stderr


def test_db_backup_tries_first_whether_it_could(shop, tmp_path):
    done = shop("db", "backup", "copy.db", "--dry-run")
    assert (done.exit_code, done.stderr) == (
        0,
        "Would write copy.db. Dry run: nothing was written.\n",
    )
    assert not (tmp_path / "copy.db").exists()
    missing = shop("db", "backup", "nowhere/copy.db", "--dry-run")
    assert missing.exit_code == 1
    assert "there is no folder nowhere; make it" in missing.stderr


def test_db_compact_says_what_it_saved(shop, tmp_path):
    before = (tmp_path / "crm.db").stat().st_size
    assert "Dry run" in shop("db", "compact", "--dry-run").stderr
    assert (tmp_path / "crm.db").stat().st_size == before
    done = shop("db", "compact")
    assert done.exit_code == 0
    assert "The database was rewritten:" in done.stderr
    assert shop("customer", "find", "ana").exit_code == 0


def test_db_check_finds_a_table_that_differs(shop, tmp_path):
    assert shop("db", "check").exit_code == 0
    execute(tmp_path / "crm.db", "DROP INDEX ix_crm_interaction_timeline")
    done = shop("--format", "json", "db", "check")
    assert done.exit_code == 1
    assert rows(done)["core"]["state"] == "differs"
    assert "ix_crm_interaction_timeline" in rows(done)["core"]["finding"]


def test_db_check_finds_rows_that_point_nowhere(shop, tmp_path):
    execute(tmp_path / "crm.db", "UPDATE crm_identity SET customer_id = 99 WHERE customer_id = 2")
    done = shop("--format", "json", "db", "check")
    assert done.exit_code == 1
    assert "points to no crm_customer" in rows(done)["file"]["finding"]


def test_db_check_says_when_an_upgrade_is_pending(shop):
    shop("plugins", "enable", "consent")
    assert shop("db", "check").exit_code == 6


def test_a_database_that_is_newer_than_the_code_is_refused(shop, tmp_path):
    execute(tmp_path / "crm.db", "UPDATE crm_schema_core SET version_num = '9999_future'")
    for command in (
        ["customer", "list"],
        ["customer", "add", "Cy"],
        ["db", "plan"],
        ["db", "upgrade"],
        ["db", "check"],
    ):
        done = shop(*command)
        assert done.exit_code == 6
        assert done.stderr == f"Error: {DatabaseNewerError('core', '9999_future', 'crmkit')}\n"
    assert "install the newer crmkit" in done.stdout
    assert "db upgrade" not in done.stdout
    assert shop("doctor").exit_code == 6
    assert "newer than the code" in shop("db", "status").stdout


def test_a_read_only_file_is_one_line_and_nothing_is_changed(shop):
    url = "sqlite:///file:crm.db?mode=ro&uri=true"
    done = shop("--db", url, "customer", "add", "Cy")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert "is read-only; nothing was written; make the file and its folder writable" in line
    assert "Ana Kowalska" in shop("--db", url, "customer", "list").stdout


@pytest.fixture
def locked(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(tmp_path / "crm.db")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield shop
        connection.rollback()


@pytest.mark.parametrize(
    "command",
    [["customer", "add", "Cy"], ["customer", "erase", "1", "--yes"], ["offer", "new", "1", "X"]],
)
def test_a_locked_database_is_one_line_and_75(locked, command):
    done = locked(*command)
    assert done.exit_code == 75
    assert done.stderr.startswith("Error: the database is locked by another process")
    assert locked("customer", "show", "1").exit_code == 0


def test_a_file_that_is_no_database_is_one_line(shop, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Ana, this is a letter and no database at all.\n" * 9)
    done = shop("--db", "sqlite:///letter.txt", "customer", "list")
    assert (done.exit_code, done.stderr) == (1, "Error: the file is not a SQLite database\n")


def test_a_server_that_is_not_there_is_one_line(shop):
    done = shop("--db", "postgresql://nobody@127.0.0.1:9/x?connect_timeout=2", "customer", "list")
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "the database server cannot be reached" in done.stderr
