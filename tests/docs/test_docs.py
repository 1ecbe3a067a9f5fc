"""
Every block of the documentation runs, file by file, in an empty folder.

``python`` blocks share one namespace; a ``text`` block right after one is what it prints. A block
with a file name after the language is written to that file. In ``console`` blocks each ``$`` line
runs, and what is shown below it must be what comes out, ``...`` standing for anything. Other
languages are not run.
"""

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", flags=re.MULTILINE)
NO_SERVER = "postgresql://nobody@127.0.0.1:1/none"
"""The pages show what happens on a machine with SQLite only, which is also faster."""
EXIT = re.compile(r"\s+# exits (\d+)$")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_the_page_is_true(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)
    namespace = {"__name__": "__page__"}
    text, printed = page.read_text(encoding="utf-8"), ""
    try:
        for block in FENCE.finditer(text):
            language, name, body = block.groups()
            where = f"{page.name}:{text.count(chr(10), 0, block.start()) + 1}"
            if name is not None:
                Path(name).parent.mkdir(parents=True, exist_ok=True)
                Path(name).write_text(body, encoding="utf-8")
            elif language == "python":
                printed = run_python(body, where, namespace)
            elif language == "text":
                compare(body, printed, where)
            elif language == "console":
                run_console(body, where)
    finally:
        for each in namespace.values():
            if type(each).__name__ == "CRM":
                each.close()
        for new in set(sys.modules) - modules:
            if str(tmp_path) in str(getattr(sys.modules[new], "__file__", "")):
                del sys.modules[new]


def run_python(body, where, namespace):
    with redirect_stdout(io.StringIO()) as output:
        exec(compile(body, where, "exec"), namespace)
    return output.getvalue()


def run_console(body, where):
    for command, shown in COMMAND.findall(body):
        exits = EXIT.search(command)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CRMKIT_")}
        environment["CRMKIT_TEST_POSTGRES"] = NO_SERVER
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        python_path = os.pathsep.join([str(REPOSITORY), "."])
        done = subprocess.run(
            EXIT.sub("", command),
            shell=True,
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment | {"PATH": path, "PYTHONPATH": python_path, "COLUMNS": "100"},
        )
        wanted = int(exits[1]) if exits else 0
        assert done.returncode == wanted, f"{where}: $ {command}\n{done.stdout}"
        if shown.strip():
            compare(shown, done.stdout, f"{where}: $ {command}")


def compare(shown, printed, where):
    pattern = re.escape(tidy(shown)).replace(re.escape("..."), ".*?")
    if not re.fullmatch(pattern, tidy(printed), flags=re.DOTALL):
        pytest.fail(f"{where}\nthe page shows:\n{shown}\nwhat comes out:\n{printed}", pytrace=False)


def tidy(text):
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_every_link_between_pages_leads_somewhere():
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
