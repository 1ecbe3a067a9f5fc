"""``crmkit propensity``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from crmkit import CRM, RefusedError, Unit
from crmkit.cli import emit, examples, pass_crm, plot_option, save_plot, say
from crmkit.plugins.foundation import scoring


@click.group(epilog=examples("crmkit propensity show", "crmkit propensity lift"))
def propensity() -> None:
    """How likely somebody is to do what you ask for, and what it is read from."""


@propensity.command(epilog=examples("crmkit propensity show"))
@pass_crm
def show(crm: CRM) -> None:
    """List what the last full run of the score learnt: coefficients, and how well it did."""
    with crm.unit(write=False) as unit:
        told = _learnt(unit)
    model, measured = told["model"], told["measured"]
    rows = zip(model["names"], model["coefficients"], model["standard_errors"], strict=True)
    emit(
        {
            "column": name,
            "coefficient": coefficient,
            "standard_error": error,
            "left_out": name in model["left_out"],
        }
        for name, coefficient, error in rows
    )
    say(
        f"{measured['events']:,} of {measured['customers']:,} customers; on customers it had not "
        f"seen: area under the curve {measured['area_under_curve']:.3f}, log loss "
        f"{measured['log_loss']:.3f}."
    )
    if model["note"]:
        say(f"Note: {model['note']}.")


@propensity.command(epilog=examples("crmkit propensity lift --plot lift.svg"))
@plot_option
@pass_crm
def lift(crm: CRM, plot: Path | None) -> None:
    """Show the customers in tenths, the likeliest first, by models that had not seen them."""
    with crm.unit(write=False) as unit:
        measured = _learnt(unit)["measured"]
    if plot is not None:
        from .plots import lift as drawn

        save_plot(plot, drawn(measured["deciles"], f"{measured['customers']:,} customers"))
    emit(measured["deciles"])


def _learnt(unit: Unit) -> Mapping[str, Any]:
    runs = (each for each in scoring.runs(unit, size=1_000) if each.scorer == "propensity")
    full = next((each for each in runs if each.mode == "full" and each.state == "done"), None)
    if full is None:
        raise RefusedError("nothing is learnt yet; run `crmkit score run propensity --full`")
    return full.parameters
