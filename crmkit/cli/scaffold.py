"""A new plugin: a distribution of its own, from the templates that ship with this version."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Final

from .catalog import CORE, owner_of
from .failure import REFUSED, Failure
from .requirements import known_plugins

TEMPLATES: Final = Path(__file__).parent / "templates"
EVERY: Final = "every"
"""Folder of the templates that all kinds share."""
SUFFIX: Final = ".tmpl"
SUMMARIES: Final[Mapping[str, str]] = {
    "module": "Notes about customers.",
    "scorer": "Orders of the last year, as a share of the most.",
    "channel": "Messages posted to a provider.",
}
"""What the plugin does that each kind starts from."""
EXTRAS: Final[Mapping[str, str]] = {"scorer": "[analytics]"}
NOT_NAMES: Final = ("attributes",)
"""Tables of ``crmkit.toml`` that no plugin's settings can stand in."""
LONGEST: Final = 31


def distribution_of(name: str) -> str:
    return "crmkit-" + command_of(name)


def command_of(name: str) -> str:
    return name.replace("_", "-")


def check_name(name: str, kind: str) -> None:
    """
    Raises:
        InvalidValueError: If no plugin may be called so; says what would do.
        Failure: If an installed plugin has the name, or the command that comes with it.
    """
    from crmkit import InvalidValueError

    if not _is_name(name):
        close = _close_to(name)
        hint = f"; {close!r} would do" if close else ""
        accepted = f"lower-case letters, digits and single _, a letter first, at most {LONGEST}"
        raise InvalidValueError("name", name, f"{accepted}, no name of crmkit's own{hint}")
    if entry := known_plugins().get(name):
        by = f" by {entry.dist.name}" if entry.dist else ""
        raise Failure(f"there is a plugin {name!r} already, installed{by}; choose another", REFUSED)
    if _has_command(kind) and (owner := _command_owner(command_of(name))):
        told = f"{owner} has a command {command_of(name)!r} already"
        raise Failure(f"{told}; choose another name", REFUSED)


def files_of(name: str, kind: str) -> dict[str, str]:
    """The text of every file of the new distribution, by its path in there."""
    import crmkit

    package, command = f"crmkit_{name}", command_of(name)
    entry = f'\n[project.entry-points."crmkit.commands"]\n{command} = "{package}.cli:commands"\n'
    words = {
        "name": name,
        "package": package,
        "distribution": distribution_of(name),
        "command": command,
        "commands": entry if _has_command(kind) else "",
        "summary": SUMMARIES[kind],
        "requirement": f"crmkit{EXTRAS.get(kind, '')}>={crmkit.__version__}",
    }
    texts = {path: Template(text).substitute(words) for path, text in _templates(kind)}
    return {path.replace("package/", f"{package}/", 1): texts[path] for path in sorted(texts)}


def write_distribution(folder: Path, files: Mapping[str, str]) -> None:
    """
    Put *files* into *folder*, all of them or, when something fails, none.

    Raises:
        Failure: If there is something in the way.
    """
    refuse_occupied(folder)
    with TemporaryDirectory(prefix=".crmkit-new-", dir=folder.parent) as scratch:
        draft = Path(scratch) / folder.name
        for path, text in files.items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_text(text, encoding="utf-8", newline="\n")
        draft.rename(folder)


def refuse_occupied(folder: Path) -> None:
    """
    Raises:
        Failure: If *folder* is anything but absent or empty, or has no parent to be made in.
    """
    if not folder.parent.is_dir():
        raise Failure(f"{folder.parent} is no folder; create it first", 2)
    is_empty = folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())
    if not is_empty and (folder.exists() or folder.is_symlink()):
        raise Failure(f"{folder} is there already; choose another name or --folder", REFUSED)


def _templates(kind: str) -> Iterator[tuple[str, str]]:
    for root in (TEMPLATES / EVERY, TEMPLATES / kind):
        for path in root.rglob(f"*{SUFFIX}"):
            shown = path.relative_to(root).as_posix().removesuffix(SUFFIX)
            yield shown, path.read_text(encoding="utf-8")


def _has_command(kind: str) -> bool:
    return (TEMPLATES / kind / "package" / f"cli.py{SUFFIX}").is_file()


def _command_owner(command: str) -> str | None:
    return "crmkit itself" if command in CORE else owner_of(command)


def _is_name(name: str) -> bool:
    """Whether a plugin and a distribution may be called so."""
    from crmkit import Plugin, PluginError
    from crmkit.admin import load

    if name.endswith("_") or "__" in name or name.startswith("crmkit_") or name in NOT_NAMES:
        return False
    try:
        load(Plugin(name=name, summary="", hooks=object()), {})
    except (ValueError, PluginError):
        return False
    return True


def _close_to(name: str) -> str:
    """An acceptable name as near to *name* as can be; empty when there is none."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).lstrip("_0123456789")
    while (start := re.match(r"(crmkit|crm)_", words)) is not None:
        words = words[start.end() :].lstrip("_0123456789")
    close = words[:LONGEST].rstrip("_")
    return close if _is_name(close) else ""
