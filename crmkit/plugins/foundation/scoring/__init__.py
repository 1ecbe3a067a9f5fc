"""
Scores with reasons, and segments with a history.

A plugin contributes a :class:`crmkit.Scorer` (a SELECT and a pure function of arrays) and
:class:`crmkit.Segment` definitions. ``run`` turns them into rows:

    with crm.unit() as unit:
        scoring.run(unit)
        scoring.scores_of(unit, customer.id)
        unit.connection.execute(scoring.members("rfm.champions"))

Changes that were written while this plugin was not enabled are seen by the next full run.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import refresh_segments, run
from .config import Settings
from .errors import NoFullRunError, ScorerError, TooThinError
from .model import Membership, Mode, Run, Score
from .queries import (
    members,
    members_of,
    memberships_of,
    memberships_of_many,
    runs,
    score_of,
    scores_of,
    scores_of_many,
    sizes,
)
from .tables import scoring_score as score_table

plugin = Plugin(
    name="scoring",
    summary="Scores with reasons, full and incremental, and segments with a history.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "Membership",
    "Mode",
    "NoFullRunError",
    "Run",
    "Score",
    "ScorerError",
    "Settings",
    "TooThinError",
    "members",
    "members_of",
    "memberships_of",
    "memberships_of_many",
    "plugin",
    "refresh_segments",
    "run",
    "runs",
    "score_of",
    "score_table",
    "scores_of",
    "scores_of_many",
    "sizes",
]
