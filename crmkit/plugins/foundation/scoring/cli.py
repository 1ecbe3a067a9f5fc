"""``crmkit score`` and ``crmkit segment``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from crmkit import RefusedError
from crmkit.cli import (
    customer_argument,
    dry_run_option,
    emit,
    examples,
    pass_crm,
    plot_option,
    save_plot,
    say,
    writing,
)

if TYPE_CHECKING:
    from pathlib import Path

    from crmkit import CRM

    from .model import Backtest, Membership, Mode

UTC_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group(epilog=examples("crmkit score run --dry-run", "crmkit score show ana@example.com"))
def score() -> None:
    """Score customers, and say why a score is what it is."""


@score.command(
    epilog=examples(
        "crmkit score run",
        "crmkit score run rfm --full",
        "crmkit score run --as-of 2026-01-01 --full --dry-run",
    )
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--full", "mode", flag_value="full", type=str, default=None, help="Score everybody.")
@click.option(
    "--incremental",
    "mode",
    flag_value="incremental",
    type=str,
    help="Score only customers something changed about, as the last full run would have.",
)
@click.option("--as-of", type=UTC_TIME, help="Count only what happened before then (UTC).")
@dry_run_option
@pass_crm
def run(
    crm: CRM, names: tuple[str, ...], mode: Mode | None, as_of: datetime | None, dry_run: bool
) -> None:
    """Score with NAME, or with every score there is, then refresh the segments.

    Without --full or --incremental the run is incremental where a recent full run allows it.
    """
    from . import actions

    with writing(crm, dry_run) as unit:
        done = actions.run(
            unit, names, mode=mode, as_of=None if as_of is None else as_of.replace(tzinfo=UTC)
        )
        rows = [
            {
                "id": each.id or None,
                "scorer": each.scorer,
                "version": each.version,
                "mode": each.mode,
                "state": each.state if each.id else "nothing due",
                "customers": each.customers,
                "changed": each.changed,
                "reason": each.reason,
            }
            for each in done
        ]
    emit(rows)


@score.command("list", epilog=examples("crmkit score list"))
@pass_crm
def list_scores(crm: CRM) -> None:
    """List the scores that plugins contribute, and their last runs."""
    from .queries import chosen_scorers, last_run

    with crm.unit(write=False) as unit:
        rows = []
        for each in chosen_scorers(unit, ()):
            last = last_run(unit, each.name)
            rows.append(
                {
                    "name": each.name,
                    "version": each.version,
                    "last_run": last and last.started_at,
                    "mode": last and last.mode,
                    "state": last.state if last else "never run",
                    "as_of": last and last.as_of,
                    "customers": last and last.customers,
                    "changed": last and last.changed,
                    "summary": each.summary,
                }
            )
    emit(rows)


@score.command(epilog=examples("crmkit score show ana@example.com", "crmkit score show shop:42"))
@customer_argument
@pass_crm
def show(crm: CRM, customer: str) -> None:
    """Show the scores of CUSTOMER."""
    from .queries import scores_of

    with crm.unit(write=False) as unit:
        rows = [
            {
                "scorer": each.scorer,
                "value": each.value,
                "low": each.low,
                "high": each.high,
                "label": each.label,
                "as_of": each.as_of,
                "run": each.run_id,
            }
            for each in scores_of(unit, unit.customers.find(customer).id)
        ]
    emit(rows)


@score.command(epilog=examples("crmkit score explain ana@example.com rfm"))
@customer_argument
@click.argument("name", required=False)
@pass_crm
def explain(crm: CRM, customer: str, name: str | None) -> None:
    """Show what each score of CUSTOMER (or the one called NAME) is made of; the parts add up."""
    from .queries import score_of, scores_of

    with crm.unit(write=False) as unit:
        customer_id = unit.customers.find(customer).id
        found = [score_of(unit, customer_id, name)] if name else scores_of(unit, customer_id)
    rows = []
    for each in found:
        parts = [("base", each.base), *each.reasons.items(), ("= value", each.value)]
        rows += [
            {"scorer": each.scorer, "part": part, "contribution": amount} for part, amount in parts
        ]
        label = f", {each.label}" if each.label else ""
        say(f"{each.scorer} {each.version}{label}: as of {each.as_of:%Y-%m-%d %H:%M} UTC")
    emit(rows)


@score.command(epilog=examples("crmkit score backtest rfm --cut 2025-07-01 --deciles"))
@click.argument("name")
@click.option("--cut", type=UTC_TIME, required=True, help="Fit on what happened before then (UTC).")
@click.option("--until", type=UTC_TIME, help="Compare with what came before then; default all.")
@click.option("--deciles", is_flag=True, help="Show the tenths of the customers instead.")
@plot_option
@pass_crm
def backtest(
    crm: CRM, name: str, cut: datetime, until: datetime | None, deciles: bool, plot: Path | None
) -> None:
    """Put score NAME back in time, and compare what it foretold with what came.

    Beside the model stand what came in a time of equal length before, and its mean; a score that
    is judged in a way of its own, such as uplift, names its rivals itself.
    """
    import attrs

    from .backtesting import backtest as look_back

    with crm.unit(write=False) as unit:
        found = look_back(
            unit,
            name,
            cut=cut.replace(tzinfo=UTC),
            until=None if until is None else until.replace(tzinfo=UTC),
        )
    if plot is not None:
        if found.judged:
            raise RefusedError(
                f"score {name} is judged in a way of its own, which has no such plot"
            )
        from .plots import gains

        save_plot(plot, gains(found))
    say(_told(found))
    if found.judged:
        emit(found.tenths if deciles else found.judged)
    else:
        emit(attrs.asdict(each) for each in (found.deciles if deciles else found.rivals))


def _told(found: Backtest) -> str:
    foretells = f", {found.foretells}" if found.foretells else ""
    ranking = (
        f" The best ranking's top tenth would have brought {found.best_top_share:.1%}."
        if found.foretells
        else ""
    )
    return (
        f"{found.scorer} {found.version}{foretells}: {found.customers:,} customers scored "
        f"as of {found.cut:%Y-%m-%d}; until {found.until:%Y-%m-%d} came {found.came:,.0f}, from "
        f"{found.happened:,} of them.{ranking}"
    )


@click.group(epilog=examples("crmkit segment list", "crmkit segment members rfm.champions"))
def segment() -> None:
    """Look at segments: who is in, since when, and why."""


@segment.command("list", epilog=examples("crmkit segment list"))
@pass_crm
def list_segments(crm: CRM) -> None:
    """List the segments there are, and how many customers are in each now."""
    from crmkit import ask

    from .queries import sizes

    with crm.unit(write=False) as unit:
        count = sizes(unit)
        rows = [
            {"name": each.name, "customers": count.get(each.name, 0), "summary": each.summary}
            for each in ask.segments(unit).values()
        ]
    emit(rows)


@segment.command(epilog=examples("crmkit segment members rfm.champions"))
@click.argument("name")
@pass_crm
def members(crm: CRM, name: str) -> None:
    """List who is in segment NAME now."""
    from crmkit import RecordNotFoundError, ask

    from .queries import members_of

    with crm.unit(write=False) as unit:
        found = members_of(unit, name)
        if not found and name not in ask.segments(unit):
            raise RecordNotFoundError("segment", name)
    emit(_row(each) for each in found)


@segment.command(
    epilog=examples("crmkit segment history ana@example.com", "crmkit segment history regulars")
)
@click.argument("of")
@pass_crm
def history(crm: CRM, of: str) -> None:
    """
    List the days on which customers joined and left the segment OF, or, if OF is a customer, the
    segments they were and are in: since when, why, until when, and why not since.
    """
    import attrs

    from crmkit import ask

    from .queries import memberships_of, movements

    with crm.unit(write=False) as unit:
        moved = movements(unit, of)
        if moved or of in ask.segments(unit):
            emit(attrs.asdict(each) for each in moved)
            return
        found = memberships_of(unit, unit.customers.find(of).id)
    emit(_row(each) | {"until": each.until, "ended_why": each.ended_why} for each in found)


def _row(membership: Membership) -> dict[str, object]:
    return {
        "customer_id": membership.customer_id,
        "segment": membership.segment,
        "since": membership.since,
        "why": membership.why,
    }


@segment.command(
    epilog=examples(
        "crmkit segment define good_friends 'score.rfm >= 400 and count(purchase.order) >= 3'",
        "crmkit segment define lately 'count(purchase.order, 90 days) >= 1' --dry-run",
    )
)
@click.argument("name")
@click.argument("rule")
@click.option("--summary", default="", help="What it is for, in words.")
@dry_run_option
@pass_crm
def define(crm: CRM, name: str, rule: str, summary: str, dry_run: bool) -> None:
    """Define segment NAME by RULE, or change its rule.

    A rule compares score.NAME, label.NAME, attribute.NAME (an indexed one), customer.kind,
    customer.standing, customer.locale, customer.time_zone, count(KIND), sum(KIND) in minor units,
    both also as in count(KIND, 90 days), and days_since(KIND) by =, !=, <, <=, > or >= with a
    number, a "text" or true and false. in(SEGMENT) asks for another segment, as it was refreshed
    last. Comparisons are joined by and, or, not and parentheses. What is not known fits none.
    """
    from . import actions
    from .defining import preview as tried

    with writing(crm, dry_run) as unit:
        found = tried(unit, rule)
        made = actions.define_segment(unit, name, rule, summary=summary)
        actions.refresh_segments(unit, unit.now)
    say(f"{name}, version {made.version}: {found.customers:,} of {found.active:,} customers.")


@segment.command(epilog=examples("crmkit segment preview 'days_since(purchase.order) > 180'"))
@click.argument("rule")
@click.option("--size", default=10, show_default=True, help="How many customers to show.")
@pass_crm
def preview(crm: CRM, rule: str, size: int) -> None:
    """Count whom RULE would hold now, and show some of them, with why. Stores nothing."""
    from .defining import preview as tried

    with crm.unit(write=False) as unit:
        found = tried(unit, rule, size=size)
    share = found.customers / found.active if found.active else 0.0
    say(f"{found.customers:,} of {found.active:,} customers ({share:.1%}).")
    emit({"customer_id": customer_id, "why": why} for customer_id, why in found.sample)


@segment.command(epilog=examples("crmkit segment rules"))
@click.argument("name", default="")
@pass_crm
def rules(crm: CRM, name: str) -> None:
    """List the rules of the segments that people defined; of segment NAME, every version."""
    import attrs

    from .queries import segment_history, segment_rules

    with crm.unit(write=False) as unit:
        found = segment_history(unit, name) if name else segment_rules(unit)
    emit(attrs.asdict(each) for each in found)


@segment.command(epilog=examples("crmkit segment drop regulars --dry-run"))
@click.argument("name")
@dry_run_option
@pass_crm
def drop(crm: CRM, name: str, dry_run: bool) -> None:
    """Take away segment NAME, which somebody defined. Who was in it, and when, stays known."""
    from . import actions

    with writing(crm, dry_run) as unit:
        actions.drop_segment(unit, name)
        actions.refresh_segments(unit, unit.now)
    say(f"{name} is dropped.")


@segment.command(epilog=examples("crmkit segment compare rfm.loyal rfm.at_risk"))
@click.argument("name")
@click.argument("other")
@pass_crm
def compare(crm: CRM, name: str, other: str) -> None:
    """Show two segments side by side: sizes, overlap, who moved, and how the scores differ."""
    import attrs

    from .comparing import compare as compared

    with crm.unit(write=False) as unit:
        found = compared(unit, name, other)
    overlap = "" if found.jaccard is None else f" ({found.jaccard:.1%} of those in either)"
    say(
        f"{name} {found.customers:,}, {other} {found.other_customers:,}, both {found.both:,}"
        f"{overlap}; {found.moved:,} moved from {name} to {other}, {found.moved_back:,} back."
    )
    emit(attrs.asdict(each) for each in found.scores)
