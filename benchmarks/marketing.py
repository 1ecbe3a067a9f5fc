"""
A campaign to a million people, audience, holdout and intents, and a journey's step of them all.

    python -m benchmarks.marketing [--people 1000000] [--template]

Everything is checked as always: consent, policy, limits. The peak of the process's memory is
printed after each part. With ``--template`` the message is MJML of three sections, with the text
made of it. PostgreSQL takes part where ``CRMKIT_BENCH_POSTGRES`` names a server.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from benchmarks.databases import databases
from crmkit import CRM, ContactPoint, Customer, Unit
from crmkit.plugins.collaborative import templates
from crmkit.plugins.foundation import consent, policy, scoring
from crmkit.plugins.foundation.consent import tables as consent_tables
from crmkit.plugins.operational import marketing
from crmkit.plugins.operational.marketing import Campaign, Journey, Step, Variant
from crmkit.sql import insert_many
from crmkit.testing import Clock

MJML = """<mjml><mj-head><mj-title>For {{ customer.name }}</mj-title></mj-head><mj-body>
<mj-section><mj-column><mj-text>Dear {{ customer.name }}, come and see.</mj-text></mj-column>
</mj-section><mj-section><mj-column><mj-image src="https://shop.example/tea.png" alt="Tea"/>
<mj-button href="https://shop.example/">Come</mj-button></mj-column></mj-section>
<mj-section><mj-column><mj-text><a href="{{ email.unsubscribe_url }}">No more</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""
PLUGINS = ("scoring", "consent", "policy", "delivery", "email", "marketing")
CHUNK = 50_000
POLICY = """
name = "shop"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30

[purposes.care]
summary = "Stay close."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--template", action="store_true", help="say it by a template")
    people, template = vars(parser.parse_args()).values()
    with tempfile.TemporaryDirectory(prefix="crmkit-bench-") as folder:
        for name, url in databases(Path(folder), "marketing"):
            print(f"\n{name}, {people:,} people")
            for what, seconds in _turn(url, people, folder, template=template):
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(f"  {what:<52}{seconds:>9.1f} s{peak:>9.0f} MB", flush=True)


def _turn(url: str, people: int, folder: str, *, template: bool) -> Iterator[tuple[str, float]]:
    clock = Clock()
    email = {
        "target": f"maildir:{folder}/out",
        "from_address": "shop@example.com",
        "unsubscribe_to": "leave@shop.example",
    }
    plugins = (*PLUGINS, "templates") if template else PLUGINS
    crm = CRM.open(url, plugins, clock=clock, settings={"email": email})
    crm.upgrade()
    yield "people with an address and a consent", _taken(lambda: _fill(crm, people))
    yield "launch: the audience is frozen", _taken(lambda: _launch(crm, template=template))
    yield "fill: arms, holdout, intents", _taken(lambda: marketing.fill_all(crm, "spring"))
    yield "results", _taken(lambda: _results(crm))
    with crm.unit() as unit:
        marketing.save_journey(unit, _journey())
    yield "journey: all set out and wait", _taken(lambda: marketing.walk_all(crm, "welcome"))
    clock.move(hours=49)
    yield "journey: all take a step and end", _taken(lambda: marketing.walk_all(crm, "welcome"))
    crm.close()


def _taken(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _fill(crm: CRM, people: int) -> None:
    with crm.unit() as unit:
        policy.adopt(unit, POLICY)
        scoring.define_segment(unit, "all", "count(purchase.order) >= 0")
    for first in range(0, people, CHUNK):
        with crm.unit() as unit:
            found = unit.customers.add_many(
                Customer(
                    name=f"Customer {n}",
                    contact_points=(ContactPoint("email", f"c{n}@example.com"),),
                )
                for n in range(first, min(first + CHUNK, people))
            )
            _consent(unit, [each.id for each in found])
    with crm.unit() as unit:
        scoring.refresh_segments(unit, unit.now)


def _consent(unit: Unit, ids: list[int]) -> None:
    """As consent.grant writes it for one, and a copy of that row for the others."""
    table = consent_tables.consent_event
    first, *others = ids
    consent.grant(
        unit,
        first,
        purpose="care",
        channel="email",
        basis="consent",
        evidence="ticked the box",
        source="web",
    )
    row = (
        unit.connection.execute(sa.select(table).where(table.c.customer_id == first))
        .mappings()
        .one()
    )
    new = unit.new_ids(table, len(others))
    rows = [
        tuple({**row, "id": n, "customer_id": each}.values())
        for n, each in zip(new, others, strict=True)
    ]
    insert_many(unit.connection, table, rows)


def _launch(crm: CRM, *, template: bool) -> None:
    letter = Variant(subject="For {name}", text="Come and see.")
    with crm.unit() as unit:
        if template:
            templates.save(unit, templates.Template(name="spring", mjml=MJML))
            letter = Variant(template="spring")
        marketing.save_campaign(
            unit,
            Campaign(
                name="spring", purpose="care", channel="email", segment="all", variants=[letter]
            ),
        )
        marketing.launch(unit, "spring")


def _results(crm: CRM) -> None:
    with crm.unit(write=False) as unit:
        marketing.results(unit, "spring")


def _journey() -> Journey:
    return Journey(
        name="welcome",
        segment="all",
        steps=[
            Step(name="pause", kind="wait", hours=48),
            Step(name="coin", kind="split", shares={"over": 1, "done": 1}),
            Step(name="over", kind="end"),
            Step(name="done", kind="end"),
        ],
    )


if __name__ == "__main__":
    main()
