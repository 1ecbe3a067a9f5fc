"""
A made-up book of the real schema, built once and kept: 1M customers, about 10M purchases.

Purchases per customer follow a heavy-tailed law (a Pareto variate, rounded), amounts a log-normal
one; the seed is fixed, so every machine builds the same book. Rows are written in customer order,
which no real book is; that makes building bearable, and reading as fast as after VACUUM.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from crmkit import CRM, ContactPoint, Customer, Identity
from crmkit.sql import insert_many, interaction

FOLDER = Path(os.environ.get("CRMKIT_BENCH_DIR", ".cache/bench"))
END = datetime(2026, 1, 1, tzinfo=UTC)
YEARS_SECONDS = 2 * 365 * 86_400
FIRST = ["Ana", "Bo", "Chen", "Dana", "Eva", "Femi", "Gita", "Hugo", "Ivo", "Jana", "Kofi", "Lea"]
LAST = ["Kowalska", "Lindqvist", "Moreau", "Novak", "Okafor", "Pereira", "Quinn", "Rossi", "Sato"]
COLUMNS = [
    *("id", "customer_id", "kind", "at", "channel", "direction", "amount_minor", "currency"),
    *("text", "thread", "machine", "source", "source_key"),
]


def sqlite_book(customers: int, interactions: int, plugins: tuple[str, ...] = ()) -> Path:
    """The path of the book of that size; built when it is not there yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"book-{customers}-{interactions}.db"
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        crm = CRM.open(part, plugins, durability="relaxed")
        fill(crm, customers, interactions)
        crm.close()
        part.rename(path)
    return path


def postgres_book(customers: int, interactions: int) -> str | None:
    """URL of the same book on the server of ``CRMKIT_BENCH_POSTGRES``; None if that is unset."""
    if not (server := os.environ.get("CRMKIT_BENCH_POSTGRES")):
        return None
    name = f"crmkit_bench_{customers}_{interactions}"
    url = sa.make_url(server).set(drivername="postgresql+psycopg", database=name)
    admin = sa.create_engine(
        sa.make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    text = url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        known = connection.exec_driver_sql(
            "SELECT 1 FROM pg_database WHERE datname = %s", (name,)
        ).first()
        if known is None:
            connection.exec_driver_sql(f"CREATE DATABASE {name}_part")
            crm = CRM.open(text + "_part")
            fill(crm, customers, interactions)
            crm.close()
            connection.exec_driver_sql(f"ALTER DATABASE {name}_part RENAME TO {name}")
    admin.dispose()
    return text


def fill(crm: CRM, customers: int, interactions: int) -> None:
    crm.upgrade()
    for start in range(1, customers + 1, 50_000):
        with crm.unit() as unit:
            unit.customers.add_many(
                map(_customer, range(start, min(start + 50_000, customers + 1)))
            )
    rows, last = _purchases(customers, interactions), 0
    while batch := list(islice(rows, 500_000)):
        last += len(batch)
        with crm.unit() as unit:
            insert_many(unit.connection, interaction, batch, COLUMNS)
    with crm.unit() as unit:
        sqlite = unit.connection.dialect.name == "sqlite"
        unit.connection.exec_driver_sql(
            f"INSERT INTO crm_sequence VALUES ('interaction', {last + 1})"
            if sqlite
            else f"SELECT setval('crm_interaction_id', {last})"
        )
        unit.connection.exec_driver_sql("ANALYZE")


def _customer(number: int) -> Customer:
    return Customer(
        name=f"{FIRST[number % 12]} {LAST[number // 12 % 9]} {number}",
        contact_points=(
            ContactPoint("email", f"c{number}@example.com"),
            ContactPoint("phone", f"+4420{number:08d}"),
        ),
        identities=(Identity("book", str(number)),),
    )


def _purchases(customers: int, interactions: int) -> Iterator[tuple[object, ...]]:
    rng = random.Random(7)
    left, number = interactions, 0
    mean = interactions / customers
    for customer_id in range(1, customers + 1):
        share = min(left, int(rng.paretovariate(1.5) * mean / 3 + rng.random()))
        left -= share
        for at in sorted(rng.random() for _ in range(share)):
            number += 1
            when = datetime.fromtimestamp(END.timestamp() - (1 - at) * YEARS_SECONDS, UTC)
            pence = int(rng.lognormvariate(7.5, 1))
            yield (
                number, customer_id, "purchase.order", when, "shop", "inbound", pence, "GBP",
                "", "", False, "book", f"{number:09d}",
            )  # fmt: skip
