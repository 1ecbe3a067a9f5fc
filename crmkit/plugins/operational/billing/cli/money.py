"""Payments, refunds, points, costs of serving."""

from __future__ import annotations

from typing import Any

import attrs
import click

from crmkit import CRM, Money
from crmkit.cli import (
    customer_argument,
    dry_run_option,
    emit_one,
    examples,
    pass_crm,
    say,
    writing,
)

from .. import actions, loyalty
from ..model import Payment, ServingCost
from .group import billing
from .values import AMOUNT, tell


@billing.command(
    epilog=examples("crmkit billing pay ana@example.com '10.00 GBP' --for R000001 --dry-run")
)
@customer_argument
@click.argument("amount", type=AMOUNT)
@click.option("--for", "settles", multiple=True, help="Number of an invoice; default the oldest.")
@click.option("--method", default="", help="How: transfer, card, cash.")
@click.option("--key", "source_key", help="The bank's own id: the same one is booked once.")
@dry_run_option
@pass_crm
def pay(crm: CRM, customer: str, amount: Money, dry_run: bool, **given: Any) -> None:
    """Book that CUSTOMER paid AMOUNT, and set it off against what they owe."""
    with writing(crm, dry_run) as unit:
        payer = unit.customers.find(customer).id
        source = "bank" if given["source_key"] else ""
        told = Payment(customer_id=payer, amount=amount, source=source, **given)
        (booked,) = actions.record_payments(unit, [told])
    tell(booked)


@billing.command(epilog=examples("crmkit billing refund P000001 --dry-run"))
@click.argument("number")
@click.argument("amount", type=AMOUNT, required=False)
@click.option("--method", default="")
@dry_run_option
@pass_crm
def refund(crm: CRM, number: str, amount: Money | None, method: str, dry_run: bool) -> None:
    """Pay back what is open of a payment or a credit note, or AMOUNT of it."""
    with writing(crm, dry_run) as unit:
        booked = actions.refund(unit, number, amount, method=method)
    tell(booked)


@billing.command(epilog=examples("crmkit billing bounce P000002 --dry-run"))
@click.argument("number")
@dry_run_option
@pass_crm
def bounce(crm: CRM, number: str, dry_run: bool) -> None:
    """Undo a payment that bounced: what it had settled is open again."""
    with writing(crm, dry_run) as unit:
        booked = actions.chargeback(unit, number)
    tell(booked)


@billing.command(epilog=examples("crmkit billing write-off R000001 --dry-run"))
@click.argument("number")
@click.argument("amount", type=AMOUNT, required=False)
@click.option("--reason", default="")
@dry_run_option
@pass_crm
def write_off(crm: CRM, number: str, amount: Money | None, reason: str, dry_run: bool) -> None:
    """Give up what is open of an invoice, or AMOUNT of it."""
    with writing(crm, dry_run) as unit:
        booked = actions.write_off(unit, number, amount, reason=reason)
    tell(booked)


@billing.command(epilog=examples("crmkit billing cost ana@example.com shipping '4.50 GBP'"))
@customer_argument
@click.argument("activity")
@click.argument("amount", type=AMOUNT)
@click.option("--interaction", "interaction_id", type=int, help="Id of the one it was for.")
@dry_run_option
@pass_crm
def cost(
    crm: CRM,
    customer: str,
    activity: str,
    amount: Money,
    interaction_id: int | None,
    dry_run: bool,
) -> None:
    """Book that serving CUSTOMER cost us AMOUNT for ACTIVITY."""
    with writing(crm, dry_run) as unit:
        told = ServingCost(
            customer_id=unit.customers.find(customer).id,
            activity=activity,
            amount=amount,
            interaction_id=interaction_id,
        )
        actions.book_costs(unit, [told])
    say(f"{activity} booked: {amount}.")


@billing.command(
    epilog=examples("crmkit billing points ana@example.com", "crmkit billing points 1 --give 50")
)
@customer_argument
@click.option("--give", type=int, help="So many points.")
@click.option("--redeem", type=int, help="So many points.")
@click.option("--reason", default="by hand", help="Why, for the customer to read.")
@dry_run_option
@pass_crm
def points(
    crm: CRM, customer: str, give: int | None, redeem: int | None, reason: str, dry_run: bool
) -> None:
    """Show the points CUSTOMER has, give some, or let them spend some."""
    with writing(crm, dry_run or (give is None and redeem is None)) as unit:
        found = unit.customers.find(customer).id
        if give is not None:
            actions.adjust_points(unit, found, give, reason=reason)
        if redeem is not None:
            actions.redeem_points(unit, found, redeem, reason=reason)
        account = loyalty.points_of(unit, found)
    emit_one(attrs.asdict(account))
