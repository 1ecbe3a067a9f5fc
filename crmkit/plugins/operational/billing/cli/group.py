"""The group that all commands are in."""

from __future__ import annotations

import click

from crmkit.cli import examples


@click.group(epilog=examples("crmkit billing ageing", "crmkit billing list --status open"))
def billing() -> None:
    """Products and prices, orders, invoices, payments, points, and what serving costs."""
