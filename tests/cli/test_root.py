import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crmkit.core.store import Customers, Interactions
from tests.cli.conftest import enable, plugin_code

REPOSITORY = Path(__file__).parents[2]
HEAVY = {"sqlalchemy", "alembic", "cattrs", "pluggy", "attr"}


def run(*arguments, cwd, **environment):
    """``python -m crmkit`` as a process of its own."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
        check=False,
    )


def imported(*arguments, cwd):
    done = run("-X", "importtime", "-m", "crmkit", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_help_with_enabled_plugins_imports_no_database_and_no_plugin(
    install, tmp_path, configuration
):
    names = [f"acme{n}" for n in range(3)]
    for name in names:
        install(name, commands={f"go{name}": f"{name}.cli:go"})
    enable(configuration, *names)
    modules = imported("--help", cwd=tmp_path)
    assert not modules & (HEAVY | set(names))


def test_version_reads_no_metadata_of_installed_packages(tmp_path, configuration):
    enable(configuration, "consent")
    modules = imported("--version", cwd=tmp_path)
    assert not modules & (HEAVY | {"importlib.metadata", "tomllib"})


def test_help_lists_core_commands_and_those_of_enabled_plugins(install, cli, configuration):
    install("acme", commands={"greet": "acme.cli:greet"})
    assert "greet" not in cli("--help").stdout
    enable(configuration, "acme")
    assert "greet  (plugin acme)" in cli("--help").stdout
    assert "customer     Find, show, add and change customers." in cli("--help").stdout


def test_help_works_with_a_configuration_that_is_no_toml(cli, configuration):
    configuration.write_text("plugins = [")
    done = cli("--help")
    assert done.exit_code == 0
    assert "doctor" in done.stdout


def test_an_unknown_command_is_refused_with_the_nearest_name(cli):
    done = cli("custmer", "list")
    assert done.exit_code == 2
    assert "there is no command 'custmer', did you mean 'customer'?" in done.stderr


def test_a_command_of_a_plugin_that_is_not_enabled_says_so(install, cli):
    install("acme", commands={"greet": "acme.cli:greet"})
    done = cli("greet")
    assert done.exit_code == 2
    assert "it belongs to plugin acme, run `crmkit plugins enable acme`" in done.stderr


GREET = """
import click
from crmkit.cli import emit, examples, pass_crm

@click.command(epilog=examples("crmkit greet"))
@pass_crm
def greet(crm):
    "Say hello."
    emit([{"plugins": [each.name for each in crm.plugins]}])
