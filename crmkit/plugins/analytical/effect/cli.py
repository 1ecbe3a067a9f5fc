"""``crmkit effect``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from crmkit import CRM, MissingExtraError
from crmkit.cli import emit, emit_one, examples, pass_crm, plot_option, save_plot, say
from crmkit.plugins.foundation import decisions

from . import measuring, plots, queries
from .model import Band, Design, Measurement
from .telling import in_total, per_customer

_MEASURED = ("run", "metric", "segment", "treated", "held_out", "per_customer", "total", "p_value",
             "complete")  # fmt: skip
_BANDS = ("rank", "customers", "predicted_minor", "measured_minor", "low_minor", "high_minor")


@click.group(epilog=examples("crmkit effect of", "crmkit effect plan --baseline 0.1 --mde 0.02"))
def effect() -> None:
    """Measure what was done against who was held out; share credit where nobody was."""


@effect.command(epilog=examples("crmkit effect of", "crmkit effect of --metric buyers --window 7"))
@click.argument("run", required=False)
@click.option(
    "--metric",
    default="revenue",
    show_default=True,
    help="revenue, profit, orders, buyers, or a kind of interaction.",
)
@click.option("--cuped", is_flag=True, help="Take off what was different before the assignment.")
@click.option(
    "--window",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Count only so many days after the decision.",
)
@click.option(
    "--by",
    default="",
    metavar="SEGMENT-PREFIX",
    help="Also in each segment of that prefix, as of the decision; p-values after Holm.",
)
@click.option("--sequential", is_flag=True, help="An interval that holds however often you look.")
@pass_crm
def of(
    crm: CRM, run: str | None, metric: str, cuped: bool, window: int | None, by: str,
    sequential: bool,
) -> None:  # fmt: skip
    """Show what the offers of RUN, or of every run, changed against the holdout."""
    design = Design(metric=metric, cuped=cuped, window_days=window, by=by, sequential=sequential)
    with crm.unit(write=False) as unit:
        runs = [run] if run else decisions.runs(unit)
        found = [each for name in runs for each in measuring.measure(unit, name, design)]
    emit([_line(each) for each in found], columns=_MEASURED)
    for each in found:
        for text in (each.reason, *each.flags):
            if text:
                say(f"{each.run}{' ' + each.segment if each.segment else ''}: {text}.")


@effect.command(epilog=examples("crmkit effect kept"))
@pass_crm
def kept(crm: CRM) -> None:
    """Show what the cycle measured when runs had closed."""
    with crm.unit(write=False) as unit:
        found = queries.measurements(unit)
    emit([_line(each) for each in found], columns=("id", "measured_at", *_MEASURED))


@effect.command(epilog=examples("crmkit effect uplift --help"))
@click.argument("run")
@plot_option
@pass_crm
def uplift(crm: CRM, run: str, plot: Path | None) -> None:
    """Show who was persuadable in RUN: measured uplift by decile of the predicted one."""
    with crm.unit(write=False) as unit:
        found = measuring.persuadable(unit, run)
    if found.qini is not None:
        say(f"Qini {found.qini:.4f}, AUUC {found.auuc:.4f}: 0 is chance, 1 is perfect.")
    emit([_band(each) for each in found.bands], columns=_BANDS)
    if plot is not None:
        save_plot(plot, plots.qini_chart(found))


@effect.command(epilog=examples("crmkit effect attribution --days 365"))
@click.option("--kind", default="purchase.order", show_default=True, help="What converts.")
@click.option(
    "--days", type=click.IntRange(min=1), default=90, show_default=True, help="How far back."
)
@click.option(
    "--half-life",
    type=float,
    default=7.0,
    show_default=True,
    help="Days after which a touch counts half, for time decay.",
)
@pass_crm
def attribution(crm: CRM, kind: str, days: int, half_life: float) -> None:
    """Share the credit of conversions among channels by several rules. None is causal."""
    with crm.unit(write=False) as unit:
        found = measuring.credit(unit, kind=kind, days=days, half_life_days=half_life)
    say(f"{found.conversions:,} conversions on {found.paths:,} paths: {found.note}.")
    channels = sorted({name for shares in found.shares.values() for name in shares})
    emit(
        [
            {"channel": name, "causal": False}
            | {rule: round(shares.get(name, 0.0), 4) for rule, shares in found.shares.items()}
            for name in channels
        ]
    )


@effect.command(epilog=examples("crmkit effect plan --baseline 0.1 --mde 0.02"))
@click.option("--baseline", type=float, required=True, help="Share who convert without an offer.")
@click.option("--mde", type=float, required=True, help="Smallest difference worth seeing.")
@click.option("--holdout-share", type=float, default=0.5, show_default=True)
@click.option("--alpha", type=float, default=0.05, show_default=True)
@click.option("--power", type=float, default=0.8, show_default=True)
def plan(baseline: float, mde: float, holdout_share: float, alpha: float, power: float) -> None:
    """Say how many customers it takes to see a difference."""
    try:
        from .scoring.design import sample_size
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Planning", "analytics") from exc
    treated, held_out = sample_size(
        baseline, mde, alpha=alpha, power=power, holdout_share=holdout_share
    )
    emit_one({"treated": treated, "held_out": held_out, "customers": treated + held_out})


def _line(measured: Measurement) -> dict[str, object]:
    found = measured.difference
    return attrs.asdict(measured) | {
        "per_customer": per_customer(measured),
        "total": in_total(measured),
        "p_value": None if found is None else float(f"{found.p_value:.3g}"),
        "complete": measured.is_complete,
    }


def _band(band: Band) -> dict[str, object]:
    found = band.measured
    return {
        "rank": band.rank,
        "customers": band.customers,
        "predicted_minor": round(band.predicted, 2),
        "measured_minor": None if found is None else round(found.value, 2),
        "low_minor": None if found is None else round(found.low, 2),
        "high_minor": None if found is None else round(found.high, 2),
    }
