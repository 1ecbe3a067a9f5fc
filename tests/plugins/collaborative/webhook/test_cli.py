"""``crmkit webhook``, in process."""

import json

import pytest

from crmkit import CRM, Customer
from tests.plugins.collaborative.webhook.conftest import SECRET, buy, reply


@pytest.fixture
def shop(cli, tmp_path):
    assert cli("init", "--plugins", "webhook").exit_code == 0
    with (tmp_path / "crmkit.toml").open("a") as file:
        file.write('\n[webhook]\nallow_networks = ["127.0.0.0/8"]\n')
    crm = CRM.from_config(tmp_path / "crmkit.toml")
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
    cli.crm = crm
    yield cli
    crm.close()


def run(cli, *words, code=0, stdin=None):
    done = cli("--format", "json", "webhook", *words, stdin=stdin)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_from_adding_to_the_log(shop, listen):
    here = listen()
    added = run(shop, "add", "books", here.url, "--kind", "purchase.*", "--header", "X-Key=quillby")
    assert added["secret"].startswith("whsec_")
    listed = shop("--format", "json", "webhook", "list").stdout
    assert json.loads(listed)[0]["headers"] == ["X-Key"]
    assert "whsec_" not in listed
    assert "quillby" not in listed
    buy(shop.crm, 2)
    assert len(run(shop, "send", "--dry-run")) == 2
    assert run(shop, "send") == {"sent": 2}
    assert run(shop, "send") == {"due": 0}
    log = run(shop, "log", "books", "--state", "sent")
    assert {each["status"] for each in log} == {204}
    assert run(shop, "replay", log[0]["event"]) == {"queued": 1}
    lines = run(shop, "log", "--delivery", str(log[0]["id"]))
    assert [each["state"] for each in lines] == ["sent", "queued"]
    assert run(shop, "replay", "--since", "2020-01-01", "--dry-run") == {"queued": 2}
    assert run(shop, "test", "books") == {"name": "books", "answer": "2xx"}
    assert run(shop, "rotate", "books")["secret"] != added["secret"]


def test_gone_is_an_exit_code_and_a_finding_of_the_doctor(shop, listen):
    run(shop, "add", "books", listen(reply(410)).url)
    buy(shop.crm)
    assert run(shop, "send", code=4) == {"failed": 1}
    told = shop("doctor").output
    assert "books is disabled: answered 410 Gone" in told
    assert run(shop, "enable", "books", "--dry-run")["state"] == "active"
    assert run(shop, "list")[0]["state"] == "disabled"


def test_a_receivers_log_goes_on_after_the_last_id_and_knows_no_states(shop):
    run(shop, "add", "till", "--receive")
    assert run(shop, "log", "till", "--before", "5") == []
    assert shop("webhook", "log", "till", "--state", "sent").exit_code == 2


def test_a_secret_of_the_other_side_is_read_and_never_shown(shop):
    done = shop("webhook", "add", "till", "--receive", "--secret-file", "-", stdin=SECRET + "\n")
    assert done.exit_code == 0
    assert SECRET not in done.output
    refused = shop("webhook", "add", "x", "--receive", "--secret-file", "-", stdin="whsec_short")
    assert refused.exit_code == 2
    assert run(shop, "log", "till") == []


@pytest.mark.parametrize("command", ["add", "remove", "rotate", "enable", "send", "test", "replay"])
def test_whatever_writes_has_a_dry_run(shop, command):
    assert "--dry-run" in shop("webhook", command, "--help").output


def test_what_does_not_fit_together_is_refused(shop):
    for words in (
        ("add", "a"),
        ("add", "a", "https://a.example/", "--receive"),
        ("add", "a", "https://a.example/", "--header", "X"),
        ("add", "a", "ftp://a.example/"),
        ("replay",),
    ):
        assert shop("webhook", *words).exit_code == 2
    assert shop("webhook", "remove", "nobody").exit_code == 3
    assert run(shop, "add", "a", "https://a.example/", "--dry-run")["name"] == "a"
    assert run(shop, "list") == []
