"""The database and whose tables it holds, opened also when plugins or their settings are broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .invocation import Invocation, quiet_plugins
from .output import warn

if TYPE_CHECKING:
    import sqlalchemy as sa

    from crmkit import Plugin
    from crmkit.admin import Owner, Quarantined


@dataclass(frozen=True)
class Premises:
    """
    What ``crmkit db`` and ``crmkit doctor`` work on.

    Attributes:
        problem: Why no plugin could be loaded at all; empty when that is not so.
    """

    engine: sa.Engine
    owners: tuple[Owner, ...]
    quarantined: tuple[Quarantined, ...]
    problem: str


def load_plugins(
    names: Iterable[str],
) -> tuple[tuple[Plugin, ...], tuple[Quarantined, ...], str]:
    """The plugins that load, those that do not, and the conflict that keeps all from loading."""
    from crmkit import PluginConflictError
    from crmkit.admin import load_all

    with quiet_plugins():
        try:
            loaded = load_all(names)
        except PluginConflictError as exc:
            return (), (), str(exc)
    return loaded.plugins, loaded.quarantined, ""


@contextmanager
def premises(invocation: Invocation) -> Iterator[Premises]:
    """Open them, telling of plugins that do not load."""
    from crmkit.admin import create_engine, owners

    config = invocation.config()
    plugins, quarantined, problem = load_plugins(config.plugins)
    for each in quarantined:
        warn(f"{each} (quarantined; its tables are left alone)")
    if problem:
        warn(f"{problem} (no plugin is loaded)")
    engine = create_engine(config.database, durability=config.durability)
    try:
        yield Premises(engine, owners(plugins), quarantined, problem)
    finally:
        engine.dispose()
