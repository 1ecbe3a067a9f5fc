"""The part of scoring in the cycle."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit import CRM, Turn

from . import actions
from .errors import ScorerError
from .model import Run
from .queries import chosen_scorers, followed_run


def value(crm: CRM, turn: Turn) -> str:
    """
    Score as :func:`actions.run` chooses. A scorer that breaks its contract keeps no other from
    running.

    Raises:
        ScorerError: For the scorers that broke theirs, after the others are stored.
    """
    if turn.dry_run:
        return _plan(crm, turn)
    names, failed = list(crm.contributed.scorers), list[ScorerError]()
    while True:
        try:
            with crm.unit() as unit:
                done = actions.run(unit, names, as_of=turn.as_of) if names else []
            break
        except ScorerError as exc:
            failed.append(exc)
            names.remove(exc.scorer)
    if failed:
        raise failed[0]
    return told(done)


def told(done: Sequence[Run]) -> str:
    """One line about what was done, for people."""
    return "; ".join(map(_told, done)) or "no plugin contributes a score"


def _told(run: Run) -> str:
    if not run.id:
        return f"{run.scorer}: nothing has changed"
    if run.state == "refused":
        return f"{run.scorer}: refused, {run.reason}"
    return f"{run.scorer}: {run.mode}, {run.customers} customers scored, {run.changed} changed"


def _plan(crm: CRM, turn: Turn) -> str:
    with crm.unit(write=False) as unit:
        modes = {
            scorer.name: "incremental" if followed_run(unit, scorer, None, turn.as_of) else "full"
            for scorer in chosen_scorers(unit, ())
        }
    return "; ".join(f"{name}: would run {mode}" for name, mode in modes.items())
