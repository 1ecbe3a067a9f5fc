"""Products, prices, and how customers are billed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import attrs
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

from .. import actions, queries
from ..model import Price, Product
from .group import billing
from .values import AMOUNT, DAY


@billing.command(epilog=examples("crmkit billing product CUP --name 'Cup' --dry-run"))
@click.argument("sku")
@click.option("--name", help="As customers read it.")
@click.option("--kind", type=click.Choice(["product", "service"]))
@click.option("--unit", help="UN/ECE code: C62 one, HUR hour, KGM kilogram, MON month.")
@click.option("--tax-class", help="What the tax rules call it.")
@click.option("--active/--retired", default=None, help="Whether it is still sold.")
@dry_run_option
@pass_crm
def product(crm: CRM, sku: str, dry_run: bool, **given: Any) -> None:
    """Add the product SKU, or change what is given of it."""
    changes = {name: value for name, value in given.items() if value is not None}
    with writing(crm, dry_run) as unit:
        known = queries.products(unit, [sku])
        base = known[0] if known else Product(sku=sku, name=changes.get("name", sku))
        (stored,) = actions.set_products(unit, [attrs.evolve(base, **changes)])
    emit_one(attrs.asdict(stored))


@billing.command(epilog=examples("crmkit billing price LAMP '9.90 GBP' --dry-run"))
@click.argument("sku")
@click.argument("amount", type=AMOUNT)
@click.option("--list", "price_list", default="standard", help="`cost` is what it costs us.")
@click.option("--per", default=1, help="For so many units.")
@click.option("--from", "least", default="0", help="From this quantity on.")
@click.option("--since", type=DAY, help="From this day on; default always.")
@dry_run_option
@pass_crm
def price(
    crm: CRM,
    sku: str,
    amount: Money,
    price_list: str,
    per: int,
    least: str,
    since: datetime | None,
    dry_run: bool,
) -> None:
    """Set what SKU costs, or costs us."""
    day = since.date() if since else date.min
    told = Price(
        sku=sku, amount=amount, price_list=price_list, per=per, from_quantity=least, since=day
    )
    with writing(crm, dry_run) as unit:
        actions.set_prices(unit, [told])
        rows = [queries.plain(each) for each in queries.prices(unit, [sku])]
    emit(rows)


@billing.command(epilog=examples("crmkit billing catalogue"))
@pass_crm
def catalogue(crm: CRM) -> None:
    """List the products, each with its prices."""
    with crm.unit(write=False) as unit:
        found = queries.products(unit)
        prices = queries.prices(unit, [each.sku for each in found])
    told: dict[str, list[str]] = {}
    for each in prices:
        told.setdefault(each.sku, []).append(f"{each.price_list} {each.amount}")
    emit(attrs.asdict(each) | {"prices": ", ".join(told.get(each.sku, []))} for each in found)


@billing.command(epilog=examples("crmkit billing account ana@example.com --country PL --dry-run"))
@customer_argument
@click.option("--name", help="On invoices, if another than the customer's.")
@click.option("--street")
@click.option("--city")
@click.option("--postal-code")
@click.option("--country", help="ISO 3166, two letters.")
@click.option("--vat-id", help="With the country's prefix.")
@click.option("--price-list")
@click.option("--payment-days", type=int)
@click.option("--reference", help="What they want to read on every invoice.")
@click.option("--electronic-address", help="Where e-invoices reach them.")
@dry_run_option
@pass_crm
def account(crm: CRM, customer: str, dry_run: bool, **given: Any) -> None:
    """Show how CUSTOMER is billed, or change what is given of it."""
    changes = {name: value for name, value in given.items() if value is not None}
    with writing(crm, dry_run or not changes) as unit:
        found = unit.customers.find(customer).id
        known = queries.accounts_of_many(unit, [found])[found]
        if changes:
            known = actions.set_account(unit, attrs.evolve(known, **changes))
    emit_one(attrs.asdict(known))
