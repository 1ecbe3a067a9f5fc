"""The part of lifecycle in the cycle."""

from __future__ import annotations

from crmkit import CRM, Turn
from crmkit.plugins.foundation import policy

from . import actions


class _RolledBack(Exception):
    """Leaves a unit so that nothing of it is written."""


def assign(crm: CRM, turn: Turn) -> str:
    told = ""
    try:
        with crm.unit() as unit:
            told = str(actions.assign(unit))
            if turn.dry_run:
                raise _RolledBack
    except _RolledBack:
        pass
    except policy.NoPolicyError as exc:
        return str(exc)
    return told
