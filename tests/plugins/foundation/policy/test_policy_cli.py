import json

import pytest

from crmkit import CRM
from crmkit.plugins.foundation import policy

CONFIG = """
[crmkit]
database = "sqlite:///crm.db"
plugins = ["policy"]
[policy]
file = "policy.toml"
"""


@pytest.fixture
def crmkit(cli, tmp_path):
    """The command line in a folder with the example as policy.toml."""
    (tmp_path / "crmkit.toml").write_text(CONFIG)
    (tmp_path / "policy.toml").write_bytes(policy.EXAMPLE.read_bytes())
    crm = CRM.from_config(tmp_path / "crmkit.toml")
    crm.upgrade()
    crm.close()
    return cli


def test_a_policy_is_checked_adopted_shown_and_compared(crmkit, tmp_path):
    refused = crmkit("policy", "show")
    assert refused.exit_code == 5
    assert "crmkit policy adopt FILE" in refused.stderr
    checked = crmkit("--format", "json", "policy", "check", "policy.toml")
    assert json.loads(checked.stdout)["version"] == 0
    dry = crmkit("--format", "json", "policy", "adopt", "policy.toml", "--dry-run")
    assert json.loads(dry.stdout) == {"version": 1, "name": "corner shop", "new": True}
    assert crmkit("policy", "show").exit_code == 5

    assert "is now in force" in crmkit("policy", "adopt").stderr
    assert "was in force already" in crmkit("policy", "adopt", "policy.toml").stderr
    shown = json.loads(crmkit("--format", "json", "policy", "show").stdout)
    assert (shown["version"], shown["currency"]) == (1, "GBP")
    assert shown["limits"] == ["at most 2 per 14 days", "at most 1 per 30 days for win_back"]

    text = (tmp_path / "policy.toml").read_text(encoding="utf-8")
    (tmp_path / "policy.toml").write_text(text.replace("at_most = 2", "at_most = 3"))
    assert crmkit("--as", "eve", "policy", "adopt").exit_code == 0
    history = json.loads(crmkit("--format", "json", "policy", "history").stdout)
    assert [(each["version"], each["adopted_by"]) for each in history] == [(1, "cli"), (2, "eve")]
    lines = crmkit("policy", "diff", "1", "2").stdout
    assert "-at_most = 2" in lines
    assert "+at_most = 3" in lines
    assert crmkit("policy", "diff", "1", "9").exit_code == 3


def test_every_problem_of_a_wrong_file_is_one_line_and_exit_code_2(crmkit, tmp_path):
    (tmp_path / "wrong.toml").write_text("nmae = 'x'\npurposes = 1\n")
    for command in ("check", "adopt"):
        result = crmkit("policy", command, "wrong.toml")
        assert result.exit_code == 2
        assert "nmae is not known, did you mean 'name'?; " in result.stderr
        assert "purposes must be a table" in result.stderr
    (tmp_path / "bytes.toml").write_bytes(b"name = '\xff'")
    assert crmkit("policy", "check", "bytes.toml").exit_code == 2
    assert crmkit("policy", "check", "missing.toml").exit_code == 2


def test_without_a_file_named_anywhere_it_is_asked_for(crmkit, tmp_path):
    (tmp_path / "crmkit.toml").write_text(CONFIG.split("[policy]", maxsplit=1)[0])
    result = crmkit("policy", "adopt")
    assert result.exit_code == 2
    assert "name a FILE" in result.stderr
