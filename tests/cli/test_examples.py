"""Every command explains itself, and every example in a ``--help`` runs."""

import shlex

import click
import pytest

from crmkit.cli.catalog import CORE, Catalog
from tests.cli import sandbox

COMMANDS = dict(sandbox.commands())
EXAMPLES = sorted({line for each in COMMANDS.values() for line in sandbox.example_lines(each)})
WRITES = (
    "init", "db upgrade", "plugins new", "plugins enable", "plugins disable", "customer add",
    "customer edit", "customer erase", "customer export", "db backup", "db compact",
    "interaction log", "offer new", "offer accept", "offer decline",
    "offer withdraw", "cycle run",
)  # fmt: skip


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    sandbox.build(folder)
    return folder


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_of_every_help_runs(line, built, tmp_path):
    folder = sandbox.copy(built, tmp_path)
    for name in ("shop", "work"):
        (folder / name).mkdir()
    words = shlex.split(line)
    done = sandbox.crmkit_in(folder, *words[1:])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("name", Catalog(sandbox.bundled()).of_plugins)
def test_every_bundled_command_can_be_imported(name):
    assert isinstance(Catalog(sandbox.bundled()).load(name), click.Command)


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_help_and_examples(words):
    command = COMMANDS[words]
    assert command.help, f"crmkit {words} says nothing of itself"
    assert sandbox.example_lines(command), f"crmkit {words} has no example"


@pytest.mark.parametrize("words", [words for words in COMMANDS if words.split()[0] in CORE])
def test_every_option_of_core_is_explained(words):
    options = [each for each in COMMANDS[words].params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []


@pytest.mark.parametrize("words", WRITES)
def test_every_command_that_writes_has_a_dry_run(words):
    options = [option for each in COMMANDS[words].params for option in each.opts]
    assert "--dry-run" in options
