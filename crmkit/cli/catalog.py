"""Which commands there are, told without importing any of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from pathlib import Path

    import click

PLUGINS: Final = "crmkit.plugins"
COMMANDS: Final = "crmkit.commands"
CORE: Final[Mapping[str, tuple[str, str]]] = {
    "init": ("crmkit.cli.init:init", "Create crmkit.toml and the database."),
    "demo": ("crmkit.demo.cli:demo", "Run the whole cycle over a real shop's book, offline."),
    "doctor": ("crmkit.cli.doctor:doctor", "Check everything; say how to mend what is wrong."),
    "status": ("crmkit.cli.status:status", "What is in the CRM, in a few numbers."),
    "config": ("crmkit.cli.config:config", "Look at the configuration."),
    "db": ("crmkit.cli.db:db", "Look after the database: upgrade, back up, check."),
    "plugins": ("crmkit.cli.plugins:plugins", "List, enable, disable and check plugins."),
    "customer": ("crmkit.cli.customer:customer", "Find, show, add and change customers."),
    "interaction": ("crmkit.cli.interaction:interaction", "Record and find what happened."),
    "offer": ("crmkit.cli.offer:offer", "Make offers and record the answers."),
    "cycle": ("crmkit.cli.cycle:cycle", "Run the cycle once; explain what came of it."),
    "completion": ("crmkit.cli.completion:completion", "Print the completion script of a shell."),
    "help": ("crmkit.cli.help:help_", "Explain things that hold for all commands."),
}


class Catalog:
    """
    The commands of one configuration.

    Attributes:
        enabled: Names of the enabled plugins. Without any, no installed package is looked at.
    """

    def __init__(self, enabled: Iterable[str]) -> None:
        self.enabled = tuple(name for name in enabled if not name.endswith(".py"))

    @cached_property
    def of_plugins(self) -> dict[str, list[tuple[str, EntryPoint]]]:
        """``(plugin, entry point)`` of every command of an enabled plugin, by command name."""
        if not self.enabled:
            return {}
        found: dict[str, list[tuple[str, EntryPoint]]] = {}
        ours = [(owner, entry) for owner, entry in _owned() if owner in self.enabled]
        for owner, entry in sorted(ours, key=lambda each: self.enabled.index(each[0])):
            found.setdefault(entry.name, []).append((owner, entry))
        return dict(sorted(found.items()))

    def summaries(self) -> dict[str, str]:
        """A line of help for each command."""
        theirs = {name: f"(plugin {owners[0][0]})" for name, owners in self.of_plugins.items()}
        own = {name: told for name, (_, told) in CORE.items()}
        return own | theirs | own

    def clash(self, name: str) -> str | None:
        """Who claims the command *name* besides its owner, as a sentence; None when nobody does."""
        claims = [plugin for plugin, _ in self.of_plugins.get(name, ())]
        claims = ["crmkit itself", *claims] if name in CORE and claims else claims
        if len(claims) < 2:
            return None
        return f"{' and '.join(claims)} both have a command {name!r}; disable one of the plugins"

    def refuse_clashes(self) -> None:
        """
        Raises:
            PluginConflictError: If two claim the same command; names both.
        """
        for name, owners in self.of_plugins.items():
            if told := self.clash(name):
                from crmkit import PluginConflictError

                raise PluginConflictError(owners[-1][0], told)

    def load(self, name: str) -> click.Command | None:
        """
        Import the command *name*; None when there is none.

        Raises:
            PluginError: If a plugin's command cannot be imported, or two claim it.
        """
        if name in CORE:
            return _core(CORE[name][0])
        if name not in self.of_plugins:
            return None
        self.refuse_clashes()
        plugin, entry = self.of_plugins[name][0]
        return _of_plugin(plugin, entry)


def refuse_clashes(enabled: Iterable[str]) -> None:
    Catalog(enabled).refuse_clashes()


def owner_of(command: str) -> str | None:
    """The installed plugin, enabled or not, that has the command."""
    owners = (owner for owner, entry in _owned() if entry.name == command)
    return next(owners, None)


def _owned() -> Iterator[tuple[str, EntryPoint]]:
    """Every command of an installed plugin, with the plugin; one module is one plugin."""
    from importlib.metadata import entry_points

    everything = entry_points()  # once: each call reads the metadata of every distribution
    packages = {entry.module: entry.name for entry in everything.select(group=PLUGINS)}
    for entry in everything.select(group=COMMANDS):
        owner = _owner(entry.module, packages)
        if owner is not None:
            yield owner, entry


def _owner(module: str, packages: Mapping[str, str]) -> str | None:
    """The plugin whose package contains *module*; the innermost one."""
    while module:
        if module in packages:
            return packages[module]
        module = module.rpartition(".")[0]
    return None


def _core(where: str) -> click.Command:
    from importlib import import_module

    module, _, attribute = where.partition(":")
    command: click.Command = getattr(import_module(module), attribute)
    return command


def _of_plugin(plugin: str, entry: EntryPoint) -> click.Command:
    import click

    from .invocation import quiet_plugins

    try:
        with quiet_plugins():
            command = entry.load()
    except (Exception, SystemExit) as exc:  # a plugin's import may raise anything
        from crmkit import PluginError

        told = f"its command {entry.name!r} cannot be imported: {type(exc).__name__}: {exc}"
        mend = f"mend or upgrade it, or run `crmkit plugins disable {plugin}`"
        raise PluginError(plugin, f"{told}; {mend}") from exc
    if not isinstance(command, click.Command):
        from crmkit import PluginError

        raise PluginError(plugin, f"{entry.value} is not a click command")
    return command


def enabled_in(path: Path | None) -> tuple[str, ...]:
    """
    The plugins a configuration file names, read without anything but TOML.

    Raises:
        OSError, ValueError: If it cannot be read; other commands than ``--help`` say why.
    """
    if path is None:
        return ()
    import tomllib

    document = tomllib.loads(path.read_text(encoding="utf-8"))
    listed = document.get("crmkit", {}).get("plugins", ())
    return tuple(each for each in listed if isinstance(each, str))
