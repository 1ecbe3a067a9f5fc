"""
Recency, frequency, monetary value: quintile scores and the usual named segments.

Contributes the score ``rfm`` and the segments ``rfm.champions``, ``rfm.loyal`` ...; the plugin
``scoring`` runs and keeps them.
"""

from crmkit import Plugin

from . import hooks
from .errors import MixedCurrenciesError
from .features import features
from .model import CELLS, SEGMENTS, label_of
from .scoring import VERSION, fit, score

plugin = Plugin(
    name="rfm",
    summary="Recency, frequency and monetary quintiles with the usual named segments.",
    hooks=hooks,
    requires=("scoring",),
)

__all__ = [
    "CELLS",
    "SEGMENTS",
    "VERSION",
    "MixedCurrenciesError",
    "features",
    "fit",
    "label_of",
    "plugin",
    "score",
]
