"""``crmkit interaction``: recording what happened, and finding it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from . import rows
from .invocation import customer_argument, dry_run_option, pass_crm, writing
from .output import emit, emit_one, examples, say
from .values import DOCUMENT, INSTANT, LINE, MONEY

if TYPE_CHECKING:
    from crmkit import CRM, Line, Money, Unit

DIRECTIONS = ("inbound", "outbound", "internal")
BATCH = 5_000


@click.group(
    epilog=examples(
        'crmkit interaction log ana@example.com note.heard --text "prefers mornings"',
        "crmkit interaction list --size 5",
    )
)
def interaction() -> None:
    """Record and find what happened."""


@interaction.command(
    epilog=examples(
        'crmkit interaction log ana@example.com note.heard --text "prefers mornings"',
        "crmkit interaction log shop:43 purchase.order --amount '19.90 EUR'"
        " --line 'A-7,1,19.90 EUR' --source till --key 1001 --dry-run",
    )
)
@customer_argument
@click.argument("kind")
@click.option("--at", type=INSTANT, metavar="INSTANT", help="When; default now.")
@click.option("--channel", default="", help="Such as shop, web, phone.")
@click.option(
    "--direction",
    type=click.Choice(DIRECTIONS),
    default="inbound",
    show_default=True,
    help="From the customer, to them, or about them.",
)
@click.option("--amount", type=MONEY, metavar="'19.90 EUR'", help="What the customer paid.")
@click.option(
    "--line", "lines", type=LINE, multiple=True, metavar="'SKU,QUANTITY,AMOUNT'", help="An item."
)
@click.option("--text", default="", help="What was said or written.")
@click.option("--thread", default="", help="Groups a conversation.")
@click.option(
    "--offer", "offer_id", type=int, metavar="ID", help="The offer it answers or carries."
)
@click.option("--machine", is_flag=True, help="Made by a machine, not by a person.")
@click.option("--payload", type=DOCUMENT, metavar="JSON", help="Facts of its kind.")
@click.option("--source", default="", help="The system it comes from.")
@click.option("--key", "source_key", help="That system's id; the same twice is stored once.")
@dry_run_option
@pass_crm
def log(
    crm: CRM,
    customer: str,
    *,
    at: datetime | None,
    amount: Money | None,
    lines: Sequence[Line],
    payload: Mapping[str, object] | None,
    dry_run: bool,
    **facts: Any,
) -> None:
    """Record one interaction of KIND, such as note.heard or purchase.order."""
    from crmkit import Interaction

    with writing(crm, dry_run) as unit:
        record = Interaction(
            customer_id=unit.customers.find(customer).id,
            at=at or unit.now,
            amount=amount,
            lines=tuple(lines),
            payload=payload or {},
            **facts,
        )
        added = unit.interactions.add_many([record])
        stored = unit.interactions.get(added.ids[0])
    if not added.new:
        say(f"It was there already: {record.source} {record.source_key}.")
    emit([rows.of_interaction(stored)], columns=rows.INTERACTION)


@interaction.command(
    "list",
    epilog=examples(
        "crmkit interaction list --size 5",
        "crmkit interaction list --customer ana@example.com --kind purchase.order",
    ),
)
@click.option("--customer", metavar="CUSTOMER", help="Only this customer's.")
@click.option("--kind", help="Only of this kind.")
@click.option("--before", type=int, metavar="ID", help="Continue before this id.")
@click.option(
    "--size",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="At most so many.",
)
@pass_crm
def list_(crm: CRM, customer: str | None, kind: str | None, before: int | None, size: int) -> None:
    """Interactions, last recorded first, a page at a time."""
    with crm.unit(write=False) as unit:
        customer_id = None if customer is None else unit.customers.find(customer).id
        ids = _latest_ids(unit, customer_id, kind, before, size)
        found = sorted(unit.interactions.get_many(ids), key=lambda each: -each.id)
    emit(map(rows.of_interaction, found), columns=rows.INTERACTION)
    if len(ids) == size:
        say(f"Older ones: add --before {ids[-1]}")


def _latest_ids(
    unit: Unit, customer_id: int | None, kind: str | None, before: int | None, size: int
) -> list[int]:
    import sqlalchemy as sa

    from crmkit.sql import interaction as table

    wanted = sa.select(table.c.id).order_by(table.c.id.desc()).limit(size)
    if customer_id is not None:
        wanted = wanted.where(table.c.customer_id == customer_id)
    if kind is not None:
        wanted = wanted.where(table.c.kind == kind)
    if before is not None:
        wanted = wanted.where(table.c.id < before)
    return list(unit.connection.scalars(wanted))


@interaction.command(epilog=examples("crmkit interaction show 1"))
@click.argument("id", type=int)
@pass_crm
def show(crm: CRM, id: int) -> None:
    """One interaction with all its facts."""
    with crm.unit(write=False) as unit:
        found = unit.interactions.get(id)
    emit_one(rows.of_interaction(found))


@interaction.command(epilog=examples("crmkit interaction search mornings"))
@click.argument("text")
@click.option(
    "--size", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many."
)
@pass_crm
def search(crm: CRM, text: str, size: int) -> None:
    """Interactions whose text has all these words; what was just written is indexed first."""
    index_waiting(crm)
    with crm.unit(write=False) as unit:
        found = unit.interactions.search(text, size=size)
    emit(map(rows.of_interaction, found), columns=rows.INTERACTION)


def index_waiting(crm: CRM) -> int:
    """Put every waiting text into the full-text index, a batch a unit; returns how many."""
    done = 0
    while True:
        with crm.unit() as unit:
            batch = unit.interactions.index_texts(size=BATCH)
        done += batch
        if batch < BATCH:
            return done
