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

from crmkit import MissingExtraError, Plugin

from . import hooks, tables
from .actions import define_segment, drop_segment, refresh_segments, run
from .comparing import compare
from .config import Settings
from .defining import preview
from .errors import (
    InvalidColumnsError,
    LeakError,
    NoFullRunError,
    OneClassError,
    ScorerError,
    TooThinError,
)
from .features import now_and_then
from .lesson import Lesson
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
    from .learning.boosting import Boosted, fit_boosted
    from .learning.calibration import Isotonic, Platt, isotonic, platt
    from .learning.chances import chance_of, learn_chance, learner, left_out
    from .learning.encoding import Encoding, folds
    from .learning.leaks import (
        refuse_declared,
        refuse_implausible,
        refuse_late,
        strength,
        suspects,
    )
    from .learning.logistic import Logistic, fit_logistic

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
    "Boosted",
    "Decile",
    "Encoding",
    "InvalidColumnsError",
    "Isotonic",
    "LeakError",
    "Lesson",
    "Logistic",
    "Membership",
    "Mode",
    "Movement",
    "NoFullRunError",
    "OneClassError",
    "Platt",
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
    "chance_of",
    "compare",
    "deciles",
    "define_segment",
    "drop_segment",
    "fit_boosted",
    "fit_logistic",
    "folds",
    "isotonic",
    "learn_chance",
    "learner",
    "left_out",
    "log_loss",
    "members",
    "members_of",
    "memberships_of",
    "memberships_of_many",
    "movements",
    "now_and_then",
    "platt",
    "plugin",
    "preview",
    "read_columns",
    "refresh_segments",
    "refuse_declared",
    "refuse_implausible",
    "refuse_late",
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
    "strength",
    "suspects",
]


_HOME = {
    "accuracy": ("area_under_curve", "deciles", "log_loss", "squared_error"),
    "backtesting": ("backtest",),
    "columns": ("read_columns",),
    "learning.boosting": ("Boosted", "fit_boosted"),
    "learning.calibration": ("Isotonic", "Platt", "isotonic", "platt"),
    "learning.chances": ("chance_of", "learn_chance", "learner", "left_out"),
    "learning.encoding": ("Encoding", "folds"),
    "learning.leaks": (
        "refuse_declared",
        "refuse_implausible",
        "refuse_late",
        "strength",
        "suspects",
    ),
    "learning.logistic": ("Logistic", "fit_logistic"),
}
_NEED_NUMPY = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> object:
    """What needs NumPy is imported when it is first used."""
    if name not in _NEED_NUMPY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f".{_NEED_NUMPY[name]}", __name__)
    except ModuleNotFoundError as exc:
        raise MissingExtraError(f"{__name__}.{name}", "analytics") from exc
    found: object = getattr(module, name)
    return found
