"""
What came in through every channel, in one place: whose it is, and what became of it.

    with crm.unit() as unit:
        for each in inbox.entries(unit, unresolved=True):
            inbox.identify(unit, each.id, ana.id)

A message is here because an interaction of an inbound message was stored while this plugin was
enabled, whichever plugin or host wrote it.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import identify, open_case, settle
from .config import Settings
from .errors import NotAStrangerError
from .model import Entry, State
from .queries import entries, entry, waiting

__all__ = [
    "Entry",
    "NotAStrangerError",
    "Settings",
    "State",
    "entries",
    "entry",
    "identify",
    "open_case",
    "plugin",
    "settle",
    "waiting",
]

plugin = Plugin(
    name="inbox",
    summary="What came in through every channel, in one place.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
    extends=("service",),
)
