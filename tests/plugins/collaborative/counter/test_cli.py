"""``crmkit counter``, as a keeper and as a till type it."""

import json
import os
import select
import signal
import subprocess
import sys
import time

import pytest

from crmkit import CRM, ContactPoint, Customer, Offer

CONFIG = '[crmkit]\ndatabase = "sqlite:///crm.db"\nplugins = ["counter"]\n'


@pytest.fixture
def shop(cli, tmp_path):
    (tmp_path / "crmkit.toml").write_text(CONFIG)
    assert cli("db", "upgrade").exit_code == 0
    crm = CRM.from_config(tmp_path / "crmkit.toml")
    with crm.unit() as unit:
        ana = unit.customers.add(
            Customer(name="Ana", contact_points=(ContactPoint("email", "ana@example.com"),))
        )
        unit.offers.add(Offer(customer_id=ana.id, what="A second scoop", why="It is hot."))
    crm.close()
    return cli


def heard(shop):
    rows = json.loads(shop("--format", "json", "interaction", "list").stdout)
    return [(row["kind"], row["text"]) for row in reversed(rows)]


def test_a_customer_is_shown_on_one_screen(shop):
    done = shop("counter", "ana@example.com")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "Ana (no. 1), has not bought yet",
        "",
        "OFFER     A second scoop [offer 1] - It is hot.",
    ]


def test_a_till_gets_the_same_as_json(shop):
    told = json.loads(shop("--format", "json", "counter", "show", "1").stdout)
    assert (told["name"], told["visits"], told["suggestion"]["offer_id"]) == ("Ana", 0, 1)


def test_one_customer_after_the_other(shop):
    typed = "nobody\nana\nA hard week\n+P dark\n=kept\n=maybe\n\nana@example.com\n=yes\n"
    done = shop("counter", stdin=typed)
    assert done.exit_code == 0
    assert "no customer 'nobody'" in done.stderr
    assert "'=maybe' is not accepted" in done.stderr
    assert heard(shop) == [
        ("note.heard", "A hard week"),
        ("counter.taste", "dark"),
        ("counter.offered", ""),
        ("counter.offered", ""),
    ]


def test_a_sale_is_recorded_with_what_was_heard(shop):
    sale = ("counter", "sold", "ana", "4.00 EUR", "--line", "P,2,4.00 EUR", "--key", "r1")
    for _ in range(2):
        done = shop(*sale, "--heard", "For her sister", "--offer", "1", "--reply", "accepted")
        assert done.exit_code == 0, done.output
    assert [kind for kind, _ in heard(shop)] == ["purchase.order", "note.heard", "counter.offered"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("hear", "ana"), 2),
        (("hear", "ana", "x", "--product", "P"), 2),
        (("hear", "ana", "x", "--answers", "famly"), 2),
        (("hear", "ana", "x", "--offer", "7", "--reply", "accepted"), 2),
        (("hear", "ana", "x", "--answers", "family", "--refuses", "family"), 2),
        (("hear", "nobody", "x"), 3),
        (("sold", "ana", "much"), 2),
        (("sold", "ana", "4.00 EUR", "--line", "P,2"), 2),
        (("sold", "ana", "4.00 EUR", "--line", "P,two,4.00 EUR"), 2),
        (("nobody",), 3),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(shop, words, code):
    done = shop("counter", *words)
    assert (done.exit_code, heard(shop)) == (code, [])


def test_a_dry_run_writes_nothing(shop):
    assert shop("counter", "hear", "ana", "x", "--dry-run").exit_code == 0
    assert heard(shop) == []


def test_killed_at_the_next_keystroke_every_line_before_is_kept(shop, tmp_path):
    master, slave = os.openpty()
    command = [sys.executable, "-m", "crmkit", "counter"]
    keeper = subprocess.Popen(
        command, cwd=tmp_path, stdin=slave, stdout=slave, stderr=slave, close_fds=True
    )
    os.close(slave)
    try:
        for line, sign in (("ana\n", b"Ana: "), ("A hard week\n", b"interaction 1.")):
            os.write(master, line.encode())
            wait_for(master, sign)
        os.write(master, b"Half a senten")
    finally:
        keeper.send_signal(signal.SIGKILL)
        keeper.wait()
        os.close(master)
    assert heard(shop) == [("note.heard", "A hard week")]


def wait_for(terminal, sign):
    said, until = b"", time.monotonic() + 60
    while sign not in said and time.monotonic() < until:
        if select.select([terminal], [], [], 0.5)[0]:
            said += os.read(terminal, 4096)
    assert sign in said
