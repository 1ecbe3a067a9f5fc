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

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from crmkit import Plugin

from . import hooks, tables
from .actions import define_segment, drop_segment, refresh_segments, run
from .comparing import compare
from .config import Settings
from .defining import preview
from .errors import NoFullRunError, ScorerError, TooThinError
from .model import (
    Backtest,
    Decile,
    Membership,
    Mode,
    Movement,
    Preview,
    Rival,
    Run,
    Score,
    ScoreDifference,
    SegmentComparison,
    SegmentRule,
)
from .queries import (
    members,
    members_of,
    memberships_of,
    memberships_of_many,
    movements,
    runs,
    score_of,
    scores_of,
    scores_of_many,
    segment_history,
    segment_rules,
    sizes,
)
from .tables import scoring_score as score_table

if TYPE_CHECKING:
    from .accuracy import area_under_curve, deciles, log_loss, squared_error
    from .backtesting import backtest
    from .columns import read_columns

plugin = Plugin(
    name="scoring",
    summary="Scores with reasons, full and incremental, and segments with a history.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "Backtest",
    "Decile",
    "Membership",
    "Mode",
    "Movement",
    "NoFullRunError",
    "Preview",
    "Rival",
    "Run",
    "Score",
    "ScoreDifference",
    "ScorerError",
    "SegmentComparison",
    "SegmentRule",
    "Settings",
    "TooThinError",
    "area_under_curve",
    "backtest",
    "compare",
    "deciles",
    "define_segment",
    "drop_segment",
    "log_loss",
    "members",
    "members_of",
    "memberships_of",
    "memberships_of_many",
    "movements",
    "plugin",
    "preview",
    "read_columns",
    "refresh_segments",
    "run",
    "runs",
    "score_of",
    "score_table",
    "scores_of",
    "scores_of_many",
    "segment_history",
    "segment_rules",
    "sizes",
    "squared_error",
]


_NEED_NUMPY = {
    "area_under_curve": "accuracy",
    "backtest": "backtesting",
    "deciles": "accuracy",
    "log_loss": "accuracy",
    "read_columns": "columns",
    "squared_error": "accuracy",
}


def __getattr__(name: str) -> object:
    """What needs NumPy is imported when it is first used."""
    if name not in _NEED_NUMPY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f".{_NEED_NUMPY[name]}", __name__), name)
    return found
