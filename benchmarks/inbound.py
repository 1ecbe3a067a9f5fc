"""
Mail that comes in: parsed, resolved to a person and recorded, a unit each, from a maildir.

    python -m benchmarks.inbound [--mails 10000]

A third answers a message of ours at its signed address, a third comes from known addresses, a third
from strangers. PostgreSQL takes part where ``CRMKIT_BENCH_POSTGRES`` names a server.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.databases import databases
from crmkit import CRM, ContactPoint, Customer, Interaction
from crmkit.plugins.collaborative import email
from crmkit.plugins.collaborative.email import addresses
from crmkit.plugins.foundation import delivery

ROUNDS = 5
SECRET = "s" * 40
BASE = "reply@shop.example"
BODY = (
    "Yes, I would like the blue one.\n\nOn Monday, Shop <s@shop.example> wrote:\n" + "> old\n" * 20
)
PLUGINS = ("consent", "delivery", "email")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=10_000)
    mails = parser.parse_args().mails
    raw = _written(0, "ana@example.com", "shop@shop.example")
    now = datetime.now(UTC)
    took = statistics.median(
        _taken(lambda: [email.parse(raw, now) for _ in range(1_000)]) for _ in range(ROUNDS)
    )
    print(f"parsing alone: {1_000 / took:,.0f} mails a second")
    with tempfile.TemporaryDirectory(prefix="crmkit-bench-") as folder:
        for name, url in databases(Path(folder), "inbound"):
            _run(name, url, Path(folder), mails)


def _run(name: str, url: str, folder: Path, mails: int) -> None:
    box = folder / "in"
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True, exist_ok=True)
    settings = {
        "target": f"maildir:{folder}/out", "from_address": "shop@shop.example",
        "reply_address": BASE, "address_secret": SECRET,
        "mailboxes": [{"url": f"maildir:{box}"}],
    }  # fmt: skip
    crm = CRM.open(url, PLUGINS, settings={"email": settings})
    crm.upgrade()
    keys = _sent(crm, mails // 3)
    for n in range(mails):
        to, sender = "shop@shop.example", f"stranger{n}@example.org"
        if n % 3 == 0 and n // 3 < len(keys):
            to = addresses.tagged(BASE, SECRET, addresses.REPLY, keys[n // 3])
        elif n % 3 == 1:
            sender = f"c{n // 3}@example.com"
        (box / "new" / f"{n:07}").write_bytes(_written(n, sender, to))
    started = time.perf_counter()
    (done,) = email.fetch(crm)
    took = time.perf_counter() - started
    assert done.new == mails, done
    print(f"{name}: {mails:,} mails in {took:.1f} s, {mails / took:,.0f} a second")
    crm.close()


def _sent(crm: CRM, people: int) -> list[str]:
    """Known people, and a message that went to each; returns the messages' keys."""
    with crm.unit() as unit:
        found = unit.customers.add_many(
            Customer(name=f"C {n}", contact_points=(ContactPoint("email", f"c{n}@example.com"),))
            for n in range(people)
        )
        intents = [
            delivery.Intent(
                run="r", step="1", customer_id=each.id, channel="email",
                address=f"c{n}@example.com", purpose="news", subject="Hi", text="Hello",
            )
            for n, each in enumerate(found)
        ]  # fmt: skip
        delivery.intend_many(unit, intents)
        keys = [each.key for each in delivery.messages(unit, size=people)]
        unit.interactions.add_many(_tell(each) for each in delivery.messages(unit, size=people))
    return keys


def _tell(message: delivery.Message) -> Interaction:
    return Interaction(
        customer_id=message.customer_id, kind="message.sent", at=message.created_at,
        channel="email", direction="outbound", source="delivery", source_key=message.key,
        payload={"purpose": message.purpose, "intent": message.id},
    )  # fmt: skip


def _written(n: int, sender: str, to: str) -> bytes:
    head = f"From: P {n} <{sender}>\nTo: {to}\nSubject: Re: Hi\nMessage-ID: <m{n}@example.com>\n"
    return (head + "Date: Mon, 05 Jan 2026 10:00:00 +0000\n\n" + BODY).encode()


def _taken(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
