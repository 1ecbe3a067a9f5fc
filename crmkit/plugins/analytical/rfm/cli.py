"""``crmkit rfm``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import attrs
import click

from crmkit import CRM
from crmkit.cli import emit, examples, pass_crm, plot_option, save_plot

DAY = click.DateTime(["%Y-%m-%d"])


@click.group(epilog=examples("crmkit rfm grid", "crmkit rfm grid --plot grid.svg"))
def rfm() -> None:
    """Recency, frequency and money: the grid, and who moves on it."""


@rfm.command(epilog=examples("crmkit rfm grid --as-of 2025-07-01 --plot grid.svg"))
@click.option("--as-of", type=DAY, help="Count only what happened before then (UTC); default now.")
@plot_option
@pass_crm
def grid(crm: CRM, as_of: datetime | None, plot: Path | None) -> None:
    """Count the customers in each cell of R and FM, and what they paid."""
    from .grids import grid as drawn

    with crm.unit(write=False) as unit:
        found = drawn(unit, as_of=None if as_of is None else as_of.replace(tzinfo=UTC))
    if plot is not None:
        from .plots import grid as picture

        save_plot(plot, picture(found))
    emit(attrs.asdict(each) for each in found.cells)


@rfm.command(epilog=examples("crmkit rfm migration --since 2025-07-01 --until 2025-12-01"))
@click.option("--since", type=DAY, required=True, help="The earlier day (UTC).")
@click.option("--until", type=DAY, required=True, help="The later day (UTC).")
@pass_crm
def migration(crm: CRM, since: datetime, until: datetime) -> None:
    """Count who moved from which segment to which, by the borders of the earlier day."""
    from .grids import migration as moved

    with crm.unit(write=False) as unit:
        found = moved(unit, since=since.replace(tzinfo=UTC), until=until.replace(tzinfo=UTC))
    emit(
        {"from": each.left or "(new)", "to": each.joined, "customers": each.customers}
        for each in found.moves
    )
