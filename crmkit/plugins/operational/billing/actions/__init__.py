"""Writes: catalogue, documents, what is set off, costs, points, reminders, erasure."""

from .catalogue import set_account, set_prices, set_products
from .documents import cancel_order, credit, invoice, invoice_order, order
from .erasing import forget
from .points import adjust_points, expire_points, redeem_points
from .reminding import remind
from .serving import book_costs
from .settling import allocate, chargeback, record_payments, refund, release, write_off

__all__ = [
    "adjust_points",
    "allocate",
    "book_costs",
    "cancel_order",
    "chargeback",
    "credit",
    "expire_points",
    "forget",
    "invoice",
    "invoice_order",
    "order",
    "record_payments",
    "redeem_points",
    "refund",
    "release",
    "remind",
    "set_account",
    "set_prices",
    "set_products",
    "write_off",
]
