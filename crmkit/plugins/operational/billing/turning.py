"""Billing's part in the cycle."""

from __future__ import annotations

from crmkit import CRM, Turn

from . import actions, late


def expire(crm: CRM, turn: Turn) -> str:
    """Take points that were not spent in time."""
    if turn.dry_run:
        return "points that were not spent in time would be taken"
    with crm.unit() as unit:
        lost = actions.expire_points(unit)
    return f"{lost:,} points were not spent in time"


def remind(crm: CRM, turn: Turn) -> str:
    """Remind of what is late, if the settings have levels of reminders."""
    if turn.dry_run:
        with crm.unit(write=False) as unit:
            return f"{len(late.reached(unit)):,} invoices would be reminded of"
    with crm.unit() as unit:
        reminded = actions.remind(unit)
    return f"{len(reminded):,} invoices were reminded of"
