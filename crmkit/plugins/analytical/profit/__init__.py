"""
Profit and loss of single customers and of segments, with what serving them costs.

    with crm.unit(write=False) as unit:
        period = profit.Period(since, until)
        profit.statements(unit, period)
        profit.by_segment(unit, period, "rfm.")
        profit.reconcile(unit, period, "rfm.")

What single articles cost is told with :func:`tell_costs`, or imported on the command line.

Other plugins put amounts in through the hook ``profit_entries``.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from crmkit import MissingExtraError, Plugin

from . import hooks, hookspecs, tables
from .actions import remove_cost, tell_costs
from .books import attention
from .config import Activity, Pool, Settings
from .errors import BooksDifferError, CostSheetError, MixedCurrenciesError, OverlappingSegmentsError
from .features import facts
from .model import (
    LINES,
    Attention,
    Concentration,
    Cost,
    Entries,
    Period,
    Product,
    Reconciliation,
    Statement,
)
from .queries import costs

if TYPE_CHECKING:
    from .drawing import by_segment, concentration, reconcile, statements, total
    from .margins import products
    from .scoring import gini, whale_curve

_MODULE = {
    "by_segment": "drawing",
    "concentration": "drawing",
    "gini": "scoring",
    "products": "margins",
    "reconcile": "drawing",
    "statements": "drawing",
    "total": "drawing",
    "whale_curve": "scoring",
}

plugin = Plugin(
    name="profit",
    summary="Profit and loss of customers and segments, with activity-based cost to serve.",
    hooks=hooks,
    hookspecs=hookspecs,
    requires=("scoring",),
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "LINES",
    "Activity",
    "Attention",
    "BooksDifferError",
    "Concentration",
    "Cost",
    "CostSheetError",
    "Entries",
    "MixedCurrenciesError",
    "OverlappingSegmentsError",
    "Period",
    "Pool",
    "Product",
    "Reconciliation",
    "Settings",
    "Statement",
    "attention",
    "by_segment",
    "concentration",
    "costs",
    "facts",
    "gini",
    "plugin",
    "products",
    "reconcile",
    "remove_cost",
    "statements",
    "tell_costs",
    "total",
    "whale_curve",
]


def __getattr__(name: str) -> object:
    """What needs NumPy is imported when it is first used."""
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f".{_MODULE[name]}", __name__)
    except ModuleNotFoundError as exc:
        raise MissingExtraError(f"{__name__}.{name}", "analytics") from exc
    found: object = getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
