"""``crmkit campaign`` and ``journey``: what they print and refuse, and the exit codes."""

import json

import pytest

TOML = """
[email]
target = "maildir:outbox"
from_address = "shop@example.com"
"""
POLICY = """
name = "shop"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30

[purposes.care]
summary = "Stay close."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]
"""
CAMPAIGN = """
name = "spring"
purpose = "care"
channel = "email"
segment = "own.all"

[[variants]]
subject = "For {name}"
text = "Come and see."
"""
JOURNEY = """
name = "welcome"
segment = "own.all"

[[steps]]
name = "pause"
kind = "wait"
hours = 1
"""


@pytest.fixture
def team(cli, tmp_path):
    cli("init")
    for name in ("scoring", "consent", "policy", "delivery", "email", "marketing"):
        cli("plugins", "enable", name)
    with (tmp_path / "crmkit.toml").open("a") as file:
        file.write(TOML)
    cli("db", "upgrade")
    files = {"policy": POLICY, "campaign": CAMPAIGN, "journey": JOURNEY}
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text)
    cli("policy", "adopt", "policy.toml")
    for name in ("ana", "bo"):
        cli("customer", "add", name.title(), "--email", f"{name}@example.com")
        consent = ("--purpose", "care", "--channel", "email", "--evidence", "ticked")
        cli("consent", "grant", f"{name}@example.com", *consent)
    cli("segment", "define", "own.all", "count(purchase.order) >= 0")
    assert cli("score", "run").exit_code == 0
    return lambda *words: cli("--format", "json", *words)


def told(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_from_draft_to_results(team):
    assert told(team("campaign", "draft", "campaign.toml"))["status"] == "draft"
    trial = told(team("campaign", "launch", "spring", "--dry-run"))
    assert (trial["members"], trial["left"]) == (2, 0)
    assert told(team("campaign", "show", "spring"))["status"] == "draft"
    done = told(team("campaign", "launch", "spring"))
    assert done["messages"] + done["held_out"] == 2
    assert told(team("campaign", "launch", "spring")) == done
    assert told(team("campaign", "results", "spring"))["verdict"] == "not enough data"
    assert told(team("campaign", "stop", "spring"))["status"] == "stopped"


def test_a_journey_from_the_file(team):
    assert told(team("journey", "save", "journey.toml"))["version"] == 1
    assert team("journey", "walk", "welcome").exit_code == 0
    assert told(team("journey", "save", "journey.toml"))["version"] == 2
    (step,) = told(team("journey", "show", "welcome"))
    assert (step["step"], step["underway"]) == ("pause", 0)


@pytest.mark.parametrize(
    ("before", "after", "code", "text"),
    [
        ("own.all", "own.al", 2, "did you mean 'own.all'"),
        ('purpose = "care"', "", 2, "campaign.purpose"),
        ("{name}", "{nmae}", 2, "subject"),
        ("segment", "segmnt", 2, "campaign: 'segmnt'"),
        ("[[variants]]", "[[variants", 2, "is not TOML"),
        ("[[variants]]", 'budget = "much"\n[[variants]]', 2, "129.90 EUR"),
        ("subject", "sbject", 2, "variant: 'sbject'"),
    ],
)
def test_a_file_that_is_wrong_is_said_in_one_line(team, tmp_path, before, after, code, text):
    (tmp_path / "campaign.toml").write_text(CAMPAIGN.replace(before, after, 1))
    done = team("campaign", "draft", "campaign.toml")
    assert (done.exit_code, done.stdout) == (code, "")
    assert text in done.stderr
    assert told(team("campaign", "list")) == []


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["campaign", "launch", "sprng"], 3, "did you mean 'spring'"),
        (["campaign", "stop", "spring"], 5, "is a draft"),
        (["campaign", "redeem", "ABC", "1"], 5, "no such code"),
        (["journey", "walk", "welcme"], 3, "no journey"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(team, words, code, text):
    team("campaign", "draft", "campaign.toml")
    done = team(*words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert text in done.stderr


REFERRAL = """
name = "friends"
least = "10.00 EUR"

[referrer]
what = "A cup"
"""


@pytest.fixture
def friends(team, tmp_path):
    (tmp_path / "friends.toml").write_text(REFERRAL)
    assert team("referral", "save", "friends.toml").exit_code == 0
    return team


def test_a_referral_from_the_code_to_the_reward(friends):
    code = told(friends("referral", "code", "friends", "ana@example.com"))["code"]
    trial = told(friends("referral", "record", code, "bo@example.com", "--dry-run"))
    assert (trial["status"], told(friends("referral", "show", "ana@example.com"))) == (
        "waiting",
        [],
    )
    for _ in range(2):
        assert told(friends("referral", "record", code, "bo@example.com"))["referrer_id"] == 1
    bought = ("purchase.order", "--amount", "12.00 EUR")
    assert friends("interaction", "log", "bo@example.com", *bought).exit_code == 0
    assert told(friends("referral", "settle", "--dry-run"))["granted"] == 1
    assert told(friends("referral", "settle"))["granted"] == 1
    assert told(friends("referral", "settle"))["granted"] == 0
    (found,) = told(friends("referral", "show", "bo@example.com"))
    assert (found["status"], found["terms"]) == ("granted", "friends")
    assert told(friends("referral", "list"))[0]["granted"] == 1


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["referral", "code", "frends", "1"], 3, "did you mean 'friends'"),
        (["referral", "record", "ABC", "1"], 5, "no referral programme gave it out"),
        (["referral", "code", "friends", "9"], 3, "no customer"),
    ],
)
def test_what_is_wrong_with_a_referral_is_said_in_one_line(friends, words, code, text):
    done = friends(*words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert text in done.stderr


def test_a_programme_that_is_wrong_is_said_in_one_line(team, tmp_path):
    (tmp_path / "friends.toml").write_text(REFERRAL.replace("[referrer]", "[refferrer]"))
    done = team("referral", "save", "friends.toml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "programme: 'refferrer'" in done.stderr
