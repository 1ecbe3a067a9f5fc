"""The portable constructs give the same golden results on every engine."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from crmkit import Customer, Interaction, Money
from crmkit.sql import (
    Instant,
    day_of,
    days_between,
    epoch_day,
    epoch_micros,
    greatest,
    int_div,
    int_sum,
    interaction,
    least,
    month_of,
    on_duckdb,
    on_spark,
    year_month,
)

NULL = sa.cast(sa.null(), sa.BigInteger)


def at(*parts):
    return sa.literal(datetime(*parts, tzinfo=UTC), Instant())


LEAP = at(2024, 2, 29, 23, 59, 59, 999999)
BEFORE_1970 = at(1969, 12, 31, 23, 59, 59, 999999)
GOLDEN = {
    "7 / 2": (int_div(7, 2), 3),
    "-7 / 2": (int_div(-7, 2), -3),
    "1 / 0": (int_div(1, 0), None),
    "beyond 2**53": (int_div(2**62 + 2, 2), 2**61 + 1),
    "greatest": (greatest(2, 3), 3),
    "greatest of one": (greatest(NULL, 3), 3),
    "least": (least(2, 3), 2),
    "least of one": (least(2, NULL), 2),
    "a day less a microsecond": (days_between(LEAP, at(2024, 3, 1, 23, 59, 59, 999998)), 0),
    "a day": (days_between(LEAP, at(2024, 3, 1, 23, 59, 59, 999999)), 1),
    "across a leap year": (days_between(at(2024, 1, 1), at(2025, 1, 1)), 366),
    "a plain datetime": (days_between(at(2024, 1, 1), datetime(2024, 1, 31, tzinfo=UTC)), 30),
    "backwards": (days_between(at(2024, 1, 3), at(2024, 1, 1, 12)), -1),
    "micros": (epoch_micros(LEAP), 1709251199999999),
    "micros before 1970": (epoch_micros(BEFORE_1970), -1),
    "day number": (epoch_day(LEAP), 19782),
    "day number before 1970": (epoch_day(BEFORE_1970), -1),
    "day of the epoch": (epoch_day(at(1970, 1, 1)), 0),
    "month": (month_of(LEAP), 2),
    "month before 1970": (month_of(BEFORE_1970), 12),
    "day": (day_of(LEAP), 29),
    "year and month": (year_month(LEAP), 202402),
    "year and month before 1970": (year_month(BEFORE_1970), 196912),
    "another zone": (
        day_of(sa.literal(datetime(2024, 3, 1, 0, 30, tzinfo=UTC) - timedelta(hours=1), Instant())),
        29,
    ),
}


CONSTRUCTS = sa.select(*(construct.label(name) for name, (construct, _) in GOLDEN.items()))


def is_golden(row):
    assert dict(zip(GOLDEN, row, strict=True)) == {name: made for name, (_, made) in GOLDEN.items()}
    assert {type(value) for value in row} == {int, type(None)}


def test_every_construct_gives_its_golden_result(make_crm):
    with make_crm().unit(write=False) as unit:
        is_golden(unit.connection.execute(CONSTRUCTS).one())


def test_every_construct_gives_its_golden_result_on_duckdb():
    duckdb = pytest.importorskip("duckdb", reason="pip install duckdb")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        ((row,),) = on_duckdb(connection)(CONSTRUCTS)
    is_golden(row)


def test_every_construct_gives_its_golden_result_on_spark(spark):
    ((row,),) = on_spark(spark)(CONSTRUCTS)
    is_golden(row)


def test_a_spark_session_that_is_not_in_utc_is_refused(spark):
    other = spark.newSession()
    other.conf.set("spark.sql.session.timeZone", "America/New_York")
    with pytest.raises(ValueError, match=r"set spark\.sql\.session\.timeZone to UTC"):
        on_spark(other)


def test_sums_come_back_as_integers(make_crm):
    with make_crm().unit() as unit:
        ana = unit.customers.add(Customer(name="Ana"))
        unit.interactions.add_many(
            Interaction(
                customer_id=ana.id,
                kind=kind,
                at=unit.now,
                amount=Money(minor, "EUR"),
            )
            for kind, minor in (("purchase.order", 2**40), ("purchase.return", -1))
        )
        sums = unit.connection.execute(
            sa.select(
                int_sum(interaction.c.amount_minor),
                int_sum(interaction.c.amount_minor, interaction.c.kind == "purchase.return"),
                int_sum(interaction.c.amount_minor, interaction.c.kind == "note.heard"),
            )
        ).one()
    assert tuple(sums) == (2**40 - 1, -1, None)
    assert type(sums[0]) is int


@pytest.mark.parametrize("construct", [int_div(7, 2), greatest(1, 2), days_between(LEAP, LEAP)])
def test_an_unknown_engine_gets_standard_sql(construct):
    assert str(sa.select(construct).compile(dialect=sa.engine.default.DefaultDialect()))
