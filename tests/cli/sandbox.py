"""The folder in which every example of every ``--help`` is run."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final

import click
import sqlalchemy as sa
from click.testing import CliRunner, Result

import crmkit
from crmkit import (
    CRM,
    ContactPoint,
    Customer,
    Identity,
    Interaction,
    Line,
    Money,
    Offer,
    PluginError,
    Unit,
)
from crmkit.admin import installed
from crmkit.cli import main
from crmkit.cli.catalog import Catalog

PACKAGE: Final = files(crmkit)
FILES: Final = {
    "policy.toml": "plugins/foundation/policy/example.toml",
    "customers.csv": "plugins/foundation/exchange/examples/customers.csv",
    "purchases.csv": "plugins/foundation/exchange/examples/purchases.csv",
    "mapping.toml": "plugins/foundation/exchange/examples/mapping.toml",
}
SETTINGS: Final = """
[email]
target = "maildir:outbox"
from_address = "shop@example.com"

[[email.mailboxes]]
url = "maildir:inbox"

[sms]
region = "PL"

[preferences]
url = "https://shop.example/choose"
secret = "sandbox"

[propensity]
least_events = 5
horizon_days = 20

[billing]
currency = "GBP"

[billing.seller]
name = "Corner Shop Ltd"
country = "GB"

[[billing.dunning]]
days = 7

