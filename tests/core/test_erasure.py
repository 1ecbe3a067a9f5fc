"""Erasure: the row stays without a name, and nothing of the person stays with it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit import (
    Attribute,
    ContactPoint,
    Customer,
    DatabaseBusyError,
    HookFailedError,
    Identity,
    Money,
    Offer,
    Plugin,
    RecordNotFoundError,
    hookimpl,
)
from crmkit.admin import compact, size_bytes

CANARY = "xanthippe"
NOTE = Attribute(name="note", type="text", indexed=True)


def fill(crm, bought):
    with crm.unit() as unit:
        unit.customers.add_many(
            [
                Customer(
                    name=f"Ms {CANARY.title()}",
                    contact_points=(ContactPoint("email", f"{CANARY}@example.com", label=CANARY),),
                    identities=(Identity("shop", CANARY),),
                    attributes={"note": f"{CANARY} likes tea"},
                ),
                Customer(name="Somebody else"),
            ]
        )
        unit.offers.add(
            Offer(customer_id=1, what=f"Tea for {CANARY}", why=CANARY, terms={"to": CANARY})
        )
        unit.interactions.add_many(
            [bought("a", text=f"{CANARY} called", thread=CANARY), bought("b", text=f"{CANARY}!")]
        )
        unit.interactions.index_texts(size=1)


def test_an_erased_customer_keeps_a_row_and_the_sums(make_crm, bought):
    crm = make_crm(attributes=[NOTE])
    fill(crm, bought)
    with crm.unit() as unit:
        assert unit.customers.erase([1]) == {"crmkit": 1}
    with crm.unit(write=False) as unit:
        erased = unit.customers.get(1)
        assert (erased.name, erased.status, erased.version) == ("", "erased", 2)
        assert (erased.contact_points, erased.identities, erased.attributes) == ((), (), {})
        assert [each.amount for each in unit.interactions.timeline(1)] == [Money(1290, "EUR")] * 2
        assert [each.text for each in unit.interactions.timeline(1)] == ["", ""]
        assert unit.offers.of(1)[0].what == "(erased)"
        assert unit.customers.search(CANARY) == []
        assert unit.interactions.search(CANARY) == []
        assert unit.customers.ids_of("shop", [CANARY]) == {}
        assert unit.customers.ids_at("email", f"{CANARY}@example.com") == []
        assert unit.customers.ids_with("note", f"{CANARY} likes tea") == []
        assert [each.name for each in unit.customers.page()] == ["Somebody else"]
    with crm.unit() as unit:
        assert unit.interactions.index_texts() == 0


def test_no_table_holds_the_erased_name(make_crm, bought):
    crm = make_crm(attributes=[NOTE])
    fill(crm, bought)
    with crm.unit() as unit:
        unit.customers.erase([1])
    with crm.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            if table.endswith("_search_data"):
                continue  # FTS5's own pages: see the next test
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'):
                held = " ".join(str(value) for value in row).lower()
                assert CANARY not in held, table


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_file_holds_no_byte_of_the_name_after_it_was_compacted(make_crm, bought):
    """SQLite keeps deleted words in index segments, free pages and its log until rewritten."""
    crm = make_crm(attributes=[NOTE])
    fill(crm, bought)
    with crm.unit() as unit:
        unit.customers.erase([1])
    path = Path(crm.engine.url.database)
    assert CANARY.encode() in held_on_disk(path)
    compact(crm.engine)
    assert CANARY.encode() not in held_on_disk(path)
    assert CANARY[:6].encode() not in held_on_disk(path)
    with crm.unit(write=False) as unit:
        assert [each.name for each in unit.customers.search("somebody")] == ["Somebody else"]


def held_on_disk(path):
    files = (path, path.with_name(f"{path.name}-wal"))
    return b"".join(each.read_bytes() for each in files if each.exists()).lower()


def test_compacting_keeps_every_row_and_makes_the_database_smaller(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=f"Customer {n} " + "x" * 90) for n in range(3_000))
    with crm.unit() as unit:
        unit.customers.erase(range(1, 2_501))
    before = size_bytes(crm.engine)
    compact(crm.engine)
    assert size_bytes(crm.engine) < before
    with crm.unit(write=False) as unit:
        assert len(unit.customers.search("customer 2999")) == 1
        assert unit.customers.get(3_000).name.startswith("Customer 2999 ")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_somebody_reads_is_not_compacted(make_crm, database):
    crm = make_crm()
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM crm_customer").fetchall()
        with crm.unit() as unit:
            unit.customers.add(Customer(name="Ana"))
        with pytest.raises(DatabaseBusyError):
            compact(crm.engine)


def test_one_plugin_that_cannot_erase_leaves_all_as_it_was(make_crm, bought):
    asked = []

    class Failing:
        @hookimpl
        def crmkit_erase(self, unit, customer_ids):
            raise OSError("the archive is offline")

    class Working:
        @hookimpl
        def crmkit_erase(self, unit, customer_ids):
            asked.append(list(customer_ids))
            return 3

    crm = make_crm(
        Plugin(name="archive", summary="", hooks=Failing()),
        Plugin(name="notes", summary="", hooks=Working()),
        attributes=[NOTE],
    )
    fill(crm, bought)
    with crm.unit() as unit:
        with pytest.raises(HookFailedError, match=r"plugin archive: crmkit_erase.*offline"):
            unit.customers.erase([1])
    assert asked == [[1]]
    with crm.unit(write=False) as unit:
        assert unit.customers.get(1).name == "Ms Xanthippe"
        assert unit.interactions.search(CANARY) != []


def test_erasing_counts_per_plugin_and_knows_whom(make_crm, bought):
    class Working:
        @hookimpl
        def crmkit_erase(self, unit, customer_ids):
            return 3

    crm = make_crm(Plugin(name="notes", summary="", hooks=Working()), attributes=[NOTE])
    fill(crm, bought)
    with crm.unit() as unit:
        with pytest.raises(RecordNotFoundError, match="no customer 9"):
            unit.customers.erase([1, 9])
        assert unit.customers.get(1).name == "Ms Xanthippe"
        assert unit.customers.erase([2, 1, 1]) == {"notes": 3, "crmkit": 2}
