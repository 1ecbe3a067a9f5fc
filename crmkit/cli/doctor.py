"""``crmkit doctor``: checks everything, works with everything broken, says what to do."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import click

from . import upkeep
from .failure import NEEDS_UPGRADE, PLUGIN_FAILED, Failure
from .invocation import Invocation, invocation, quiet_plugins
from .output import emit, examples

if TYPE_CHECKING:
    import sqlalchemy as sa

    from crmkit import Finding
    from crmkit.admin import Config

OLDEST_PYTHON: Final = (3, 11)
OLDEST_SQLITE: Final = (3, 37, 0)
LEAST_FREE: Final = 200_000_000
TABLES: Final = "tables of "
Findings: TypeAlias = Iterator["Finding"]


@click.command(epilog=examples("crmkit doctor", "crmkit doctor --format json"))
def doctor() -> None:
    """
    Check everything; say how to mend what is wrong.

    Writes nothing. Exits with 7 when a plugin fails, with 6 when nothing but the revision of the
    database is wrong, with 1 when something else is.
    """
    run = invocation()
    found = [*_python(), *_sqlite(), *_configuration(run)]
    config = _config(run)
    failed_plugins = 0
    if config is not None:
        plugins = [*_plugins(config)]
        failed_plugins = sum(each.level == "fail" for each in plugins)
        found += [*plugins, *_database(config), *_whole(run)]
    _write(found)
    failed = [each for each in found if each.level == "fail"]
    if failed:
        only_revisions = all(each.subject.startswith(TABLES) for each in failed)
        code = PLUGIN_FAILED if failed_plugins else NEEDS_UPGRADE if only_revisions else 1
        raise Failure(f"{len(failed)} of {len(found)} checks failed", code)


def _write(found: Iterable[Finding]) -> None:
    emit(
        {
            "level": each.level.upper(),
            "subject": each.subject,
            "text": each.text,
            "mend": each.mend,
        }
        for each in found
    )


def _finding(is_well: bool, subject: str, text: str, mend: str, *, bad: str = "fail") -> Finding:
    from crmkit import Finding

    return Finding(
        level="ok" if is_well else bad,  # type: ignore[arg-type]
        subject=subject,
        text=text,
        mend="" if is_well else mend,
    )


def _python() -> Findings:
    version = ".".join(map(str, sys.version_info[:3]))
    yield _finding(
        sys.version_info >= OLDEST_PYTHON, "python", version, "install Python 3.11 or newer"
    )


def _sqlite() -> Findings:
    mend = "use a Python whose sqlite3 has SQLite 3.37 or newer with FTS5"
    is_new = sqlite3.sqlite_version_info >= OLDEST_SQLITE
    yield _finding(is_new, "sqlite", sqlite3.sqlite_version, mend)
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = 'trigram')")
    except sqlite3.Error as exc:
        yield _finding(False, "sqlite search", str(exc), mend)
    else:
        yield _finding(True, "sqlite search", "FTS5 with trigrams", "")


def _configuration(run: Invocation) -> Findings:
    from crmkit import CrmkitError

    path = run.path()
    if path is None:
        yield _finding(False, "config", "no crmkit.toml", "run `crmkit init`", bad="warn")
        if run.db is None:
            return
    try:
        run.config()
    except CrmkitError as exc:
        yield _finding(False, "config", str(exc), "correct the file, or run `crmkit init`")
        return
    if path is not None:
        mode = path.stat().st_mode
        mend = f"chmod o-w {path}"
        yield _finding(
            not mode & stat.S_IWOTH, "config", f"{path}{_writable(mode)}", mend, bad="warn"
        )


def _writable(mode: int) -> str:
    return " can be changed by everybody on this machine" if mode & stat.S_IWOTH else ""


def _config(run: Invocation) -> Config | None:
    from crmkit import CrmkitError

    try:
        return run.config()
    except CrmkitError:
        return None


def _plugins(config: Config) -> Findings:
    from crmkit import PluginConflictError

    from .catalog import refuse_clashes

    plugins, quarantined, problem = upkeep.load_plugins(config.plugins)
    if problem:
        yield _finding(False, "plugins", problem, "disable one of the two")
    for plugin in plugins:
        yield _finding(True, f"plugin {plugin.name}", "loads", "")
    for each in quarantined:
        essential = " (essential: nothing runs)" if each.name in config.essential else ""
        mend = f"install or upgrade it, or run `crmkit plugins disable {each.name}`"
        yield _finding(False, f"plugin {each.name}", f"{each.cause}{essential}", mend)
    try:
        refuse_clashes(config.plugins)
    except PluginConflictError as exc:
        yield _finding(False, "commands", str(exc), "disable one of the two")


def _database(config: Config) -> Findings:
    from sqlalchemy.exc import SQLAlchemyError

    from crmkit import CrmkitError
    from crmkit.admin import create_engine, sqlite_file, transaction

    try:
        engine = create_engine(config.database, durability=config.durability)
    except CrmkitError as exc:
        yield _finding(False, "database", str(exc), "correct `database` in crmkit.toml")
        return
    file = sqlite_file(engine)
    if file is not None and not file.exists():
        yield _finding(False, "database", f"there is no {file}", "run `crmkit db upgrade`")
        return
    checks: tuple[Callable[[sa.Connection], Findings], ...] = (_soundness, _settings, _search)
    try:
        with transaction(engine, write=False) as connection:
            yield _finding(True, "database", engine.url.render_as_string(), "")
            for check in checks:
                yield from check(connection)
        yield from _revisions(engine, config)
    except (CrmkitError, SQLAlchemyError, sqlite3.Error) as exc:
        mend = "restore a backup, or check the address and the rights"
        yield _finding(False, "database", str(exc).splitlines()[0], mend)
    finally:
        engine.dispose()
    if file is not None:
        yield _room(file)


def _soundness(connection: sa.Connection) -> Findings:
    from crmkit.admin import unsound

    damage = unsound(connection)
    text = "; ".join(damage[:3]) if damage else "sound"
    yield _finding(
        not damage, "integrity", text, "restore a backup (`crmkit db backup` makes them)"
    )


def _settings(connection: sa.Connection) -> Findings:
    if connection.dialect.name != "sqlite":
        return
    for name, wanted in (("journal_mode", "wal"), ("foreign_keys", 1)):
        value = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        yield _finding(value == wanted, name, str(value), "put the file on a local disk")
    synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    told = {2: "full: survives a power cut"}.get(synchronous or 0, "the last commits may be lost")
    mend = 'set durability = "full" in crmkit.toml'
    yield _finding(synchronous == 2, "synchronous", told, mend, bad="warn")


def _search(connection: sa.Connection) -> Findings:
    if connection.dialect.name != "postgresql":
        return
    found = connection.exec_driver_sql("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
    mend = "CREATE EXTENSION pg_trgm, as a superuser"
    yield _finding(found.first() is not None, "pg_trgm", "part-of-word search", mend)


def _revisions(engine: sa.Engine, config: Config) -> Findings:
    from crmkit.admin import owners

    from .db import mend, state, statuses

    plugins, _, _ = upkeep.load_plugins(config.plugins)
    for each in statuses(engine, owners(plugins)):
        is_well = not (each.pending or each.is_newer)
        yield _finding(is_well, f"{TABLES}{each.owner}", state(each), mend(each))


def _room(file: Path) -> Finding:
    free = shutil.disk_usage(file.parent).free
    text = f"{free // 1_000_000:,} MB free"
    return _finding(free > LEAST_FREE, "disk", text, "free some space", bad="warn")


def _whole(run: Invocation) -> Findings:
    """Whether everything opens together, and what the plugins say of themselves."""
    from sqlalchemy.exc import SQLAlchemyError

    from crmkit import CRM, CrmkitError, ask

    try:
        with quiet_plugins():
            crm = CRM.from_config(run.config(), strict=False)
    except CrmkitError as exc:
        yield _finding(False, "settings", str(exc), "correct crmkit.toml")
        return
    try:
        with crm.unit(write=False) as unit:
            yield from ask.diagnose(unit)
    except (CrmkitError, SQLAlchemyError):
        return  # said by the checks of the database
    finally:
        crm.close()
