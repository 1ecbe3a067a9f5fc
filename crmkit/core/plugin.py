"""The manifest of a plugin, and how plugins are found, ordered and checked. Runs none of them."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import attrs
import sqlalchemy as sa

from ..database.migrations import CORE_OWNER, Owner
from ..errors import PluginConflictError, PluginError, PluginNotFoundError, nearest
from . import hookspecs

PLUGIN_API: Final = 1
"""Raised when a hook or record changes in a way plugins must follow."""
GROUP: Final = "crmkit.plugins"
RESERVED: Final = frozenset({"crm", "crmkit", "core"})


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Plugin:
    """
    What the entry point of a plugin must resolve to.

    Attributes:
        name: Lower-case; prefixes the plugin's tables and its own hooks.
        hooks: Module (or object) whose ``@hookimpl`` functions are called.
        api: The plugin API it was written for.
        requires: Plugins that must be enabled too; they come first.
        extends: Plugins that it does more with where they are enabled. What it takes from the root
            of their packages it imports inside the functions that need it.
        hookspecs: Module of hooks the plugin offers to others.
        metadata: Its tables.
        migrations: Folder of its Alembic revision files.
        settings: attrs class filled from the plugin's table in ``crmkit.toml``.
    """

    name: str = attrs.field(validator=attrs.validators.matches_re(r"[a-z][a-z0-9_]{0,30}"))
    summary: str
    hooks: object
    api: int = PLUGIN_API
    requires: tuple[str, ...] = attrs.field(default=(), converter=_names)
    extends: tuple[str, ...] = attrs.field(default=(), converter=_names)
    hookspecs: ModuleType | None = None
    metadata: sa.MetaData | None = None
    migrations: Path | None = None
    settings: type | None = None


@attrs.frozen
class Quarantined:
    """A plugin that is enabled but does not run, and why."""

    name: str
    cause: PluginError

    def __str__(self) -> str:
        return str(self.cause)


def installed() -> dict[str, list[EntryPoint]]:
    """The entry points of every plugin in this environment, by name. Imports none of them."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        found.setdefault(entry.name, []).append(entry)
    return found


def load(given: str | Plugin, available: Mapping[str, Sequence[EntryPoint]]) -> Plugin:
    """
    The plugin behind a name, a path to a Python file, or a manifest.

    Raises:
        PluginError: If it is missing, cannot be imported, or is not what it says.
    """
    if isinstance(given, Plugin):
        plugin = given
    elif given.endswith(".py"):
        plugin = _from_file(Path(given))
    else:
        plugin = _from_entry_point(given, available)
    if plugin.name in RESERVED or plugin.name.startswith("crm_"):
        raise PluginConflictError(plugin.name, "the name belongs to crmkit itself")
    if plugin.api > PLUGIN_API:
        raise PluginError(
            plugin.name,
            f"was written for plugin API {plugin.api}, this crmkit has {PLUGIN_API}; "
            "upgrade crmkit or install an older version of the plugin",
        )
    return plugin


def _from_entry_point(name: str, available: Mapping[str, Sequence[EntryPoint]]) -> Plugin:
    entries = available.get(name, ())
    if not entries:
        raise PluginNotFoundError(name, available)
    if len(entries) > 1:
        told = " and ".join(_distribution(entry) for entry in entries)
        raise PluginConflictError(name, f"{told} both install a plugin of this name; remove one")
    plugin = _guarded(name, entries[0].load)
    if not isinstance(plugin, Plugin) or plugin.name != name:
        raise PluginError(name, f"{entries[0].value} is not Plugin(name={name!r})")
    return plugin


def _from_file(path: Path) -> Plugin:
    name = path.stem
    if not path.is_file():
        raise PluginError(name, f"no file {path}")
    module_name = f"crmkit_file_{name}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    _guarded(name, lambda: spec.loader.exec_module(module))
    plugin = getattr(module, "plugin", None)
    if not isinstance(plugin, Plugin):
        raise PluginError(name, f"{path} has no `plugin = crmkit.Plugin(...)`")
    return plugin


def _guarded(name: str, run: Any) -> Any:
    try:
        return run()
    except (Exception, SystemExit) as exc:  # a plugin's import may raise anything
        raise PluginError(name, f"cannot be imported: {type(exc).__name__}: {exc}") from exc


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def order(
    plugins: Iterable[Plugin], broken: Collection[str] = ()
) -> tuple[list[Plugin], list[Quarantined]]:
    """
    The given order, except that what a plugin requires comes before it.

    A plugin whose requirement is missing or *broken*, or that requires itself in a circle, is
    quarantined.
    """
    by_name = _by_name(plugins)
    done: dict[str, Plugin] = {}
    failed: dict[str, Quarantined] = {}

    def visit(plugin: Plugin, path: tuple[str, ...]) -> None:
        if plugin.name in done or plugin.name in failed:
            return
        for need in plugin.requires:
            if need in broken:
                problem = f"requires {need!r}, which failed"
            elif need in (*path, plugin.name):
                problem = f"requires itself through {' > '.join((*path, plugin.name, need))}"
            elif need not in by_name:
                problem = f"requires {need!r}, which is not enabled; add it to `plugins`"
            else:
                visit(by_name[need], (*path, plugin.name))
                problem = f"requires {need!r}, which failed" if need in failed else ""
            if problem:
                failed[plugin.name] = Quarantined(plugin.name, PluginError(plugin.name, problem))
                return
        done[plugin.name] = plugin

    for plugin in by_name.values():
        visit(plugin, ())
    return list(done.values()), list(failed.values())


