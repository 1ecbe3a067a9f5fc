"""``crmkit db``: looking after the database. Works also when plugins are broken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .failure import NEEDS_UPGRADE, Failure
from .invocation import dry_run_option, invocation, refuse_missing
from .output import emit, examples, say
from .upkeep import Premises, premises

if TYPE_CHECKING:
    import sqlalchemy as sa

    from crmkit.admin import Owner, Status


@click.group(epilog=examples("crmkit db status", "crmkit db plan", "crmkit db upgrade"))
def db() -> None:
    """Look after the database: upgrade, back up, check."""


@db.command(epilog=examples("crmkit db status", "crmkit db status --format json"))
def status() -> None:
    """Which revision everybody's tables are at, and what is pending."""
    with premises(invocation()) as found:
        refuse_missing(found.engine)
        rows = [
            {
                "owner": each.owner,
                "state": state(each),
                "revision": each.have or "",
                "pending": list(each.pending),
            }
            for each in statuses(found.engine, found.owners)
        ]
    emit(rows)


@db.command(epilog=examples("crmkit db plan"))
def plan() -> None:
    """Print the SQL that `crmkit db upgrade` would run. It is run and rolled back."""
    _print_plan()


@db.command(epilog=examples("crmkit db upgrade --dry-run", "crmkit db upgrade"))
@dry_run_option
def upgrade(dry_run: bool) -> None:
    """
    Bring the tables to what core and the enabled plugins need.

    A SQLite file is copied first. Each owner's part is one transaction.
    """
    from crmkit.admin import upgrade as run_upgrade

    if dry_run:
        _print_plan()
        say("Dry run: nothing was written.")
        return
    with premises(invocation()) as found:
        copies = _copies(found.engine)
        done = run_upgrade(found.engine, found.owners, datetime.now(UTC))
        for copy in sorted(_copies(found.engine) - copies):
            say(f"The database was copied to {copy} first.")
        for line in done:
            say(f"upgraded {line}")
        say("The database is up to date.")


@db.command(epilog=examples("crmkit db backup backup.db --dry-run", "crmkit db backup backup.db"))
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
def backup(file: Path, dry_run: bool) -> None:
    """
    Write a consistent copy to FILE, which must not exist. Readers and writers go on.

    A SQLite file is copied as such; of a PostgreSQL database pg_dump writes its custom format.
    """
    from crmkit.admin import backup as run_backup
    from crmkit.admin import refuse_backup

    with premises(invocation()) as found:
        refuse_missing(found.engine)
        if dry_run:
            refuse_backup(found.engine, file)
            say(f"Would write {file}. Dry run: nothing was written.")
            return
        run_backup(found.engine, file)
    say(f"Wrote {file}.")


@db.command(epilog=examples("crmkit db compact --dry-run", "crmkit db compact"))
@dry_run_option
def compact(dry_run: bool) -> None:
    """
    Rewrite the database without what was deleted: smaller, and no erased name is left in it.

    Others wait meanwhile, or are told to. Copies made before still hold what they held.
    """
    from crmkit.admin import compact as run_compact
    from crmkit.admin import size_bytes

    with premises(invocation()) as found:
        refuse_missing(found.engine)
        before = size_bytes(found.engine)
        if dry_run:
            say(f"Would rewrite {before:,} bytes. Dry run: nothing was written.")
            return
        run_compact(found.engine)
        after = size_bytes(found.engine)
    say(f"The database was rewritten: {before:,} bytes before, {after:,} now.")


@db.command(epilog=examples("crmkit db check"))
def check() -> None:
    """Whether the file is sound and its tables are what the code declares; exit 1 if not."""
    from crmkit import DatabaseNewerError

    with premises(invocation()) as found:
        refuse_missing(found.engine)
        where = statuses(found.engine, found.owners)
        rows = _findings(found, where)
    emit(rows, columns=("owner", "state", "finding"))
    for each in where:
        if each.is_newer:
            raise DatabaseNewerError(each.owner, each.have or "", each.package)
    if any(each.pending for each in where):
        raise Failure(
            "the database is not at the code's revision; run `crmkit db upgrade`", NEEDS_UPGRADE
        )
    if any(row["state"] != "ok" for row in rows):
        raise Failure("the database differs from what the code declares, or is damaged")


def statuses(engine: sa.Engine, owners: Sequence[Owner]) -> list[Status]:
    """Where each owner's tables are."""
    from crmkit.admin import status, transaction

    with transaction(engine, write=False) as connection:
        return status(connection, owners)


def is_behind(found: Premises) -> bool:
    """Whether `crmkit db upgrade` has something to do."""
    if not _exists(found.engine):
        return True
    return any(each.pending for each in statuses(found.engine, found.owners))


def mend(status: Status) -> str:
    """What to do about tables that are not at the code's revision."""
    return f"install the newer {status.package}" if status.is_newer else "run `crmkit db upgrade`"


def _is_current(engine: sa.Engine, owners: Sequence[Owner]) -> bool:
    return not any(each.pending or each.is_newer for each in statuses(engine, owners))


def state(status: Status) -> str:
    """For people."""
    if status.is_newer:
        return "newer than the code"
    return "pending" if status.pending else "up to date"


def _print_plan() -> None:
    from crmkit.admin import create_engine
    from crmkit.admin import plan as statements

    with premises(invocation()) as found:
        engine = found.engine if _exists(found.engine) else create_engine("sqlite://")
        current = _is_current(engine, found.owners)
        lines = [] if current else statements(engine, found.owners)
    for line in lines:
        click.echo(f"{line};")
    if not lines:
        say("Nothing is pending.")


def _exists(engine: sa.Engine) -> bool:
    from crmkit.admin import sqlite_file

    file = sqlite_file(engine)
    return file is None or file.exists()


def _copies(engine: sa.Engine) -> set[Path]:
    from crmkit.admin import sqlite_file

    file = sqlite_file(engine)
    return set() if file is None else set(file.parent.glob(f"{file.name}.bak-*"))


def _findings(found: Premises, where: Sequence[Status]) -> list[dict[str, str]]:
    from crmkit.admin import transaction, unsound

    with transaction(found.engine, write=False) as connection:
        rows = [
            {"owner": "file", "state": "damaged", "finding": told} for told in unsound(connection)
        ] or [_ok("file")]
        for owner, status in zip(found.owners, where, strict=True):
            rows += _drift(connection, owner, status)
    return rows


def _drift(connection: sa.Connection, owner: Owner, status: Status) -> list[dict[str, str]]:
    from crmkit.admin import drift

    if status.pending or status.is_newer:
        return [{"owner": owner.name, "state": state(status), "finding": mend(status)}]
    differences = drift(connection, owner)
    rows = [{"owner": owner.name, "state": "differs", "finding": told} for told in differences]
    return rows or [_ok(owner.name)]


def _ok(owner: str) -> dict[str, str]:
    return {"owner": owner, "state": "ok", "finding": ""}
