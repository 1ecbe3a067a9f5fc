"""
Decisions: candidates, vetoes, a ranking, an arm, and a log of all of it.

Silence is a candidate like any other, and a lasting holdout lets ``effect`` measure
whether offers do anything.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import decide, learn
from .config import Settings
from .model import Considered, Decided, Decision, Learned
from .queries import decisions, decisions_of, runs
from .tables import decisions_assignment as assignment_table
from .tables import decisions_decision as decision_table

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
    "Considered",
    "Decided",
    "Decision",
    "Learned",
    "Settings",
    "assignment_table",
    "decide",
    "decision_table",
    "decisions",
    "decisions_of",
    "learn",
    "plugin",
    "runs",
]
