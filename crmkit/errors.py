"""
Every error crmkit raises on purpose.

* CrmkitError
  x InvalidValueError            a field holds what it cannot hold (also a ValueError)
  x InvalidTokenError            a link that was not made here, or was changed on its way
  x ConfigError                  crmkit.toml or the arguments of CRM.open
  x RecordNotFoundError
  x AmbiguousReferenceError      an address several customers share
  x RefusedError
    - ChangeRejectedError        a plugin vetoed a change
  x StaleVersionError            somebody else saved the record first
  x DatabaseError
    - DatabaseBusyError          locked for longer than the busy timeout
    - DatabaseReadOnlyError
    - DatabaseFullError
    - MigrationsPendingError     the database is older than the code
    - DatabaseNewerError         the database is newer than the code
  x MissingExtraError            a feature needs ``pip install 'crmkit[extra]'``
  x PluginError
    - PluginNotFoundError
    - PluginConflictError
    - HookFailedError            an implementation raised or returned the wrong thing
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import ClassVar

EXIT_CODES = {
    0: "ok",
    1: "failed",
    2: "usage: an option, a file or a value is not what the command accepts",
    3: "not found",
    4: "done, but some rows or items were rejected",
    5: "refused by policy, consent, a plugin or a missing confirmation",
    6: "the database needs `crmkit db upgrade`, or is newer than this crmkit",
    7: "a plugin failed",
    75: "temporary: the database is locked or the record changed; try again",
    130: "interrupted",
}


def nearest(word: str, known: Iterable[str]) -> str:
    """``", did you mean 'x'?"`` when a known word is close, else an empty string."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f", did you mean {close[0]!r}?" if close else ""


class CrmkitError(Exception):
    """Base class; the command line prints it as one line and exits with :attr:`exit_code`."""

    exit_code: ClassVar[int] = 1


class InvalidValueError(CrmkitError, ValueError):
    """A field was given a value it cannot hold."""

    exit_code = 2

    def __init__(self, field: str, value: object, accepted: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        super().__init__(f"{field}: {shown} is not accepted; expected {accepted}")
        self.field = field
        self.value = value
        self.accepted = accepted


class InvalidTokenError(CrmkitError):
    """A token of a link or an address was not made here, or was cut or changed on its way."""

    exit_code = 2

    def __init__(self, token: str) -> None:
        super().__init__(f"token {token!r:.40}: not made here, or cut or changed on its way")


class ConfigError(CrmkitError):
    """The configuration names something that does not exist or does not fit."""

    exit_code = 2


class RecordNotFoundError(CrmkitError):
    """No record answers to that name."""

    exit_code = 3

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"no {kind} {key!r}")
        self.kind = kind
        self.key = key


class AmbiguousReferenceError(CrmkitError):
    """Several customers share the address; name one of them by id."""

    exit_code = 2

    def __init__(self, reference: str, customer_ids: Sequence[int]) -> None:
        names = ", ".join(map(str, customer_ids))
        super().__init__(f"{reference!r} belongs to customers {names}; name one of them by id")
        self.reference = reference
        self.customer_ids = tuple(customer_ids)


class RefusedError(CrmkitError):
    """A rule forbids it; nothing was written."""

    exit_code = 5


class ChangeRejectedError(RefusedError):
    """A plugin vetoed a change; nothing was written."""


class StaleVersionError(CrmkitError):
    """The record was saved by somebody else since it was read; read it again and retry."""

    exit_code = 75

    def __init__(self, kind: str, ids: Sequence[int]) -> None:
        names = ", ".join(map(str, ids[:5])) + (", ..." if len(ids) > 5 else "")
        super().__init__(
            f"{kind} {names} changed since it was read (stale version); read again and retry"
        )
        self.kind = kind
        self.ids = tuple(ids)


class DatabaseError(CrmkitError):
    """The database cannot do what was asked."""


class DatabaseBusyError(DatabaseError):
    """Another process held the lock for longer than the busy timeout."""

    exit_code = 75


class DatabaseReadOnlyError(DatabaseError):
    """The file, its folder or the account may not be written to."""


class DatabaseFullError(DatabaseError):
    """The disk is full; what was begun was not written."""


class MigrationsPendingError(DatabaseError):
    """The database is older than the enabled plugins."""

    exit_code = 6

    def __init__(self, behind: Sequence[str]) -> None:
        super().__init__(f"the database is behind for {', '.join(behind)}; run `crmkit db upgrade`")
        self.behind = tuple(behind)


class DatabaseNewerError(DatabaseError):
    """The database was upgraded by a newer version than the one installed, of *package*."""

    exit_code = 6

    def __init__(self, owner: str, revision: str, package: str) -> None:
        super().__init__(
            f"the database holds revision {revision!r} of {owner}, which this version does not "
            f"know; install the newer {package} or restore a backup"
        )
        self.owner = owner
        self.revision = revision


class MissingExtraError(CrmkitError):
    """An optional dependency is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs: pip install 'crmkit[{extra}]'")
        self.extra = extra


class PluginError(CrmkitError):
    """A plugin is missing, broken, or disagrees with another one."""

    exit_code = 7

    def __init__(self, plugin: str, message: str) -> None:
        super().__init__(f"plugin {plugin}: {message}")
        self.plugin = plugin


class PluginNotFoundError(PluginError):
    """An enabled plugin is not installed in this environment."""

    def __init__(self, plugin: str, installed: Iterable[str]) -> None:
        have = sorted(installed)
        super().__init__(
            plugin,
            f"not installed{nearest(plugin, have)}; installed: {', '.join(have) or 'none'}",
        )


class PluginConflictError(PluginError):
    """Two plugins claim the same name, table, command or contribution."""


class HookFailedError(PluginError):
    """
    One or more implementations of a hook failed.

    Attributes:
        hook: Name of the hook.
        causes: ``(plugin, exception)`` of each failure, in calling order.
    """

    def __init__(self, hook: str, causes: Sequence[tuple[str, BaseException]]) -> None:
        told = [
            f"plugin {name}: {hook} failed: {type(exc).__name__}: {exc}" for name, exc in causes
        ]
        super().__init__(causes[0][0], "; ".join(told).removeprefix(f"plugin {causes[0][0]}: "))
        self.hook = hook
        self.causes = tuple(causes)