"""


def test_a_command_of_an_enabled_plugin_gets_the_crm(install, shop, configuration):
    install("acme", commands={"greet": "acme.cli:greet"}, files={"cli.py": GREET})
    enable(configuration, "acme")
    done = shop("--format", "json", "greet")
    assert json.loads(done.stdout) == [{"plugins": ["acme"]}]


def test_a_plugin_command_that_cannot_be_imported_names_plugin_cause_and_mend(
    install, shop, configuration
):
    install("acme", commands={"greet": "acme.cli:greet"}, files={"cli.py": "import nowhere"})
    enable(configuration, "acme")
    done = shop("greet")
    assert done.exit_code == 7
    assert done.stderr == (
        "Error: plugin acme: its command 'greet' cannot be imported: ModuleNotFoundError: "
        "No module named 'nowhere'; mend or upgrade it, or run `crmkit plugins disable acme`\n"
    )
    assert shop("customer", "list").exit_code == 0


def test_two_plugins_with_one_command_are_refused_naming_both(install, shop, configuration):
    for name in ("acme", "bolt"):
        install(name, commands={"greet": f"{name}.cli:greet"}, files={"cli.py": GREET})
    enable(configuration, "acme", "bolt")
    for arguments in (["greet"], ["customer", "list"], ["plugins", "check"]):
        done = shop(*arguments)
        assert done.exit_code == 7
        assert "acme and bolt both have a command 'greet'" in done.stderr


def test_core_keeps_its_command_when_a_plugin_claims_it(install, shop, configuration):
    install("acme", commands={"customer": "acme.cli:greet"}, files={"cli.py": GREET})
    enable(configuration, "acme")
    done = shop("customer", "list")
    assert done.exit_code == 7
    assert "crmkit itself and acme both have a command 'customer'" in done.stderr
    assert "Find customers" not in shop("customer", "--help").stdout
    assert "A customer is named by id" in shop("customer", "--help").stdout
    assert shop("--safe-mode", "customer", "list").exit_code == 0


def test_what_a_plugin_prints_at_import_does_not_spoil_the_data(install, shop, configuration):
    install("acme", "print('hello from acme')\n" + plugin_code("acme"))
    enable(configuration, "acme")
    done = shop("--format", "json", "customer", "list")
    assert [each["name"] for each in json.loads(done.stdout)] == ["Ana Kowalska", "Bo Lindqvist"]
    assert "hello from acme" in done.stderr


def test_a_broken_plugin_is_one_warning_line_and_the_rest_runs(install, shop, configuration):
    install("acme", "raise RuntimeError('no licence')")
    enable(configuration, "acme", "nowhere")
    done = shop("customer", "list")
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Warning: plugin acme: cannot be imported: RuntimeError: no licence")
    assert lines[1].startswith("Warning: plugin nowhere: not installed")


def test_strict_refuses_a_broken_plugin(install, shop, configuration):
    install("acme", "raise RuntimeError('no licence')")
    enable(configuration, "acme")
    done = shop("--strict", "customer", "list")
    assert done.exit_code == 7
    assert done.stderr.startswith("Error: plugin acme: cannot be imported")


def test_an_essential_plugin_that_fails_stops_commands_but_not_doctor_or_safe_mode(
    install, shop, configuration
):
    install("acme", "raise SystemExit(3)")
    enable(configuration, "acme", more='essential = ["acme"]\n')
    assert shop("customer", "list").exit_code == 7
    assert shop("--safe-mode", "customer", "list").exit_code == 0
    done = shop("doctor")
    assert done.exit_code == 7
    assert "essential: nothing runs" in done.stdout


def test_a_plugin_of_a_newer_api_is_quarantined(install, shop, configuration):
    install("acme", plugin_code("acme", api=99))
    enable(configuration, "acme")
    done = shop("plugins", "check")
    assert done.exit_code == 7
    assert "was written for plugin API 99, this crmkit has 1" in done.stdout


def test_without_a_configuration_a_command_says_what_to_do(cli):
    done = cli("customer", "list")
    assert done.exit_code == 2
    assert "run `crmkit init`, or name a database with --db" in done.stderr


def test_the_configuration_is_found_in_a_folder_above_and_its_database_beside_it(
    shop, tmp_path, monkeypatch
):
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert "Ana Kowalska" in shop("customer", "list").stdout
    assert list(below.iterdir()) == []


def test_a_configuration_can_be_named_by_option_and_by_environment(shop, tmp_path, monkeypatch):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (tmp_path / "crmkit.toml").rename(tmp_path / "shop.toml")
    assert shop("--config", "../shop.toml", "customer", "list").exit_code == 0
    monkeypatch.setenv("CRMKIT_CONFIG", str(tmp_path / "shop.toml"))
    assert shop("customer", "list").exit_code == 0


def test_a_missing_database_is_not_created_by_reading(shop, tmp_path):
    done = shop("--db", "sqlite:///other.db", "customer", "list")
    assert done.exit_code == 6
    assert done.stderr == "Error: there is no database other.db; run `crmkit db upgrade`\n"
    assert not (tmp_path / "other.db").exists()


def test_a_database_url_that_is_none_is_one_line(shop):
    done = shop("--db", "mysql://x/y", "customer", "list")
    assert done.exit_code == 2
    assert "crmkit stores in sqlite:///file.db or postgresql://" in done.stderr


def test_format_may_stand_behind_the_command(shop):
    before = shop("--format", "csv", "customer", "find", "ana").stdout
    behind = shop("customer", "find", "ana", "--format", "csv").stdout
    assert before == behind
    assert before.splitlines()[0] == "id,name,email,phone,identities,status"


def test_quiet_leaves_data_and_errors(shop):
    assert shop("-q", "customer", "add", "Cy", "--dry-run").stderr == ""
    assert shop("-q", "customer", "show", "99").stderr == "Error: no customer 99\n"


def test_an_interrupt_is_one_line_and_130(shop, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Customers, "page", interrupt)
    done = shop("customer", "list")
    assert done.exit_code == 130
    assert done.stderr == "Error: interrupted\n"


def test_an_interrupted_write_leaves_nothing(shop, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Interactions, "get", interrupt)
    assert shop("interaction", "log", "1", "note.heard", "--text", "x").exit_code == 130
    assert json.loads(shop("--format", "json", "interaction", "list").stdout) == []


def test_an_unexpected_failure_is_one_line_and_traceback_shows_it(shop, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("by the moon")

    monkeypatch.setattr(Customers, "page", fail)
    done = shop("customer", "list")
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: unexpected ZeroDivisionError: by the moon (--traceback shows more)\n",
    )
    assert isinstance(shop("--traceback", "customer", "list").exception, ZeroDivisionError)


def test_an_untranslated_driver_error_is_one_line(shop, monkeypatch):
    import sqlalchemy as sa

    def fail(*_, **__):
        raise sa.exc.OperationalError("SELECT", {}, RuntimeError("no such table: x\nmore"))

    monkeypatch.setattr(Customers, "page", fail)
    done = shop("customer", "list")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: the database says: no such table: x more")


def test_a_closed_pipe_is_silent(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "crmkit", "help", "exit-codes"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("arguments", [["--no-color"], []])
def test_output_to_a_file_has_no_colour(shop, arguments):
    assert "\x1b" not in shop(*arguments, "customer", "list").output


def test_exit_codes_are_told(cli):
    rows = json.loads(cli("--format", "json", "help", "exit-codes").stdout)
    assert {row["code"] for row in rows} == {0, 1, 2, 3, 4, 5, 6, 7, 75, 130}


@pytest.mark.parametrize(("shell", "part"), [
    ("bash", "complete -o nosort -F"), ("zsh", "#compdef crmkit"), ("fish", "complete --no-files"),
])  # fmt: skip
def test_completion_prints_the_script_of_the_shell(cli, shell, part):
    done = cli("completion", shell)
    assert part in done.stdout
    assert "_CRMKIT_COMPLETE" in done.stdout


def test_completion_offers_commands_without_importing_them(install, tmp_path, configuration):
    install("acme", commands={"custom": "acme.cli:go"})
    enable(configuration, "acme")
    done = run(
        "-m", "crmkit", cwd=tmp_path,
        _CRMKIT_COMPLETE="bash_complete", COMP_WORDS="crmkit cust", COMP_CWORD="1",
    )  # fmt: skip
    assert done.stdout.split() == ["plain,customer", "plain,custom"]


def test_safe_mode_says_that_it_runs_no_plugin(install, shop, configuration):
    install("acme", commands={"greet": "acme.cli:greet"})
    enable(configuration, "acme")
    done = shop("--safe-mode", "greet")
    assert done.exit_code == 2
    assert "it belongs to plugin acme, and --safe-mode runs no plugins" in done.stderr
    assert "plugins enable" not in done.stderr
