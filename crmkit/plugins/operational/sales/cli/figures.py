"""``crmkit sales``."""

from __future__ import annotations

from typing import Any

import attrs
import click

from crmkit import CRM, Money
from crmkit.cli import emit, examples, pass_crm

from .. import foretelling
from ..config import Settings
from .values import team_option


@click.group(epilog=examples("crmkit sales forecast", "crmkit sales stages"))
def sales() -> None:
    """What is to come: forecasts, stages, velocity."""


@sales.command(epilog=examples("crmkit sales forecast"))
@click.option("--pipeline", default="")
@click.option("--owner", default="")
@team_option
@click.option("--seed", default=0, help="Of the simulation: the same seed, the same figures.")
@pass_crm
def forecast(crm: CRM, **given: Any) -> None:
    """Show what open deals come to, by month, with the bounds of nine of ten outcomes."""
    with crm.unit(write=False) as unit:
        found = foretelling.forecast(unit, **given)
    emit(
        {"month": each.month or "no day", "deals": each.deals}
        | {
            name: Money(getattr(each, f"{name}_minor"), each.currency)
            for name in ("expected", "low", "high", "best")
        }
        for each in found
    )


@sales.command(epilog=examples("crmkit sales stages"))
@pass_crm
def stages(crm: CRM) -> None:
    """Show how deals go through the stages of every pipeline."""
    with crm.unit(write=False) as unit:
        emit(attrs.asdict(each) for each in foretelling.stages(unit))


@sales.command(epilog=examples("crmkit sales teams"))
@pass_crm
def teams(crm: CRM) -> None:
    """Show what each team has to do, has room for, and has done."""
    with crm.unit(write=False) as unit:
        emit(attrs.asdict(each) for each in foretelling.teams(unit))


@sales.command(epilog=examples("crmkit sales velocity"))
@click.option("--owner", default="")
@team_option
@pass_crm
def velocity(crm: CRM, owner: str, team: str) -> None:
    """Show what comes in a day: open deals by mean value by share won, by days to close."""
    with crm.unit(write=False) as unit:
        found = foretelling.velocity(unit, owner=owner, team=team)
    emit(attrs.asdict(each) for each in found)


@sales.command(epilog=examples("crmkit sales pipelines"))
@pass_crm
def pipelines(crm: CRM) -> None:
    """List the stages of the pipelines, and where a deal may go from each."""
    emit(
        {
            "pipeline": pipeline.name,
            "stage": stage.name,
            "probability": stage.probability,
            "outcome": stage.outcome,
            "days": stage.days,
            "next": ", ".join(pipeline.ways(stage.name)),
        }
        for pipeline in crm.settings(Settings).pipelines
        for stage in pipeline.stages
    )
