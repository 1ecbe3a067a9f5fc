"""Eight processes and one SQLite file: no error, no lost update, nothing stored twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from crmkit import CRM

LOAD = Path(__file__).with_name("storage_load.py")
PROCESSES, TIMES = 8, 50


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """What eight processes wrote to stderr that all upgrade, count and record, and their file."""
    url = f"sqlite:///{tmp_path_factory.mktemp('load')}/crm.db"
    running = [
        subprocess.Popen(
            [sys.executable, LOAD, url, str(n), str(TIMES)],
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for n in range(PROCESSES)
    ]
    told = [each.communicate(timeout=120)[1] for each in running]
    crm = CRM.open(url)
    yield told, crm
    crm.close()


def test_no_process_meets_an_error_not_even_at_the_first_upgrade(loaded):
    told, crm = loaded
    assert told == [""] * PROCESSES
    assert crm.upgrade() == []


def test_no_update_is_lost(loaded):
    _, crm = loaded
    with crm.unit(write=False) as unit:
        (counted,) = unit.customers.page()
    assert counted.name == str(PROCESSES * TIMES)
    assert counted.version == PROCESSES * TIMES + 1


def test_every_interaction_is_stored_once_and_ids_are_dense(loaded):
    _, crm = loaded
    with crm.unit(write=False) as unit:
        stored = unit.interactions.timeline(1, size=10_000)
    own = {f"{writer}-{n}" for writer in range(PROCESSES) for n in range(TIMES)}
    shared = {f"shared-{n}" for n in range(TIMES)}
    assert sorted(each.source_key for each in stored) == sorted(own | shared)
    assert sorted(each.id for each in stored) == list(range(1, len(stored) + 1))


def test_the_file_is_sound(loaded):
    from crmkit.database.backup import unsound

    with loaded[1].engine.connect() as connection:
        assert unsound(connection) == []
