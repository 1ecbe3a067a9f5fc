"""``crmkit offer``: making offers, and recording the answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from . import rows
from .failure import REFUSED, Failure
from .invocation import customer_argument, dry_run_option, pass_crm, writing
from .output import emit, emit_one, examples
from .values import INSTANT, MONEY

if TYPE_CHECKING:
    from crmkit import CRM, Money, Offer, Unit

STATUSES = ("proposed", "carried", "accepted", "declined", "expired", "withdrawn")
OPEN = ("proposed", "carried")


@click.group(epilog=examples("crmkit offer list", "crmkit offer show 1"))
def offer() -> None:
    """Make offers and record the answers."""


@offer.command(
    epilog=examples(
        'crmkit offer new ana@example.com "Ten percent off" --kind discount --days 14 --dry-run',
        "crmkit offer new shop:43 'Sharpening' --cost '4.00 EUR' --why 'bought knives in May'",
    )
)
@customer_argument
@click.argument("what")
@click.option("--kind", default="product", show_default=True, help="Such as discount or service.")
@click.option("--cost", type=MONEY, metavar="'4.00 EUR'", help="What it costs us if taken.")
@click.option("--until", type=INSTANT, metavar="INSTANT", help="Valid until then.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="Valid for so many days.")
@click.option("--why", default="", help="One sentence the customer could be told.")
@dry_run_option
@pass_crm
def new(
    crm: CRM,
    customer: str,
    what: str,
    *,
    kind: str,
    cost: Money | None,
    until: datetime | None,
    days: float | None,
    why: str,
    dry_run: bool,
) -> None:
    """Offer WHAT to one customer."""
    from crmkit import Offer

    if until is not None and days is not None:
        raise click.UsageError("--until and --days say the same; give one of them")
    with writing(crm, dry_run) as unit:
        ends = until if days is None else unit.now + timedelta(days=days)
        record = Offer(
            customer_id=unit.customers.find(customer).id,
            what=what,
            kind=kind,
            cost=cost,
            valid_from=unit.now,
            valid_until=ends,
            why=why,
            plugin="",
        )
        added = unit.offers.add(record)
    emit([rows.of_offer(added)], columns=rows.OFFER)


@offer.command(
    "list", epilog=examples("crmkit offer list", "crmkit offer list --customer shop:42 --size 5")
)
@click.option("--customer", metavar="CUSTOMER", help="Only this customer's.")
@click.option("--status", type=click.Choice(STATUSES), help="Only those.")
@click.option("--before", type=int, metavar="ID", help="Continue before this id.")
@click.option(
    "--size",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="At most so many.",
)
@pass_crm
def list_(
    crm: CRM, customer: str | None, status: str | None, before: int | None, size: int
) -> None:
    """Offers, latest first, a page at a time."""
    with crm.unit(write=False) as unit:
        customer_id = None if customer is None else unit.customers.find(customer).id
        ids = _latest_ids(unit, customer_id, status, before, size)
        found = sorted(unit.offers.get_many(ids), key=lambda each: -each.id)
    emit(map(rows.of_offer, found), columns=rows.OFFER)


def _latest_ids(
    unit: Unit, customer_id: int | None, status: str | None, before: int | None, size: int
) -> list[int]:
    import sqlalchemy as sa

    from crmkit.sql import offer as table

    wanted = sa.select(table.c.id).order_by(table.c.id.desc()).limit(size)
    if customer_id is not None:
        wanted = wanted.where(table.c.customer_id == customer_id)
    if status is not None:
        wanted = wanted.where(table.c.status == status)
    if before is not None:
        wanted = wanted.where(table.c.id < before)
    return list(unit.connection.scalars(wanted))


@offer.command(epilog=examples("crmkit offer show 1", "crmkit offer show 1 --format json"))
@click.argument("id", type=int)
@pass_crm
def show(crm: CRM, id: int) -> None:
    """One offer with its terms and its story."""
    with crm.unit(write=False) as unit:
        found = unit.offers.get(id)
    emit_one(rows.of_offer(found))


@offer.command(epilog=examples("crmkit offer accept 1", "crmkit offer accept 1 --interaction 1"))
@click.argument("id", type=int)
@click.option("--interaction", "answer", type=int, metavar="ID", help="What answered it.")
@dry_run_option
@pass_crm
def accept(crm: CRM, id: int, answer: int | None, dry_run: bool) -> None:
    """The customer took it."""
    _answer(crm, id, "accepted", answer, dry_run)


@offer.command(epilog=examples("crmkit offer decline 1 --dry-run"))
@click.argument("id", type=int)
@click.option("--interaction", "answer", type=int, metavar="ID", help="What answered it.")
@dry_run_option
@pass_crm
def decline(crm: CRM, id: int, answer: int | None, dry_run: bool) -> None:
    """The customer does not want it."""
    _answer(crm, id, "declined", answer, dry_run)


@offer.command(epilog=examples("crmkit offer withdraw 1 --dry-run"))
@click.argument("id", type=int)
@dry_run_option
@pass_crm
def withdraw(crm: CRM, id: int, dry_run: bool) -> None:
    """We take it back."""
    _answer(crm, id, "withdrawn", None, dry_run)


def _answer(crm: CRM, offer_id: int, status: str, answer: int | None, dry_run: bool) -> None:
    import attrs

    with writing(crm, dry_run) as unit:
        found = unit.offers.get(offer_id)
        _refuse_closed(found, status, unit.now)
        if answer is not None:
            _refuse_strangers(unit, found, answer)
        changes = {"status": status, "answered_by": answer or found.answered_by}
        saved = unit.offers.save(attrs.evolve(found, **changes))  # type: ignore[arg-type]
    emit([rows.of_offer(saved)], columns=rows.OFFER)


def _refuse_closed(found: Offer, status: str, now: datetime) -> None:
    if found.status not in OPEN:
        raise Failure(f"offer {found.id} is {found.status} already", REFUSED)
    if status == "accepted" and found.valid_until is not None and found.valid_until <= now:
        raise Failure(f"offer {found.id} was valid until {found.valid_until:%Y-%m-%d}", REFUSED)


def _refuse_strangers(unit: Unit, found: Offer, answer: int) -> None:
    owner = unit.interactions.get(answer).customer_id
    if owner != found.customer_id:
        raise Failure(f"interaction {answer} is customer {owner}'s, not this offer's", REFUSED)
