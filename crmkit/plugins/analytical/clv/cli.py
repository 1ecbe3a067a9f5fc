"""``crmkit clv``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from crmkit import CRM
from crmkit.cli import emit, examples, pass_crm, plot_option, save_plot, say

from . import looking
from .errors import InvalidHistoryError

DAY = click.DateTime(["%Y-%m-%d"])
_COLUMNS = ("customer_id", "worth_minor", "low", "high", "p_alive")


@click.group(epilog=examples("crmkit clv list", "crmkit clv track --cut 2025-10-01"))
def clv() -> None:
    """What customers will be worth, whether they are still there, and how well it is foretold."""


@clv.command("list", epilog=examples("crmkit clv list --top 5", "crmkit clv list --plot worth.svg"))
@click.option(
    "--top", type=click.IntRange(min=1), default=20, show_default=True, help="How many to list."
)
@plot_option
@pass_crm
def worthiest(crm: CRM, top: int, plot: Path | None) -> None:
    """List who will be worth most; the picture shows everybody."""
    with crm.unit(write=False) as unit:
        found = looking.standings(unit, top=None if plot else top)
    if not found:
        say("Nobody has both scores; `crmkit score run clv p_alive` makes them.")
    if plot is not None:
        from .plots import standings

        save_plot(plot, standings(found))
    rows = (
        (
            each.customer_id,
            round(each.worth_minor),
            *map(round, (each.low, each.high)),
            each.p_alive,
        )
        for each in found[:top]
    )
    emit([dict(zip(_COLUMNS, row, strict=True)) for row in rows], columns=_COLUMNS)


@clv.command(
    epilog=examples(
        "crmkit clv track --cut 2025-10-01",
        "crmkit clv track --cut 2025-10-01 --until 2025-12-31 --plot track.svg",
    )
)
@click.option("--cut", type=DAY, required=True, help="The model sees what came before (UTC).")
@click.option("--until", type=DAY, help="Compare purchases before this day (UTC); default now.")
@plot_option
@pass_crm
def track(crm: CRM, cut: datetime, until: datetime | None, plot: Path | None) -> None:
    """Compare repeat purchases, week by week, with those a model expected that stopped at --cut."""
    with crm.unit(write=False) as unit:
        end = None if until is None else until.replace(tzinfo=UTC)
        found = looking.tracking(unit, cut=cut.replace(tzinfo=UTC), until=end)
    if plot is not None:
        from .plots import tracking

        save_plot(plot, tracking(found))
    expected = found.expected.round(1).tolist()
    weeks = zip(found.until.tolist(), expected, found.actual.astype(int).tolist(), strict=True)
    emit(({"week": week, "expected": e, "actual": a} for week, e, a in weeks))
    try:
        say(f"Since the cut, the expected purchases are off by {found.holdout_deviation():+.1%}.")
    except InvalidHistoryError:
        say("Since the cut nobody bought again: there is nothing to compare with.")
