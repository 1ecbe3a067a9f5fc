"""What a plugin's modules import, and what importing them does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Final

import attrs

import crmkit
from crmkit.core.plugin import installed

from .subject import Import, Subject, imports_of

PROBE: Final = Path(__file__).with_name("import_probe.py")
PUBLIC: Final = (
    "crmkit.sql",
    "crmkit.ask",
    "crmkit.svg",
    "crmkit.pdf",
    "crmkit.intervals",
    "crmkit.tokens",
)
ONLY_IN_CLI: Final = ("crmkit.cli", "click")


def private_imports(subject: Subject) -> Iterator[str]:
    """Imports that reach behind crmkit's public modules, or click outside ``cli.py``."""
    for path in subject.files:
        for each in imports_of(subject, path):
            mend = _forbidden(subject, path, each)
            if mend:
                yield f"{subject.shown(path)}:{each.line} imports {each.module}; {mend}"


def _forbidden(subject: Subject, path: Path, each: Import) -> str:
    if _within(each.module, ONLY_IN_CLI):
        return "" if _is_cli(path) else "move what needs it to cli.py"
    if not _within(each.module, ("crmkit",)) or _within(each.module, (*PUBLIC, subject.module)):
        return ""
    if each.module.removeprefix("crmkit.") in ("crmkit", "*", *crmkit.__all__):
        return ""
    required = [each for each in subject.needs if each.name in subject.plugin.requires]
    if _within(each.module, _roots(subject.plugin.extends)):
        return "" if each.inside else "import what you extend inside the function that needs it"
    for package in map(_package_of, required):
        if package is not None and _within(each.module, (package.__name__,)):
            inner = each.module.removeprefix(package.__name__).lstrip(".").partition(".")[0]
            if not isinstance(vars(package).get(inner), ModuleType):
                return ""
            return f"take the name from {package.__name__} itself"
    if _within(each.module, ("crmkit.plugins",)):
        return "name that plugin in `requires`, then import the root of its package"
    return f"use crmkit, {', '.join(PUBLIC)} or, in cli.py, crmkit.cli"


def _is_cli(path: Path) -> bool:
    return path.name == "cli.py" or path.parent.name == "cli"


def _roots(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(entry.module for name in names for entry in installed().get(name, ()))


def _within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in packages if each)


def _package_of(plugin: object) -> ModuleType | None:
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and vars(module).get("plugin") is plugin:
            return module
    return None


@attrs.frozen(kw_only=True)
class Imported:
    """
    What a first import of the plugin did, in a process of its own.

    Attributes:
        cpu_ms: Beyond what crmkit and the required plugins had imported already.
        effects: Files written, processes, sockets, settings of the process changed.
        printed: What came out on stdout and stderr.
        libraries: Top-level packages it brought in.
    """

    cpu_ms: float
    effects: tuple[str, ...]
    printed: str
    libraries: tuple[str, ...]


def first_import(subject: Subject) -> Imported:
    """Import the plugin in a fresh interpreter that watches what happens."""
    assert subject.root is not None
    needs = [package.__name__ for package in map(_package_of, subject.needs) if package]
    path = None if subject.root.is_dir() else str(subject.root)
    with TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        asked = json.dumps(
            {"module": subject.module, "path": path, "needs": needs, "answer": str(answer)}
        )
        done = subprocess.run(
            [sys.executable, "-B", str(PROBE), asked],
            capture_output=True,
            text=True,
            cwd=folder,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        printed = (done.stdout + done.stderr).strip()
        if not answer.exists():
            effects = [f"ends the process with exit code {done.returncode}"]
            return Imported(cpu_ms=0, effects=tuple(effects), printed=printed, libraries=())
        told = json.loads(answer.read_text(encoding="utf-8"))
    return Imported(
        cpu_ms=told["cpu_ms"],
        effects=tuple(told["effects"]),
        printed=printed,
        libraries=tuple(told["libraries"]),
    )


def import_effects(found: Imported, budget_ms: float) -> Iterator[str]:
    """Findings about one first import."""
    for effect in found.effects:
        yield f"importing the plugin {effect}; do it in a hook or a command"
    if found.printed:
        yield f"importing the plugin prints {found.printed[:200]!r}; print in commands only"
    if "click" in found.libraries:
        yield "importing the plugin imports click; let only cli.py import it, and nothing cli.py"
    if found.cpu_ms > budget_ms:
        yield (
            f"importing the plugin takes {found.cpu_ms:.0f} ms of processor time, more than "
            f"{budget_ms:.0f} ms; import {', '.join(found.libraries) or 'what is heavy'} inside "
            "the functions that need it"
        )
