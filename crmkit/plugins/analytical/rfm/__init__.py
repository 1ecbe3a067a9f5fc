"""
Recency, frequency, monetary value: quintile scores and the usual named segments.

Contributes the score ``rfm`` and the segments ``rfm.champions``, ``rfm.loyal`` ...; the plugin
``scoring`` runs and keeps them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from crmkit import Plugin

from . import hooks
from .config import Settings
from .errors import MixedCurrenciesError
from .features import features
from .model import CELLS, SEGMENTS, Cell, Grid, Migration, Move, label_of
from .scoring import VERSION, fit, score

if TYPE_CHECKING:
    from .grids import grid, migration

plugin = Plugin(
    name="rfm",
    summary="Recency, frequency and monetary quintiles with the usual named segments.",
    hooks=hooks,
    requires=("scoring",),
    settings=Settings,
)

__all__ = [
    "CELLS",
    "SEGMENTS",
    "VERSION",
    "Cell",
    "Grid",
    "Migration",
    "MixedCurrenciesError",
    "Move",
    "Settings",
    "features",
    "fit",
    "grid",
    "label_of",
    "migration",
    "plugin",
    "score",
]


def __getattr__(name: str) -> object:
    """What needs NumPy is imported when it is first used."""
    if name not in ("grid", "migration"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(".grids", __name__), name)
    return found
