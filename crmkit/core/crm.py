"""The composition root: wires a database and plugins together, and owns no verbs."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..database.backup import upgrade
from ..database.engine import (
    Durability,
    create_engine,
    is_retryable,
    joined,
    refuse_driver,
    transaction,
)
from ..database.migrations import Owner, refuse_unready
from ..errors import ConfigError, nearest
from . import calls
from .attributes import Attribute
from .config import Config, read_config, structure_settings
from .dispatch import Hooks
from .loading import Contributed, Loaded, load_all
from .plugin import Plugin, owners
from .unit import Unit

S = TypeVar("S")
T = TypeVar("T")
Clock = Callable[[], datetime]
ATTEMPTS: Final = 6


def system_clock() -> datetime:
    return datetime.now(UTC)


class CRM:
    """
    A database plus the plugins that were asked for. Two in one process share nothing.

    Attributes:
        engine: The SQLAlchemy engine.
        plugins: The plugins that run, in order.
        quarantined: Those that were asked for but do not run, with the cause.
        hooks: To call hooks.
        contributed: What core and the plugins contribute.
        attributes: The defined custom attributes by name.
        clock: Returns the current instant.
        folder: What relative paths in settings start from: the folder of ``crmkit.toml``.
    """

    def __init__(
        self,
        engine: sa.Engine,
        loaded: Loaded,
        *,
        settings: Mapping[str, object],
        attributes: Iterable[Attribute],
        clock: Clock,
        actor: str,
        folder: Path,
    ) -> None:
        self.engine = engine
        self.plugins = loaded.plugins
        self.quarantined = loaded.quarantined
        self.hooks: Hooks = loaded.hooks
        self.contributed: Contributed = loaded.contributed
        self.attributes = {each.name: each for each in attributes}
        self.clock = clock
        self.actor = actor
        self.folder = folder
        self._settings = settings
        self._is_ready = False

    @classmethod
    def open(
        cls,
        database: str | Path | sa.Engine,
        plugins: Iterable[str | Plugin] = (),
        *,
        settings: Mapping[str, Mapping[str, object]] | None = None,
        attributes: Iterable[Attribute] = (),
        essential: Iterable[str] = (),
        strict: bool = False,
        durability: Durability = "full",
        clock: Clock = system_clock,
        actor: str = "",
        folder: Path = Path(),
    ) -> CRM:
        """
        Wire a CRM. Touches no table: call :meth:`upgrade` once, then work in units.

        Args:
            database: A URL, the path of a SQLite file, or the host's own engine.
            plugins: Names of installed plugins, paths of Python files, or manifests; in order.
            settings: Settings by plugin name, as in ``crmkit.toml``.
            attributes: Definitions of custom attributes.
            essential: Plugins whose failure is raised instead of quarantined.
            strict: Raise whatever plugin fails.

        Raises:
            PluginConflictError: If two plugins claim the same name, table or contribution.
            PluginError: If an essential plugin, or with *strict* any, fails.
            ConfigError: If settings do not fit or name a plugin that is not enabled.
        """
        if isinstance(database, sa.Engine):
            engine = database
            refuse_driver(engine)
        else:
            engine = create_engine(database, durability=durability)
        loaded = load_all(plugins, trace=os.environ.get("CRMKIT_TRACE", "") not in ("", "0"))
        _refuse_missing(loaded, set(essential), strict)
        return cls(
            engine,
            loaded,
            settings=_structured(loaded, settings or {}),
            attributes=attributes,
            clock=clock,
            actor=actor,
            folder=folder,
        )

    @classmethod
    def from_config(cls, config: Config | str | Path, **changes: Any) -> CRM:
        """Wire a CRM as ``crmkit.toml`` says; *changes* are arguments of :meth:`open`."""
        read = config if isinstance(config, Config) else read_config(Path(config))
        given: dict[str, Any] = {
            "database": read.database,
            "plugins": read.plugins,
            "settings": read.settings,
            "attributes": read.attributes,
            "essential": read.essential,
            "strict": read.strict,
            "durability": read.durability,
            "actor": read.actor,
            "folder": read.path.parent if read.path else Path(),
        }
        return cls.open(**(given | changes))

    @property
    def owners(self) -> tuple[Owner, ...]:
        """Who has tables: core, then the plugins."""
        return owners(self.plugins)

    def is_enabled(self, plugin: str) -> bool:
        """Whether *plugin* runs here; one that is quarantined does not."""
        return any(each.name == plugin for each in self.plugins)

    def settings(self, cls: type[S]) -> S:
        """The settings of the plugin that declared *cls*."""
        for found in self._settings.values():
            if isinstance(found, cls):
                return found
        raise ConfigError(f"no enabled plugin has settings of type {cls.__name__}")

    def upgrade(self) -> list[str]:
        """
        Bring the database to what core and the plugins need; returns ``owner revision`` lines.

        A SQLite file that holds something is copied first, to ``<name>.bak-<time>`` beside it.
        """
        return upgrade(self.engine, self.owners, self.clock())

    @contextmanager
    def unit(
        self,
        *,
        connection: sa.Connection | None = None,
        session: Session | None = None,
        actor: str | None = None,
        write: bool = True,
    ) -> Iterator[Unit]:
        """
        One unit of work: commits on success, rolls back on any exception.

        With the host's *connection* or *session* it joins the host's transaction: it is a
        savepoint there, and the host commits; *write* is then the host's to decide.

        Raises:
            MigrationsPendingError, DatabaseNewerError: If the schema is not the code's.
            DatabaseError: Locked, read-only or full.
        """
        if session is not None:
            with self._joined(session.connection(), actor) as unit:
                yield unit
            if write:
                told = self._telling(unit, session.get_transaction())
                sa.event.listen(session, "after_commit", told)
        elif connection is not None:
            with self._joined(connection, actor) as unit:
                yield unit
        else:
            with transaction(self.engine, write=write) as own:
                unit = self._make(own, actor)
                yield unit
            if write:
                self._tell(unit)

    def run(self, work: Callable[[Unit], T], *, actor: str | None = None) -> T:
        """
        *work* in a serializable unit, run again when PostgreSQL gives it up for another one.

        *work* may be called several times, so it must not act outside the unit.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction(self.engine, serializable=True) as own:
                    unit = self._make(own, actor)
                    result = work(unit)
                self._tell(unit)
                return result
            except Exception as exc:
                if attempt == ATTEMPTS or not is_retryable(exc):
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections of the engine."""
        self.engine.dispose()

    @contextmanager
    def _joined(self, connection: sa.Connection, actor: str | None) -> Iterator[Unit]:
        with joined(connection):
            yield self._make(connection, actor)

    def _make(self, connection: sa.Connection, actor: str | None) -> Unit:
        if not self._is_ready:
            refuse_unready(connection, self.owners)
            self._is_ready = True
        return Unit(
            self, connection, now=self.clock(), actor=self.actor if actor is None else actor
        )

    def _tell(self, unit: Unit) -> None:
        calls.committed(self, tuple(unit.changes))

    def _telling(self, unit: Unit, begun: object) -> Callable[[Session], None]:
        """A listener that tells once, when the host's outermost transaction is committed."""
        waiting = [unit]

        def tell(session: Session) -> None:
            if waiting and not session.in_nested_transaction():
                joined = waiting.pop()
                if session.get_transaction() is begun:  # else the unit's was rolled back before
                    self._tell(joined)

        return tell


def _enabled(loaded: Loaded) -> set[str]:
    return {each.name for each in loaded.plugins} | {each.name for each in loaded.quarantined}


def _refuse_missing(loaded: Loaded, essential: set[str], strict: bool) -> None:
    for each in loaded.quarantined:
        if strict or each.name in essential:
            raise each.cause
    for name in essential - _enabled(loaded):
        told = nearest(name, _enabled(loaded))
        raise ConfigError(f"essential: {name!r} is no enabled plugin{told}")


def _structured(loaded: Loaded, settings: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    enabled = _enabled(loaded)
    for name in settings:
        if name not in enabled:
            raise ConfigError(f"[{name}] is no enabled plugin{nearest(name, enabled)}")
    return {
        plugin.name: structure_settings(plugin.name, plugin.settings, settings.get(plugin.name, {}))
        for plugin in loaded.plugins
        if plugin.settings is not None
    }
