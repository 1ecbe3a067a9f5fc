"""Stopped at any moment, and gone on with: the end is the same."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from crmkit import CRM, ask
from crmkit.plugins.foundation import exchange

from .conftest import LINES, Shop

IMPORT = """
import json, sys, time
from crmkit import CRM
from crmkit.plugins.foundation import exchange
url, path, mapping, *pause = sys.argv[1:]
crm = CRM.open(url, ["exchange"], strict=True, actor="test", durability="relaxed")
wait = (lambda done, total: time.sleep(float(pause[0]))) if pause else None
mapping = exchange.read_mapping(mapping)
report = exchange.run(crm, path, mapping, rows_per_unit=100, progress=wait)
print(json.dumps([report.rows, report.created, report.rejected, report.resumed]))
"""


def many_lines(shop):
    rows = []
    for n in range(1_500):
        price = "NaN" if n % 50 == 7 else "3.50"
        rows += [f"{n},{n % 97},2026-01-02,A{k},1,{price}" for k in range(4)]
        if n == 900:
            rows.append("3,3,2026-01-02,LATE,1,1")
    return shop.rows(LINES, *rows)


@pytest.fixture
def finished(tmp_path):
    """The dump of an import that nobody interrupted, made on SQLite."""
    folder = tmp_path / "uninterrupted"
    folder.mkdir()
    crm = CRM.open("sqlite://", ["exchange"], strict=True)
    crm.upgrade()
    other = Shop(crm, folder)
    report = other.run(many_lines(other), LINES, rows_per_unit=100)
    yield other.dump(), report.rejects.read_text()
    crm.close()


def without_instants(dump):
    return [(table, row) for table, row in dump if table != "crm_interaction"]


def test_killed_at_any_moment_the_next_run_completes_it(shop, database, finished):
    path = many_lines(shop)
    command = [sys.executable, "-c", IMPORT, database, str(path), LINES]
    chance = random.Random(7)
    kills = 0
    for _ in range(5):
        before = progress_of(shop)
        process = subprocess.Popen([*command, "0.03"], stdout=subprocess.PIPE)
        while process.poll() is None and progress_of(shop) == before:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 2
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows, created, rejected, resumed = json.loads(told)
    assert (rows, created, rejected) == (6_001, 5_881, 120)
    assert resumed > 0
    dump, rejects = finished
    assert without_instants(shop.dump()) == without_instants(dump)
    assert len(shop.dump()) == len(dump)
    assert (shop.folder / "in.rejects.csv").read_text() == rejects
    assert sorted(each.name for each in shop.folder.iterdir()) == ["in.csv", "in.rejects.csv"]


def progress_of(shop):
    with shop.crm.unit(write=False) as unit:
        return sum(each.rows for each in exchange.history(unit))


def stopped(shop, path, mapping, *, after, raising):
    """Run an import that is stopped after some chunks."""
    left = iter(range(after))

    def step(done, total):
        if next(left, None) is None:
            raise raising

    with pytest.raises(type(raising)):
        shop.run(path, mapping, rows_per_unit=2, progress=step)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_an_interrupted_import_goes_on_where_it_stopped(shop, people, after):
    path = shop.rows(people, "1,Ana,", "2,Bo,x", "3,Cy,", "1,Anna,", "4,Di,y", "5,Ed,", "6,Flo,")
    stopped(shop, path, people, after=after, raising=KeyboardInterrupt())
    assert len(shop.customers()) == len([n for n in (1, 3, 6, 7) if n <= 2 * (after + 1)])
    with shop.crm.unit() as unit:
        (finding,) = ask.diagnose(unit)
    assert finding.text.endswith(f"in.csv is not complete ({min(2 * after + 2, 7)} rows done)")
    plan = shop.plan(path, people, rows_per_unit=5)
    report = shop.run(path, people, rows_per_unit=5)
    assert shop.counts(plan) == shop.counts(report) == {"created": 4, "rejected": 3}
    assert report.resumed == min(2 * after + 2, 7)
    assert len(report.rejects.read_text().splitlines()) == 4


def test_lost_rejects_are_read_again_from_the_start(shop, people):
    path = shop.rows(people, "1,Ana,", "2,Bo,x", "3,Cy,", "4,Di,y")
    stopped(shop, path, people, after=0, raising=KeyboardInterrupt())
    (shop.folder / "in.rejects.csv.partial").unlink()
    report = shop.run(path, people)
    assert report.resumed == 0
    assert shop.counts(report) == {"created": 1, "unchanged": 1, "rejected": 2}
    assert len(report.rejects.read_text().splitlines()) == 3


def test_a_file_that_changes_meanwhile_is_noticed(shop, people):
    path = shop.rows(people, "1,Ana,", "2,Bo,", "3,Cy,", "4,Di,")

    def step(done, total):
        with path.open("a") as file:
            file.write("5,Ed,\n")

    with pytest.raises(exchange.FileChangedError, match="was changed while it was read"):
        shop.run(path, people, rows_per_unit=2, progress=step)
    assert [each.name for each in shop.customers()] == ["Ana", "Bo"]
    report = shop.run(path, people)
    assert shop.counts(report) == {"created": 3, "unchanged": 2}


def test_a_file_that_another_process_imports_is_left_to_it(shop, people):
    path = shop.rows(people, "1,Ana,", "2,Bo,", "3,Cy,", "4,Di,")

    def step(done, total):
        if done:
            shop.run(path, people, rows_per_unit=2)

    with pytest.raises(exchange.ImportBusyError, match="another process is importing this file"):
        shop.run(path, people, rows_per_unit=2, progress=step)
    assert len(shop.customers()) == 4


def test_overlapping_files_at_the_same_time_make_no_duplicates(shop, database):
    rows = [f"{n},{n % 7},2026-01-02,A,1,3.50" for n in range(600)]
    one = shop.file("\n".join(["invoice,who,at,sku,pieces,price", *rows]), "one.csv")
    rows = list(reversed(rows))[:500] + [f"{n},1,2026-01-02,A,1,3.50" for n in range(600, 700)]
    two = shop.file("\n".join(["invoice,who,at,sku,pieces,price", *rows]), "two.csv")
    running = [
        subprocess.Popen([sys.executable, "-c", IMPORT, database, str(path), LINES])
        for path in (one, two)
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    keys = [row for table, row in shop.dump() if table == "crm_interaction"]
    assert len(keys) == 700
    assert len(shop.customers()) == 7


def test_a_file_that_cannot_be_written_leaves_everything_as_it_was(shop, people, monkeypatch):
    path = shop.rows(people, "1,Ana,x", "2,Bo,")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        shop.run(path, people)
    assert shop.dump() == []
    monkeypatch.undo()
    assert shop.counts(shop.run(path, people)) == {"created": 1, "rejected": 1}


def full(number):
    raise OSError(28, "No space left on device")


def test_history_says_what_was_imported(shop, people, clock):
    shop.run(shop.rows(people, "1,Ana,", "2,Bo,x"), people)
    with shop.crm.unit(write=False) as unit:
        (past,) = exchange.history(unit)
    assert (past.rows, past.created, past.rejected, past.state) == (2, 1, 1, "finished")
    assert (past.path, past.actor) == (str(shop.folder / "in.csv"), "test")
    assert past.started_at == past.finished_at == clock.now
