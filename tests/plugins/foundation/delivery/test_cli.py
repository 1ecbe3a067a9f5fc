from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crmkit import CRM, Customer
from crmkit.plugins.foundation.delivery import Intent, actions, intend_many
from crmkit.plugins.foundation.delivery.tables import intent


@pytest.fixture
def shop(cli, tmp_path):
    """``crmkit`` in a folder with three queued messages to a maildir, without any guard."""
    assert cli("init", "--plugins", "delivery,email").exit_code == 0
    with (tmp_path / "crmkit.toml").open("a") as file:
        file.write('\n[email]\ntarget = "maildir:mail"\nfrom_address = "shop@shop.example"\n')
    crm = CRM.from_config(tmp_path / "crmkit.toml")
    with crm.unit() as unit:
        people = unit.customers.add_many(Customer(name=f"C{n}") for n in range(3))
        intend_many(
            unit,
            [
                Intent(
                    run="spring",
                    step="first",
                    customer_id=who.id,
                    channel="email",
                    address="not an address" if n == 2 else f"c{who.id}@x.org",
                    purpose="news",
                    subject="Hello",
                    text="There is tea.",
                )
                for n, who in enumerate(people)
            ],
        )
    crm.close()
    return cli


def read(result):
    return json.loads(result.stdout)


def test_a_dry_run_says_what_would_go_and_sends_nothing(shop, tmp_path):
    done = shop("--format", "json", "deliver", "run-due", "--dry-run")
    assert [(each["id"], each["would"]) for each in read(done)] == [
        (1, "sent"),
        (2, "sent"),
        (3, "sent"),
    ]
    assert "nothing was sent" in done.stderr
    assert not (tmp_path / "mail").exists()


def test_a_run_sends_into_the_maildir_and_says_with_its_exit_code_that_one_failed(shop, tmp_path):
    done = shop("--format", "json", "deliver", "run-due")
    assert (read(done), done.exit_code) == ({"sent": 2, "failed": 1}, 4)
    assert len(list((tmp_path / "mail/new").iterdir())) == 2
    again = shop("--format", "json", "deliver", "run-due")
    assert (read(again), again.exit_code) == ({"due": 0}, 0)
    (failed,) = read(shop("--format", "json", "deliver", "list", "--state", "failed"))
    assert failed["id"] == 3
    shown = read(shop("--format", "json", "deliver", "show", "3"))
    assert shown["log"][0].endswith("is not one address such as ana@example.com")
    assert shop("deliver", "retry", "3").exit_code == 0
    assert read(shop("--format", "json", "deliver", "show", "3"))["state"] == "queued"


def test_limit_sends_no_more(shop):
    assert read(shop("--format", "json", "deliver", "run-due", "--limit", "1")) == {"sent": 1}


def test_what_may_not_be_resolved_or_retried_is_refused_in_one_line(shop):
    for arguments, told in (
        (("resolve", "1", "sent"), "Error: intent 1 is queued; only unknown ones can be resolved"),
        (("retry", "1"), "Error: intent 1 is queued; only failed ones can be sent again"),
    ):
        done = shop("deliver", *arguments)
        assert (done.stderr.strip(), done.exit_code) == (told, 5)
    assert shop("deliver", "show", "99").exit_code == 3


def test_without_a_target_the_messages_wait_and_the_run_says_why(shop, tmp_path):
    config = tmp_path / "crmkit.toml"
    config.write_text(config.read_text().replace('target = "maildir:mail"', ""))
    done = shop("--format", "json", "deliver", "run-due")
    assert (read(done), done.exit_code) == ({"due": 0}, 75)
    assert "channel email cannot be opened: [email] target is not set" in done.stderr
    assert len(read(shop("--format", "json", "deliver", "list", "--state", "queued"))) == 3


def test_what_others_hold_and_what_waits_is_told_on_stderr(shop, tmp_path):
    crm = CRM.from_config(tmp_path / "crmkit.toml")
    with crm.unit() as unit:
        held = actions.claim(unit, "dead", ["email"], 2)
        morning = unit.now + timedelta(days=2)
        unit.connection.execute(
            sa.update(intent).where(intent.c.id == 3).values(not_before=morning)
        )
    for options in ((), ("--dry-run",)):
        done = shop("--format", "json", "deliver", "run-due", *options)
        assert read(done) == ([] if options else {"due": 0})
        assert "2 are held by another worker until " in done.stderr
        assert " UTC at the latest; run it again then." in done.stderr
        assert f"1 waits until {morning + timedelta(minutes=1):%Y-%m-%d %H:%M} UTC" in done.stderr
    with crm.unit() as unit:
        actions.mark_sending(unit, held[:1])
        unit.connection.execute(
            sa.update(intent).where(intent.c.id < 3).values(lease_until=unit.now)
        )
    crm.close()
    done = shop("--format", "json", "deliver", "run-due", "--dry-run")
    assert [(each["id"], each["would"]) for each in read(done)] == [(1, "unknown"), (2, "sent")]
    assert "First of all a run puts: 1 back into the queue, 1 unknown." in done.stderr
    assert read(shop("--format", "json", "deliver", "run-due")) == {"sent": 1, "unknown": 1}


def test_paused_waits_says_so_and_goes_on(shop, tmp_path):
    assert shop("deliver", "pause", "--run", "spring", "--note", "wrong price").exit_code == 0
    (row,) = read(shop("--format", "json", "deliver", "paused"))
    assert (row["run"], row["channel"], row["note"]) == ("spring", "", "wrong price")
    done = shop("--format", "json", "deliver", "run-due")
    assert read(done) == {"due": 0}
    assert "3 are paused" in done.stderr
    again = shop("deliver", "resume")
    assert "That was not paused." in again.stderr
    assert read(shop("--format", "json", "deliver", "resume", "--run", "spring")) == []
    assert read(shop("--format", "json", "worker", "--until-empty")) == {"sent": 2, "failed": 1}


def test_cancel_takes_ids_or_a_run(shop):
    done = shop("--format", "json", "deliver", "cancel", "1", "99", "--note", "wrong price")
    assert [(each["id"], each["state"]) for each in read(done)] == [(1, "suppressed")]
    assert "Too late for 99" in done.stderr
    rest = shop("--format", "json", "deliver", "cancel", "--run", "spring")
    assert [each["id"] for each in read(rest)] == [2, 3]
    for wrong in (("cancel",), ("cancel", "1", "--run", "spring")):
        refused = shop("deliver", *wrong)
        assert refused.exit_code == 2
        assert "either ids or --run" in refused.stderr


def test_the_tail_is_the_log_oldest_first(shop):
    shop("deliver", "run-due")
    lines = read(shop("--format", "json", "deliver", "tail", "--size", "2"))
    assert [(each["intent_id"], each["state"]) for each in lines] == [(2, "sent"), (3, "failed")]
