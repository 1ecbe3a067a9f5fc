import json

import pytest

from crmkit import CRM, ContactPoint, Customer

CONFIG = """
[crmkit]
database = "sqlite:///crm.db"
plugins = ["consent"]
"""


@pytest.fixture
def crmkit(cli, tmp_path):
    """The command line in a folder with customer 1, Ana."""
    (tmp_path / "crmkit.toml").write_text(CONFIG)
    crm = CRM.from_config(tmp_path / "crmkit.toml")
    crm.upgrade()
    with crm.unit() as unit:
        unit.customers.add(
            Customer(name="Ana", contact_points=(ContactPoint("email", "ana@example.com"),))
        )
    crm.close()
    return cli


def rows(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


GRANT = ("consent", "grant", "ana@example.com", "--purpose", "news", "--channel", "email")


def test_a_grant_needs_evidence_and_is_shown_once_given(crmkit):
    refused = crmkit(*GRANT)
    assert refused.exit_code == 5
    assert "evidence: a grant with basis consent needs it" in refused.stderr
    dry = crmkit(*GRANT, "--evidence", "said yes", "--dry-run")
    assert "nothing was written" in dry.stderr
    assert rows(crmkit("--format", "json", "consent", "show", "1")) == []
    granted = rows(
        crmkit(
            "--format",
            "json",
            "--as",
            "eve",
            *GRANT,
            "--evidence",
            "yes",
            "--expires",
            "2030-01-01",
        )
    )
    assert (granted["state"], granted["source"]) == ("granted", "cli")
    (line,) = rows(crmkit("--format", "json", "consent", "show", "1"))
    assert (line["purpose"], line["channel"], line["state"]) == ("news", "email", "granted")
    (event,) = rows(crmkit("--format", "json", "consent", "log", "1"))
    assert (event["recorded_by"], event["evidence"]) == ("eve", "yes")


def test_withdrawing_and_objecting_are_recorded(crmkit):
    assert crmkit(*GRANT, "--evidence", "yes").exit_code == 0
    assert crmkit("consent", "withdraw", "1", "--purpose", "news").exit_code == 0
    (line,) = rows(crmkit("--format", "json", "consent", "show", "1"))[:1]
    assert line["state"] == "withdrawn"
    assert crmkit("consent", "object", "1", "--evidence", "on the phone").exit_code == 0
    assert crmkit(*GRANT, "--evidence", "yes again").exit_code == 0
    states = [each["state"] for each in rows(crmkit("--format", "json", "consent", "show", "1"))]
    assert states == ["objected", "withdrawn", "objected"]
    own_words = ("--evidence", "wrote that she wants news again", "--after-objection")
    assert crmkit(*GRANT, *own_words).exit_code == 0
    assert "granted" in crmkit("consent", "show", "1").stdout


def test_addresses_are_suppressed_and_lifted(crmkit):
    asked = ("--format", "json", "consent", "suppressed", "OLD@example.com")
    assert rows(crmkit(*asked)) == {"suppressed": False, "since": None, "reason": None}
    assert crmkit("consent", "suppress", "old@example.com", "--reason", "bounced").exit_code == 0
    found = rows(crmkit(*asked))
    assert (found["suppressed"], found["reason"]) == (True, "bounced")
    again = crmkit("consent", "suppress", "old@example.com", "--reason", "x")
    assert "suppressed already" in again.stderr
    assert crmkit("consent", "lift", "old@example.com", "--reason", "mistake").exit_code == 0
    assert rows(crmkit(*asked))["suppressed"] is False
    phone = crmkit("consent", "suppress", "+48 22 123 45 67", "--reason", "asked")
    assert phone.exit_code == 0
    asked = ("--format", "json", "consent", "suppressed", "+48-22-1234567", "--kind", "phone")
    assert rows(crmkit(*asked))["suppressed"] is True


def test_an_unknown_customer_is_not_found(crmkit):
    assert crmkit("consent", "show", "99").exit_code == 3
