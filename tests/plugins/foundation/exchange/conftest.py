"""A folder with files to import, and what the database holds afterwards."""

import pytest
import sqlalchemy as sa

from crmkit import sql
from crmkit.plugins.foundation import exchange

PEOPLE = """
kind = "customers"
source = "shop"
[columns]
id = "external_id"
name = "name"
email = "email"
"""
SALES = """
kind = "interactions"
source = "shop"
time_zone = "UTC"
[columns]
id = "source_key"
who = "customer"
at = "at"
amount = "amount"
[constants]
currency = "EUR"
[customer]
name = "Customer {who}"
"""
LINES = """
kind = "interactions"
source = "shop"
group_by = "invoice"
time_zone = "UTC"
[columns]
who = "customer"
at = "at"
sku = "line.sku"
pieces = "line.quantity"
price = "line.price"
[constants]
currency = "EUR"
[customer]
name = "Customer {who}"
"""
HEADERS = {
    PEOPLE: "id,name,email",
    SALES: "id,who,at,amount",
    LINES: "invoice,who,at,sku,pieces,price",
}
TABLES = (sql.customer, sql.contact_point, sql.identity, sql.interaction, sql.line)


class Shop:
    """Imports texts, and tells what became of them."""

    def __init__(self, crm, folder):
        self.crm = crm
        self.folder = folder

    def file(self, content, name="in.csv"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def rows(self, mapping, *rows):
        """A file with the usual headers of *mapping*."""
        return self.file("\n".join([HEADERS[mapping], *rows]) + "\n")

    def plan(self, path, mapping, **options):
        return exchange.plan(self.crm, path, exchange.read_mapping(mapping), **options)

    def run(self, path, mapping, **options):
        return exchange.run(self.crm, path, exchange.read_mapping(mapping), **options)

    def reasons(self, report, bucket="rejected"):
        return [each.text for each in report.reasons if each.bucket == bucket]

    def counts(self, report):
        """The buckets that hold something."""
        names = ("created", "updated", "unchanged", "skipped", "outside", "rejected")
        assert sum(getattr(report, name) for name in names) == report.rows
        return {name: getattr(report, name) for name in names if getattr(report, name)}

    def dump(self):
        """Everything of core, in names of the outside world instead of ids."""
        with self.crm.unit(write=False) as unit:
            rows = {t.name: unit.connection.execute(sa.select(t)).mappings().all() for t in TABLES}
        who = {row["customer_id"]: row["external_id"] for row in rows["crm_identity"]}
        what = {row["id"]: row["source_key"] for row in rows["crm_interaction"]}
        found = []
        for name, kept in rows.items():
            for row in kept:
                told = {k: v for k, v in row.items() if k not in ("changed_at", "changed_by")}
                for column, names in (("customer_id", who), ("interaction_id", what)):
                    if column in told:
                        told[column] = names[told[column]]
                if name == "crm_customer":
                    told["id"] = who[told["id"]]
                if name == "crm_interaction":
                    told.pop("id")
                found.append((name, str(sorted(told.items(), key=str))))
        return sorted(found)

    def customers(self):
        with self.crm.unit(write=False) as unit:
            return unit.customers.page(size=10_000)

    def timeline(self, who):
        with self.crm.unit(write=False) as unit:
            return unit.interactions.timeline(unit.customers.find(who).id)


@pytest.fixture
def people():
    return PEOPLE


@pytest.fixture
def sales():
    return SALES


@pytest.fixture
def lines():
    return LINES


@pytest.fixture
def shop(make_crm, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    return Shop(make_crm("exchange"), folder)
