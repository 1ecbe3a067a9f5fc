"""
How likely a customer is to do something: lead scoring and response models.

It contributes the score ``propensity``; what learns it is in ``scoring``, for every plugin.
"""

from crmkit import Plugin

from . import hooks
from .config import Settings

plugin = Plugin(
    name="propensity",
    summary="How likely a customer is to do something, and what it is read from.",
    hooks=hooks,
    requires=("scoring",),
    settings=Settings,
)

__all__ = ["Settings", "plugin"]
