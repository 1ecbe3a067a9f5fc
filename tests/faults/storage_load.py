"""One of the eight processes that tests/faults/test_storage.py starts on one SQLite file."""

import sys
from datetime import UTC, datetime

import attrs

import crmkit

AT = datetime(2026, 1, 5, tzinfo=UTC)


def count_up(unit):
    known = unit.customers.get(1)
    unit.customers.save(attrs.evolve(known, name=str(int(known.name) + 1)))


def main(url, writer, times):
    crm = crmkit.CRM.open(url)
    crm.upgrade()
    with crm.unit() as unit:
        name = "0" if not unit.customers.page() else ""
        shared = crmkit.Customer(name=name, identities=(crmkit.Identity("load", "1"),))
        unit.customers.upsert_many([shared])
    for n in range(int(times)):
        if n % 2:
            crm.run(count_up)
        else:
            with crm.unit() as unit:
                count_up(unit)
        with crm.unit() as unit:
            unit.interactions.add_many(
                crmkit.Interaction(
                    customer_id=1, kind="note.heard", at=AT, source="load", source_key=key
                )
                for key in (f"{writer}-{n}", f"shared-{n}")
            )
    crm.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
