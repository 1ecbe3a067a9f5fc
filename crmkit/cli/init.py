"""``crmkit init``: the configuration file and the database."""

from __future__ import annotations

from pathlib import Path

import click

from .failure import REFUSED, Failure
from .invocation import dry_run_option, invocation, quiet_plugins
from .output import examples, say, warn
from .requirements import known_plugins, with_requirements
from .tomlfile import PRIVATE, new_document, write_whole

DATABASE = "sqlite:///crm.db"


@click.command(
    epilog=examples(
        "crmkit --config shop/crmkit.toml init --dry-run",
        "crmkit --config other.toml --db sqlite:///other.db init --plugins exchange,policy",
    )
)
@click.option("--plugins", metavar="A,B", help="What to enable; default every bundled plugin.")
@dry_run_option
def init(plugins: str | None, dry_run: bool) -> None:
    """
    Create crmkit.toml and the database.

    The file explains each of its keys. An existing one is never touched.
    """
    run = invocation()
    path = run.config_file or Path("crmkit.toml")
    if path.exists():
        mend = "; run `crmkit db upgrade` to complete the database" if _is_incomplete() else ""
        raise Failure(f"{path} exists; edit it, or name another with --config{mend}", REFUSED)
    if not path.parent.is_dir() and not dry_run:
        raise Failure(f"{path.parent} is no folder; create it first", 2)
    enabled = _chosen(plugins)
    database = _as_seen_from(path.parent, run.db or DATABASE)
    text = new_document(database, enabled)
    if dry_run:
        click.echo(text, nl=False)
        say(f"Dry run: {path} and the database {_shown(database)} were not written.")
        return
    has_password = _shown(database) != database
    write_whole(path, text, mode=PRIVATE if has_password else None)
    try:
        _upgrade(path)
    except BaseException:
        path.unlink()
        raise
    say(f"Wrote {path}: {len(enabled)} plugins, database {_shown(database)}.")
    say("Next: crmkit doctor; crmkit customer add --help; crmkit demo")


def _is_incomplete() -> bool:
    """Whether the database of the existing configuration is not there or behind."""
    from sqlalchemy.exc import SQLAlchemyError

    from crmkit import CrmkitError

    from .db import is_behind
    from .upkeep import premises

    try:
        with premises(invocation()) as found:
            return is_behind(found)
    except (CrmkitError, SQLAlchemyError):
        return False  # the configuration or the server is at fault, and no upgrade mends that


def _chosen(plugins: str | None) -> list[str]:
    if plugins is None:
        known = known_plugins()
        return sorted(name for name, entry in known.items() if entry.module.startswith("crmkit."))
    asked = [name.strip() for name in plugins.split(",") if name.strip()]
    enabled, added = with_requirements(asked, ())
    for name, by in added.items():
        say(f"{by} requires {name}: enabled too.")
    return enabled


def _as_seen_from(folder: Path, database: str) -> str:
    """A relative SQLite file was meant from here; the configuration means it from its folder."""
    file = database.removeprefix("sqlite:///")
    is_relative = file != database and file != ":memory:" and not Path(file).is_absolute()
    if database == DATABASE or not is_relative or folder.resolve() == Path.cwd():
        return database
    return f"sqlite:///{Path(file).absolute()}"


def _shown(database: str) -> str:
    """Without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(database).render_as_string()
    except ArgumentError:
        return database


def _upgrade(path: Path) -> None:
    from crmkit import CRM

    with quiet_plugins():
        crm = CRM.from_config(path, **({"strict": True} if invocation().strict else {}))
    try:
        for each in crm.quarantined:
            warn(f"{each} (quarantined; the rest runs)")
        for line in crm.upgrade():
            say(f"upgraded {line}")
    finally:
        crm.close()
