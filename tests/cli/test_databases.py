"""The commands that look after the database, on SQLite and on PostgreSQL."""

import json

import pytest


@pytest.fixture
def crm(cli, database):
    def run(*arguments):
        return cli("--db", database, "--format", "json", *arguments)

    assert run("db", "upgrade").exit_code == 0
    return run


def data(done):
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_a_new_database_is_planned_upgraded_and_sound(cli, crm, database):
    (core,) = data(crm("db", "status"))
    assert core["state"] == "up to date"
    assert crm("db", "plan").stdout == ""
    assert {row["state"] for row in data(crm("db", "check"))} == {"ok"}
    levels = {row["level"] for row in data(crm("doctor"))}
    assert levels <= {"OK", "WARN"}


def test_a_customers_whole_story(crm):
    (ana,) = data(crm("customer", "add", "Ana Kowalska", "--email", "ana@example.com"))
    crm("offer", "new", "ana@example.com", "Ten off", "--days", "3")
    crm("interaction", "log", "ana@example.com", "note.heard", "--text", "prefers mornings")
    assert [row["id"] for row in data(crm("customer", "find", "kowal"))] == [ana["id"]]
    assert len(data(crm("interaction", "search", "morning"))) == 1
    told = data(crm("status"))
    assert (told["interactions"], told["offers_open"]) == (1, 1)
    assert told["size_bytes"] > 0
    assert data(crm("customer", "erase", "ana@example.com", "--yes"))
    assert data(crm("customer", "find", "kowal")) == []


def test_a_dry_run_leaves_nothing_behind(crm):
    crm("customer", "add", "Ana Kowalska", "--dry-run")
    assert data(crm("customer", "list")) == []
