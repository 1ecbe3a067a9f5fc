"""Which plugins are installed, and which others they need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .failure import NOT_FOUND, Failure
from .invocation import quiet_plugins

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from crmkit import Plugin


def known_plugins() -> dict[str, EntryPoint]:
    """Every installed plugin's entry point, by name. Imports none of them."""
    from crmkit.admin import installed

    return {name: entries[0] for name, entries in installed().items()}


def refuse_unknown(names: Iterable[str], known: Iterable[str]) -> None:
    """
    Raises:
        Failure: If a name is not among *known*; tells the nearest.
    """
    from crmkit.admin import nearest

    have = sorted(known)
    for name in names:
        if name not in have and not name.endswith(".py"):
            told = ", ".join(have) or "none"
            raise Failure(f"no plugin {name!r}{nearest(name, have)}; installed: {told}", NOT_FOUND)


def manifest(name: str) -> Plugin:
    """
    Import one plugin.

    Raises:
        PluginError: If it cannot be.
    """
    from crmkit.admin import installed, load

    with quiet_plugins():
        return load(name, installed())


def refuse_same_name(enabled: Iterable[str], wanted: Iterable[str], folder: Path) -> None:
    """
    Compare the names in the manifests; files among *enabled* are meant from *folder*.

    Raises:
        PluginConflictError: If one of *wanted* has the name of another plugin; tells both sources.
    """
    from crmkit import PluginConflictError

    sources = {_name_of(each, folder): each for each in enabled}
    for each in wanted:
        name = manifest(each).name
        if name in sources:
            told = f"{each} has the name of {_told(sources[name])}; rename it, or disable the other"
            raise PluginConflictError(name, told)
        sources[name] = each


def _name_of(listed: str, folder: Path) -> str:
    """The name in its manifest; of a file that does not load, the name of the file."""
    from crmkit import PluginError

    if not listed.endswith(".py"):
        return listed
    try:
        return manifest(str(folder / listed)).name
    except PluginError:
        return Path(listed).stem


def _told(source: str) -> str:
    return source if source.endswith(".py") else f"the installed plugin {source}"


def with_requirements(
    asked: Sequence[str], enabled: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """
    *asked* and what they require but is not *enabled*, required ones first.

    Returns the names, and for each that was not asked for the plugin that requires it.

    Raises:
        Failure: If one is not installed.
        PluginError: If one cannot be imported, so that its requirements are unknown.
    """
    refuse_unknown(asked, known_plugins())
    found: list[str] = []
    added: dict[str, str] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in found or name in enabled or name in path:
            return
        for need in manifest(name).requires:
            if need not in (*asked, *enabled):
                added.setdefault(need, name)
            visit(need, (*path, name))
        found.append(name)

    for name in asked:
        visit(name, ())
    return found, added
