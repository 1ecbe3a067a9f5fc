"""The demo on the book that ships with crmkit: what it says, and that it may be run again."""

import csv
import gzip
import mailbox
import sqlite3

import pytest

from crmkit.demo.story import BOOK


@pytest.fixture(scope="module")
def facts():
    """Counted from the book by other means."""
    with gzip.open(BOOK, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = [row for row in rows if row["CustomerID"]]
    return {
        "rows": len(rows),
        "nobody": len(rows) - len(known),
        "customers": len({row["CustomerID"] for row in known}),
        "orders": len({r["InvoiceNo"] for r in known if not r["InvoiceNo"].startswith("C")}),
        "returns": len({r["InvoiceNo"] for r in known if r["InvoiceNo"].startswith("C")}),
    }


def _counts(path):
    with sqlite3.connect(path) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%_search%'"
        ).fetchall()
        found = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()
            for (name,) in tables
        }
    connection.close()
    return found


def _one(path, sql):
    connection = sqlite3.connect(path)
    (value,) = connection.execute(sql).fetchone()
    connection.close()
    return value


def test_the_demo_turns_the_cycle_once_and_a_second_run_adds_nothing(cli, tmp_path, facts):
    first = cli("demo", "--folder", "tour")
    assert first.exit_code == 0, first.output
    database = tmp_path / "tour" / "crm.db"

    assert _one(database, "SELECT count(*) FROM crm_customer") == facts["customers"] == 1093
    kind = "SELECT count(*) FROM crm_interaction WHERE kind = "
    assert _one(database, kind + "'purchase.order'") == facts["orders"]
    assert _one(database, kind + "'purchase.return'") == facts["returns"]
    rejected = sum(
        len((tmp_path / "tour" / name).read_text(encoding="utf-8").splitlines()) - 1
        for name in ("rejects-before.csv", "rejects-after.csv")
    )
    assert rejected == facts["nobody"] == 7146

    sent = _one(database, kind + "'message.sent'")
    assert sent > 0
    assert len(list(mailbox.Maildir(tmp_path / "tour" / "outbox"))) == sent
    held = _one(database, "SELECT count(*) FROM decisions_decision WHERE arm = 'control'")
    assert 0.05 < held / (held + sent) < 0.15
    assert "zero must lie inside the interval: it does\n" in first.output

    before = _counts(database)
    second = cli("demo", "--folder", "tour")
    assert second.exit_code == 0, second.output
    assert _counts(database) == before
    assert second.output.splitlines()[-9:] == first.output.splitlines()[-9:]

    for line in first.output.splitlines()[-3:]:
        shown = cli(*line.split()[1:])
        assert shown.exit_code == 0, shown.output
    assert "score_run:" in shown.output


def test_the_demo_says_what_is_wrong_with_another_book(cli, tmp_path):
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    result = cli("demo", "--folder", "tour", "--book", "odd.csv")

    assert result.exit_code == 2
    assert "no column 'CustomerID'" in result.output


def test_the_demo_refuses_a_cut_before_the_first_purchase(cli):
    result = cli("demo", "--folder", "tour", "--cut", "2000-01-01")

    assert result.exit_code == 2
    assert "cut: '2000-01-01' is not accepted; expected a day after" in result.output
