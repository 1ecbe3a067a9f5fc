"""
Import of customers and interactions from CSV, TSV and JSONL files.

A mapping says which column is which field. A plan does everything and keeps nothing; a run keeps
it chunk by chunk, can be interrupted at any moment, and run again.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import plan, run
from .errors import FileChangedError, FileRefusedError, ImportBusyError, MappingError
from .mapping import ImportMapping
from .model import PastImport, Reason, Report
from .queries import history
from .reading import read_mapping

__all__ = [
    "FileChangedError",
    "FileRefusedError",
    "ImportBusyError",
    "ImportMapping",
    "MappingError",
    "PastImport",
    "Reason",
    "Report",
    "history",
    "plan",
    "plugin",
    "read_mapping",
    "run",
]

plugin = Plugin(
    name="exchange",
    summary="Imports customers and interactions from CSV, TSV and JSONL files.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
)
