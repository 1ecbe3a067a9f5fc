"""What is true of any file: every row is in one bucket, a plan is the run, twice is once."""

import itertools
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import CRM
from crmkit.plugins.foundation import exchange

from .conftest import HEADERS, LINES, PEOPLE, Shop

UGLY = "1 2 3 Ana ana@example.com 2026-01-02 2026-01-03T10:00 5 -5 0.5 NaN 1.0 é \x00 \ufffd ; x\ny"
QUOTED = ['"', '""', '"a', 'b"', '"a,b"']
CELL = st.sampled_from(["", " ", *QUOTED, *UGLY.split(" ")])
GOOD = {
    PEOPLE: st.tuples(st.sampled_from("1234"), st.sampled_from(["Ana", "Bo", ""]), st.just("")),
    LINES: st.tuples(
        st.sampled_from("1234"),
        st.sampled_from("78"),
        st.sampled_from(["2026-01-02", "2026-01-03"]),
        st.sampled_from(["TEA", "CUP"]),
        st.sampled_from(["1", "2", "-1"]),
        st.sampled_from(["3.50", "0", "-1"]),
    ),
}
LAWS = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
numbers = itertools.count()


def files(mapping):
    ugly = st.lists(CELL, min_size=1, max_size=7)
    row = st.one_of(GOOD[mapping], GOOD[mapping], ugly).map(",".join)
    ends = st.sampled_from(["\n", "\r\n"])
    return st.tuples(st.lists(row, max_size=12), ends).map(
        lambda given: given[1].join([HEADERS[mapping], *given[0], ""]).encode()
    )


@pytest.fixture
def fresh(tmp_path):
    """A new, empty shop on SQLite each time it is called."""
    opened = []

    def make():
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        crm = CRM.open("sqlite://", ["exchange"], strict=True)
        crm.upgrade()
        opened.append(crm)
        return Shop(crm, folder)

    yield make
    for crm in opened:
        crm.close()


def holds(shop, mapping, content, size):
    path = shop.file(content)
    plan = shop.plan(path, mapping, rows_per_unit=size)
    assert shop.dump() == []
    run = shop.run(path, mapping, rows_per_unit=size)
    assert shop.counts(plan) == shop.counts(run)
    assert (plan.reasons, plan.customers, plan.interactions) == (
        run.reasons,
        run.customers,
        run.interactions,
    )
    once = shop.dump()
    again = shop.run(path, mapping, rows_per_unit=size)
    assert (again.created, again.updated) == (0, 0)
    assert again.unchanged == run.created + run.updated + run.unchanged
    assert (again.skipped, again.rejected) == (run.skipped, run.rejected)
    assert shop.dump() == once
    kept = 0 if run.rejects is None else len(list(exchange_rows(run.rejects)))
    assert kept == run.rejected


def exchange_rows(path):
    """The rows of a rejects file, read as a file of its own."""
    from crmkit.plugins.foundation.exchange import sheet, source

    with source.Source(path) as opened:
        found = sheet.read_sheet(opened, wanted=(), delimiter=",", multiline=True)
        yield from sheet.rows_of(opened, found)


@LAWS
@given(content=files(PEOPLE), size=st.sampled_from([1, 3, 100]))
def test_a_file_of_customers_is_accounted_for(fresh, content, size):
    holds(fresh(), PEOPLE, content, size)


@LAWS
@given(content=files(LINES), size=st.sampled_from([1, 3, 100]))
def test_a_file_of_purchases_is_accounted_for(fresh, content, size):
    holds(fresh(), LINES, content, size)


@LAWS
@given(content=files(LINES), size=st.sampled_from([1, 3, 100]))
def test_how_many_rows_a_unit_has_changes_nothing(fresh, content, size):
    one, other = fresh(), fresh()
    whole = one.run(one.file(content), LINES)
    pieces = other.run(other.file(content), LINES, rows_per_unit=size)
    assert one.counts(whole) == other.counts(pieces)
    assert one.dump() == other.dump()


@settings(LAWS, max_examples=60)
@given(content=st.binary(max_size=200))
def test_no_bytes_at_all_do_more_than_refuse(fresh_one, content):
    path = fresh_one.file(content)
    with suppress(exchange.FileRefusedError, exchange.MappingError):
        exchange.run(fresh_one.crm, path, exchange.read_mapping(PEOPLE))


@pytest.fixture
def fresh_one(fresh):
    return fresh()
