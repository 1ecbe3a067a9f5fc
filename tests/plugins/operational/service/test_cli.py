"""``crmkit case`` and ``crmkit service``: what they print and refuse, and the exit codes."""

import json

import pytest

TOML = """
[[service.promises]]
name = "usual"
first_response_minutes = 60
resolution_minutes = 600
"""


@pytest.fixture
def desk(cli, tmp_path):
    cli("init")
    cli("plugins", "enable", "service")
    with (tmp_path / "crmkit.toml").open("a") as file:
        file.write(TOML)
    cli("db", "upgrade")
    cli("customer", "add", "Ana", "--email", "ana@example.com")
    return lambda *words: cli("--format", "json", *words)


def told(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_from_open_to_solved(desk):
    opened = told(desk("case", "open", "ana@example.com", "The lamp flickers", "--key", "z1"))
    assert (opened["id"], opened["status"], len(opened["promised"])) == (1, "new", 2)
    assert told(desk("case", "open", "1", "again", "--key", "z1"))["id"] == 1
    assert [each["metric"] for each in told(desk("case", "due"))] == [
        "first_response",
        "resolution",
    ]
    assert desk("case", "reply", "1", "A new one comes.").exit_code == 0
    (solved,) = told(desk("case", "change", "1", "--status", "solved"))
    assert solved["status"] == "solved"
    assert told(desk("case", "list")) == []
    shown = told(desk("case", "show", "1"))
    assert shown["conversation"][0].endswith("A new one comes.")
    kept = told(desk("service", "promises"))
    assert [(each["metric"], each["kept"]) for each in kept] == [
        ("first_response", 1.0),
        ("resolution", 1.0),
    ]


def test_a_dry_run_writes_nothing(desk):
    assert told(desk("case", "open", "1", "x", "--dry-run"))["id"] == 1
    assert told(desk("case", "list")) == []


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["case", "show", "9"], 3, "no case 9"),
        (["case", "change", "1", "--status", "closed"], 5, "from there: open, waiting, solved"),
        (["case", "change", "1", "--status", "opne"], 5, "did you mean 'open'"),
        (["case", "change", "1", "--version", "7", "--status", "open"], 75, "stale version"),
        (["case", "change", "1", "--macro", "x"], 5, "there is no macro 'x'; there are: none"),
        (["case", "merge", "1", "--into", "1"], 5, "it is the same case"),
        (["case", "amends", "1", "A voucher"], 5, "no complaint"),
        (["case", "add", "1", "1", "--role", "boss"], 2, "one of requester"),
        (["case", "open", "1", " "], 2, "subject"),
        (["service", "meter", "--since", "2999-01-01", "--until", "2999-02-01"], 5, "an earlier"),
        (["service", "article", "x", "y", "--id", "5"], 3, "no article 5"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(desk, words, code, text):
    desk("case", "open", "1", "The lamp flickers")
    done = desk(*words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert text in done.stderr
    assert told(desk("case", "show", "1"))["version"] == 1
