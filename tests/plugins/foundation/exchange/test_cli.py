"""``crmkit import``."""

import json
import shutil
from pathlib import Path

import pytest

from crmkit.plugins.foundation import exchange

EXAMPLES = Path(exchange.__file__).parent / "examples"


@pytest.fixture
def run(cli, tmp_path):
    for each in EXAMPLES.iterdir():
        shutil.copy(each, tmp_path)
    assert cli("init", "--plugins", "exchange").exit_code == 0
    return cli


def test_the_examples_are_planned_and_imported(run):
    command = ("--format", "json", "import", "purchases.csv", "--mapping", "mapping.toml")
    plan = run(*command, "--dry-run")
    assert plan.exit_code == 0
    assert "Dry run: nothing was written." in plan.stderr
    done = run(*command)
    assert json.loads(done.stdout) == json.loads(plan.stdout)
    assert json.loads(done.stdout) == {
        "file": "purchases.csv",
        "format": "csv, comma, utf-8",
        "rows": 8,
        "created": 7,
        "updated": 0,
        "unchanged": 0,
        "skipped": 1,
        "outside": 0,
        "rejected": 0,
        "customers_created": 3,
        "interactions_created": 6,
    }
    assert "1 skipped: sold to nobody in particular, e.g. line 8" in done.stderr
    again = run(*command)
    assert "nothing was done" in again.stderr
    assert run("import", "customers.csv", "--mapping", "customers.toml").exit_code == 0
    history = json.loads(run("--format", "json", "import", "--history").stdout)
    assert [(each["path"], each["rows"]) for each in history] == [
        ("customers.csv", 4),
        ("purchases.csv", 8),
    ]


def test_rejected_rows_end_with_code_4_and_say_where_they_are(run, tmp_path):
    (tmp_path / "bad.csv").write_text(
        (EXAMPLES / "customers.csv").read_text().replace("bo@example.com", "bo@")
    )
    done = run("import", "bad.csv", "--mapping", "customers.toml")
    assert done.exit_code == 4
    assert "bad.rejects.csv" in done.stdout
    assert "1 rejected: email: expected an address such as ana@example.com, e.g. line 3: 'bo@'" in (
        done.stderr
    )


def test_options_say_what_the_file_does_not(run, tmp_path):
    text = (EXAMPLES / "customers.csv").read_text().replace(",", "^").replace("Bo", "Bø")
    (tmp_path / "odd.csv").write_bytes(text.encode("cp1252"))
    command = ("import", "odd.csv", "--mapping", "customers.toml")
    told = run(*command)
    assert (told.exit_code, "state --delimiter" in told.stderr) == (2, True)
    done = run(*command, "--delimiter", "^", "--encoding", "cp1252")
    assert done.exit_code == 0
    assert run(*command, "--delimiter", "ab").exit_code == 2


def test_a_window_is_read_in_the_zone_of_the_mapping(run):
    command = ("--format", "json", "import", "purchases.csv", "--mapping", "mapping.toml")
    done = json.loads(run(*command, "--since", "2025-12-01", "--until", "2026-01-01").stdout)
    assert (done["created"], done["outside"], done["skipped"]) == (3, 4, 1)
    assert run(*command, "--since", "yesterday").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("import",),
        ("import", "purchases.csv"),
        ("import", "none.csv", "--mapping", "mapping.toml"),
        ("import", "purchases.csv", "--mapping", "none.toml"),
        ("import", "purchases.csv", "--mapping", "customers.toml"),
        ("import", "customers.csv", "--mapping", "customers.toml", "--since", "2026-01-01"),
    ],
)
def test_what_cannot_be_imported_ends_in_one_line_and_code_2(run, arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr


def test_an_interruption_says_how_to_go_on(run, monkeypatch):
    from crmkit.plugins.foundation.exchange import actions

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(actions, "_finished", interrupt)
        done = run("import", "purchases.csv", "--mapping", "mapping.toml")
    assert done.exit_code == 130
    assert "the same command goes on from there" in done.stderr
    done = run("import", "purchases.csv", "--mapping", "mapping.toml")
    assert done.exit_code == 0
    assert "Went on after row 8" in done.stderr
