"""``crmkit profit``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click

from crmkit import CRM, RefusedError
from crmkit.cli import (
    customer_argument,
    emit,
    emit_one,
    examples,
    pass_crm,
    plot_option,
    save_plot,
    say,
)

from .errors import BooksDifferError
from .model import LINES, Period, Statement

if TYPE_CHECKING:
    from crmkit import Unit

C = TypeVar("C", bound=Callable[..., Any])
DAY = click.DateTime(["%Y-%m-%d"])
NOTHING = "there is no profit to spread in that time"


def period_options(command: C) -> C:
    """The options ``--since`` and ``--until``."""
    since = click.option("--since", type=DAY, help="From this day on (UTC); default a year before.")
    until = click.option("--until", type=DAY, help="Before this day (UTC); default now.")
    return since(until(command))


@click.group(
    epilog=examples("crmkit profit statement ana@example.com", "crmkit profit concentration")
)
def profit() -> None:
    """What each customer brings and costs, and whether it all adds up."""


@profit.command(
    epilog=examples(
        "crmkit profit statement ana@example.com",
        "crmkit profit statement shop:42 --since 2026-01-01 --until 2026-04-01",
    )
)
@customer_argument
@period_options
@pass_crm
def statement(crm: CRM, customer: str, since: datetime | None, until: datetime | None) -> None:
    """Show the profit and loss of CUSTOMER, line by line; the lines add up."""
    from .drawing import statements

    with crm.unit(write=False) as unit:
        customer_id = unit.customers.find(customer).id
        (found,) = statements(unit, _period(unit, since, until), [customer_id])
    rows = [{"line": name, "amount_minor": found.line(name)} for name in LINES]
    emit([*rows, {"line": "= profit", "amount_minor": found.profit_minor}])
    say(
        f"In {found.currency or 'no currency'}; {found.contacts} contacts, {found.minutes:g} "
        f"minutes of our people, {found.messages} messages sent."
    )


@profit.command(epilog=examples("crmkit profit segments --prefix rfm."))
@click.option("--prefix", default="rfm.", show_default=True, help="Of the segments' names.")
@period_options
@pass_crm
def segments(crm: CRM, prefix: str, since: datetime | None, until: datetime | None) -> None:
    """Show the profit and loss of each segment, and of who is in none."""
    from .drawing import by_segment

    with crm.unit(write=False) as unit:
        found = by_segment(unit, _period(unit, since, until), prefix)
    emit(_row(each) for each in found)


@profit.command(epilog=examples("crmkit profit concentration"))
@period_options
@pass_crm
def concentration(crm: CRM, since: datetime | None, until: datetime | None) -> None:
    """Show how unevenly profit is spread over the customers."""
    from .drawing import concentration as measured

    with crm.unit(write=False) as unit:
        found = measured(unit, _period(unit, since, until))
    if found is None:
        raise RefusedError(NOTHING)
    emit_one(attrs.asdict(found))


@profit.command(epilog=examples("crmkit profit whale --plot whale.svg"))
@click.option("--top", default=20, show_default=True, help="How many of each end to list.")
@period_options
@plot_option
@pass_crm
def whale(
    crm: CRM, top: int, since: datetime | None, until: datetime | None, plot: Path | None
) -> None:
    """List who brings the most and who costs the most, and draw the whale curve."""
    from .drawing import statements

    with crm.unit(write=False) as unit:
        period = _period(unit, since, until)
        found = sorted(statements(unit, period), key=lambda each: -each.profit_minor)
    profits = [each.profit_minor for each in found]
    if plot is not None:
        if sum(profits) <= 0:
            raise RefusedError(NOTHING)
        from .plots import whale as drawn

        told = f"{period.since:%Y-%m-%d} until {period.until:%Y-%m-%d}, {len(found):,} customers"
        save_plot(plot, drawn(profits, told))
    ends = found if len(found) <= 2 * top else [*found[:top], *found[-top:]]
    emit({"customer_id": each.customer_id, **_row(each)} for each in ends)


@profit.command(epilog=examples("crmkit profit reconcile", "crmkit profit reconcile --prefix rfm."))
@click.option("--prefix", default="", help="Add up the segments whose names begin so, too.")
@period_options
@pass_crm
def reconcile(crm: CRM, prefix: str, since: datetime | None, until: datetime | None) -> None:
    """Add the statements up every way there is; exit 1 if they miss the books by one unit."""
    from .drawing import reconcile as added_up

    with crm.unit(write=False) as unit:
        found = added_up(unit, _period(unit, since, until), prefix)
    names = ("book", "statements", "book_says")
    sums: list[tuple[object, ...]] = [*found.books]
    if found.segments_minor is not None:
        sums.append((f"segments {prefix}", found.segments_minor, found.customers_minor))
    emit((dict(zip(names, each, strict=True)) for each in sums), columns=names)
    if found.differences:
        raise BooksDifferError("; ".join(found.differences))


def _period(unit: Unit, since: datetime | None, until: datetime | None) -> Period:
    end = unit.now if until is None else until.replace(tzinfo=UTC)
    begin = end - timedelta(days=365) if since is None else since.replace(tzinfo=UTC)
    return Period(begin, end)


def _row(statement: Statement) -> dict[str, object]:
    lines = {name: statement.line(name) for name in LINES}
    counts = {"contacts": statement.contacts, "minutes": statement.minutes}
    named: dict[str, object] = (
        {"segment": statement.name, "customers": statement.customers} if statement.name else {}
    )
    return named | {"profit": statement.profit_minor, **lines, **counts}
