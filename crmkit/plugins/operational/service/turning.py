"""Service's part in the cycle."""

from __future__ import annotations

from crmkit import CRM, Turn

from . import actions


def watch(crm: CRM, turn: Turn) -> str:
    """Note what is late or about to be, and hand it on."""
    if turn.dry_run:
        return "cases that are late, or about to be, would be noted and handed on"
    with crm.unit() as unit:
        alarms = actions.watch(unit)
    late = sum(each.level == "late" for each in alarms)
    return f"{late:,} promises are newly late, {len(alarms) - late:,} about to be"
