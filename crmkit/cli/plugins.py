"""``crmkit plugins``: what is installed, what runs, and switching it on and off."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .catalog import Catalog, enabled_in, refuse_clashes
from .config import settings_of
from .failure import NOT_FOUND, PLUGIN_FAILED, REFUSED, Failure
from .invocation import Invocation, dry_run_option, invocation
from .output import emit, emit_one, examples, say, warn
from .requirements import (
    known_plugins,
    manifest,
    refuse_same_name,
    refuse_unknown,
    with_requirements,
)
from .scaffold import (
    SUMMARIES,
    check_name,
    distribution_of,
    files_of,
    refuse_occupied,
    write_distribution,
)
from .tomlfile import with_plugins, write_whole
from .upkeep import load_plugins

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from crmkit import Plugin


@click.group(epilog=examples("crmkit plugins list", "crmkit plugins info consent"))
def plugins() -> None:
    """List, enable, disable and check plugins."""


@plugins.command(
    "list", epilog=examples("crmkit plugins list", "crmkit plugins list --format json")
)
def list_() -> None:
    """Every plugin that is installed or enabled. Imports only those that are enabled."""
    enabled = _enabled(invocation())
    known = known_plugins()
    states = _states(invocation(), enabled)
    names = [*states, *(name for name in known if name not in states)]
    emit(
        {
            "name": name,
            "state": states.get(name, "available"),
            "distribution": _distribution(known.get(name)),
        }
        for name in names
    )


@plugins.command(epilog=examples("crmkit plugins info consent"))
@click.argument("name")
def info(name: str) -> None:
    """What one plugin brings. Imports it, also when it is not enabled."""
    known = known_plugins()
    refuse_unknown([name], known)
    found = manifest(name)
    enabled = _enabled(invocation())
    emit_one(
        {
            "name": found.name,
            "summary": found.summary,
            "state": "enabled" if name in enabled else "available",
            "distribution": _distribution(known.get(name)),
            "requires": list(found.requires),
            "tables": _tables(found),
            "migrations": _migrations(found),
            "hooks": _hooks(found),
            "commands": _commands(name),
            "settings": [f"{row['key']} = {row['default']!r}" for row in settings_of(found)],
        }
    )


@plugins.command(epilog=examples("crmkit plugins enable rfm --dry-run"))
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@dry_run_option
def enable(names: Sequence[str], dry_run: bool) -> None:
    """Add plugins, and those they require, to crmkit.toml."""
    path = _config_path()
    enabled = _enabled(invocation())
    wanted, added = with_requirements(_new(names, enabled), enabled)
    if not wanted:
        say("Nothing to do.")
        return
    for name, by in added.items():
        say(f"{by} requires {name}: enabled too.")
    refuse_same_name(enabled, wanted, path.parent)
    refuse_clashes((*enabled, *wanted))
    for name in wanted:
        _tell_what_comes(manifest(name))
    _edit(path, add=wanted, dry_run=dry_run)
    say("Next: crmkit db plan; crmkit db upgrade")


@plugins.command(epilog=examples("crmkit plugins disable rfm --dry-run"))
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@dry_run_option
def disable(names: Sequence[str], dry_run: bool) -> None:
    """Take plugins out of crmkit.toml. Their data stays."""
    path = _config_path()
    enabled = _enabled(invocation())
    for name in names:
        if name not in enabled:
            refuse_unknown([name], {*enabled, *known_plugins()})
            say(f"{name} is not enabled.")
    going = [name for name in enabled if name in names]
    if not going:
        say("Nothing to do.")
        return
    _refuse_required(going)
    _edit(path, remove=going, dry_run=dry_run)
    say("Their tables stay in the database.")


@plugins.command(epilog=examples("crmkit plugins check"))
def check() -> None:
    """Load every enabled plugin; exit with 7 when one fails."""
    enabled = _enabled(invocation())
    states = _states(invocation(), enabled)
    emit({"name": name, "state": state} for name, state in states.items())
    refuse_clashes(enabled)
    failed = [name for name, state in states.items() if state != "enabled"]
    if failed:
        raise Failure(f"{len(failed)} of {len(states)} plugins failed", PLUGIN_FAILED)


@plugins.command(
    epilog=examples(
        "crmkit plugins new acme_loyalty --dry-run",
        "crmkit plugins new acme_sms --kind channel --folder work",
    )
)
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(list(SUMMARIES)),
    default="module",
    show_default=True,
    help="module: tables, actions, a command. scorer: a score. channel: carries messages.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Where to put it; default here.",
)
@dry_run_option
def new(name: str, kind: str, folder: Path, dry_run: bool) -> None:
    """Start a plugin: a distribution crmkit-NAME that works, with its tests."""
    check_name(name, kind)
    place = folder / distribution_of(name)
    files = files_of(name, kind)
    refuse_occupied(place)
    if not dry_run:
        write_distribution(place, files)
    emit({"file": str(place / path)} for path in files)
    if dry_run:
        say("Dry run: nothing was written.")
        return
    say(f"Next: cd {shlex.quote(str(place))}; pip install -e . && pytest")
    say(f"Then, beside crmkit.toml: crmkit plugins enable {name}")


def _enabled(run: Invocation) -> tuple[str, ...]:
    """As they stand in the file; none without a file, so that the list works anywhere."""
    path = run.path()
    if path is None:
        return ()
    run.config()  # says what is wrong with the file
    return enabled_in(path)


def _states(run: Invocation, enabled: Sequence[str]) -> dict[str, str]:
    if run.safe_mode:
        return dict.fromkeys(enabled, "enabled (not loaded in safe mode)")
    _, quarantined, problem = load_plugins(run.config().plugins if enabled else ())
    if problem:
        warn(problem)
        return dict.fromkeys(enabled, f"failed: {problem}")
    causes = {
        each.name: "quarantined: " + str(each).removeprefix(f"plugin {each.name}: ")
        for each in quarantined
    }
    return {name: causes.get(_plugin_name(name), "enabled") for name in enabled}


def _plugin_name(listed: str) -> str:
    return Path(listed).stem if listed.endswith(".py") else listed


def _distribution(entry: EntryPoint | None) -> str:
    if entry is None:
        return ""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _tables(plugin: Plugin) -> list[str]:
    return sorted(plugin.metadata.tables) if plugin.metadata is not None else []


def _migrations(plugin: Plugin) -> list[str]:
    from crmkit.admin import owners

    return [revision for owner in owners([plugin])[1:] for revision in owner.revisions]


def _hooks(plugin: Plugin) -> list[str]:
    from crmkit.admin import implementations

    return sorted(implementations(plugin))


def _commands(name: str) -> list[str]:
    return [f"crmkit {command}" for command in Catalog([name]).of_plugins]


def _config_path() -> Path:
    path = invocation().path()
    if path is None or not path.is_file():
        raise Failure(f"{path or 'crmkit.toml'}: no such file; run `crmkit init`", NOT_FOUND)
    return path


def _new(names: Sequence[str], enabled: Sequence[str]) -> list[str]:
    for name in names:
        if name in enabled:
            say(f"{name} is enabled already.")
    return [name for name in dict.fromkeys(names) if name not in enabled]


def _tell_what_comes(plugin: Plugin) -> None:
    tables, migrations = _tables(plugin), _migrations(plugin)
    told = f"tables {', '.join(tables)} ({', '.join(migrations)})" if tables else "no tables"
    say(f"{plugin.name}: {plugin.summary} Brings {told}.")


def _refuse_required(going: Sequence[str]) -> None:
    plugins, _, _ = load_plugins(invocation().config().plugins)
    for plugin in plugins:
        needed = [name for name in plugin.requires if name in going]
        if needed and plugin.name not in going:
            told = f"{plugin.name} requires {needed[0]}; disable {plugin.name} too"
            raise Failure(told, REFUSED)


def _edit(
    path: Path, *, add: Sequence[str] = (), remove: Sequence[str] = (), dry_run: bool
) -> None:
    text = path.read_bytes().decode()
    try:
        edited = with_plugins(text, add=add, remove=remove)
    except ValueError as exc:
        raise Failure(f"{path}: {exc}") from exc
    told = ", ".join((*add, *remove))
    if dry_run:
        say(f"Dry run: {path} was not changed ({told}).")
        return
    write_whole(path, edited)
    say(f"{'Enabled' if add else 'Disabled'} {told} in {path}.")
