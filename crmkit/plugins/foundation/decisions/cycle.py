"""The parts of deciding and learning in the cycle."""

from __future__ import annotations

from crmkit import CRM, Turn

from . import actions


class _RolledBack(Exception):
    """Leaves a unit so that nothing of it is written."""


def run_key(turn: Turn) -> str:
    """One run a day, whoever starts it."""
    return f"cycle-{turn.as_of:%Y-%m-%d}"


def decide(crm: CRM, turn: Turn) -> str:
    try:
        with crm.unit() as unit:
            decided = actions.decide(unit, run=run_key(turn))
            if turn.dry_run:
                raise _RolledBack
    except _RolledBack:
        pass
    return str(decided)


def learn(crm: CRM, turn: Turn) -> str:
    try:
        with crm.unit() as unit:
            learned = actions.learn(unit)
            if turn.dry_run:
                raise _RolledBack
    except _RolledBack:
        pass
    return f"{learned.accepted:,} offers were answered by a purchase"
