"""``crmkit communities``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

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

if TYPE_CHECKING:
    from pathlib import Path

    from crmkit import CRM

    from .model import Mark, Run

UTC_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group(epilog=examples("crmkit communities run --dry-run", "crmkit communities list"))
def communities() -> None:
    """Find groups of customers who buy and act alike, and look at them."""


@communities.command(
    epilog=examples(
        "crmkit communities run --dry-run", "crmkit communities run --as-of 2026-01-01 --dry-run"
    )
)
@click.option("--as-of", type=UTC_TIME, help="Count only what happened before then (UTC).")
@dry_run_option
@pass_crm
def run(crm: CRM, as_of: datetime | None, dry_run: bool) -> None:
    """Find communities anew, keep the names of those that are still there, place everybody."""
    from . import actions

    with writing(crm, dry_run) as unit:
        done = actions.run(unit, as_of=None if as_of is None else as_of.replace(tzinfo=UTC))
    emit_one(_run(done))
    for event in done.events:
        if event.kind != "kept":
            say(f"{event.kind}: {event.name}" + (f", {event.other}" if event.other else ""))


def _run(done: Run) -> dict[str, object]:
    return {
        "id": done.id,
        "state": done.state,
        "reason": done.reason,
        "as_of": done.as_of,
        "customers": done.customers,
        "found_among": done.fitted,
        "alike_pairs": done.edges,
        "modularity": round(done.modularity, 4),
        "by_chance": round(done.chance, 4),
        "communities": sum(each.kind in ("kept", "born", "split") for each in done.events),
        "kept": sum(each.kind == "kept" for each in done.events),
    }


@communities.command(
    epilog=examples("crmkit communities place", "crmkit communities place --dry-run")
)
@dry_run_option
@pass_crm
def place(crm: CRM, dry_run: bool) -> None:
    """Place who is new or changed into the communities there are; the cycle does it too."""
    from . import actions, turning

    with writing(crm, dry_run) as unit:
        done = actions.place(unit)
    say(turning.told_placed(done))


@communities.command(
    "list",
    epilog=examples(
        "crmkit communities list --ended", "crmkit communities list --plot communities.svg"
    ),
)
@click.option("--ended", is_flag=True, help="Also those that are no more.")
@plot_option
@pass_crm
def list_communities(crm: CRM, ended: bool, plot: Path | None) -> None:
    """List the communities: how many customers belong, and what they buy."""
    from . import plots, queries

    with crm.unit(write=False) as unit:
        sizes = queries.sizes(unit)
        rows = [
            {
                "name": each.name,
                "customers": sizes.get(each.id, 0),
                "buys": each.title,
                "since": each.born_at,
                "ended": each.ended_at,
            }
            for each in queries.communities(unit, ended=ended)
        ]
        if plot is not None:
            found = queries.communities(unit)
            save_plot(plot, plots.overlap_map(found, queries.overlaps(unit)))
    emit(rows)


@communities.command(epilog=examples("crmkit communities show knives"))
@click.argument("name")
@pass_crm
def show(crm: CRM, name: str) -> None:
    """Show what sets the members of community NAME apart: products and habits, by significance."""
    from . import queries

    with crm.unit(write=False) as unit:
        found = queries.community(unit, name)
        size = queries.sizes(unit).get(found.id, 0)
    say(f"{found.segment}: {size:,} customers, found from {found.fitted:,}")
    emit([*_marks("product", found.marks), *_marks("habit", found.habits)])


def _marks(kind: str, marks: Iterable[Mark]) -> list[dict[str, object]]:
    return [
        {
            "kind": kind,
            "what": mark.name,
            "members": mark.members,
            "others": mark.others,
            "lift": round(mark.lift, 2),
            "z": round(mark.z, 1),
        }
        for mark in marks
    ]


@communities.command(epilog=examples("crmkit communities members knives"))
@click.argument("name")
@pass_crm
def members(crm: CRM, name: str) -> None:
    """List who belongs to community NAME, how strongly, and why."""
    from . import queries

    with crm.unit(write=False) as unit:
        found = queries.members_of(unit, queries.community(unit, name).id)
    emit(
        {
            "customer_id": each.customer_id,
            "strength": round(each.strength, 3),
            "why": each.why,
        }
        for each in found
    )


@communities.command(epilog=examples("crmkit communities of ana@example.com"))
@customer_argument
@pass_crm
def of(crm: CRM, customer: str) -> None:
    """Show which communities CUSTOMER is drawn to, strongest first, and which they belong to."""
    from . import queries

    with crm.unit(write=False) as unit:
        customer_id = unit.customers.find(customer).id
        found = queries.memberships_of_many(unit, [customer_id])[customer_id]
    emit(
        {
            "name": each.name,
            "strength": round(each.strength, 3),
            "belongs": each.belongs,
            "why": each.why,
        }
        for each in found
    )


@communities.command(epilog=examples("crmkit communities rename knives good_cooks --dry-run"))
@click.argument("name")
@click.argument("new_name")
@dry_run_option
@pass_crm
def rename(crm: CRM, name: str, new_name: str, dry_run: bool) -> None:
    """Call community NAME by NEW_NAME from now on; later runs keep it."""
    from . import actions, queries

    with writing(crm, dry_run) as unit:
        before = queries.community(unit, name).segment
        found = actions.rename(unit, name, new_name)
    say(f"Audiences that name {before} must name {found.segment} now.")
