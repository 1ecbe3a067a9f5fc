"""
A CRM that developers embed.

Names are imported when they are first used, so that ``import crmkit`` costs nothing and the command
line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .core.attributes import Attribute
    from .core.crm import CRM
    from .core.hookspecs import hookimpl, hookspec
    from .core.model import ContactPoint, Customer, Identity, Interaction, Line, Offer
    from .core.money import Money
    from .core.plugin import Plugin
    from .core.records import (
        Cause,
        Changes,
        Channel,
        Columns,
        Contact,
        Finding,
        InteractionKind,
        Objection,
        Outgoing,
        Proposal,
        Receipt,
        ReceiptState,
        Ref,
        Remark,
        Scope,
        Scored,
        Scorer,
        Segment,
        Step,
        Turn,
    )
    from .core.unit import Unit, atomic
    from .errors import (
        AmbiguousReferenceError,
        ChangeRejectedError,
        ConfigError,
        CrmkitError,
        DatabaseBusyError,
        DatabaseError,
        DatabaseFullError,
        DatabaseNewerError,
        DatabaseReadOnlyError,
        HookFailedError,
        InvalidTokenError,
        InvalidValueError,
        MigrationsPendingError,
        MissingExtraError,
        PluginConflictError,
        PluginError,
        PluginNotFoundError,
        RecordNotFoundError,
        RefusedError,
        StaleVersionError,
        nearest,
    )

_HOME = {
    "core.attributes": ("Attribute",),
    "core.crm": ("CRM",),
    "errors": (
        "AmbiguousReferenceError",
        "ChangeRejectedError",
        "ConfigError",
        "CrmkitError",
        "DatabaseBusyError",
        "DatabaseError",
        "DatabaseFullError",
        "DatabaseNewerError",
        "DatabaseReadOnlyError",
        "HookFailedError",
        "InvalidTokenError",
        "InvalidValueError",
        "MigrationsPendingError",
        "MissingExtraError",
        "PluginConflictError",
        "PluginError",
        "PluginNotFoundError",
        "RecordNotFoundError",
        "RefusedError",
        "StaleVersionError",
        "nearest",
    ),
    "core.hookspecs": ("hookimpl", "hookspec"),
    "core.model": ("ContactPoint", "Customer", "Identity", "Interaction", "Line", "Offer"),
    "core.money": ("Money",),
    "core.plugin": ("Plugin",),
    "core.records": (
        "Cause",
        "Changes",
        "Channel",
        "Columns",
        "Contact",
        "Finding",
        "InteractionKind",
        "Objection",
        "Outgoing",
        "Proposal",
        "Receipt",
        "ReceiptState",
        "Ref",
        "Remark",
        "Scope",
        "Scored",
        "Scorer",
        "Segment",
        "Step",
        "Turn",
    ),
    "core.unit": ("Unit", "atomic"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "CRM",
    "AmbiguousReferenceError",
    "Attribute",
    "Cause",
    "ChangeRejectedError",
    "Changes",
    "Channel",
    "Columns",
    "ConfigError",
    "Contact",
    "ContactPoint",
    "CrmkitError",
    "Customer",
    "DatabaseBusyError",
    "DatabaseError",
    "DatabaseFullError",
    "DatabaseNewerError",
    "DatabaseReadOnlyError",
    "Finding",
    "HookFailedError",
    "Identity",
    "Interaction",
    "InteractionKind",
    "InvalidTokenError",
    "InvalidValueError",
    "Line",
    "MigrationsPendingError",
    "MissingExtraError",
    "Money",
    "Objection",
    "Offer",
    "Outgoing",
    "Plugin",
    "PluginConflictError",
    "PluginError",
    "PluginNotFoundError",
    "Proposal",
    "Receipt",
    "ReceiptState",
    "RecordNotFoundError",
    "Ref",
    "RefusedError",
    "Remark",
    "Scope",
    "Scored",
    "Scorer",
    "Segment",
    "StaleVersionError",
    "Step",
    "Turn",
    "Unit",
    "__version__",
    "atomic",
    "hookimpl",
    "hookspec",
    "nearest",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE:
        raise AttributeError(f"module 'crmkit' has no attribute {name!r}")
    value: object = getattr(import_module(f".{_MODULE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
