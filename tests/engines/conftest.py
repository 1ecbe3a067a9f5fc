"""A book with every bundled plugin on, and the engines it is read by."""

import random
import shutil
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points

import pytest

from crmkit import Customer, Interaction, Line, Money
from crmkit.plugins.analytical import profit
from crmkit.plugins.foundation import scoring
from crmkit.testing.engines import duckdb_copy, spark_copy

FROM = datetime(2024, 2, 26, 22, tzinfo=UTC)
DAYS = 900


COSTS = [
    profit.Cost(sku="S1", amount=Money(350, "EUR")),
    profit.Cost(sku="S1", amount=Money(410, "EUR"), since=FROM + timedelta(days=700)),
    profit.Cost(sku="S2", amount=Money(35, "EUR"), per=100, since=FROM + timedelta(days=400)),
]


def bundled():
    """Names of the plugins that ship with crmkit."""
    known = entry_points(group="crmkit.plugins")
    return sorted(each.name for each in known if each.value.startswith("crmkit.plugins."))


def orders_and_returns(chance, customer_id):
    for _ in range(chance.randint(0, 12)):
        kind = chance.choice(["purchase.order"] * 4 + ["purchase.return", "contact.message"])
        minor = chance.randint(1, 99_999) * (-1 if kind == "purchase.return" else 1)
        amount = None if kind == "contact.message" else Money(minor, "EUR")
        sku = f"S{chance.randint(1, 9)}"
        lines = (Line(sku=sku, quantity=1.0, amount=amount),) if amount else ()
        at = FROM + timedelta(seconds=chance.randint(0, DAYS * 86_400))
        yield Interaction(
            customer_id=customer_id, kind=kind, at=at, amount=amount, lines=lines, channel="web"
        )


@pytest.fixture
def book(make_crm, clock):
    """A CRM of 60 customers with nine hundred days of facts, scored once where that is possible."""
    clock.now = FROM + timedelta(days=DAYS)
    crm = make_crm(*bundled())
    chance = random.Random(11)
    with crm.unit() as unit:
        customers = unit.customers.add_many(Customer(name=f"Customer {n}") for n in range(60))
        unit.interactions.add_many(
            each for customer in customers for each in orders_and_returns(chance, customer.id)
        )
        profit.tell_costs(unit, COSTS)
        scoring.run(unit)
    return crm


@pytest.fixture(scope="session")
def spark():
    """A local Spark session; skips where PySpark or Java is missing."""
    sql = pytest.importorskip("pyspark.sql", reason="make test-engines installs PySpark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or newer on the PATH")
    session = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(params=["duckdb", "spark"])
def fetched(request):
    """``fetched(unit)`` carries what the unit sees to an engine and gives what reads there."""
    if request.param == "spark":
        session = request.getfixturevalue("spark")
        yield lambda unit: spark_copy(unit, session)
        return
    pytest.importorskip("duckdb", reason="pip install duckdb")
    with ExitStack() as stack:
        yield lambda unit: stack.enter_context(duckdb_copy(unit))
