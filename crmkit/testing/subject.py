"""The plugin under test: its manifest, where its code lies, and what it needs beside it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import attrs

from crmkit.core.plugin import Plugin, installed, load


@attrs.frozen(kw_only=True)
class Subject:
    """
    Attributes:
        needs: What is enabled beside it, in order: everything it requires, and what was asked for.
        module: Name of the module that holds the manifest; empty if it was made inside a test.
        root: The package's folder or the single file; None without a module.
    """

    plugin: Plugin
    needs: tuple[Plugin, ...]
    module: str = ""
    root: Path | None = None

    @property
    def files(self) -> list[Path]:
        """Every Python file of the plugin, its revisions too."""
        if self.root is None:
            return []
        return sorted(self.root.rglob("*.py")) if self.root.is_dir() else [self.root]

    def shown(self, path: Path) -> str:
        """*path* from the plugin's own folder on."""
        assert self.root is not None
        return path.name if path == self.root else path.relative_to(self.root).as_posix()


def subject_of(given: str | Path | Plugin, also: Iterable[str | Path | Plugin] = ()) -> Subject:
    """
    The plugin named, found at a path, or given; *also* is enabled beside it.

    Raises:
        PluginError: If it, or something it requires, cannot be loaded.
    """
    plugin = _load(given)
    others = {each.name: each for each in map(_load, also)}
    needs: dict[str, Plugin] = {}

    def gather(names: Iterable[str]) -> None:
        for name in names:
            if name not in needs:
                found = others.get(name) or _load(name)
                gather(found.requires)
                needs[name] = found

    gather(others)
    gather(plugin.requires)
    module = _module_of(given, plugin)
    if module is None or module.__file__ is None:
        return Subject(plugin=plugin, needs=tuple(needs.values()))
    path = Path(module.__file__)
    return Subject(
        plugin=plugin,
        needs=tuple(needs.values()),
        module=module.__name__,
        root=path.parent if path.name == "__init__.py" else path,
    )


def _load(given: str | Path | Plugin) -> Plugin:
    return load(str(given) if isinstance(given, Path) else given, installed())


def _module_of(given: str | Path | Plugin, plugin: Plugin) -> ModuleType | None:
    if isinstance(given, str) and not given.endswith(".py"):
        return import_module(installed()[given][0].module)
    holders = [
        module
        for module in list(sys.modules.values())
        if isinstance(module, ModuleType) and vars(module).get("plugin") is plugin
    ]
    hooks = getattr(plugin.hooks, "__name__", "")
    around = [module for module in holders if f"{hooks}.".startswith(f"{module.__name__}.")]
    return next(iter(around or holders), None)


@attrs.frozen
class Import:
    """One imported module, or a name in it, absolute, and where; *inside* of a function."""

    module: str
    path: Path
    line: int
    inside: bool


def imports_of(subject: Subject, path: Path) -> Iterator[Import]:
    """
    Every name that *path* imports, inside functions and for type checkers too.

    ``from a import b, c`` is ``a.b`` and ``a.c``, which may be modules or names in one.
    """
    package = _package_of(subject, path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        inside = node not in tree.body
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, path, node.lineno, inside)
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else []
            parts = [*parts, *([node.module] if node.module else [])]
            for alias in node.names:
                yield Import(".".join([*parts, alias.name]), path, node.lineno, inside)


def _package_of(subject: Subject, path: Path) -> list[str]:
    if subject.root is None or not subject.root.is_dir():
        return subject.module.split(".")[:-1]
    inner = path.relative_to(subject.root).parts[:-1]
    return [*subject.module.split("."), *inner]
