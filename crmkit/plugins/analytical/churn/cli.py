"""``crmkit churn``."""

from __future__ import annotations

from pathlib import Path

import click

from crmkit import CRM
from crmkit.cli import emit, examples, pass_crm, plot_option, save_plot, say

from . import asking, curves
from .model import AtRisk


@click.group(epilog=examples("crmkit churn risk", "crmkit churn cohorts"))
def churn() -> None:
    """Who is on the way out, and how long customers stay."""


@churn.command(epilog=examples("crmkit churn risk --top 10"))
@click.option("--top", default=20, show_default=True, help="How many customers.")
@pass_crm
def risk(crm: CRM, top: int) -> None:
    """List who may be gone, those first whom it would cost most to lose."""
    with crm.unit(write=False) as unit:
        found = asking.riskiest(unit, top=top)
    if not found:
        say("Nobody is in churn.at_risk; `crmkit score run churn` finds out who is.")
    emit(
        {
            "customer_id": each.customer_id,
            "risk": each.risk,
            "worth_minor": None if each.worth_minor is None else round(each.worth_minor),
            "why": _why(each),
        }
        for each in found
    )


def _why(each: AtRisk) -> str:
    if each.pauses is None:
        return f"away {each.away_days} days after a single day of orders"
    return f"away {each.pauses:.1f} times their usual pause of {each.pause_days:.0f} days"


@churn.command(epilog=examples("crmkit churn contracts --top 10"))
@click.option("--top", default=20, show_default=True, help="How many customers.")
@pass_crm
def contracts(crm: CRM, top: int) -> None:
    """List whose contract is likeliest to end, and what speaks for it and against it."""
    with crm.unit(write=False) as unit:
        found = asking.leaving_soon(unit, top=top)
    if not found:
        say("No running contract is scored; `crmkit score run contract_churn` does it.")
    emit(
        {
            "customer_id": each.customer_id,
            "chance": each.chance,
            "low": each.low,
            "high": each.high,
            "drivers": ", ".join(f"{name} {part:+.3f}" for name, part in each.drivers.items()),
        }
        for each in found
    )


@churn.command(epilog=examples("crmkit churn curve --plot curve.svg"))
@plot_option
@pass_crm
def curve(crm: CRM, plot: Path | None) -> None:
    """Show how long customers stay under contract, with bounds."""
    with crm.unit(write=False) as unit:
        found = curves.retention(unit)
    if plot is not None:
        from .plots import retention

        save_plot(plot, retention(found))
    columns = ("times", "at_risk", "ended", "survival", "low", "high", "hazard")
    names = ("days", *columns[1:])
    rows = zip(*(getattr(found, name) for name in columns), strict=True)
    emit((dict(zip(names, row, strict=True)) for row in rows), columns=names)


@churn.command(epilog=examples("crmkit churn cohorts --plot cohorts.svg"))
@plot_option
@pass_crm
def cohorts(crm: CRM, plot: Path | None) -> None:
    """Show who ordered again, by the month of the first order."""
    with crm.unit(write=False) as unit:
        found = curves.by_month(unit)
    if plot is not None:
        from .plots import cohorts as drawn

        save_plot(plot, drawn(found))
    emit(
        {"month": each.month, "customers": each.active[0], "later": list(each.active[1:])}
        for each in found
    )
