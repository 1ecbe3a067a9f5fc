"""``crmkit lead``, ``deal`` and ``sales``: what they print and refuse, and the exit codes."""

import json

import pytest

TOML = """
[[sales.pipelines]]
name = "standard"
lost_reasons = ["price"]

[[sales.sellers]]
name = "pia"
"""


@pytest.fixture
def house(cli, tmp_path):
    cli("init")
    cli("plugins", "enable", "sales")
    with (tmp_path / "crmkit.toml").open("a") as file:
        file.write(TOML)
    cli("db", "upgrade")
    cli("customer", "add", "Ana", "--email", "ana@example.com")
    return lambda *words: cli("--format", "json", *words)


def told(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_from_lead_to_won(house):
    lead = told(house("lead", "add", "ana@example.com", "A kitchen", "--key", "w1"))
    assert told(house("lead", "add", "1", "again", "--key", "w1"))["id"] == lead["id"]
    assert told(house("lead", "qualify", "1", "--yes", "need"))["criteria"] == {"need": True}
    deal = told(house("lead", "convert", "1"))
    assert told(house("lead", "convert", "1"))["id"] == deal["id"]
    assert told(house("deal", "assign")) == [{"deal_id": 1, "owner": "pia"}]
    quote = told(house("deal", "quote", "1", "--item", "TILE,3,9.90 EUR"))
    assert quote["total_minor"] == 2_970
    assert told(house("deal", "answer", "1", "send"))["status"] == "sent"
    assert told(house("deal", "answer", "1", "accept"))["status"] == "accepted"
    (won,) = told(house("deal", "list", "--all"))
    assert (won["stage"], won["value"]) == ("won", "29.70 EUR")
    assert told(house("deal", "list")) == []


def test_a_dry_run_writes_nothing(house):
    assert told(house("deal", "open", "1", "x", "--dry-run"))["id"] == 1
    assert told(house("deal", "list")) == []


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["deal", "show", "9"], 3, "no deal 9"),
        (["deal", "move", "1", "--to", "lost"], 5, "needs a reason, one of: price"),
        (["deal", "move", "1", "--to", "one"], 5, "did you mean 'won'"),
        (["deal", "move", "1", "--to", "won", "--version", "9"], 75, "stale version"),
        (["deal", "open", "1", "x", "--amount", "5"], 2, "129.90 EUR"),
        (["deal", "open", "1", "x", "--probability", "30"], 2, "a share such as 0.3"),
        (["deal", "quote", "1"], 2, "one item or more"),
        (["deal", "quote", "1", "--item", "TILE"], 5, "TILE has no price"),
        (["deal", "quote", "1", "--item", "TILE,x"], 2, "an exact number"),
        (["deal", "answer", "1", "accept"], 3, "no quote 1"),
        (["lead", "convert", "9"], 3, "no lead 9"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(house, words, code, text):
    house("deal", "open", "1", "A kitchen")
    done = house(*words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert text in done.stderr
    (deal,) = told(house("deal", "list"))
    assert deal["version"] == 1
