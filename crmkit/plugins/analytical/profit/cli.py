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
    dry_run_option,
    emit,
    emit_one,
    examples,
    pass_crm,
    plot_option,
    save_plot,
    say,
    writing,
)

from . import actions, queries
from .books import contributed
from .errors import BooksDifferError, CostSheetError
from .model import EVER, LINES, Cost, Period, Statement

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


@profit.command(
    epilog=examples("crmkit profit products", "crmkit profit products --without-cost --top 50")
)
@click.option("--top", default=20, show_default=True, help="How many to list.")
@click.option(
    "--without-cost", is_flag=True, help="Only those of which no or not every cost is known."
)
@period_options
@pass_crm
def products(
    crm: CRM, top: int, without_cost: bool, since: datetime | None, until: datetime | None
) -> None:
    """Show what each article brought by its lines, and what its goods cost; the largest first."""
    from .margins import products as sold

    with crm.unit(write=False) as unit:
        found = sold(unit, _period(unit, since, until))
    told = [each for each in found if not without_cost or each.costed_share < 1]
    emit(
        {
            "sku": each.sku,
            "name": each.name,
            "quantity": each.quantity,
            "amount_minor": each.amount_minor,
            "goods_minor": each.goods_minor,
            "margin_minor": each.margin_minor,
            "costed_share": round(each.costed_share, 4),
            "currency": each.currency,
        }
        for each in told[:top]
    )
    known = sum(each.costed_share == 1 for each in found)
    say(f"Of {known:,} of {len(found):,} articles sold every cost is known.")


@profit.group(epilog=examples("crmkit profit costs import costs.csv", "crmkit profit costs list"))
def costs() -> None:
    """What single articles cost us, so that the margin of a line is real."""


@costs.command(
    "import",
    epilog=examples(
        "crmkit profit costs import costs.csv --dry-run", "crmkit profit costs import costs.csv"
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@dry_run_option
@pass_crm
def import_costs(crm: CRM, file: Path, dry_run: bool) -> None:
    """
    Read FILE, a CSV of sku, cost, currency, per and since: all of it, or nothing.

    A cost such as 3.20 is of one piece, or of as many as per says, from the day since on until a
    later one of the same article begins. Lines that cannot be used are listed, with exit code 4.
    """
    from .sheets import read_costs

    sheet = read_costs(file)
    if sheet.mistakes:
        emit(attrs.asdict(each) for each in sheet.mistakes)
        raise CostSheetError(str(file), len(sheet.mistakes))
    with writing(crm, dry_run) as unit:
        changed = actions.tell_costs(unit, sheet.costs)
        unsold = queries.unsold(unit, {each.sku for each in sheet.costs})
        say(f"{len(sheet.costs):,} costs told, {changed:,} of them new or changed.")
        if unsold:
            told = ", ".join(unsold[:5]) + (", ..." if len(unsold) > 5 else "")
            say(f"No purchase so far has a line with {len(unsold):,} of the articles: {told}.")
        _say_who_else_knows(unit)


def _say_who_else_knows(unit: Unit) -> None:
    now = Period(EVER, unit.now)
    for each in contributed(unit, now):
        if each.sources or "goods" in each.replaces:
            told = ", ".join(each.sources) or "all sources"
            say(
                f"{each.name} is enabled: purchases from {told} keep the costs of its books; these "
                "here are for all others."
            )


@costs.command("list", epilog=examples("crmkit profit costs list", "crmkit profit costs list A-7"))
@click.argument("sku", required=False)
@pass_crm
def list_costs(crm: CRM, sku: str | None) -> None:
    """List the costs of SKU, or of all articles, as import reads them."""
    with crm.unit(write=False) as unit:
        found = queries.costs(unit, None if sku is None else [sku])
    emit((_cost(each) for each in found), columns=("sku", "cost", "currency", "per", "since"))


@costs.command(epilog=examples("crmkit profit costs remove A-7 --since 2026-01-01 --dry-run"))
@click.argument("sku")
@click.option(
    "--since", type=DAY, help="The day it begins on; default the one that holds for ever."
)
@dry_run_option
@pass_crm
def remove(crm: CRM, sku: str, since: datetime | None, dry_run: bool) -> None:
    """Take back a cost of SKU; from its day on the one before it holds, if there is one."""
    with writing(crm, dry_run) as unit:
        actions.remove_cost(unit, sku, EVER if since is None else since.replace(tzinfo=UTC))
    say(f"The cost of {sku} is taken back.")


def _cost(cost: Cost) -> dict[str, object]:
    return {
        "sku": cost.sku,
        "cost": str(cost.amount.amount),
        "currency": cost.amount.currency,
        "per": cost.per,
        "since": "" if cost.since == EVER else f"{cost.since:%Y-%m-%d}",
    }


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
