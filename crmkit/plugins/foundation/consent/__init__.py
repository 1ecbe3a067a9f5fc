"""
Consent and every other lawful basis, per person, purpose and channel; and who is never written to.

Append-only, with evidence. Unknown is not consent; an objection is absolute.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, hookspecs, tables
from .actions import (
    grant,
    grant_many,
    lift,
    object_to_marketing,
    suppress,
    suppress_many,
    withdraw,
)
from .errors import EvidenceMissingError
from .model import Basis, Event, Grant, Standing, Suppression
from .queries import is_suppressed_many, log, standing, suppressions
from .standing import refusal

plugin = Plugin(
    name="consent",
    summary="Lawful basis per person, purpose and channel, and the suppression ledger.",
    hooks=hooks,
    hookspecs=hookspecs,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
)

__all__ = [
    "Basis",
    "Event",
    "EvidenceMissingError",
    "Grant",
    "Standing",
    "Suppression",
    "grant",
    "grant_many",
    "is_suppressed_many",
    "lift",
    "log",
    "object_to_marketing",
    "plugin",
    "refusal",
    "standing",
    "suppress",
    "suppress_many",
    "suppressions",
    "withdraw",
]
