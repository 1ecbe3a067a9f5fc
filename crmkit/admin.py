"""What a host or the command line needs to look after a CRM. Names are imported when first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .core.backup import backup, backup_name, sqlite_file, unsound, upgrade
    from .core.calls import cycle_steps
    from .core.config import Config, find_config, read_config
    from .core.engine import create_engine, transaction, translated
    from .core.errors import EXIT_CODES, nearest
    from .core.loading import load_all
    from .core.migrations import Owner, Status, drift, owners, plan, status
    from .core.plugin import PLUGIN_API, Quarantined, implementations, installed, load
    from .core.records import PHASES

_HOME = {
    "backup": ("backup", "backup_name", "sqlite_file", "unsound", "upgrade"),
    "calls": ("cycle_steps",),
    "config": ("Config", "find_config", "read_config"),
    "engine": ("create_engine", "transaction", "translated"),
    "errors": ("EXIT_CODES", "nearest"),
    "loading": ("load_all",),
    "migrations": ("Owner", "Status", "drift", "owners", "plan", "status"),
    "plugin": ("PLUGIN_API", "Quarantined", "implementations", "installed", "load"),
    "records": ("PHASES",),
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
    return getattr(import_module(f".core.{_MODULE[name]}", "crmkit"), name)
