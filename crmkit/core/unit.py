"""One unit of work: a transaction, the three stores in it, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import sqlalchemy as sa

from ..database.columns import from_micros, to_micros
from ..database.dialect import allocate_ids
from ..database.engine import savepoint
from ..errors import PluginError
from . import calls
from .attributes import Attribute
from .dispatch import Hooks
from .loading import Contributed
from .records import Changes
from .store import Customers, Interactions, Offers

if TYPE_CHECKING:
    from .crm import CRM

S = TypeVar("S")
V = TypeVar("V", bound=Callable[..., Any])
DEEPEST = 5


class Unit:
    """
    Everything that commits or rolls back together. Made by :meth:`CRM.unit`.

    Attributes:
        connection: For the plugins' own tables; in the unit's transaction.
        customers, interactions, offers: The stores.
        now: The one instant all of this unit happens at.
        actor: Who does it, as the host calls them.
        hooks: To call plugins' own hooks.
        contributed: Kinds, scorers, segments, channels and steps of the enabled plugins.
        attributes: The defined custom attributes by name.
    """

    def __init__(self, crm: CRM, connection: sa.Connection, *, now: datetime, actor: str) -> None:
        self.crm = crm
        self.connection = connection
        self.now = now
        self.actor = actor
        self.customers = Customers(self)
        self.interactions = Interactions(self)
        self.offers = Offers(self)
        self.changes: list[Changes] = []
        self._depth = 0
        sqlite = connection.dialect.name == "sqlite"
        self.instant: Callable[[datetime], Any] = to_micros if sqlite else _as_it_is
        self.read_instant: Callable[[Any], datetime] = from_micros if sqlite else _in_utc

    @property
    def hooks(self) -> Hooks:
        return self.crm.hooks

    @property
    def contributed(self) -> Contributed:
        return self.crm.contributed

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        return self.crm.attributes

    @property
    def enforces_foreign_keys(self) -> bool:
        """False on a SQLite connection of a host that leaves SQLite's default."""
        if self.connection.dialect.name != "sqlite":
            return True
        raw: Any = self.connection.connection.dbapi_connection
        return bool(raw.execute("PRAGMA foreign_keys").fetchone()[0])

    @property
    def integrity_error(self) -> tuple[type[Exception], ...]:
        """What the driver, or SQLAlchemy around it, raises when a constraint is violated."""
        dbapi: Any = self.connection.dialect.dbapi
        return (dbapi.IntegrityError, sa.exc.IntegrityError)

    def settings(self, cls: type[S]) -> S:
        """The settings of the plugin that declared *cls*."""
        return self.crm.settings(cls)

    def new_ids(self, table: sa.Table, count: int) -> Sequence[int]:
        """*count* ids for rows of a plugin's table."""
        return allocate_ids(self.connection, table.name, count)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All of a batch with what plugins add to it, or nothing of it."""
        told = len(self.changes)
        try:
            with savepoint(self.connection):
                yield
        except BaseException:
            del self.changes[told:]
            raise

    def saved(self, changes: Changes) -> None:
        """Tell the plugins, inside the transaction, that a batch was written."""
        if self._depth >= DEEPEST:
            names = [each.plugin for each in self.hooks.implementations("crmkit_saved")]
            raise PluginError(" or ".join(names), f"writes that cause writes, {DEEPEST} deep")
        self.changes.append(changes)
        self._depth += 1
        try:
            calls.saved(self, changes)
        finally:
            self._depth -= 1


def atomic(verb: V) -> V:
    """
    Let a verb write all or, where it raises, nothing, also for who catches that and goes on.

    For verbs that may refuse after they have begun to write.
    """

    @wraps(verb)
    def run(unit: Unit, *args: Any, **kwargs: Any) -> Any:
        with unit.batch():
            return verb(unit, *args, **kwargs)

    return cast("V", run)


def _as_it_is(value: datetime) -> datetime:
    return value


def _in_utc(value: datetime) -> datetime:
    """The server answers in its own time zone."""
    return value.astimezone(UTC)
