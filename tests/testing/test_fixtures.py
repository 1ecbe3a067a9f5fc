"""What make_crm, the clock and the database fixtures promise."""

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from crmkit import Customer, PluginNotFoundError
from crmkit.database.backup import sqlite_file

pytest_plugins = ["pytester"]


def test_the_clock_stands_until_it_is_moved(make_crm, clock):
    crm = make_crm()
    with crm.unit(write=False) as unit:
        assert unit.now == datetime(2026, 1, 5, 9, tzinfo=UTC)
    clock.move(days=1, minutes=30)
    with crm.unit(write=False) as unit:
        assert unit.now == datetime(2026, 1, 6, 9, 30, tzinfo=UTC)


def test_the_same_database_can_be_opened_again(make_crm):
    with make_crm().unit() as unit:
        unit.customers.add(Customer(name="Ana"))

    with make_crm().unit(write=False) as unit:
        assert [each.name for each in unit.customers.page()] == ["Ana"]


def test_a_plugin_that_is_not_there_fails_the_test(make_crm):
    with pytest.raises(PluginNotFoundError):
        make_crm("no_such_plugin")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_a_copied_file_equals_an_upgraded_one(make_crm, time):
    crm = make_crm()

    assert crm.upgrade() == []
    assert [path.name for path in sqlite_file(crm.engine).parent.glob("*.bak*")] == []
    with crm.unit() as unit:
        journal = unit.connection.execute(sa.text("PRAGMA journal_mode")).scalar()
        assert journal == "wal"
        assert unit.customers.add(Customer(name="Ana")).id == 1


LEAKS = """
import threading
from crmkit import Customer
stop = threading.Event()

def test_unit(make_crm):
    global unit
    unit = make_crm().unit(write=False)
    unit.__enter__()

def test_thread(make_crm):
    make_crm()
    threading.Thread(target=stop.wait, args=(5,), name="left-over").start()

def test_end():
    stop.set()
"""


def test_leaks_are_told(pytester):
    pytester.makeconftest('pytest_plugins = ["crmkit.testing"]')
    pytester.makepyfile(LEAKS)

    result = pytester.runpytest_subprocess("-k", "not postgresql")

    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(
        [
            "the test leaks: 1 connection(s) in use; leave units with `with`",
            "the test leaks: thread left-over still runs; join it",
        ]
    )


def test_a_thread_that_has_ended_is_no_leak(make_crm):
    make_crm()
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestSchemasUsedAgain:
    """Tests in this order: what one leaves, the next must not see."""

    def test_one_leaves_rows(self, make_crm):
        with make_crm().unit() as unit:
            people = unit.customers.add_many([Customer(name="Ana"), Customer(name="Bo")])
        assert [each.id for each in people] == [1, 2]

    def test_the_next_finds_none_and_counts_from_one(self, make_crm):
        with make_crm().unit() as unit:
            assert unit.customers.page() == []
            assert unit.customers.add(Customer(name="Chidi")).id == 1
            assert [each.name for each in unit.customers.search("chidi")] == ["Chidi"]
            assert unit.customers.search("ana") == []

    def test_one_changes_a_table(self, make_crm):
        crm = make_crm()
        with crm.unit() as unit:
            unit.connection.execute(sa.text("ALTER TABLE crm_customer ADD left_over TEXT"))

    def test_the_next_gets_another_schema(self, make_crm):
        with make_crm().unit(write=False) as unit:
            columns = sa.inspect(unit.connection).get_columns("crm_customer")
        assert "left_over" not in {each["name"] for each in columns}

    def test_one_forgets_an_upgrade(self, make_crm):
        with make_crm().unit() as unit:
            unit.connection.execute(sa.text("UPDATE crm_schema_core SET version_num = 'x'"))

    def test_the_next_is_upgraded(self, make_crm):
        assert make_crm().upgrade() == []
