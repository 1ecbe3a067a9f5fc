"""Orders, invoices, credit notes, and what they look like."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from crmkit import CRM, Money
from crmkit.cli import (
    customer_argument,
    dry_run_option,
    emit,
    emit_one,
    examples,
    pass_crm,
    writing,
)
from crmkit.pdf import printed

from .. import actions, queries
from ..config import SERIES, Settings
from ..einvoice import ubl
from ..model import Document, Draft, Item
from ..printing import paper
from .group import billing
from .values import AMOUNT, item_option, part_option, row, tell

_SHOWN = ("number", "kind", "status", "on", "due_on", "customer_id", "gross", "open")


@billing.command(
    epilog=examples("crmkit billing order ana@example.com --item 'LAMP,2,9.90 GBP' --dry-run")
)
@customer_argument
@item_option
@click.option("--discount", type=AMOUNT, help="Off the whole.")
@click.option("--reference", default="", help="The customer's own number.")
@dry_run_option
@pass_crm
def order(crm: CRM, customer: str, items: Sequence[Item], dry_run: bool, **given: Any) -> None:
    """Book an order of CUSTOMER."""
    with writing(crm, dry_run) as unit:
        draft = Draft(customer_id=unit.customers.find(customer).id, items=items, **given)
        (booked,) = actions.order(unit, [draft])
    tell(booked)


@billing.command(
    epilog=examples(
        "crmkit billing invoice --customer ana@example.com --item 'LAMP,2,9.90 GBP' --dry-run",
        "crmkit billing invoice --order O000001 --dry-run",
    )
)
@click.option("--customer", default="", help="Whom; not needed with --order.")
@click.option("--order", "of", default="", help="Bill this order.")
@item_option
@part_option
@click.option("--discount", type=AMOUNT, help="Off the whole; not with --order.")
@dry_run_option
@pass_crm
def invoice(
    crm: CRM,
    customer: str,
    of: str,
    items: Sequence[Item],
    parts: Sequence[tuple[int, Decimal]],
    discount: Money | None,
    dry_run: bool,
) -> None:
    """Bill an order, or items that nobody ordered before."""
    if bool(of) == bool(customer):
        raise click.UsageError("give either --order NUMBER or --customer WHO with --item")
    with writing(crm, dry_run) as unit:
        if of:
            booked = actions.invoice_order(unit, of, dict(parts) or None)
        else:
            found = unit.customers.find(customer).id
            draft = Draft(customer_id=found, items=items, discount=discount)
            (booked,) = actions.invoice(unit, [draft])
    tell(booked)


@billing.command(epilog=examples("crmkit billing cancel O000001 --dry-run"))
@click.argument("number")
@dry_run_option
@pass_crm
def cancel(crm: CRM, number: str, dry_run: bool) -> None:
    """Cancel what is not billed of an order; an invoice is cancelled with `credit`."""
    with writing(crm, dry_run) as unit:
        cancelled = actions.cancel_order(unit, number)
    tell(cancelled)


@billing.command(epilog=examples("crmkit billing credit R000001 --line 1=1 --dry-run"))
@click.argument("number")
@part_option
@click.option("--goods-back/--goods-kept", default=True, help="Whether what it cost us came back.")
@click.option("--reason", default="")
@dry_run_option
@pass_crm
def credit(
    crm: CRM, number: str, parts: Sequence[tuple[int, Decimal]], dry_run: bool, **given: Any
) -> None:
    """Credit an invoice, or lines of it, which gives no more back than was billed."""
    with writing(crm, dry_run) as unit:
        booked = actions.credit(unit, number, dict(parts) or None, **given)
    tell(booked)


@billing.command(
    "list", epilog=examples("crmkit billing list --kind invoice --customer ana@example.com")
)
@click.option("--kind", type=click.Choice(SERIES))
@click.option("--status", type=click.Choice(["open", "settled", "cancelled"]))
@click.option("--customer", default="")
@click.option("--size", default=50)
@pass_crm
def list_(crm: CRM, kind: Any, status: str | None, customer: str, size: int) -> None:
    """List documents, latest first."""
    with crm.unit(write=False) as unit:
        whose = unit.customers.find(customer).id if customer else None
        found = queries.find(unit, kind=kind, status=status, customer_id=whose, size=size)
    emit([row(each) for each in found], columns=_SHOWN)


@billing.command(epilog=examples("crmkit billing show R000001"))
@click.argument("number")
@pass_crm
def show(crm: CRM, number: str) -> None:
    """Show a document, its lines, and what it was set off against."""
    with crm.unit(write=False) as unit:
        found = queries.document(unit, number)
        against = queries.settled_by(unit, found)
    settled = [f"{other} {amount}" for other, amount in against]
    lines = [_line(found, place) for place in range(len(found.lines))]
    emit_one(row(found) | {"lines": lines, "set_off_against": settled})


@billing.command("ubl", epilog=examples("crmkit billing ubl R000001 --to invoice.xml"))
@click.argument("number")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="Default stdout.")
@pass_crm
def ubl_(crm: CRM, number: str, to: Path | None) -> None:
    """Write an invoice or a credit note as UBL 2.1 (EN 16931)."""
    with crm.unit(write=False) as unit:
        found = queries.document(unit, number)
        corrects = found.source_id if found.kind == "credit_note" else None
        original = queries.document(unit, corrects) if corrects else None
        xml = ubl(found, unit.settings(Settings).seller, corrects=original)
    if to is None:
        sys.stdout.write(xml.decode())
    else:
        to.write_bytes(xml)


@billing.command("pdf", epilog=examples("crmkit billing pdf R000001 --to invoice.pdf"))
@click.argument("number")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), required=True)
@pass_crm
def pdf(crm: CRM, number: str, to: Path) -> None:
    """Print an order, an invoice or a credit note (extra pdf)."""
    settings = crm.settings(Settings)
    with crm.unit(write=False) as unit:
        found = queries.document(unit, number)
        corrects = found.source_id if found.kind == "credit_note" else None
        original = queries.document(unit, corrects) if corrects else None
    made = printed(
        paper(found, settings.seller, corrects=original),
        font=crm.folder / settings.font if settings.font else None,
    )
    to.write_bytes(made)


def _line(document: Document, place: int) -> str:
    line = document.lines[place]
    amount = Money(line.net_minor, document.currency)
    tax = f"{line.category} {line.rate_bp / 100:g} %"
    return f"{line.position}  {line.quantity.normalize():f} {line.sku} {line.name}  {amount}  {tax}"
