"""The steps of the demo, each safe to run again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

import attrs
import sqlalchemy as sa

from crmkit import CRM, ContactPoint, Customer, InvalidValueError, Offer
from crmkit.plugins.analytical import effect
from crmkit.plugins.foundation import consent, decisions, delivery, exchange, policy, scoring
from crmkit.sql import interaction

HERE: Final = Path(__file__).parent
BOOK: Final = HERE / "online_retail_quarter.csv.gz"
RUN: Final = "autumn-2011"
END: Final = datetime(2011, 12, 10, tzinfo=UTC)
"""The day after the last purchase of the book."""
PAGE: Final = 1_000
EVIDENCE: Final = "made for the demo: nobody in this book was ever asked"


@attrs.frozen(kw_only=True)
class Stage:
    """
    Where the demo plays.

    Attributes:
        folder: Of the configuration, the database and the outbox.
        cut: The morning on which we decide; what comes later has not happened yet.
    """

    folder: Path
    book: Path
    cut: datetime

    def crm(self, now: datetime) -> CRM:
        """The CRM of the folder, with the clock standing at *now*."""
        return CRM.from_config(
            self.folder / "crmkit.toml", strict=True, clock=lambda: now, actor="demo"
        )


def morning(day: datetime) -> datetime:
    """Ten o'clock UTC: no quiet hour in Britain."""
    return datetime.combine(day.date(), time(10), UTC)


def prepare(stage: Stage) -> None:
    """The folder with its configuration; what is there stays as it is."""
    stage.folder.mkdir(parents=True, exist_ok=True)
    config = stage.folder / "crmkit.toml"
    if not config.exists():
        config.write_text((HERE / "crmkit.toml").read_text(encoding="utf-8"), encoding="utf-8")


def listen(
    crm: CRM, stage: Stage, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[exchange.Report, exchange.Report]:
    """
    Plan the import of the book between two instants, then run it.

    Raises:
        InvalidValueError: If nothing was bought before *until*; nothing is written then.
    """
    mapping = exchange.read_mapping(HERE / "mapping.toml")
    rejects = stage.folder / ("rejects-before.csv" if until else "rejects-after.csv")
    planned = exchange.plan(crm, stage.book, mapping, rejects=rejects, since=since, until=until)
    if until is not None and not (planned.created or planned.unchanged):
        raise InvalidValueError("cut", f"{until:%Y-%m-%d}", "a day after the book's first purchase")
    done = exchange.run(crm, stage.book, mapping, rejects=rejects, since=since, until=until)
    return planned, done


def counts(crm: CRM) -> dict[str, int]:
    """How many interactions of each kind there are by now."""
    select = sa.select(interaction.c.kind, sa.func.count()).group_by(interaction.c.kind)
    with crm.unit(write=False) as unit:
        return {row[0]: row[1] for row in unit.connection.execute(select)}


def know(crm: CRM) -> int:
    """Give everybody an address at example.com and a consent, both made up; returns how many."""
    with crm.unit() as unit:
        policy.adopt(unit, (HERE / "policy.toml").read_text(encoding="utf-8"))
        purposes = sorted(policy.current(unit).purposes)
        known = 0
        for customers in _pages(crm):
            unit.customers.save_many(_addressed(each) for each in customers if not _address(each))
            known += consent.grant_many(
                unit, [_grant(each, name) for each in customers for name in purposes]
            ) // len(purposes)
    return known


def _pages(crm: CRM) -> Iterator[list[Customer]]:
    after = 0
    while True:
        with crm.unit(write=False) as unit:
            page = unit.customers.page(after=after, size=PAGE)
        if not page:
            return
        yield page
        after = page[-1].id


def _address(customer: Customer) -> str | None:
    return customer.contact("email")


def _addressed(customer: Customer) -> Customer:
    number = customer.identities[0].external_id
    point = ContactPoint("email", f"customer-{number}@example.com")
    return attrs.evolve(customer, contact_points=(point,), locale="en-GB")


def _grant(customer: Customer, purpose: str) -> consent.Grant:
    return consent.Grant(
        customer_id=customer.id,
        purpose=purpose,
        channel="email",
        basis="consent",
        evidence=EVIDENCE,
        source="demo",
    )


def value(crm: CRM, stage: Stage) -> None:
    """Score everybody as of the cut, and fill the segments."""
    with crm.unit() as unit:
        scoring.run(unit, mode="full", as_of=stage.cut)


def decide(crm: CRM) -> decisions.Decided:
    with crm.unit() as unit:
        return decisions.decide(unit, run=RUN)


def act(crm: CRM, stage: Stage) -> delivery.Delivered:
    """Deliver; and an hour later what a run that was killed held in its hands."""
    done = delivery.run_until_empty(crm)
    later = stage.crm(stage.cut + timedelta(hours=1))
    done += delivery.run_until_empty(later)
    later.close()
    return done


def learn(crm: CRM) -> tuple[int, effect.Measurement, effect.Measurement]:
    """The answered offers, and the effect on revenue and on the share of buyers."""
    with crm.unit() as unit:
        learned = decisions.learn(unit)
        (revenue,) = effect.measure(unit, RUN)
        (buyers,) = effect.measure(unit, RUN, effect.Design(metric="buyers"))
        return learned.accepted, revenue, buyers


def was_decided(crm: CRM) -> bool:
    with crm.unit(write=False) as unit:
        return RUN in decisions.runs(unit)


def an_answered_offer(crm: CRM) -> Offer | None:
    """One to look at: the first offer whose customer bought within its window."""
    for customers in _pages(crm):
        with crm.unit(write=False) as unit:
            for customer in customers:
                for offer in unit.offers.of(customer.id):
                    if offer.status == "accepted":
                        return offer
    return None


def default_cut() -> datetime:
    """A hundred days before the end, so that every window of sixty days closes within the book."""
    return END - timedelta(days=100)
