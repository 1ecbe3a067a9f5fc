"""What a host or the command line needs to look after a CRM. Names are imported when first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .core.calls import cycle_steps
    from .core.config import Config, find_config, read_config
    from .core.loading import load_all
    from .core.plugin import PLUGIN_API, Quarantined, implementations, installed, load, owners
    from .core.records import PHASES
    from .database.backup import (
        backup,
        backup_name,
        refuse_backup,
        sqlite_file,
        unsound,
        upgrade,
    )
    from .database.compacting import compact, size_bytes
    from .database.engine import create_engine, transaction, translated
    from .database.migrations import Owner, Status, drift, plan, status
    from .errors import EXIT_CODES, nearest

_HOME = {
    "core.calls": ("cycle_steps",),
    "core.config": ("Config", "find_config", "read_config"),
    "core.loading": ("load_all",),
    "core.plugin": ("PLUGIN_API", "Quarantined", "implementations", "installed", "load", "owners"),
    "core.records": ("PHASES",),
    "database.backup": (
        "backup",
        "backup_name",
        "refuse_backup",
        "sqlite_file",
        "unsound",
        "upgrade",
    ),
    "database.compacting": ("compact", "size_bytes"),
    "database.engine": ("create_engine", "transaction", "translated"),
    "database.migrations": ("Owner", "Status", "drift", "plan", "status"),
    "errors": ("EXIT_CODES", "nearest"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}
__all__ = [
    "EXIT_CODES",
    "PHASES",
    "PLUGIN_API",
    "Config",
    "Owner",
    "Quarantined",
    "Status",
    "backup",
    "backup_name",
    "compact",
    "create_engine",
    "cycle_steps",
    "drift",
    "find_config",
    "implementations",
    "installed",
    "load",
    "load_all",
    "nearest",
    "owners",
    "plan",
    "read_config",
    "refuse_backup",
    "size_bytes",
    "sqlite_file",
    "status",
    "transaction",
    "translated",
    "unsound",
    "upgrade",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE:
        raise AttributeError(f"module 'crmkit.admin' has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE[name]}", "crmkit"), name)
