"""
Fixtures and conformance suites for plugin authors.

Opt in from a ``conftest.py``: ``pytest_plugins = ["crmkit.testing"]``. Nothing is loaded otherwise,
and even then SQLAlchemy and the rest of crmkit are imported when the first test needs them.
"""

from .channels import ChannelSuite, OtherSide
from .clock import Clock
from .databases import database, postgres_server
from .fixtures import cli, clock, make_crm
from .scorers import ScorerSuite
from .suite import PluginSuite
from .upgraded import upgraded

__all__ = [
    "ChannelSuite",
    "Clock",
    "OtherSide",
    "PluginSuite",
    "ScorerSuite",
    "cli",
    "clock",
    "database",
    "make_crm",
    "postgres_server",
    "upgraded",
]
