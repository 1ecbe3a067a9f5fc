"""``crmkit template``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crmkit import CRM, ContactPoint, Customer


@pytest.fixture
def shop(cli):
    def run(*arguments, exits=0):
        done = cli("--format", "json", *arguments)
        assert done.exit_code == exits, done.output
        return json.loads(done.stdout) if done.stdout.strip() else None

    assert cli("init", "--plugins", "templates").exit_code == 0, cli("init", "--help").output
    crm = CRM.from_config("crmkit.toml")
    with crm.unit() as unit:
        point = ContactPoint("email", "ana@example.com")
        unit.customers.add(Customer(name="Ana Kowalska", contact_points=(point,)))
        unit.customers.add(Customer(name="Bo"))
    crm.close()
    Path("w.txt").write_text("Dear {{ customer.first_name }}\n")
    Path("w.html").write_text("<title>Hi</title><p>Dear {{ customer.first_name }}</p>")
    return run


def test_a_template_is_saved_shown_and_previewed(shop, cli):
    saved = shop("template", "save", "w", "--file", "w.txt", "--file", "w.html")
    assert (saved["version"], saved["subject"], saved["parts"]) == (
        1,
        "Hi",
        ["subject", "text", "html"],
    )
    assert [each["name"] for each in shop("template", "list")] == ["w"]
    assert len(shop("template", "history", "w")) == 1
    assert shop("template", "show", "w")["text"] == "Dear {{ customer.first_name }}\n"
    made = shop("template", "preview", "w", "--customer", "ana@example.com")
    assert (made["subject"], made["text"]) == ("Hi", "Dear Ana\n")
    html = cli("template", "preview", "w", "--customer", "1", "--part", "html").stdout
    assert html.endswith("<p>Dear Ana</p>")


def test_a_dry_run_checks_and_stores_nothing(shop, cli):
    shop("template", "save", "w", "--file", "w.txt", "--dry-run")
    assert shop("template", "list") == []
    Path("bad.txt").write_text("{{ x.y }}")
    done = cli("template", "save", "w", "--file", "bad.txt", "--dry-run")
    assert done.exit_code == 2
    assert "template w, text, line 1: 'x' is not known" in done.stderr


def test_a_preview_of_who_lacks_something_says_what(shop, cli):
    shop("template", "save", "w", "--file", "w.txt")
    done = cli("template", "preview", "w", "--customer", "2")
    assert done.exit_code == 1
    assert "customer 2: template w, text, line 1: first_name is missing" in done.stderr


def test_values_of_the_sender_are_given(shop):
    Path("c.txt").write_text("Code {{ message.code }}")
    shop("template", "save", "c", "--file", "c.txt")
    made = shop("template", "preview", "c", "--customer", "1", "--set", "code=A=1")
    assert made["text"] == "Code A=1"
    shop("template", "preview", "c", "--customer", "1", "--set", "code", exits=2)


def test_rendering_several_tells_how_many_failed(shop):
    shop("template", "save", "w", "--file", "w.txt")
    made = shop("template", "render", "w", "--customer", "1", "--customer", "2", exits=4)
    assert [each["text"] for each in made] == ["Dear Ana\n", ""]
    assert "is missing" in made[1]["problem"]


def test_lint_tells_errors_by_its_exit_code(shop):
    shop("template", "save", "w", "--file", "w.txt")
    assert shop("template", "lint", "w") == []
    found = shop("template", "lint", "w", "--marketing", exits=4)
    assert [each["level"] for each in found] == ["error"]
    (missing,) = shop("template", "lint", "w", "--customer", "2")
    assert missing["level"] == "warning"


@pytest.mark.parametrize(
    "files", [("w.doc",), ("w.txt", "w.txt"), ("w.html", "w.mjml"), ("latin.txt",), ("none.txt",)]
)
def test_files_that_are_none_are_refused(shop, files):
    for name in ("w.doc", "w.mjml"):
        Path(name).write_text("x")
    Path("latin.txt").write_bytes("Grüße".encode("latin-1"))
    given = [word for each in files for word in ("--file", each)]
    shop("template", "save", "w", *given, exits=2)
