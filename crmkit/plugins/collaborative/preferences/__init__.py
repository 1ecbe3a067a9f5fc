"""
What people want to hear about, and how: asked twice (double opt-in), and changed by themselves.

:func:`ask` writes to an address that somebody entered; only the answer from that address is a
consent. :func:`preferences_app` shows people what they said yes to and lets them change it.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import ask, change, confirm
from .config import Settings
from .errors import LateError, NotConfiguredError
from .links import centre_link
from .model import Choice, Wish
from .queries import choices, wishes
from .web import preferences_app

__all__ = [
    "Choice",
    "LateError",
    "NotConfiguredError",
    "Settings",
    "Wish",
    "ask",
    "centre_link",
    "change",
    "choices",
    "confirm",
    "plugin",
    "preferences_app",
    "wishes",
]

plugin = Plugin(
    name="preferences",
    summary="Double opt-in, and a page where people choose what they hear about.",
    requires=("consent", "delivery", "policy"),
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)
