"""The part of recommendations in the cycle."""

from __future__ import annotations

from datetime import timedelta

from crmkit import CRM, RefusedError, Turn

from . import actions
from .config import Settings
from .queries import last_run


class _RolledBack(Exception):
    """Leaves a unit so that nothing of it is written."""


def learn(crm: CRM, turn: Turn) -> str:
    """Learn again when the last time was ``rerun_days`` ago; what is too thin is told."""
    with crm.unit(write=False) as unit:
        run, again = last_run(unit), timedelta(days=unit.settings(Settings).rerun_days)
        if run is not None and unit.now - run.at < again:
            return f"learnt on {run.at:%Y-%m-%d}, which is recent enough"
    told = ""
    try:
        with crm.unit() as unit:
            made = actions.fit(unit)
            told = f"{made.model}: {made.items:,} items from {made.customers:,} customers"
            if turn.dry_run:
                raise _RolledBack
    except _RolledBack:
        pass
    except RefusedError as exc:
        return f"refused, {exc}"
    return told
