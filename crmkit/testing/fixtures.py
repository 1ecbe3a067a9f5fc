"""A CRM with the plugins under test, a clock, and the command line in process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from crmkit import CRM, Plugin

from .clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

MakeCRM: TypeAlias = Callable[..., CRM]


@pytest.fixture
def clock() -> Clock:
    """The clock of every CRM that :func:`make_crm` opens."""
    return Clock()


@pytest.fixture
def make_crm(database: str, clock: Clock) -> Iterator[MakeCRM]:
    """
    Open and upgrade a CRM: ``make_crm("consent", my_plugin, settings={...})``.

    Strict, so that a broken plugin fails the test. Runs on SQLite and on PostgreSQL.
    """
    opened: list[CRM] = []

    def make(*plugins: str | Plugin, **options: Any) -> CRM:
        given = {"strict": True, "clock": clock, "actor": "test"} | options
        crm = CRM.open(database, plugins, **given)
        opened.append(crm)
        crm.upgrade()
        return crm

    yield make
    for crm in opened:
        crm.close()


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``crmkit ARGS`` in process, in an empty folder of its own: ``cli("init").exit_code``."""
    from click.testing import CliRunner

    from crmkit.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), input=stdin, prog_name="crmkit")

    return run
