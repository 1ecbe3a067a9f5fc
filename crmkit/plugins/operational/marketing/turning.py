"""Marketing's part in the cycle."""

from __future__ import annotations

from crmkit import CRM, Turn

from . import actions, queries
from .model import Settled


def fill(crm: CRM, turn: Turn) -> str:
    """Go on with launches, each part in a unit of its own."""
    with crm.unit(write=False) as unit:
        names = [each.name for each in queries.campaigns(unit) if each.status == "launching"]
    if turn.dry_run:
        return f"{len(names):,} launches would go on"
    for name in names:
        fill_all(crm, name)
    return f"{len(names):,} launches are through"


def fill_all(crm: CRM, name: str) -> None:
    """Until nobody of the audience is left; what was done stays done if it ends early."""
    left = 1
    while left:
        with crm.unit() as unit:
            left = actions.fill(unit, name).left


def walk(crm: CRM, turn: Turn) -> str:
    """Let people on journeys go on, part by part."""
    with crm.unit(write=False) as unit:
        names = [each.name for each in queries.journeys(unit) if each.status == "running"]
    if turn.dry_run:
        return f"people on {len(names):,} journeys would go on"
    messages = sum(walk_all(crm, name) for name in names)
    return f"people on {len(names):,} journeys went on; {messages:,} messages"


def walk_all(crm: CRM, name: str) -> int:
    """Until nobody moves; returns how many messages were new."""
    messages = 0
    while True:
        with crm.unit() as unit:
            done = actions.step_on(unit, name)
        messages += done.messages
        if not done.moved:
            return messages


def settle(crm: CRM, turn: Turn) -> str:
    """Reward referrals, part by part."""
    if turn.dry_run:
        with crm.unit(write=False) as unit:
            return f"{queries.waiting(unit):,} referrals that wait would be looked at"
    return str(settle_all(crm))


def settle_all(crm: CRM) -> Settled:
    """Look at all referrals, each part in a unit of its own."""
    done = Settled()
    while True:
        with crm.unit() as unit:
            done += actions.settle_referrals(unit, after=done.last)
        if not done.last:
            return done
