"""``crmkit valuation``."""

from __future__ import annotations

import click

from crmkit import CRM, RecordNotFoundError
from crmkit.cli import customer_argument, emit, emit_one, examples, pass_crm, say

from . import reporting
from .model import Valuation

_NUMBERS = ("given", "fair", "low", "high", "expected", "potential")
_COLUMNS = ("customer_id", "label", *_NUMBERS, "correction")


@click.group(epilog=examples("crmkit valuation report", "crmkit valuation of 3"))
def valuation() -> None:
    """Who gets more attention than they are worth, who less, and what would set it right."""


@valuation.command(epilog=examples("crmkit valuation report --top 5"))
@click.option("--top", default=20, show_default=True, help="How many at either end.")
@pass_crm
def report(crm: CRM, top: int) -> None:
    """List the most over- and undervalued customers, with the cheapest correction for each."""
    with crm.unit(write=False) as unit:
        found = reporting.report(unit, top=top)
    emit([_row(each) for each in found], columns=_COLUMNS)
    if not found:
        say("Nobody is clearly over- or undervalued.")


@valuation.command("of", epilog=examples("crmkit valuation of 3"))
@customer_argument
@pass_crm
def of_customer(crm: CRM, customer: str) -> None:
    """Show what CUSTOMER is given, and what would be fair; `score explain` shows its parts."""
    with crm.unit(write=False) as unit:
        customer_id = unit.customers.find(customer).id
        found = reporting.valuations(unit, [customer_id])
    if not found:
        raise RecordNotFoundError("valuation of customer", customer_id)
    emit_one(_row(found[0]))


def _row(line: Valuation) -> dict[str, object]:
    change = line.correction
    told = f"{change.what}{f' ({change.times} x)' if change.times > 1 else ''}" if change else ""
    return {
        "customer_id": line.customer_id,
        "label": line.label,
        **{name: round(getattr(line, f"{name}_minor")) for name in _NUMBERS},
        "correction": f"{told}: {change.amount_minor:+,}" if change else None,
    }
