"""
The back office: what is sold, ordered, billed and paid, and what serving customers costs.

    with crm.unit() as unit:
        (invoice,) = billing.invoice(unit, [Draft(customer_id=ana.id, items=[Item(sku="CUP")])])
        billing.record_payments(unit, [Payment(customer_id=ana.id, amount=invoice.gross)])
        billing.ageing(unit, billing.today(unit))
        billing.profit_and_loss(unit, since, until)

A sub-ledger of receivables with an export for an accountant's program; not a general ledger.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import (
    adjust_points,
    allocate,
    book_costs,
    cancel_order,
    chargeback,
    credit,
    expire_points,
    invoice,
    invoice_order,
    order,
    record_payments,
    redeem_points,
    refund,
    release,
    remind,
    set_account,
    set_prices,
    set_products,
    write_off,
)
from .books import journal, profit_and_loss, totals
from .config import Dunning, Loyalty, Seller, Settings, TaxRule
from .einvoice import ubl
from .errors import (
    MixedCurrenciesError,
    NoBuyerError,
    NoPriceError,
    NoSellerError,
    NoTaxRuleError,
    NotEnoughPointsError,
    NotOpenError,
    OutOfOrderError,
    TooMuchError,
    WrongPartyError,
)
from .loyalty import points_entries, points_of
from .model import (
    Account,
    Document,
    DocumentLine,
    Draft,
    Due,
    Item,
    JournalEntry,
    Payment,
    PointsAccount,
    PointsEntry,
    Price,
    Product,
    ProfitLine,
    Reminder,
    ServingCost,
    TaxGroup,
)
from .queries import (
    accounts_of_many,
    ageing,
    document,
    documents,
    find,
    prices,
    products,
    settled_by,
    today,
)

plugin = Plugin(
    name="billing",
    summary="Orders, invoices, payments, points and costs; books that add up to the cent.",
    hooks=hooks,
    extends=("delivery", "profit", "sales"),
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "Account",
    "Document",
    "DocumentLine",
    "Draft",
    "Due",
    "Dunning",
    "Item",
    "JournalEntry",
    "Loyalty",
    "MixedCurrenciesError",
    "NoBuyerError",
    "NoPriceError",
    "NoSellerError",
    "NoTaxRuleError",
    "NotEnoughPointsError",
    "NotOpenError",
    "OutOfOrderError",
    "Payment",
    "PointsAccount",
    "PointsEntry",
    "Price",
    "Product",
    "ProfitLine",
    "Reminder",
    "Seller",
    "ServingCost",
    "Settings",
    "TaxGroup",
    "TaxRule",
    "TooMuchError",
    "WrongPartyError",
    "accounts_of_many",
    "adjust_points",
    "ageing",
    "allocate",
    "book_costs",
    "cancel_order",
    "chargeback",
    "credit",
    "document",
    "documents",
    "expire_points",
    "find",
    "invoice",
    "invoice_order",
    "journal",
    "order",
    "plugin",
    "points_entries",
    "points_of",
    "prices",
    "products",
    "profit_and_loss",
    "record_payments",
    "redeem_points",
    "refund",
    "release",
    "remind",
    "set_account",
    "set_prices",
    "set_products",
    "settled_by",
    "today",
    "totals",
    "ubl",
    "write_off",
]
