"""``crmkit sms``: what it prints and refuses."""

import json

import pytest


@pytest.fixture
def desk(cli, tmp_path):
    cli("init")
    cli("plugins", "enable", "sms")
    with (tmp_path / "crmkit.toml").open("a") as file:
        file.write('\n[sms]\nregion = "PL"\n')
    cli("db", "upgrade")
    return lambda *words: cli("--format", "json", *words)


def test_segments_and_numbers(desk):
    told = json.loads(desk("sms", "segments", "🍵" * 300).stdout)
    assert (told["encoding"], told["places"], told["parts"]) == ("ucs-2", 600, 10)
    assert told["refused"].startswith(
        "text: 10 parts (ucs-2, because of '🍵'); accepted: at most 4"
    )
    assert json.loads(desk("sms", "check", "601234567").stdout)["number"] == "+48601234567"
    refused = desk("sms", "check", "+1 900 234 5678")
    assert refused.exit_code == 1
    assert "premium rate" in refused.stderr


def test_an_opt_out_comes_in_and_a_dry_run_writes_nothing(desk):
    words = ("sms", "receive", "+48601234567", "STOP", "--key", "k")
    assert "is recorded" in desk(*words, "--dry-run").stderr
    done = desk(*words)
    assert "Interaction 1 of customer 1 is recorded." in done.stderr
    assert "is not texted any more" in done.stderr
    assert "was recorded before" in desk(*words).stderr
    assert desk("sms", "report", "SM1", "48601234567", "delivered").exit_code == 0
    assert "Nobody has" in desk("sms", "report", "SM2", "48601234568", "delivered").stderr
    assert desk("sms", "allow", "1", "--reason", "asked").exit_code == 0
