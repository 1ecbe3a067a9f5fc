"""One run of the command line: its options, its configuration, and the CRM it opens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .failure import NEEDS_UPGRADE, Failure, in_plain_words
from .output import say, warn

if TYPE_CHECKING:
    import sqlalchemy as sa

    from crmkit import CRM, Unit
    from crmkit.admin import Config

R = TypeVar("R")
ACTOR = "cli"


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """
    The options before the command.

    Attributes:
        config_file: The one that was named, by option or environment; else it is looked for.
    """

    db: str | None = None
    config_file: Path | None = None
    actor: str | None = None
    safe_mode: bool = False
    strict: bool = False
    traceback: bool = False

    def path(self) -> Path | None:
        """The configuration file that holds for this run, None when there is none."""
        if self.config_file is not None:
            return self.config_file
        here = Path.cwd()
        names = (folder / "crmkit.toml" for folder in (here, *here.parents))
        return next((path for path in names if path.is_file()), None)

    def config(self) -> Config:
        """
        What the configuration file says, with the options laid over it.

        Raises:
            ConfigError: If there is neither a file nor a database named, or the file is wrong.
        """
        import attrs

        from crmkit import ConfigError
        from crmkit.admin import Config

        path = self.path()
        if path is None and self.db is None:
            raise ConfigError(
                "no crmkit.toml here or in a folder above; run `crmkit init`, or name a database "
                "with --db"
            )
        alone = path is None or (self.safe_mode and self.db is not None)
        read = Config() if path is None or alone else _read(path)
        changes: dict[str, Any] = {"actor": self.actor or read.actor or ACTOR}
        if self.db is not None:
            changes["database"] = self.db
        if self.strict:
            changes["strict"] = True
        if self.safe_mode:
            changes |= {"plugins": (), "essential": (), "settings": {}}
        return attrs.evolve(read, **changes)

    @contextmanager
    def opened(self) -> Iterator[CRM]:
        """The CRM, closed at the end; quarantined plugins are told of."""
        from crmkit import CRM

        from .catalog import refuse_clashes

        config = self.config()
        with quiet_plugins():
            crm = CRM.from_config(config)
        try:
            refuse_missing(crm.engine)
            refuse_clashes(config.plugins)
            for each in crm.quarantined:
                warn(f"{each} (quarantined; the rest runs)")
            with talking_log():
                yield crm
        finally:
            crm.close()


def _read(path: Path) -> Config:
    from crmkit import ConfigError
    from crmkit.admin import read_config

    try:
        return read_config(path)
    except ConfigError as exc:
        if isinstance(exc.__cause__, OSError):
            raise ConfigError(in_plain_words(exc.__cause__)) from exc
        raise


def refuse_missing(engine: sa.Engine) -> None:
    """
    Raises:
        Failure: If the SQLite file is not there; connecting would make an empty one.
    """
    from crmkit.admin import sqlite_file

    file = sqlite_file(engine)
    if file is not None and not file.exists():
        raise Failure(f"there is no database {file}; run `crmkit db upgrade`", NEEDS_UPGRADE)


def invocation() -> Invocation:
    """The one that runs."""
    found = click.get_current_context().find_object(Invocation)
    return found or Invocation()


@contextmanager
def quiet_plugins() -> Iterator[None]:
    """What plugins print while they are imported is talk, not data; what they log is told by us."""
    import logging

    handler = logging.NullHandler()
    log = logging.getLogger("crmkit.plugins")
    log.addHandler(handler)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        log.removeHandler(handler)


@contextmanager
def talking_log() -> Iterator[None]:
    """What the library logs becomes one line each on stderr."""
    import logging

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            warn(record.getMessage())

    handler = Lines(logging.WARNING)
    log = logging.getLogger("crmkit")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def pass_crm(command: Callable[..., R]) -> Callable[..., R]:
    """Give *command* the opened CRM as its first argument."""

    @wraps(command)
    def call(*args: Any, **kwargs: Any) -> R:
        with invocation().opened() as crm:
            return command(crm, *args, **kwargs)

    return call


class _DryRunEnds(Exception):
    """Leaves a unit so that it is rolled back."""


@contextmanager
def writing(crm: CRM, dry_run: bool) -> Iterator[Unit]:
    """A writing unit; on a dry run it does everything and is rolled back at the end, saying so."""
    try:
        with crm.unit() as unit:
            yield unit
            if dry_run:
                raise _DryRunEnds
    except _DryRunEnds:
        say("Dry run: nothing was written.")


C = TypeVar("C", bound=Callable[..., Any])


def customer_argument(command: C) -> C:
    """The argument ``customer``: an id, an e-mail address or ``namespace:external_id``."""
    return click.argument("customer", metavar="CUSTOMER")(command)


def dry_run_option(command: C) -> C:
    """The option ``--dry-run``, parameter ``dry_run``."""
    told = "Say what would be done; write nothing."
    return click.option("--dry-run", is_flag=True, help=told)(command)


def plot_option(command: C) -> C:
    """The option ``--plot``, parameter ``plot``: a Path or None; see :func:`save_plot`."""
    told = "Draw it into this SVG file too; an older one is replaced."
    path: Any = click.Path(dir_okay=False, writable=True, path_type=Path)
    return click.option("--plot", type=path, metavar="FILE.svg", help=told)(command)


def save_plot(path: Path, svg: str) -> None:
    """Write a picture of :mod:`crmkit.svg`, whole or not at all, and say where it is."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(svg, encoding="utf-8")
    partial.replace(path)
    say(f"Drawn into {path}.")
