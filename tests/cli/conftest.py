"""A small CRM in a folder of its own, and plugins that are installed for one test."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result

from crmkit.cli import main

Cli: TypeAlias = Callable[..., Result]
Install: TypeAlias = Callable[..., None]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty plugin list, Ana (1) and Bo (2)."""
    folder = tmp_path_factory.mktemp("shop")
    ana = ["Ana Kowalska", "--email", "ana@example.com", "--phone", "+48 22 123 45 67"]
    bo = ["Bo Lindqvist", "--email", "bo@example.com", "--identity", "shop:43"]
    with contextlib.chdir(folder):
        for arguments in (
            ["init", "--plugins", ""],
            ["customer", "add", *ana, "--identity", "shop:42"],
            ["customer", "add", *bo],
        ):
            done = CliRunner().invoke(main, arguments, prog_name="crmkit")
            assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def shop(cli: Cli, furnished: Path, tmp_path: Path) -> Cli:
    """The command line in a copy of the furnished folder."""
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    return cli


@pytest.fixture
def install(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Install]:
    """
    Put a distribution with one plugin on the path, as pip would: ``install("acme", code)``.

    *commands* are entry points, ``{"greet": "acme.cli:greet"}``; *files* further modules.
    """
    site = tmp_path_factory.mktemp("site")
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def put(
        name: str,
        code: str | None = None,
        *,
        commands: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        package = site / name
        package.mkdir()
        (package / "__init__.py").write_text(dedent(code or plugin_code(name)))
        for file, text in (files or {}).items():
            (package / file).write_text(dedent(text))
        info = site / f"crmkit_{name}-2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: crmkit-{name}\nVersion: 2.3\n"
        )
        entries = "".join(f"{key} = {value}\n" for key, value in (commands or {}).items())
        (info / "entry_points.txt").write_text(
            f"[crmkit.plugins]\n{name} = {name}:plugin\n[crmkit.commands]\n{entries}"
        )

    yield put
    for module in set(sys.modules) - before:
        if (getattr(sys.modules[module], "__file__", None) or "").startswith(str(site)):
            del sys.modules[module]


def plugin_code(name: str, **manifest: object) -> str:
    fields = "".join(f", {key}={value!r}" for key, value in manifest.items())
    return f"""\
from crmkit import Plugin

plugin = Plugin(name={name!r}, summary="A plugin for a test.", hooks=object(){fields})
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    return tmp_path / "crmkit.toml"


def enable(configuration: Path, *names: str, more: str = "") -> None:
    """Write a configuration that enables *names*, whether or not they exist."""
    listed = ", ".join(f'"{name}"' for name in names)
    configuration.write_text(f"[crmkit]\nplugins = [{listed}]\n{more}")
