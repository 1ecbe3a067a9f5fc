"""
Decisions: candidates, vetoes, a ranking, an arm, and a log of all of it; then what came of it.

Silence is a candidate like any other, and a lasting holdout measures whether offers do anything.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import decide, learn
from .config import Settings
from .model import ArmResult, Considered, Decided, Decision, Difference, Effect, Learned
from .queries import decisions, decisions_of, effect, runs

plugin = Plugin(
    name="decisions",
    summary="Decides for each customer: an offer, a place in the holdout, or silence.",
    hooks=hooks,
    requires=("policy", "consent", "delivery"),
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "ArmResult",
    "Considered",
    "Decided",
    "Decision",
    "Difference",
    "Effect",
    "Learned",
    "Settings",
    "decide",
    "decisions",
    "decisions_of",
    "effect",
    "learn",
    "plugin",
    "runs",
]
