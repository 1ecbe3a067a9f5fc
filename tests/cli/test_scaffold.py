"""``crmkit plugins new``: what it writes works, and it writes all of it or nothing."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

import crmkit
from crmkit.cli.scaffold import SUMMARIES

REPOSITORY = Path(crmkit.__file__).parents[1]
KINDS = list(SUMMARIES)
NO_SERVER = "postgresql://nobody@127.0.0.1:1/none"
SHORTEST, LONGEST = "a", "abcdefghij_abcdefghij_abcdefghi"
EVERYWHERE = {
    "AGENTS.md", "README.md", "conftest.py", "pyproject.toml", "tests/test_suite.py",
    "crmkit_acme_loyalty/__init__.py", "crmkit_acme_loyalty/hooks.py",
    "crmkit_acme_loyalty/py.typed",
}  # fmt: skip
ONLY_IN = {
    "module": {
        "crmkit_acme_loyalty/actions.py", "crmkit_acme_loyalty/cli.py",
        "crmkit_acme_loyalty/migrations/0001_initial.py", "crmkit_acme_loyalty/model.py",
        "crmkit_acme_loyalty/queries.py", "crmkit_acme_loyalty/tables.py", "tests/test_module.py",
    },
    "scorer": {
        "crmkit_acme_loyalty/features.py", "crmkit_acme_loyalty/scoring.py",
        "tests/test_scorer.py",
    },
    "channel": {
        "crmkit_acme_loyalty/channel.py", "crmkit_acme_loyalty/config.py",
        "tests/test_channel.py",
    },
}  # fmt: skip


@pytest.fixture
def new(cli, tmp_path):
    """Run ``crmkit plugins new``; the folder it made."""

    def make(name, *options):
        done = cli("plugins", "new", name, *options)
        assert done.exit_code == 0, done.output
        return tmp_path / f"crmkit-{name.replace('_', '-')}"

    return make


def files_in(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def run_in(folder, *arguments, path=(), **environment):
    """``python -m ARGUMENTS`` in *folder*, as somebody would who has not seen this repository."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    python_path = os.pathsep.join(map(str, [*path, REPOSITORY]))
    return subprocess.run(
        [sys.executable, "-B", "-m", *arguments],
        cwd=folder,
        env=kept | {"PYTHONPATH": python_path} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def as_installed(folder, site):
    """What ``pip install -e`` leaves in *site*: a path, and the metadata with the entry points."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return [folder, site]


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_of_each_kind_has_the_files_of_a_bundled_one(kind, new):
    folder = new("acme_loyalty", "--kind", kind)
    assert files_in(folder) == EVERYWHERE | ONLY_IN[kind]
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "crmkit-acme-loyalty"
    plugins = {"acme_loyalty": "crmkit_acme_loyalty:plugin"}
    commands = {"acme-loyalty": "crmkit_acme_loyalty.cli:commands"}
    groups = {"crmkit.plugins": plugins, "crmkit.commands": commands}
    assert project["entry-points"] == {
        group: entries
        for group, entries in groups.items()
        if kind == "module" or group == "crmkit.plugins"
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_of_a_new_plugin_pass_as_installed(kind, new, tmp_path):
    folder = new("acme_loyalty", "--kind", kind)
    path = as_installed(folder, tmp_path / "site")
    done = run_in(folder, "pytest", "-q", "-p", "no:cacheprovider", path=path)
    assert done.returncode == 0, done.stdout
    assert " failed" not in done.stdout
    assert "entry points" not in done.stdout, "a test was skipped"


def test_the_tests_of_a_new_plugin_pass_before_it_is_installed(new):
    done = run_in(new("acme_loyalty"), "pytest", "-q", CRMKIT_TEST_POSTGRES=NO_SERVER)
    assert done.returncode == 0, done.stdout
    assert "needs the entry points: pip install -e ." in done.stdout


def test_a_new_plugin_without_its_erasure_is_told_what_is_missing(new):
    folder = new("acme_loyalty")
    hooks = folder / "crmkit_acme_loyalty" / "hooks.py"
    before, erase = hooks.read_text().rsplit("@hookimpl\n", 1)
    assert erase.startswith("def crmkit_erase")
    hooks.write_text(before)
    which = ["-k", "export_and_erase or erasure_leaves_nothing"]
    done = run_in(folder, "pytest", "-q", *which, CRMKIT_TEST_POSTGRES=NO_SERVER)
    assert done.returncode == 1
    assert "acme_loyalty_note: these hold customers' data; implement crmkit_erase" in done.stdout
    assert "after erasure acme_loyalty_note.text still names the customer" in done.stdout


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
@pytest.mark.parametrize("name", [SHORTEST, LONGEST])
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_is_tidy_whatever_its_name(kind, name, new):
    folder = new(name, "--kind", kind)
    for arguments in (["check"], ["format", "--check", "--diff"]):
        done = run_in(folder, "ruff", *arguments, "--no-cache", ".")
        assert done.returncode == 0, done.stdout


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed")
def test_a_new_plugin_of_each_kind_has_sound_types(new, tmp_path):
    for kind in KINDS:
        folder = new(f"acme_{kind}", "--kind", kind)
        done = run_in(folder, "mypy", "--cache-dir", str(tmp_path / "types"))
        assert done.returncode == 0, done.stdout


def test_the_pages_for_authors_name_modules_and_groups_that_exist(new):
    folder = new("acme_loyalty")
    told = (folder / "AGENTS.md").read_text()
    modules = re.findall(r"pydoc (\S+)", told)
    assert [find_spec(each) is not None for each in modules] == [True, True]
    groups = tomllib.loads((folder / "pyproject.toml").read_text())["dependency-groups"]
    assert re.findall(r"--group (\w+)", told) == list(groups)


def test_the_files_are_listed_and_the_next_commands_told(cli):
    done = cli("--format", "csv", "plugins", "new", "acme_loyalty")
    assert "crmkit-acme-loyalty/crmkit_acme_loyalty/hooks.py" in done.stdout.splitlines()
    assert done.stderr == (
        "Next: cd crmkit-acme-loyalty; pip install -e . && pytest\n"
        "Then, beside crmkit.toml: crmkit plugins enable acme_loyalty\n"
    )


def test_new_dry_run_lists_the_same_files_and_writes_nothing(cli, tmp_path):
    dry = cli("plugins", "new", "acme_loyalty", "--dry-run")
    assert "Dry run: nothing was written." in dry.stderr
    assert list(tmp_path.iterdir()) == []
    assert cli("plugins", "new", "acme_loyalty").stdout == dry.stdout


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Acme-Loyalty", "; 'acme_loyalty' would do"),
        ("crmkit-acme", "; 'acme' would do"),
        ("crm_acme", "; 'acme' would do"),
        ("Café Ñandú!", "; 'cafe_nandu' would do"),
        ("9lives", "; 'lives' would do"),
        ("acme__x_", "; 'acme_x' would do"),
        ("a" * 32, f"; {'a' * 31!r} would do"),
        ("crmkit", "no name of crmkit's own\n"),
        ("core", "no name of crmkit's own\n"),
        ("attributes", "no name of crmkit's own\n"),
        ("***", "no name of crmkit's own\n"),
        ("../acme", "; 'acme' would do"),
    ],
)
def test_a_bad_name_is_refused_with_one_that_would_do(name, advice, cli, tmp_path):
    done = cli("plugins", "new", name)
    assert done.exit_code == 2
    assert f"name: {name!r} is not accepted" in done.stderr
    assert advice in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_an_installed_plugin_is_refused(cli, install, tmp_path):
    install("acme")
    for name, by in (("consent", "crmkit"), ("acme", "crmkit-acme")):
        done = cli("plugins", "new", name)
        assert done.exit_code == 5
        assert f"there is a plugin {name!r} already, installed by {by};" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_name_whose_command_is_taken_is_refused_where_there_is_a_command(cli, install):
    install("acme", commands={"greet-all": "acme:go"})
    for name, owner in (("status", "crmkit itself"), ("greet_all", "acme")):
        done = cli("plugins", "new", name)
        assert done.exit_code == 5
        assert f"{owner} has a command {name.replace('_', '-')!r} already" in done.stderr
        assert cli("plugins", "new", name, "--kind", "scorer").exit_code == 0


def test_an_occupied_folder_is_refused_and_left_alone(cli, tmp_path):
    place = tmp_path / "crmkit-acme"
    place.mkdir()
    (place / "notes.txt").write_text("mine")
    for more in ([], ["--dry-run"]):
        done = cli("plugins", "new", "acme", *more)
        assert done.exit_code == 5
        assert "crmkit-acme is there already; choose another name or --folder" in done.stderr
    assert files_in(tmp_path) == {"crmkit-acme/notes.txt"}


def test_an_empty_folder_is_filled(new, tmp_path):
    (tmp_path / "crmkit-acme").mkdir()
    assert "pyproject.toml" in files_in(new("acme"))


def test_a_folder_that_is_not_there_is_refused(cli, tmp_path):
    done = cli("plugins", "new", "acme", "--folder", "plugins")
    assert done.exit_code == 2
    assert "plugins is no folder; create it first" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_half_written_remains_when_the_disk_is_full(cli, tmp_path, monkeypatch):
    write, written = Path.write_text, []

    def full(self, *arguments, **options):
        if len(written) == 5:
            raise OSError(28, "No space left on device")
        written.append(self)
        return write(self, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", full)
    done = cli("plugins", "new", "acme")
    assert done.exit_code == 1
    assert "no space left on the disk" in done.stderr
    assert len(written) == 5
    assert list(tmp_path.iterdir()) == []


def test_the_files_may_be_read_as_any_other_of_the_user(new, tmp_path):
    (tmp_path / "usual").mkdir()
    assert new("acme").stat().st_mode == (tmp_path / "usual").stat().st_mode
