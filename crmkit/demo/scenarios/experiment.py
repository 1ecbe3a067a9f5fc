"""MineThatData's e-mail experiment of 2008, as a campaign that another system sent."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from crmkit import Customer, Identity, Interaction, InvalidValueError, Money, Unit
from crmkit.plugins.operational import marketing

from .campaigning import campaign, is_there
from .scene import Row, Scene

HILLSTROM: Final = "hillstrom"
SENT: Final = datetime(2008, 3, 6, tzinfo=UTC)
ARMS: Final = {"Mens E-Mail": "mens", "Womens E-Mail": "womens", "No E-Mail": marketing.HOLDOUT}


def read(path: Path) -> list[Row]:
    """
    Raises:
        InvalidValueError: If it is another file.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"segment", "visit", "spend"} <= set(rows[0]):
        accepted = "hillstrom.csv as MineThatData published it, with segment, visit and spend"
        raise InvalidValueError("hillstrom", str(path), accepted)
    return list(rows)


def play(scene: Scene, rows: Sequence[Row]) -> Iterator[str]:
    """Take the experiment over and say what it changed."""
    with scene.at(scene.now) as unit:
        if not is_there(unit, HILLSTROM):
            _take_over(unit, rows)
    with scene.crm.unit(write=False) as unit:
        found = marketing.results(unit, HILLSTROM)
    for each in found.arms:
        share = each.reached_goal / each.people
        head = f"{each.mean_minor / 100:.2f} USD a head"
        yield f"{each.people:,} {each.name}: {share:.2%} visited, {head}"
    gain, low, high = (
        Money(round(bound), "USD") for bound in (found.gain_minor, found.gain_low, found.gain_high)
    )
    yield f"what it changed: {gain} ({low} to {high}): it {found.verdict}"


def _take_over(unit: Unit, rows: Sequence[Row]) -> None:
    people = unit.customers.add_many(
        Customer(name=f"Hillstrom {n}", identities=(Identity(HILLSTROM, str(n)),))
        for n in range(1, len(rows) + 1)
    )
    variants = tuple(
        marketing.Variant(name=name, subject=f"{name} merchandise", text="As it was in 2008.")
        for name in ("mens", "womens")
    )
    marketing.save_campaign(unit, campaign(HILLSTROM, "contact.visit", variants))
    arms = {each.id: ARMS[row["segment"]] for each, row in zip(people, rows, strict=True)}
    marketing.take_over(unit, HILLSTROM, arms, launched_at=SENT)
    unit.interactions.add_many(
        each for who, row in zip(people, rows, strict=True) for each in _reaction(who.id, row)
    )


def _reaction(customer_id: int, row: Row) -> Iterator[Interaction]:
    at = SENT + timedelta(days=7)
    if row["visit"] == "1":
        yield Interaction(customer_id=customer_id, kind="contact.visit", at=at, channel="web")
    if float(row["spend"]):
        amount = Money.of(row["spend"], "USD")
        yield Interaction(
            customer_id=customer_id, kind="purchase.order", at=at, channel="web", amount=amount
        )