[[profit.activities]]
name = "parcel"
kind = "purchase.order"
cost_minor = 250
"""


COSTS = "sku,cost,currency,since\nA-7,8.40,GBP,\nA-7,8.90,GBP,2026-01-01\n"


def crmkit_in(folder: Path, *arguments: str) -> Result:
    with contextlib.chdir(folder):
        return CliRunner().invoke(main, list(arguments), prog_name="crmkit")


def expect(folder: Path, *arguments: str) -> None:
    done = crmkit_in(folder, *arguments)
    assert done.exit_code == 0, f"crmkit {' '.join(arguments)}: {done.output}"


def build(folder: Path) -> None:
    """Fill the empty *folder* with what the brief of the examples promises."""
    for name, source in FILES.items():
        (folder / name).write_bytes((PACKAGE / source).read_bytes())
    (folder / "items.csv").write_text("sku,name,stock,tags\nB-00,Blue mug,3,local\n")
    (folder / "costs.csv").write_text(COSTS)
    expect(folder, "init")
    with (folder / "crmkit.toml").open("a") as file:
        file.write(SETTINGS)
    with contextlib.chdir(folder):
        crm = CRM.from_config("crmkit.toml", strict=True)
        with crm.unit() as unit:
            _people(unit)
            _crowd(unit)
        crm.close()
    expect(folder, "profit", "costs", "import", "costs.csv")
    expect(folder, "policy", "adopt", "policy.toml")
    for purpose in ("win_back", "care"):
        to_ana = ("1", "--purpose", purpose, "--channel", "email", "--evidence", "ticked the box")
        expect(folder, "consent", "grant", *to_ana)
    if "score run" in dict(commands()):  # test_examples says when it cannot be imported
        expect(folder, "score", "run")
        expect(folder, "score", "run", "propensity", "--full", "--as-of", "2025-12-05")
        expect(folder, "recommend", "fit")
        expect(folder, "segment", "define", "regulars", "count(purchase.order) >= 3")
    _messages(folder)
    _mails(folder)
    _communities(folder)
    _bills(folder)
    _cases(folder)
    _deals(folder)
    _campaigns(folder)
    _templates(folder)
    _webhooks(folder)


def _people(unit: Unit) -> None:
    ana, bo = unit.customers.add_many(
        [
            Customer(
                name="Ana Kowalska",
                contact_points=(
                    ContactPoint("email", "ana@example.com"),
                    ContactPoint("phone", "+48 22 123 45 67"),
                ),
                identities=(Identity("shop", "42"),),
                locale="pl-PL",
                time_zone="Europe/Warsaw",
            ),
            Customer(
                name="Bo Lindqvist",
                contact_points=(ContactPoint("email", "bo@example.com"),),
                identities=(Identity("shop", "43"),),
            ),
        ]
    )
    unit.interactions.add_many(_purchases(unit, ana.id, days=(400, 220, 90, 40, 3)))
    unit.interactions.add_many(_purchases(unit, bo.id, days=(310,)))
    unit.offers.add(
        Offer(
            customer_id=ana.id,
            what="Ten percent off knives",
            kind="discount",
            why="You bought knives in May.",
            valid_from=unit.now,
            valid_until=unit.now + timedelta(days=30),
        )
    )


def _crowd(unit: Unit) -> None:
    """Thirty people who bought in 2025, more or less often, more or less alike."""
    guests = unit.customers.add_many(Customer(name=f"Guest {n}") for n in range(30))
    unit.interactions.add_many(
        Interaction(
            customer_id=each.id,
            kind="purchase.order",
            at=datetime(2025, month, 1 + n % 28, 10, tzinfo=UTC),
            channel="web",
            amount=Money(1000 + 100 * n, "GBP"),
            lines=(
                Line(sku=f"B-{n % 3}{month % 2}", quantity=1, amount=Money(1000 + 100 * n, "GBP")),
            ),
            source="shop",
            source_key=f"guest {n}-{month}",
        )
        for n, each in enumerate(guests)
        for month in range(1 + n % 4, 13, 1 + n % 5)
    )
    unit.interactions.add_many(
        Interaction(
            customer_id=guest.id, kind=kind, at=datetime(2025, month, 1, tzinfo=UTC), source="shop"
        )
        for guest, kind, month in (
            (guests[0], "contract.start", 2),
            (guests[1], "contract.start", 3),
            (guests[1], "contract.end", 9),
        )
    )


def _purchases(unit: Unit, customer_id: int, days: tuple[int, ...]) -> list[Interaction]:
    amount = Money(1990, "GBP")
    return [
        Interaction(
            customer_id=customer_id,
            kind="purchase.order",
            at=unit.now - timedelta(days=ago),
            channel="shop",
            amount=amount,
            lines=(Line(sku="A-7", quantity=1, amount=amount),),
            source="shop",
            source_key=f"{customer_id}-{ago}",
        )
        for ago in days
    ]


def _mails(folder: Path) -> None:
    """A mail with attachment 1, and one in quarantine."""
    from crmkit.plugins.collaborative.email import actions

    for name in ("new", "cur", "tmp"):
        (folder / "inbox" / name).mkdir(parents=True)
    (folder / "inbox" / "new" / "1").write_bytes(
        b"From: ana@example.com\nTo: shop@example.com\nSubject: My letter\n"
        b"Content-Type: application/pdf; name=letter.pdf\n\n%PDF\n"
    )
    expect(folder, "email", "fetch")
    with contextlib.chdir(folder):
        crm = CRM.from_config("crmkit.toml", strict=True)
        with crm.unit() as unit:
            raw = b"From: bo@example.com\nSubject: Hi\n\nHello\n"
            actions.quarantine(unit, "inbox", raw, "by an older crmkit")
        crm.close()


def _messages(folder: Path) -> None:
    """Messages 1, whose fate is unknown, and 2, which failed."""
    import sqlalchemy as sa

    from crmkit.plugins.foundation.delivery import Intent, intend_many
    from crmkit.plugins.foundation.delivery.tables import intent

    with contextlib.chdir(folder):
        crm = CRM.from_config("crmkit.toml", strict=True)
        with crm.unit() as unit:
            intend_many(
                unit,
                [
                    Intent(
                        run="spring",
                        step=step,
                        customer_id=1,
                        channel="email",
                        address="ana@example.com",
                        purpose="care",
                        subject="New arrivals",
                        text="Come and see.",
                    )
                    for step in ("first", "second")
                ],
            )
            for number, state in ((1, "unknown"), (2, "failed")):
                unit.connection.execute(
                    sa.update(intent)
                    .where(intent.c.id == number)
                    .values(state=state, attempts=1, finished_at=unit.now)
                )
        crm.close()


def _bills(folder: Path) -> None:
    """A lamp, order O000001, invoice R000001 of a part of it, payments P000001 and P000002."""
    expect(folder, "billing", "product", "LAMP", "--name", "A lamp")
    expect(folder, "billing", "price", "LAMP", "19.90 GBP")
    expect(folder, "billing", "account", "ana@example.com", "--country", "GB")
    expect(folder, "billing", "order", "ana@example.com", "--item", "LAMP,3")
    expect(folder, "billing", "invoice", "--order", "O000001", "--line", "1=2")
    expect(folder, "billing", "pay", "bo@example.com", "5.00 GBP")
    expect(folder, "billing", "pay", "ana@example.com", "10.00 GBP")


def _cases(folder: Path) -> None:
    """Cases 1, a question, and 2, a complaint, both of Ana."""
    expect(folder, "case", "open", "ana@example.com", "The lamp flickers")
    expect(folder, "case", "open", "ana@example.com", "The lamp broke", "--kind", "complaint")


def _webhooks(folder: Path) -> None:
    """``warehouse`` is told of orders, ``gone`` is disabled, ``shop`` tells us."""
    nobody = ("https://127.0.0.1:9/in", "--kind", "purchase.*")
    expect(folder, "webhook", "add", "warehouse", *nobody)
    expect(folder, "webhook", "add", "gone", *nobody)
    expect(folder, "webhook", "add", "shop", "--receive")
    with contextlib.chdir(folder):
        crm = CRM.from_config("crmkit.toml", strict=True)
        with crm.unit() as unit:
            endpoint = sa.table("webhook_endpoint", sa.column("name"), sa.column("state"))
            disabled = sa.update(endpoint).where(endpoint.c.name == "gone")
            unit.connection.execute(disabled.values(state="disabled"))
        crm.close()


def _deals(folder: Path) -> None:
    """Lead 1 of Bo, deal 1 with Ana and quote 1 of it."""
    expect(folder, "lead", "add", "bo@example.com", "A lamp for the hall")
    expect(folder, "deal", "open", "ana@example.com", "Lamps", "--amount", "40.00 GBP")
    expect(folder, "deal", "quote", "1", "--item", "LAMP,2,19.90 GBP")


def _templates(folder: Path) -> None:
    """The template welcome, in German too, and its files."""
    (folder / "welcome.txt").write_text("Good to have you, {{ customer.first_name }}.\n")
    html = "<title>Welcome</title><p>Good to have you, {{ customer.first_name }}.</p>"
    (folder / "welcome.html").write_text(html)
    saving = ("template", "save", "welcome", "--file", "welcome.txt", "--file", "welcome.html")
    expect(folder, *saving)
    expect(folder, *saving, "--language", "de")


CAMPAIGN: Final = """
name = "{name}"
purpose = "care"
channel = "email"
segment = "regulars"

