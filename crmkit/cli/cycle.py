"""``crmkit cycle``: one turn of listen, know, value, decide, act, learn; and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from .interaction import index_waiting
from .invocation import dry_run_option, pass_crm
from .output import Row, emit, emit_one, examples, say, talk, warn
from .text import cell, visible
from .values import INSTANT

if TYPE_CHECKING:
    from crmkit import CRM, Step, Turn

    from .lineage import Lineage

PHASES = ("listen", "know", "value", "decide", "act", "learn")


@click.group(epilog=examples("crmkit cycle run --dry-run", "crmkit cycle explain offer:1"))
def cycle() -> None:
    """Run the cycle once; explain what came of it."""


@cycle.command(epilog=examples("crmkit cycle run --dry-run", "crmkit cycle run --phase value"))
@click.option("--as-of", type=INSTANT, metavar="INSTANT", help="Look from then; default now.")
@click.option("--phase", type=click.Choice(PHASES), help="Only this one.")
@dry_run_option
@pass_crm
def run(crm: CRM, as_of: datetime | None, phase: str | None, dry_run: bool) -> None:
    """
    Run every plugin's steps: listen, know, value, decide, act, learn.

    Within a phase the order of the plugins holds. A step that fails ends the run; what was done
    before stays, and the next run goes on.
    """
    from crmkit import Turn

    turn = Turn(as_of=as_of or crm.clock(), dry_run=dry_run)
    phases = PHASES if phase is None else (phase,)
    rows = (row for each in phases for row in _phase(crm, turn, each))
    if talk().format == "table":
        for row in rows:
            click.echo(f"{row['phase']:<7} {row['step']:<24} {visible(cell(row['result']))}")
    else:
        emit(rows)
    if dry_run:
        say("Dry run: nothing was written.")


def _phase(crm: CRM, turn: Turn, phase: str) -> Iterator[Row]:
    from crmkit.admin import cycle_steps

    for plugin, step in cycle_steps(crm):
        if step.phase == phase:
            yield {"phase": phase, "step": step.name, "result": _run(crm, turn, plugin, step)}
    if phase == "listen" and not turn.dry_run:
        told = f"{index_waiting(crm):,} texts became searchable"
        yield {"phase": phase, "step": "crmkit.texts", "result": told}


def _run(crm: CRM, turn: Turn, plugin: str, step: Step) -> str:
    from crmkit import CrmkitError, HookFailedError

    try:
        return step.run(crm, turn)
    except CrmkitError:
        warn(f"the cycle stops at step {step.name} ({step.phase}) of plugin {plugin}")
        raise
    except Exception as exc:  # a plugin's step may raise anything
        raise HookFailedError(f"cycle step {step.name}", [(plugin, exc)]) from exc


@cycle.command(
    epilog=examples(
        "crmkit cycle explain offer:1", "crmkit cycle explain interaction:1 --format json"
    )
)
@click.argument("ref", metavar="REF")
@pass_crm
def explain(crm: CRM, ref: str) -> None:
    """
    Walk the thread behind REF backwards: what it came from, and what that came from.

    REF names any row of any plugin, such as interaction:12, offer:3 or decision:8.
    """
    from crmkit import Ref

    from .lineage import trace

    with crm.unit(write=False) as unit:
        found = trace(unit, Ref.parse(ref))
    _write(found)


def _write(found: Lineage) -> None:
    nodes: list[Row] = [
        {"ref": str(each.ref), "at": each.at, "text": each.text} for each in found.causes.values()
    ]
    match talk().format:
        case "json":
            edges = [{"from": str(row), "to": str(origin)} for row, origin in found.edges]
            emit_one({"nodes": nodes, "edges": edges})
        case "table":
            _thread(found)
        case _:
            emit(
                {**node, "because": [str(origin) for origin in cause.because]}
                for node, cause in zip(nodes, found.causes.values(), strict=True)
            )


def _thread(found: Lineage) -> None:
    for depth, cause, is_known in found.steps():
        at = f"  {cause.at:%Y-%m-%d %H:%M}" if cause.at and not is_known else ""
        text = "(see above)" if is_known else visible(cause.text)
        click.echo(f"{'  ' * depth}{click.style(str(cause.ref), bold=True)}{at}  {text}")
    if found.is_cut:
        say("There is more behind the last ones; ask for one of them.")
