"""A web shop moves in: Shopify's orders and consents, a campaign, and one that was sent before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs

from crmkit import (
    ContactPoint,
    Customer,
    Identity,
    Interaction,
    Line,
    Money,
    Unit,
)
from crmkit.plugins.analytical import profit
from crmkit.plugins.foundation import consent, delivery, policy, scoring
from crmkit.plugins.operational import marketing

from . import experiment
from .campaigning import campaign, is_there
from .scene import HERE, Row, Scene, instant, moment, strangers, title

SHOPIFY: Final = "shopify"
TODAY: Final = datetime(2025, 8, 1, 10, tzinfo=UTC)
CAMPAIGN: Final = "summer"
NEXT: Final = [
    f"campaign results {CAMPAIGN}",
    f"campaign show {CAMPAIGN}",
    "profit concentration",
]


def play(scene: Scene, hillstrom: Path | None = None) -> Iterator[str]:
    """
    Tell the story line by line; what was brought over before is not brought over twice.

    Args:
        hillstrom: The file of MineThatData's e-mail experiment, which may not be passed on.
    """
    sent = experiment.read(hillstrom) if hillstrom else None
    scene.set_up("marketing", SHOPIFY)
    with scene.at(TODAY) as unit:
        policy.adopt(unit, (HERE / "marketing_policy.toml").read_text(encoding="utf-8"))
    yield title("listen", "Shopify: customers, orders, refunds, in the old tables and the new")
    yield from (f"  {line}" for line in _listen(scene))
    yield title("know", "who said yes to e-mail, and how")
    yield from (f"  {line}" for line in _know(scene))
    yield title("value", "what came in, held against the tables")
    with scene.crm.unit(write=False) as unit:
        yield from (f"  {line}" for line in _value(unit))
    yield title("act", "a letter to those who bought, a fifth of them held out")
    yield from (f"  {line}" for line in _act(scene))
    if sent is not None:
        yield title("learn", "MineThatData's e-mail experiment of 2008, sent by another system")
        yield from (f"  {line}" for line in experiment.play(scene, sent))


def _listen(scene: Scene) -> Iterator[str]:
    old, new = _orders(scene)
    lines: dict[str, list[Row]] = {}
    for row in scene.rows(SHOPIFY, "shopify_order_line_data"):
        lines.setdefault(row["order_id"], []).append(row)
    taken = [row for row in (*old, *new) if not _why_not(row)]
    with scene.at(TODAY) as unit:
        unit.customers.upsert_many(_people(scene))
        who, unknown = strangers(unit, SHOPIFY, [row["customer_id"] for row in taken])
        happened = [
            each for row in taken for each in _purchase(row, who[row["customer_id"]], lines)
        ]
        added = unit.interactions.add_many(happened)
        if "buyers" not in {each.name for each in scoring.segment_rules(unit)}:
            scoring.define_segment(unit, "buyers", "count(purchase.order) >= 1")
    yield f"{len(old)} + {len(new)} orders; {added.new} purchases and cancellations are new here"
    for reason in ("a test", "never paid"):
        left_out = sum(_why_not(row) == reason for row in (*old, *new))
        yield f"{left_out} left out: {reason}"
    yield f"{unknown or 'none'} of the buyers missing in the tables, kept by their number"
    known = {row["id"] for row in (*old, *new)}
    refunds = [
        *scene.rows(SHOPIFY, "shopify_refund_data"),
        *scene.rows(SHOPIFY, "shopify_gql_refund_data"),
    ]
    strays = sum(row["order_id"] not in known for row in refunds)
    yield f"{strays} of {len(refunds)} refunds left out: the export lacks their orders"


def _orders(scene: Scene) -> tuple[list[Row], list[Row]]:
    """Of the tables in the old naming and in the new one, in the names of the old."""
    old = scene.rows(SHOPIFY, "shopify_order_data")
    new: list[Row] = [
        {
            "id": row["id"],
            "customer_id": row["customer_id"],
            "created_at": row["created_at"],
            "cancelled_at": row["cancelled_at"],
            "currency": row["currency_code"],
            "total_price": row["total_price_set_shop_amount"],
            "financial_status": row["display_financial_status"].lower(),
            "test": row["test"],
        }
        for row in scene.rows(SHOPIFY, "shopify_gql_order_data")
    ]
    return old, new


def _why_not(row: Row) -> str:
    """Why an order is none; empty for one that is."""
    if row.get("test") == "TRUE":
        return "a test"
    return "" if row["financial_status"] == "paid" else "never paid"


def _people(scene: Scene) -> Iterator[Customer]:
    """Names and addresses are anonymised to digests; an address is made of the number."""
    for table in ("shopify_customer_data", "shopify_gql_customer_data"):
        for row in scene.rows(SHOPIFY, table):
            point = ContactPoint("email", f"customer-{row['id']}@example.com")
            yield Customer(
                name=f"{row['first_name'][-6:]} {row['last_name'][-6:]}",
                contact_points=(point,),
                identities=(Identity(SHOPIFY, row["id"]),),
            )


def _purchase(row: Row, customer_id: int, lines: dict[str, list[Row]]) -> Iterator[Interaction]:
    """The order, and the return of all of it where it was cancelled."""
    currency, bought = row["currency"], moment(row["created_at"])
    amount = Money.of(row["total_price"], currency)
    yield Interaction(
        customer_id=customer_id,
        kind="purchase.order",
        at=bought,
        channel="web",
        amount=amount,
        lines=tuple(_line(each, currency) for each in lines.get(row["id"], ())),
        source=SHOPIFY,
        source_key=row["id"],
    )
    if cancelled := instant(row.get("cancelled_at", "")):
        yield Interaction(
            customer_id=customer_id,
            kind="purchase.return",
            at=max(bought, cancelled),
            channel="web",
            amount=-amount,
            source=SHOPIFY,
            source_key=f"{row['id']} cancelled",
        )


def _line(row: Row, currency: str) -> Line:
    quantity = int(row["quantity"])
    price = Money.of(row["price"], currency)
    whole = Money(price.amount_minor * quantity, currency)
    return Line(sku=row["sku"] or row["id"], quantity=quantity, amount=whole)


def _know(scene: Scene) -> Iterator[str]:
    said = list(_said(scene))
    yes = [each for each in said if each.how]
    with scene.at(TODAY) as unit:
        who = unit.customers.ids_of(SHOPIFY, [each.id for each in said])
        consent.grant_many(unit, [_grant(each, who[each.id]) for each in yes])
        for each in said:
            if not each.how and not consent.log(unit, who[each.id]):
                consent.withdraw(unit, who[each.id], source=SHOPIFY, at=each.at)
    confirmed = sum(each.how == "confirmed_opt_in" for each in yes)
    yield (
        f"{len(yes)} said yes, {confirmed} of them twice (double opt-in); "
        f"{len(said) - len(yes)} said no"
    )
    yield "of everybody else nothing is known, so nothing may be sent"


@attrs.frozen
class Word:
    """What somebody said; *how* they said yes, empty for a no."""

    id: str
    how: str
    at: datetime


def _said(scene: Scene) -> Iterator[Word]:
    for row in scene.rows(SHOPIFY, "shopify_customer_data"):
        if row["accepts_marketing"] == "TRUE":
            yield Word(row["id"], "accepts_marketing", moment(row["updated_at"]))
    for row in scene.rows(SHOPIFY, "shopify_gql_customer_data"):
        at = moment(row["email_marketing_consent_updated_at"])
        if row["email_marketing_consent_state"] == "SUBSCRIBED":
            yield Word(row["id"], row["email_marketing_consent_opt_in_level"].lower(), at)
        elif row["email_marketing_consent_state"] == "UNSUBSCRIBED":
            yield Word(row["id"], "", at)


def _grant(word: Word, customer_id: int) -> consent.Grant:
    return consent.Grant(
        customer_id=customer_id,
        purpose="news",
        channel="email",
        basis="consent",
        evidence=f"Shopify: {word.how}",
        source=SHOPIFY,
        at=word.at,
    )


def _value(unit: Unit) -> Iterator[str]:
    for year in (2020, 2025):
        period = profit.Period(
            datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        )
        drawn = profit.statements(unit, period)
        whole, buyers = profit.total(drawn), sum(each.revenue_minor > 0 for each in drawn)
        books = profit.reconcile(unit, period)
        told = "NOT even" if books.differences else "to the cent"
        yield (
            f"{year}: {Money(whole.revenue_minor, whole.currency)} bought by {buyers}, "
            f"{Money(-whole.returns_minor, whole.currency)} of it cancelled; {told}"
        )


def _act(scene: Scene) -> Iterator[str]:
    with scene.at(TODAY) as unit:
        scoring.refresh_segments(unit, TODAY)
        if not is_there(unit, CAMPAIGN):
            letter = marketing.Variant(
                name="letter", subject="Summer is here", text="Dear {name}, come and see."
            )
            marketing.save_campaign(unit, campaign(CAMPAIGN, "purchase.order", (letter,)))
            marketing.launch(unit, CAMPAIGN)
    marketing.fill_all(scene.crm, CAMPAIGN)
    delivery.run_until_empty(scene.crm)
    with scene.crm.unit(write=False) as unit:
        members = marketing.members_of(unit, marketing.campaign(unit, CAMPAIGN).id)
        found = marketing.results(unit, CAMPAIGN)
    by_arm = {each.arm for each in members}
    for arm in sorted(by_arm):
        why = {each.why for each in members if each.arm == arm and each.why}
        told = f": {'; '.join(sorted(why))}" if why else ""
        yield f"{sum(each.arm == arm for each in members)} {arm}{told}"
    yield f"what it changed: {found.verdict}"
