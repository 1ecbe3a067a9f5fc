"""
The customer page and the keyset page, beside the raw driver and two ORMs, on 1M customers.

    python -m benchmarks.customer_page [--customers 1000000] [--interactions 10000000]

The page: customer, contact points, identities, 50 latest interactions with their lines, open
offers, scores. Customers are drawn in proportion to their interactions, as page views are. Django
takes part where it is installed.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session

from benchmarks.book import END, sqlite_book
from benchmarks.timing import report, side_by_side
from crmkit import CRM, Offer
from crmkit.plugins.foundation import scoring
from crmkit.sql import contact_point, customer, identity, interaction, line, offer

PAGES = 400
Pages = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--interactions", type=int, default=10_000_000)
    size = parser.parse_args()
    path = sqlite_book(size.customers, size.interactions)
    crm = CRM.open(path, ["scoring", "rfm"], strict=True, durability="relaxed")
    crm.upgrade()
    ids = _drawn(path)
    _prepare(crm, ids)
    contestants: dict[str, Pages] = {
        "raw sqlite3, tuples": _raw(path, ids),
        "crmkit, frozen records, a unit per page": _crmkit(crm, ids),
        "SQLAlchemy ORM, a session per page": _orm(path, ids),
    }
    try:
        contestants["Django ORM"] = _django(path, ids)
    except ModuleNotFoundError:
        print("Django is not installed: pip install django")
    medians = side_by_side(contestants)
    per_page = {name: seconds / len(ids) for name, seconds in medians.items()}
    report(f"customer page, {size.customers:,} customers", per_page, against="raw sqlite3, tuples")
    _keyset(crm, size.customers)


def _drawn(path: Path) -> list[int]:
    rng = random.Random(1)
    connection = sqlite3.connect(path)
    (last,) = connection.execute("SELECT max(id) FROM crm_interaction").fetchone()
    draw = "SELECT customer_id FROM crm_interaction WHERE id = ?"
    return [connection.execute(draw, (rng.randint(1, last),)).fetchone()[0] for _ in range(PAGES)]


def _prepare(crm: CRM, ids: list[int]) -> None:
    """An open offer and scores for every customer whose page is shown."""
    with crm.unit() as unit:
        fresh = sorted(each for each in set(ids) if not unit.offers.open_of(each))
        unit.offers.add_many(Offer(customer_id=each, what="Tea", plugin="bench") for each in fresh)
    with crm.unit(write=False) as unit:
        scored = scoring.scores_of(unit, ids[0])
    if not scored:
        with crm.unit() as unit:
            scoring.run(unit, as_of=END)


def _crmkit(crm: CRM, ids: list[int]) -> Pages:
    def show() -> None:
        for each in ids:
            with crm.unit(write=False) as unit:
                unit.customers.get(each)
                unit.interactions.timeline(each)
                unit.offers.open_of(each)
                scoring.scores_of(unit, each)

    return show


RAW = (
    "SELECT id, kind, standing, name, locale, time_zone, status, merged_into, attributes, version"
    " FROM crm_customer WHERE id = ?",
    "SELECT kind, value, label, preferred FROM crm_contact_point WHERE customer_id = ?"
    " ORDER BY position",
    "SELECT namespace, external_id FROM crm_identity WHERE customer_id = ?",
    "SELECT id, customer_id, kind, at, channel, direction, amount_minor, currency, text, thread,"
    " offer_id, machine, payload, source, source_key FROM crm_interaction WHERE customer_id = ?"
    " ORDER BY at DESC, id DESC LIMIT 50",
    "SELECT l.* FROM crm_line l JOIN (SELECT id FROM crm_interaction WHERE customer_id = ?"
    " ORDER BY at DESC, id DESC LIMIT 50) i ON l.interaction_id = i.id",
    "SELECT * FROM crm_offer WHERE customer_id = ? AND status IN ('proposed', 'carried')"
    " ORDER BY id DESC",
    "SELECT * FROM scoring_score WHERE customer_id = ?",
)


def _raw(path: Path, ids: list[int]) -> Pages:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = -65536")

    def show() -> None:
        for each in ids:
            for sql in RAW:
                connection.execute(sql, (each,)).fetchall()

    return show


def _orm(path: Path, ids: list[int]) -> Pages:
    class Base(DeclarativeBase):
        pass

    def mapped(table: sa.Table) -> Any:
        return type(f"Orm_{table.name}", (Base,), {"__table__": table.to_metadata(Base.metadata)})

    tables = (customer, contact_point, identity, interaction, line, offer, scoring.score_table)
    people, points, names, happened, lines, offers, scores = map(mapped, tables)
    engine = sa.create_engine(f"sqlite:///{path}")

    def show() -> None:
        for each in ids:
            with Session(engine) as session:
                session.get(people, each)
                for part in (points, names, scores):
                    session.scalars(sa.select(part).where(part.customer_id == each)).all()
                latest = (
                    sa.select(happened)
                    .where(happened.customer_id == each)
                    .order_by(happened.at.desc(), happened.id.desc())
                    .limit(50)
                )
                found = [row.id for row in session.scalars(latest)]
                session.scalars(sa.select(lines).where(lines.interaction_id.in_(found))).all()
                is_open = offers.status.in_(["proposed", "carried"])
                session.scalars(sa.select(offers).where(offers.customer_id == each, is_open)).all()

    return show


def _django(path: Path, ids: list[int]) -> Pages:
    import django
    from django.conf import settings
    from django.db import connection, models

    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}
    settings.configure(DATABASES={"default": database}, USE_TZ=True, INSTALLED_APPS=[])
    django.setup()

    def mapped(table: sa.Table, key: str) -> Any:
        meta = type("Meta", (), {"managed": False, "db_table": table.name, "app_label": "bench"})
        fields: dict[str, Any] = {"__module__": __name__, "Meta": meta}
        for column in table.columns:
            whole = isinstance(column.type, sa.INTEGER | sa.BigInteger) or column.name in (
                "at", "valid_from", "valid_until", "changed_at", "as_of", "machine", "preferred",
            )  # fmt: skip
            kind = models.BigIntegerField if whole else models.TextField
            fields[column.name] = kind(primary_key=column.name == key, null=True)
        return type(f"Django_{table.name}", (models.Model,), fields)

    people, happened, offers = (mapped(each, "id") for each in (customer, interaction, offer))
    points, names = mapped(contact_point, "position"), mapped(identity, "external_id")
    lines, scores = mapped(line, "position"), mapped(scoring.score_table, "scorer")

    def show() -> None:
        for each in ids:
            people.objects.get(pk=each)
            for part in (points, names, scores):
                list(part.objects.filter(customer_id=each))
            found = list(happened.objects.filter(customer_id=each).order_by("-at", "-id")[:50])
            list(lines.objects.filter(interaction_id__in=[row.id for row in found]))
            list(offers.objects.filter(customer_id=each, status__in=["proposed", "carried"]))

    connection.ensure_connection()
    return show


def _keyset(crm: CRM, customers: int) -> None:
    with crm.unit(write=False) as unit:
        store = unit.customers
        contestants = {
            f"20 customers after {share:.0%} of them": lambda after=int(customers * share): [
                store.page(after=after, size=20) for _ in range(50)
            ]
            for share in (0, 0.1, 0.5, 0.9, 0.99)
        }
        medians = {name: taken / 50 for name, taken in side_by_side(contestants).items()}
    report("keyset page", medians, against="20 customers after 0% of them")


if __name__ == "__main__":
    main()
