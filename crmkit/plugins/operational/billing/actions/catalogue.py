"""Products, prices, and how customers are billed."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import StaleVersionError, Unit, atomic
from crmkit.sql import delete_where, insert_many, update_rows

from .. import queries
from ..model import Account, Price, Product, micro
from ..tables import billing_account, billing_price, billing_product

_DETAILS = ("name", "kind", "unit", "tax_class", "active")


@atomic
def set_products(unit: Unit, products: Sequence[Product]) -> list[Product]:
    """
    Add products, or change those whose version is the stored one; one that is as it was stays.

    Raises:
        StaleVersionError: If somebody else changed one since it was read.
    """
    stored = {each.sku: each for each in queries.products(unit, [p.sku for p in products])}
    stale = [each for each in products if each.version != _version(stored.get(each.sku))]
    if stale:
        raise StaleVersionError("product", [stale[0].version])
    new = [each for each in products if each.sku not in stored]
    changed = [each for each in products if each.sku in stored and each != stored[each.sku]]
    insert_many(unit.connection, billing_product, [(e.sku, *_details(e), 1) for e in new])
    flag = int if unit.connection.dialect.name == "sqlite" else bool
    rows = [
        (*_details(each)[:-1], flag(each.active), each.version + 1, each.sku, each.version)
        for each in changed
    ]
    if rows:
        values = (*_DETAILS, "version")
        done = update_rows(
            unit.connection, billing_product, rows, key=("sku", "version"), values=values
        )
        if done != len(rows):
            raise StaleVersionError("product", [each.version for each in changed])
    touched = {each.sku for each in (*new, *changed)}
    return [attrs.evolve(each, version=each.version + (each.sku in touched)) for each in products]


def _version(product: Product | None) -> int:
    return 0 if product is None else product.version


def _details(product: Product) -> tuple[object, ...]:
    return tuple(getattr(product, name) for name in _DETAILS)


@atomic
def set_prices(unit: Unit, prices: Sequence[Price]) -> None:
    """
    Set prices, each from its day on. One of the same list, quantity and day takes the place of
    the former.

    Raises:
        RecordNotFoundError: If a product does not exist.
    """
    for sku in sorted({each.sku for each in prices}):
        queries.product(unit, sku)
    theirs = billing_price.c
    keys = [
        (
            each.sku,
            each.price_list,
            each.amount.currency,
            micro(each.from_quantity),
            each.since.isoformat(),
        )
        for each in prices
    ]
    same = sa.delete(billing_price).where(
        *(
            column == sa.bindparam(f"a_{column.name}")
            for column in (
                theirs.sku, theirs.price_list, theirs.currency, theirs.from_micro, theirs.since
            )
        )
    )  # fmt: skip
    names = ("a_sku", "a_price_list", "a_currency", "a_from_micro", "a_since")
    if keys:
        unit.connection.execute(same, [dict(zip(names, key, strict=True)) for key in keys])
    rows = {
        key: (*key, each.amount.amount_minor, each.per)
        for key, each in zip(keys, prices, strict=True)
    }
    insert_many(unit.connection, billing_price, rows.values())


@atomic
def set_account(unit: Unit, account: Account) -> Account:
    """
    Say how a customer is billed from now on; documents that are out stay as they are.

    Raises:
        RecordNotFoundError: If the customer does not exist.
    """
    unit.customers.get(account.customer_id)
    delete_where(unit.connection, billing_account, "customer_id", [account.customer_id])
    insert_many(unit.connection, billing_account, [attrs.astuple(account)])
    return account
