"""One unit of work: a transaction, the three stores in it, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from . import calls
from .attributes import Attribute
from .columns import from_micros, to_micros
from .dialect import allocate_ids
from .dispatch import Hooks
from .errors import PluginError
from .loading import Contributed
from .records import Changes
from .store import Customers, Interactions, Offers

if TYPE_CHECKING:
    from .crm import CRM

S = TypeVar("S")
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
        self.read_instant: Callable[[Any], datetime] = from_micros if sqlite else _as_it_is
        self.enforces_foreign_keys = not sqlite or bool(
            connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
        )

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

    def saved(self, changes: Changes) -> None:
        """Tell the plugins, inside the transaction, that a batch was written."""
        if self._depth >= DEEPEST:
            raise PluginError("?", f"crmkit_saved writes that cause writes, {DEEPEST} deep")
        self.changes.append(changes)
        self._depth += 1
        try:
            calls.saved(self, changes)
        finally:
            self._depth -= 1


def _as_it_is(value: Any) -> Any:
    return value
