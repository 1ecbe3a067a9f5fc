"""Two sales teams move in: HubSpot's deals and Salesforce's opportunities, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from crmkit import Customer, Identity, Money, Unit
from crmkit.plugins.operational import sales

from .scene import Row, Scene, moment, strangers, title

HUBSPOT: Final = "hubspot"
SALESFORCE: Final = "salesforce"
CURRENCY: Final = "USD"
NEXT: Final = [
    "deal list",
    "sales forecast",
    "deal overdue",
]
TODAY: Final = datetime(2021, 4, 3, tzinfo=UTC)


def play(scene: Scene) -> Iterator[str]:
    """Tell the story line by line; what was brought over before is not brought over twice."""
    scene.set_up("sales", HUBSPOT, SALESFORCE)
    yield title("listen", "HubSpot: contacts, companies, deals")
    yield from (f"  {line}" for line in _hubspot(scene))
    yield title("listen", "Salesforce: accounts, contacts, a lead, opportunities")
    yield from (f"  {line}" for line in _salesforce(scene))
    yield title("know", "who may be the same")
    yield from (f"  {line}" for line in _alike(scene))
    scene.now = TODAY
    with scene.crm.unit(write=False) as unit:
        yield title("value", "what was won, and how fast")
        yield from (f"  {line}" for line in _velocity(unit))
        yield title("decide", "what is open, and what it will come to")
        yield from (f"  {line}" for line in _outlook(unit))


def _hubspot(scene: Scene) -> Iterator[str]:
    contacts = scene.rows(HUBSPOT, "contact_data")
    merged = {each for row in contacts for each in _merged(row)}
    companies = scene.rows(HUBSPOT, "company_data")
    deals = scene.rows(HUBSPOT, "deal_data")
    with scene.at(TODAY) as unit:
        unit.customers.upsert_many(_contact(row) for row in contacts if row["id"] not in merged)
        unit.customers.upsert_many(_company(row) for row in companies)
    for row in sorted(deals, key=lambda row: row["property_createdate"]):
        _deal(scene, row)
    names = {row["deal_id"] for row in deals}
    yield f"{len(contacts)} contacts, {len(merged)} of them merged into another there and here"
    yield f"{len(companies)} companies"
    yield f"{len(deals)} deals, without amount, stage or contact, under the portal they came from"
    for table, what in (("deal_stage_data", "stages"), ("deal_contact_data", "contacts")):
        rows = scene.rows(HUBSPOT, table)
        strays = sum(row["deal_id"] not in names for row in rows)
        yield f"{strays} of {len(rows)} {what} of deals left out: the export lacks those deals"


def _merged(row: Row) -> list[str]:
    return [each for each in row["property_hs_merged_object_ids"].split(";") if each]


def _contact(row: Row) -> Customer:
    """Names are anonymised to digests; the first letters of them tell people apart."""
    ids = [row["id"], *_merged(row)]
    name = f"{row['property_firstname'][:6]} {row['property_lastname'][:6]}"
    return Customer(name=name, identities=tuple(Identity(HUBSPOT, each) for each in ids))


def _company(row: Row) -> Customer:
    identity = Identity(HUBSPOT, f"company-{row['id']}")
    name = row["property_name"][:6] or f"Company {row['id']}"
    return Customer(name=name, kind="organisation", identities=(identity,))


def _deal(scene: Scene, row: Row) -> None:
    with scene.at(moment(row["property_createdate"])) as unit:
        portal = f"portal-{row['portal_id']}"
        who, _ = strangers(unit, HUBSPOT, [portal])
        draft = sales.DealDraft(
            customer_id=who[portal],
            name=f"Deal {row['deal_id']}",
            pipeline=HUBSPOT,
            owner=row["owner_id"],
            source=HUBSPOT,
            source_key=row["deal_id"],
        )
        sales.open_deals(unit, [draft])


def _salesforce(scene: Scene) -> Iterator[str]:
    accounts = scene.rows(SALESFORCE, "sf_account_data")
    contacts = scene.rows(SALESFORCE, "sf_contact_data")
    leads = scene.rows(SALESFORCE, "sf_lead_data")
    opportunities = scene.rows(SALESFORCE, "sf_opportunity_data")
    with scene.at(TODAY) as unit:
        unit.customers.upsert_many(_account(row) for row in accounts)
        unit.customers.upsert_many(_person(row) for row in contacts if row["name"])
    for row in leads:
        _lead(scene, row)
    early = sum(
        [_opportunity(scene, row) for row in sorted(opportunities, key=lambda r: r["created_date"])]
    )
    binned = sum(row["is_deleted"] == "true" for row in opportunities)
    yield f"{len(accounts)} accounts, {sum(bool(row['name']) for row in contacts)} contacts"
    yield f"{len(leads)} lead, converted; converting it once more gives the same deal"
    yield f"{len(opportunities)} opportunities; {binned} lie in the recycle bin there, and are told"
    yield f"{early} closed on a day before it was opened: closed here when it was opened"


def _account(row: Row) -> Customer:
    return Customer(
        name=row["name"], kind="organisation", identities=(Identity(SALESFORCE, row["id"]),)
    )


def _person(row: Row) -> Customer:
    return Customer(name=row["name"], identities=(Identity(SALESFORCE, row["id"]),))


def _lead(scene: Scene, row: Row) -> None:
    with scene.at(moment(row["created_date"])) as unit:
        name = f"{row['first_name']} {row['last_name']}"
        (who,) = unit.customers.upsert_many(
            [Customer(name=name, identities=(Identity(SALESFORCE, row["id"]),))]
        )
        draft = sales.LeadDraft(
            customer_id=who.id,
            interest=f"What {row['company']} needs",
            source=SALESFORCE,
            source_key=row["id"],
        )
        (lead,) = sales.take_in(unit, [draft])
        assert sales.convert(unit, lead.id) == sales.convert(unit, lead.id)


def _opportunity(scene: Scene, row: Row) -> bool:
    """Open it and close it when it was; returns whether that was the wrong way round."""
    opened, closed = moment(row["created_date"]), moment(row["close_date"])
    account = f"account-{row['account_id'][:6]}"
    is_open = row["is_closed"] == "false"
    with scene.at(opened) as unit:
        who, _ = strangers(unit, SALESFORCE, [account])
        draft = sales.DealDraft(
            customer_id=who[account],
            name=row["name"],
            amount=Money.of(row["amount"], CURRENCY) if row["amount"] else None,
            pipeline=SALESFORCE,
            owner=row["owner_id"][:6],
            probability=int(row["probability"]) / 100 if is_open else None,
            expected_on=closed.date() if is_open else None,
            source=SALESFORCE,
            source_key=row["id"],
        )
        (deal,) = sales.open_deals(unit, [draft])
    if not is_open:
        with scene.at(max(opened, closed)) as unit:
            sales.move(unit, [deal.id], "won" if row["is_won"] == "true" else "lost")
    return not is_open and closed.date() < opened.date()


def _alike(scene: Scene) -> Iterator[str]:
    """Whoever has exactly another's name."""
    with scene.crm.unit(write=False) as unit:
        people = unit.customers.page(size=1_000)
    names = Counter((each.kind, each.name) for each in people)
    found = [(kind, name, times) for (kind, name), times in names.items() if times > 1]
    for kind, name, times in found:
        yield f"{times} of kind {kind} are called {name!r}"
    yield f"{len(people)} customers in all"


def _velocity(unit: Unit) -> Iterator[str]:
    for each in sales.velocity(unit):
        share = "" if each.win_share is None else f", {each.win_share:.0%} of what was closed"
        days = "" if each.cycle_days is None else f", after {each.cycle_days:.1f} days"
        yield f"{each.pipeline}: {each.won} won{share}{days}; {each.lost} lost, {each.open} open"
    for outcome in ("won", "lost"):
        closed = sales.find_deals(unit, outcome=outcome, size=1_000)
        total = sum(each.value_minor for each in closed)
        yield f"{outcome}: {Money(total, CURRENCY)}"


def _outlook(unit: Unit) -> Iterator[str]:
    for each in sales.forecast(unit):
        if each.month:
            expected, low, high = (
                Money(amount, CURRENCY)
                for amount in (each.expected_minor, each.low_minor, each.high_minor)
            )
            yield f"{each.month}: expected {expected}, nine of ten times {low} to {high}"
    late = sales.overdue(unit)
    yield f"{len(late)} deals are overdue, most for standing still"
