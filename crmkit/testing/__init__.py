"""
Fixtures and conformance suites for plugin authors.

Opt in from a ``conftest.py``: ``pytest_plugins = ["crmkit.testing"]``. Nothing is loaded otherwise.
"""

from .clock import Clock
from .databases import database, postgres_server
from .fixtures import cli, clock, make_crm

__all__ = ["Clock", "cli", "clock", "database", "make_crm", "postgres_server"]
