"""A CRM with the plugins under test, a clock, and the command line in process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from .clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from crmkit import CRM, Plugin

    from .upgraded import Upgraded

MakeCRM: TypeAlias = "Callable[..., CRM]"


@pytest.fixture
def clock() -> Clock:
    """The clock of every CRM that :func:`make_crm` opens."""
    return Clock()


@pytest.fixture
def make_crm(database: str, clock: Clock, upgraded: Upgraded) -> Iterator[MakeCRM]:
    """
    Open and upgrade a CRM: ``make_crm("consent", my_plugin, settings={...})``.

    Strict, so that a broken plugin fails the test. Runs on SQLite and on PostgreSQL. A test that
    leaves a unit open or a thread running fails.
    """
    from crmkit import CRM

    opened: list[CRM] = []
    threads = set(threading.enumerate())

    def make(*plugins: str | Plugin, **options: Any) -> CRM:
        given: dict[str, Any] = {
            "strict": True,
            "clock": clock,
            "actor": "test",
            "durability": "relaxed",
        }
        given |= options
        crm = CRM.open(database, plugins, **given)
        opened.append(crm)
        upgraded.upgrade(crm)
        return crm

    yield make
    leaks = [*_open_connections(opened), *_running_threads(threads)]
    for crm in opened:
        crm.close()
        upgraded.give_back(crm)
        crm.close()
    if leaks:
        pytest.fail("the test leaks: " + "; ".join(leaks), pytrace=False)


def _open_connections(opened: Iterable[CRM]) -> Iterator[str]:
    from sqlalchemy import QueuePool

    for crm in opened:
        pool = crm.engine.pool
        if isinstance(pool, QueuePool) and pool.checkedout():
            yield f"{pool.checkedout()} connection(s) in use; leave units with `with`"


def _running_threads(before: set[threading.Thread]) -> Iterator[str]:
    for thread in set(threading.enumerate()) - before:
        if thread.is_alive() and not thread.daemon:
            yield f"thread {thread.name} still runs; join it"


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``crmkit ARGS`` in process, in an empty folder of its own: ``cli("init").exit_code``."""
    from click.testing import CliRunner

    from crmkit.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), input=stdin, prog_name="crmkit")

    return run
