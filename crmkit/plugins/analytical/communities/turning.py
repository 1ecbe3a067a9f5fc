"""The part of communities in the cycle."""

from __future__ import annotations

from datetime import timedelta

from crmkit import CRM, Turn, Unit

from . import actions
from .config import Settings
from .model import Placed, Run
from .queries import last_run, waiting


def value(crm: CRM, turn: Turn) -> str:
    """
    Find communities anew when that is due, else place who is new or changed.

    Where a run is refused, customers are placed into the communities there are.
    """
    if turn.dry_run:
        with crm.unit(write=False) as unit:
            if is_due(unit, turn):
                return "would find communities anew"
            return f"would place {waiting(unit):,} customers"
    with crm.unit() as unit:
        if not is_due(unit, turn):
            return told_placed(actions.place(unit, as_of=turn.as_of))
        run = actions.run(unit, as_of=turn.as_of)
        if run.state == "refused":
            actions.place(unit, as_of=turn.as_of)
        return told(run)


def is_due(unit: Unit, turn: Turn) -> bool:
    """Whether the last run that found communities is old, or there is none."""
    last, days = last_run(unit, done=True), unit.settings(Settings).rerun_days
    return last is None or turn.as_of - last.as_of >= timedelta(days=days)


def told(run: Run) -> str:
    """One line about a run, for people."""
    if run.state == "refused":
        return f"refused, {run.reason}"
    kinds = [event.kind for event in run.events]
    changes = ", ".join(f"{kinds.count(each)} {each}" for each in dict.fromkeys(kinds))
    return f"{run.customers:,} customers, modularity {run.modularity:.3f}; {changes}"


def told_placed(placed: Placed) -> str:
    return f"{placed.customers:,} customers placed, {placed.belonging:,} of them in a community"
