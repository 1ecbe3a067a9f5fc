"""
Intents written and messages delivered into a maildir, a second, beside the bare files alone.

    python -m benchmarks.delivery [--messages 2000]

The bare files are the same mails written, flushed to disk and renamed, without a ledger. PostgreSQL
takes part where ``CRMKIT_BENCH_POSTGRES`` names a server. Both databases flush every commit.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from crmkit import CRM, ContactPoint, Customer, Offer, Outgoing
from crmkit.plugins.collaborative.email import Settings, render
from crmkit.plugins.collaborative.email.maildir import Folder
from crmkit.plugins.foundation.delivery import Intent, deliver_due, intend_many

ROUNDS = 5
SHOP = "shop@shop.example"
TEXT = "There is tea, and it is good.\n" * 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000)
    count = parser.parse_args().messages
    folder = Path(tempfile.mkdtemp(prefix="crmkit-bench-"))
    try:
        contestants: dict[str, Callable[[str], dict[str, float]]] = {
            "bare files": lambda turn: _bare(folder / f"bare-{turn}", count)
        }
        with _crms(folder) as crms:
            for name, crm in crms.items():
                people = _people(crm, count)
                contestants[name] = lambda turn, crm=crm, people=people: _turn(crm, people, turn)  # type: ignore[misc]
            _report(_turns(contestants), count)
    finally:
        shutil.rmtree(folder)


def _turns(
    contestants: dict[str, Callable[[str], dict[str, float]]],
) -> dict[str, dict[str, list[float]]]:
    taken: dict[str, dict[str, list[float]]] = {name: {} for name in contestants}
    for turn in range(ROUNDS + 1):
        for name, run in contestants.items():
            for part, seconds in run(str(turn)).items():
                if turn:
                    taken[name].setdefault(part, []).append(seconds)
    return taken


def _report(taken: dict[str, dict[str, list[float]]], count: int) -> None:
    print(f"\n{count:,} messages, medians of {ROUNDS}, messages a second")
    for name, parts in taken.items():
        told = [f"{part} {count / statistics.median(each):>9,.0f}" for part, each in parts.items()]
        print(f"  {name:<14}{'   '.join(told)}")


@contextmanager
def _crms(folder: Path) -> Iterator[dict[str, CRM]]:
    settings = {"email": {"target": f"maildir:{folder / 'mail'}", "from_address": SHOP}}
    plugins = ["delivery", "email"]
    found = {"SQLite": CRM.open(folder / "crm.db", plugins, settings=settings, strict=True)}
    server = os.environ.get("CRMKIT_BENCH_POSTGRES")
    name = f"crmkit_bench_delivery_{os.getpid()}"
    admin = None
    if server:
        url = sa.make_url(server).set(drivername="postgresql+psycopg")
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        own = url.set(database=name).render_as_string(hide_password=False)
        found["PostgreSQL"] = CRM.open(own, plugins, settings=settings, strict=True)
    try:
        for crm in found.values():
            crm.upgrade()
        yield found
    finally:
        for crm in found.values():
            crm.close()
        if admin is not None:
            with admin.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            admin.dispose()


def _people(crm: CRM, count: int) -> list[Customer]:
    with crm.unit() as unit:
        return unit.customers.add_many(
            Customer(name=f"C{n}", contact_points=(ContactPoint("email", f"c{n}@x.org"),))
            for n in range(count)
        )


def _turn(crm: CRM, people: list[Customer], turn: str) -> dict[str, float]:
    run = f"{crm.engine.dialect.name}-{turn}"
    with crm.unit() as unit:
        offers = unit.offers.add_many(Offer(customer_id=who.id, what="tea") for who in people)
    started = time.perf_counter()
    with crm.unit() as unit:
        intend_many(
            unit,
            [
                Intent(
                    run=run,
                    step="first",
                    customer_id=who.id,
                    channel="email",
                    address=who.contact("email") or "",
                    purpose="news",
                    subject="Grüße aus dem Laden",
                    text=TEXT,
                    offer_id=offer.id,
                )
                for who, offer in zip(people, offers, strict=True)
            ],
        )
    decided = time.perf_counter()
    done = deliver_due(crm)
    ended = time.perf_counter()
    assert done.counts == {"sent": len(people)}, done
    return {"written": decided - started, "delivered": ended - decided}


def _bare(path: Path, count: int) -> dict[str, float]:
    folder = Folder(path)
    now = CRM.open("sqlite://").clock()
    started = time.perf_counter()
    for n in range(count):
        mail = render(
            Outgoing(
                key=f"k{n}",
                customer_id=n + 1,
                address=f"c{n}@x.org",
                subject="Grüße aus dem Laden",
                text=TEXT,
                purpose="news",
            ),
            Settings(from_address=SHOP),
            now,
        )
        folder.deliver(mail)
    ended = time.perf_counter()
    folder.close()
    return {"delivered": ended - started}


if __name__ == "__main__":
    main()