def _by_name(plugins: Iterable[Plugin]) -> dict[str, Plugin]:
    found: dict[str, Plugin] = {}
    for plugin in plugins:
        if plugin.name in found:
            raise PluginConflictError(plugin.name, "enabled twice")
        for other in found.values():
            if other.hooks is plugin.hooks:
                raise PluginConflictError(plugin.name, f"has the hooks of {other.name}")
        found[plugin.name] = plugin
    return found


def check_tables(plugins: Iterable[Plugin]) -> None:
    """
    Raises:
        PluginConflictError: If a plugin declares a table that lacks its prefix, or that a plugin
            with a longer name owns.
    """
    plugins = list(plugins)
    names = [plugin.name for plugin in plugins]
    for plugin in plugins:
        for table in plugin.metadata.tables if plugin.metadata is not None else ():
            if not table.startswith(f"{plugin.name}_"):
                raise PluginConflictError(
                    plugin.name, f"table {table!r} must be named {plugin.name}_..."
                )
            for other in names:
                if len(other) > len(plugin.name) and table.startswith(f"{other}_"):
                    raise PluginConflictError(
                        plugin.name, f"table {table!r} has the prefix of plugin {other}"
                    )


def owners(plugins: Iterable[Plugin]) -> tuple[Owner, ...]:
    """Core first, then the plugins that have migrations, in their order."""
    return CORE_OWNER, *(
        Owner(plugin.name, plugin.migrations, plugin.metadata)
        for plugin in plugins
        if plugin.migrations is not None
    )


def implementations(plugin: Plugin) -> dict[str, Any]:
    """The plugin's ``@hookimpl`` functions by name."""
    found = {}
    for name, member in inspect.getmembers(plugin.hooks, callable):
        if getattr(member, f"{hookspecs.PROJECT}_impl", None) is not None:
            found[name] = member
        elif name.startswith("crmkit_") and getattr(member, "__module__", "") == getattr(
            plugin.hooks, "__name__", None
        ):
            raise PluginError(plugin.name, f"{name} lacks @hookimpl")
    return found


def check_hooks(plugin: Plugin, specs: Mapping[str, inspect.Signature]) -> None:
    """
    Raises:
        PluginError: If a hook it offers lacks its name; if an implementation has no spec (with the
            nearest real name), takes an argument the spec does not give, gives one a default, is a
            coroutine, or meddles with the order.
    """
    for name in specs_of(plugin.hookspecs):
        if not name.startswith(f"{plugin.name}_"):
            raise PluginError(plugin.name, f"hook {name} must be named {plugin.name}_...")
    for name, function in implementations(plugin).items():
        options = getattr(function, f"{hookspecs.PROJECT}_impl")
        if name not in specs:
            if options.get("optionalhook"):
                continue
            raise PluginError(plugin.name, f"there is no hook {name}{nearest(name, specs)}")
        if options.get("wrapper") or options.get("hookwrapper"):
            raise PluginError(plugin.name, f"{name}: wrappers are not allowed")
        if options.get("tryfirst") or options.get("trylast"):
            raise PluginError(plugin.name, f"{name}: the order of `plugins` decides who is first")
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise PluginError(plugin.name, f"{name}: hooks are plain functions, not async")
        _check_arguments(plugin.name, name, function, specs[name])


def _check_arguments(plugin: str, name: str, function: Any, spec: inspect.Signature) -> None:
    for argument in inspect.signature(function).parameters.values():
        if argument.name not in spec.parameters:
            given = ", ".join(spec.parameters) or "no argument"
            raise PluginError(plugin, f"{name} takes {argument.name!r}, but is given {given}")
        if argument.default is not argument.empty:
            raise PluginError(plugin, f"{name}: {argument.name} must not have a default")
    if inspect.isgeneratorfunction(function) and spec.return_annotation in ("None", None):
        raise PluginError(plugin, f"{name} returns nothing, so it must not be a generator")


def specs_of(*modules: ModuleType | None) -> dict[str, inspect.Signature]:
    """The hooks that spec modules declare, by name."""
    return {
        name: inspect.signature(function)
        for module in modules
        if module is not None
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if hasattr(function, f"{hookspecs.PROJECT}_spec")
    }