[[variants]]
subject = "For {{name}}"
text = "Come and see."
"""
REFERRAL: Final = """
name = "friends"

[referrer]
what = "A cup"
cost_minor = 400
"""
JOURNEY: Final = """
name = "welcome"
segment = "regulars"

[[steps]]
name = "hello"
kind = "message"
channel = "email"
purpose = "care"
subject = "Welcome, {name}"
text = "It is good to have you."
"""


def _campaigns(folder: Path) -> None:
    """The campaigns spring, launched, and summer, a draft; a journey, a programme; their files."""
    for name in ("summer", "spring"):
        (folder / "campaign.toml").write_text(CAMPAIGN.format(name=name))
        expect(folder, "campaign", "draft", "campaign.toml")
    expect(folder, "campaign", "launch", "spring")
    (folder / "campaign.toml").write_text(CAMPAIGN.format(name="autumn"))
    (folder / "journey.toml").write_text(JOURNEY)
    expect(folder, "journey", "save", "journey.toml")
    (folder / "referral.toml").write_text(REFERRAL)
    expect(folder, "referral", "save", "referral.toml")


def _communities(folder: Path) -> None:
    """One of them, called knives, which Ana belongs to."""
    from crmkit.plugins.analytical.communities import tables
    from crmkit.sql import insert_many

    with contextlib.chdir(folder):
        crm = CRM.from_config("crmkit.toml", strict=True)
        with crm.unit() as unit:
            (found,) = unit.new_ids(tables.communities_community, 1)
            told = "bought 1 of its 1 marks: A-7"
            mark = {"key": "A-7", "name": "A-7", "members": 1, "others": 0, "lift": 2.0, "z": 3.0}
            stored = (found, "knives", [], False, "A-7", 1, [mark], [], unit.now, None)
            insert_many(unit.connection, tables.communities_community, [stored])
            drawn = (1, found, 1.0, True, told)
            insert_many(unit.connection, tables.communities_membership, [drawn])
        crm.close()


def copy(built: Path, folder: Path) -> Path:
    return Path(shutil.copytree(built, folder / "sandbox"))


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command of core and of the bundled plugins, groups too, by its words."""
    catalog = Catalog(bundled())
    for name in catalog.summaries():
        with contextlib.suppress(PluginError):  # test_examples says which and why
            yield from _below(name, catalog.load(name))


def bundled() -> list[str]:
    return [name for name, (entry, *_) in installed().items() if entry.module.startswith("crmkit.")]


def _below(words: str, command: click.Command | None) -> Iterator[tuple[str, click.Command]]:
    assert command is not None
    yield words, command
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from _below(f"{words} {name}", each)


def example_lines(command: click.Command) -> list[str]:
    lines = (command.epilog or "").splitlines()
    return [line.strip() for line in lines if line.startswith("  crmkit ")]
