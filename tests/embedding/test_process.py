"""One process, several CRMs and threads; and an import that does nothing."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from crmkit import CRM, Customer, InteractionKind, InvalidValueError, Plugin, hookimpl
from crmkit.testing import Clock


class Visits:
    @hookimpl
    def crmkit_interaction_kinds(self):
        return [InteractionKind(name="museum.visit", summary="Somebody came")]


def test_two_crms_share_nothing(tmp_path):
    museum = Plugin(name="museum", summary="Visits", hooks=Visits())
    one = CRM.open(tmp_path / "one.db", [museum], actor="one")
    two = CRM.open(tmp_path / "two.db", clock=Clock(), actor="two")
    one.upgrade()
    two.upgrade()
    with one.unit() as unit:
        unit.customers.add(Customer(name="Ana"))

    with two.unit(write=False) as unit:
        assert unit.customers.page() == []
        assert "museum.visit" not in unit.contributed.interaction_kinds
        assert unit.actor == "two"
    assert "museum.visit" in one.contributed.interaction_kinds
    assert two.plugins == ()
    one.close()
    two.close()


def test_closing_one_crm_leaves_the_other_open(tmp_path):
    one, two = CRM.open(tmp_path / "crm.db"), CRM.open(tmp_path / "crm.db")
    one.upgrade()
    one.close()
    with two.unit() as unit:
        assert unit.customers.add(Customer(name="Ana")).id == 1
    two.close()


def test_threads_each_have_their_own_unit(make_crm):
    crm = make_crm()
    together = threading.Barrier(4)

    def add(number):
        together.wait()
        for each in range(10):
            with crm.unit() as unit:
                unit.customers.add(Customer(name=f"Customer {number}-{each}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    with crm.unit(write=False) as unit:
        stored = unit.customers.page()
    assert len({each.name for each in stored}) == 40
    assert len({each.id for each in stored}) == 40


def test_a_failure_in_one_thread_leaves_the_others(make_crm):
    crm = make_crm()

    def add(name):
        with crm.unit() as unit:
            unit.customers.add(Customer(name="kept out" if name is None else name))
            if name is None:
                raise InvalidValueError("name", name, "a name")

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(add, name) for name in ("Ana", None, "Bo")]
    assert [each.exception() is None for each in done] == [True, False, True]
    with crm.unit(write=False) as unit:
        assert sorted(each.name for each in unit.customers.page()) == ["Ana", "Bo"]


TEN_LINES = """
from crmkit import CRM, Customer, Identity, Interaction, Money
crm = CRM.open("sqlite:///shop.db")
crm.upgrade()
with crm.unit() as unit:
    ana = unit.customers.add(Customer(name="Ana", identities=(Identity("shop", "42"),)))
    unit.interactions.add(Interaction(customer_id=ana.id, kind="purchase.order", at=unit.now,
                                      amount=Money.parse("129.90 EUR"), source_key="1"))
with crm.unit(write=False) as unit:
    print(unit.customers.find("shop:42").name, unit.interactions.timeline(ana.id)[0].amount)
"""


def run(code, folder):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_ten_lines_embed_it(tmp_path):
    assert len(TEN_LINES.strip().splitlines()) <= 10
    assert run(TEN_LINES, tmp_path) == (0, "Ana 129.90 EUR\n", "")


@pytest.mark.parametrize("module", ["crmkit", "crmkit.admin", "crmkit.testing"])
def test_importing_it_does_nothing(tmp_path, module):
    code = (
        f"import sys, threading, {module}\n"
        "heavy = ('sqlalchemy', 'alembic', 'click', 'attrs', 'numpy', 'pluggy')\n"
        "loaded = [name for name in heavy if name in sys.modules and name != 'pluggy']\n"
        "print(loaded, threading.active_count())"
    )
    status, printed, told = run(code, tmp_path)

    assert (status, told) == (0, "")
    assert printed in ("[] 1\n", "['attrs'] 1\n")
    assert list(tmp_path.iterdir()) == []
