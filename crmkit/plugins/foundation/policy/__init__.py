"""
The relationship policy: purposes, promises, limits and directions, versioned, in force or refused.

Nothing may be sent for a purpose the policy in force does not name.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import adopt
from .config import Settings
from .errors import NoPolicyError, PolicyInvalidError
from .gate import earliest
from .model import Adoption, Direction, Limit, OfferRule, Policy, Purpose, QuietHours
from .queries import current, diff, history, version
from .reading import parse

EXAMPLE = Path(__file__).parent / "example.toml"
"""A policy to start from."""

plugin = Plugin(
    name="policy",
    summary="A versioned relationship policy: what for, to whom, how often, when.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "EXAMPLE",
    "Adoption",
    "Direction",
    "Limit",
    "NoPolicyError",
    "OfferRule",
    "Policy",
    "PolicyInvalidError",
    "Purpose",
    "QuietHours",
    "Settings",
    "adopt",
    "current",
    "diff",
    "earliest",
    "history",
    "parse",
    "plugin",
    "version",
]
