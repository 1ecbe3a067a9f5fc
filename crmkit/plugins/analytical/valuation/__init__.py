"""
Over- and undervalued customers: attention given against expected and potential worth.

    with crm.unit() as unit:
        scoring.run(unit, ["clv", "valuation"])
        valuation.report(unit, top=10)

Worth is the stored score ``clv``; run that first.
"""

from crmkit import Plugin

from . import hooks
from .config import Lever, Settings
from .errors import NotScoredError
from .model import Correction, Valuation
from .reporting import report, valuations

plugin = Plugin(
    name="valuation",
    summary="Who gets more attention than they are worth, who less, and what would set it right.",
    hooks=hooks,
    requires=("scoring", "clv", "profit"),
    settings=Settings,
)

__all__ = [
    "Correction",
    "Lever",
    "NotScoredError",
    "Settings",
    "Valuation",
    "plugin",
    "report",
    "valuations",
]
