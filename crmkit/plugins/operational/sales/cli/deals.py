"""``crmkit deal``."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from crmkit import CRM
from crmkit.cli import (
    customer_argument,
    dry_run_option,
    emit,
    emit_one,
    examples,
    pass_crm,
    say,
    writing,
)
from crmkit.pdf import printed

from .. import actions, foretelling, queries
from ..config import Settings
from ..model import DealDraft, QuoteItem
from ..printing import paper
from .values import DAY, SHOWN, Amount, Item, row, team_option


@click.group(epilog=examples("crmkit deal list", "crmkit deal overdue"))
def deal() -> None:
    """What customers may buy: open, move, quote and win deals."""


@deal.command(
    "open",
    epilog=examples("crmkit deal open bo@example.com 'A lamp shop' --amount '1200.00 GBP'"),
)
@customer_argument
@click.argument("name")
@click.option("--amount", type=Amount(), help="Paid once.")
@click.option("--monthly", type=Amount(), help="Paid every month of the term.")
@click.option("--term-months", default=12)
@click.option("--pipeline", default="")
@click.option("--owner", default="")
@click.option("--probability", type=float, help="What you believe; default what the stage says.")
@click.option("--expected", type=DAY, help="The day on which it should close.")
@click.option("--key", "source_key", help="Another system's id: the same one is opened once.")
@dry_run_option
@pass_crm
def open_(crm: CRM, customer: str, expected: datetime | None, dry_run: bool, **given: Any) -> None:
    """Open a deal with CUSTOMER; says if there may be the same one."""
    with writing(crm, dry_run) as unit:
        whose = unit.customers.find(customer).id
        for each in queries.alike(unit, whose, given["name"]):
            number = f" (deal {each.deal_id})" if each.deal_id else ""
            say(f"Perhaps the same: {each.why}{number}.")
        source = "cli" if given["source_key"] else ""
        day: date | None = expected.date() if expected else None
        draft = DealDraft(customer_id=whose, expected_on=day, source=source, **given)
        (opened,) = actions.open_deals(unit, [draft])
    say(f"Deal {opened.id} with customer {whose} is open.")
    emit_one(row(opened))


@deal.command("list", epilog=examples("crmkit deal list --all"))
@click.option("--pipeline", default="")
@click.option("--stage", default="")
@click.option("--owner", help="Empty for nobody's.")
@click.option("--customer", default="")
@click.option("--all", "closed_too", is_flag=True, help="Won and lost ones, too.")
@click.option("--size", default=50)
@pass_crm
def list_(crm: CRM, customer: str, closed_too: bool, **given: Any) -> None:
    """List open deals, latest first."""
    with crm.unit(write=False) as unit:
        whose = unit.customers.find(customer).id if customer else None
        outcome = None if closed_too else ""
        found = queries.find_deals(unit, customer_id=whose, outcome=outcome, **given)
    emit([row(each) for each in found], columns=SHOWN)


@deal.command(epilog=examples("crmkit deal show 1"))
@click.argument("deal_id", type=int)
@pass_crm
def show(crm: CRM, deal_id: int) -> None:
    """Show a deal, its moves and quotes, and how likely it is to be won, and why."""
    with crm.unit(write=False) as unit:
        found = queries.deal(unit, deal_id)
        moves = [
            f"{each.at:%Y-%m-%d} {each.before or '-'} > {each.after} after {each.stayed}"
            for each in queries.moves(unit, [deal_id])
        ]
        quotes = [
            f"quote {each.id}: {each.total}, {each.status}, until {each.valid_until}"
            for each in queries.quotes_of(unit, deal_id)
        ]
        (chance,) = foretelling.chances(unit, [found])
    reasons = ", ".join(f"{name} {value:+.2f}" for name, value in chance.reasons.items())
    told = f"{chance.value:.0%} by {chance.source}" + (f" ({reasons})" if reasons else "")
    emit_one(row(found) | {"chance": told, "moves": moves, "quotes": quotes})


@deal.command(epilog=examples("crmkit deal move 1 --to qualified"))
@click.argument("deal_ids", type=int, nargs=-1, required=True)
@click.option("--to", "stage", required=True)
@click.option("--reason", default="", help="Why it is won or lost.")
@click.option("--version", type=int, help="Refuse if the deal is not that one any more.")
@dry_run_option
@pass_crm
def move(crm: CRM, deal_ids: tuple[int, ...], dry_run: bool, **given: Any) -> None:
    """Move deals to a stage, all or none."""
    with writing(crm, dry_run) as unit:
        found = actions.move(unit, deal_ids, **given)
    emit([row(each) for each in found], columns=SHOWN)


@deal.command("next", epilog=examples("crmkit deal next 1 'Call her' --by 2026-12-24 --dry-run"))
@click.argument("deal_id", type=int)
@click.argument("what")
@click.option("--by", type=DAY, required=True)
@dry_run_option
@pass_crm
def next_(crm: CRM, deal_id: int, what: str, by: datetime, dry_run: bool) -> None:
    """Say what is to be done next, and by when (UTC)."""
    with writing(crm, dry_run) as unit:
        found = actions.set_next(unit, deal_id, what, by.replace(tzinfo=unit.now.tzinfo))
    emit_one(row(found))


@deal.command(epilog=examples("crmkit deal overdue"))
@click.option("--owner", default="")
@team_option
@pass_crm
def overdue(crm: CRM, owner: str, team: str) -> None:
    """List deals whose next step is late, or that stay too long in a stage."""
    with crm.unit(write=False) as unit:
        found = queries.overdue(unit, owner=owner, team=team)
    emit({"id": each.id, "name": each.name, "owner": each.owner, "why": why} for each, why in found)


@deal.command(epilog=examples("crmkit deal assign --dry-run"))
@dry_run_option
@pass_crm
def assign(crm: CRM, dry_run: bool) -> None:
    """Give deals that nobody owns to sellers, by territory and capacity."""
    with writing(crm, dry_run) as unit:
        given = actions.assign(unit)
    emit({"deal_id": deal_id, "owner": owner} for deal_id, owner in given.items())


@deal.command(epilog=examples("crmkit deal hear 1 colour 'no white'"))
@click.argument("deal_id", type=int)
@click.argument("topic")
@click.argument("what")
@dry_run_option
@pass_crm
def hear(crm: CRM, deal_id: int, topic: str, what: str, dry_run: bool) -> None:
    """Note what the customer likes, or wants to be spared."""
    with writing(crm, dry_run) as unit:
        actions.hear(unit, deal_id, topic, what)
    say(f"{topic}: {what}.")


@deal.command(epilog=examples("crmkit deal quote 1 --item 'LAMP,2,19.90 GBP'"))
@click.argument("deal_id", type=int)
@click.option("--item", "items", type=Item(), multiple=True, help="SKU[,QUANTITY[,PRICE]].")
@click.option("--until", type=DAY, help="Its last day; default as the settings say.")
@click.option("--note", default="")
@dry_run_option
@pass_crm
def quote(
    crm: CRM,
    deal_id: int,
    items: tuple[QuoteItem, ...],
    until: datetime | None,
    note: str,
    dry_run: bool,
) -> None:
    """Draw up a quote, which takes the place of one that was not answered."""
    day = until.date() if until else None
    with writing(crm, dry_run) as unit:
        drawn = actions.draw_up_quote(unit, deal_id, items, valid_until=day, note=note)
    say(f"Quote {drawn.id} over {drawn.total}, until {drawn.valid_until}.")
    emit_one(queries.plain(drawn))


@deal.command(epilog=examples("crmkit deal answer 1 accept --dry-run"))
@click.argument("quote_id", type=int)
@click.argument("answer", type=click.Choice(["send", "accept", "decline"]))
@click.option("--reason", default="")
@dry_run_option
@pass_crm
def answer(crm: CRM, quote_id: int, answer: str, reason: str, dry_run: bool) -> None:
    """Note that a quote was sent, or how the customer answered it."""
    with writing(crm, dry_run) as unit:
        if answer == "decline":
            found = actions.decline_quote(unit, quote_id, reason=reason)
        else:
            work = actions.send_quote if answer == "send" else actions.accept_quote
            found = work(unit, quote_id)
    emit_one(queries.plain(found))


@deal.command("quote-pdf", epilog=examples("crmkit deal quote-pdf 1 --to quote.pdf"))
@click.argument("quote_id", type=int)
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), required=True)
@pass_crm
def quote_pdf(crm: CRM, quote_id: int, to: Path) -> None:
    """Print a quote (extra pdf)."""
    settings = crm.settings(Settings)
    with crm.unit(write=False) as unit:
        found = queries.quote(unit, quote_id)
        customer = unit.customers.get(found.customer_id)
    font = crm.folder / settings.font if settings.font else None
    to.write_bytes(printed(paper(found, customer, settings.sender), font=font))
