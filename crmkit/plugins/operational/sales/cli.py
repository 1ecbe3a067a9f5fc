"""``crmkit lead``, ``crmkit deal`` and ``crmkit sales``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import attrs
import click

from crmkit import CRM, Money
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

from . import actions, foretelling, queries
from .config import CRITERIA, Settings
from .model import Deal, DealDraft, LeadDraft, QuoteItem

DAY = click.DateTime(["%Y-%m-%d"])
_SHOWN = ("id", "name", "customer_id", "stage", "owner", "value", "expected_on", "next_what")


class _Amount(click.ParamType[Money]):
    name = "amount"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Money:
        try:
            return value if isinstance(value, Money) else Money.parse(value)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


class _Item(click.ParamType[QuoteItem]):
    name = "item"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> QuoteItem:
        if isinstance(value, QuoteItem):
            return value
        sku, *rest = (each.strip() for each in value.split(","))
        try:
            if len(rest) > 2:
                accepted = "SKU[,QUANTITY[,PRICE]] such as 'CUP,2,9.90 EUR'"
                raise ValueError(f"{value!r} is not {accepted}")
            price = Money.parse(rest[1]) if len(rest) == 2 else None
            return QuoteItem(sku=sku, quantity=(rest or ["1"])[0], price=price)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


@click.group(epilog=examples("crmkit lead list"))
def lead() -> None:
    """Who may want to buy: take in, qualify, convert leads."""


@lead.command("add", epilog=examples("crmkit lead add bo@example.com 'A lamp for the hall'"))
@customer_argument
@click.argument("interest", default="")
@click.option("--owner", default="")
@click.option("--key", "source_key", help="Another system's id: the same one is taken in once.")
@dry_run_option
@pass_crm
def add_lead(crm: CRM, customer: str, dry_run: bool, **given: Any) -> None:
    """Take in a lead of CUSTOMER."""
    with writing(crm, dry_run) as unit:
        whose = unit.customers.find(customer).id
        source = "cli" if given["source_key"] else ""
        (taken,) = actions.take_in(unit, [LeadDraft(customer_id=whose, source=source, **given)])
    say(f"Lead {taken.id} of customer {whose}.")
    emit_one(queries.plain(taken))


@lead.command("list", epilog=examples("crmkit lead list --status new"))
@click.option("--status", default="", help="new, qualified, converted or given_up.")
@click.option("--size", default=50)
@pass_crm
def list_leads(crm: CRM, status: str, size: int) -> None:
    """List leads, latest first."""
    with crm.unit(write=False) as unit:
        found = queries.find_leads(unit, status=status, size=size)
    shown = ("id", "customer_id", "status", "interest", "owner", "criteria", "deal_id")
    emit([queries.plain(each) for each in found], columns=shown)


@lead.command(epilog=examples("crmkit lead qualify 1 --yes budget --yes need --no timing"))
@click.argument("lead_id", type=int)
@click.option("--yes", multiple=True, type=click.Choice(CRITERIA))
@click.option("--no", multiple=True, type=click.Choice(CRITERIA))
@dry_run_option
@pass_crm
def qualify(
    crm: CRM, lead_id: int, yes: tuple[str, ...], no: tuple[str, ...], dry_run: bool
) -> None:
    """Note what is known of a lead."""
    criteria = dict.fromkeys(yes, True) | dict.fromkeys(no, False)
    with writing(crm, dry_run) as unit:
        known = actions.qualify(unit, lead_id, criteria)
    emit_one(queries.plain(known))


@lead.command(epilog=examples("crmkit lead convert 1 --dry-run"))
@click.argument("lead_id", type=int)
@dry_run_option
@pass_crm
def convert(crm: CRM, lead_id: int, dry_run: bool) -> None:
    """Make a deal of a lead; converting it again gives the same deal."""
    with writing(crm, dry_run) as unit:
        became = actions.convert(unit, lead_id)
    say(f"Lead {lead_id} is deal {became.id}.")
    emit_one(_row(became))


@lead.command("give-up", epilog=examples("crmkit lead give-up 1 'no budget' --dry-run"))
@click.argument("lead_id", type=int)
@click.argument("reason")
@dry_run_option
@pass_crm
def give_up(crm: CRM, lead_id: int, reason: str, dry_run: bool) -> None:
    """Give a lead up."""
    with writing(crm, dry_run) as unit:
        over = actions.give_up(unit, lead_id, reason)
    emit_one(queries.plain(over))


@click.group(epilog=examples("crmkit deal list", "crmkit deal overdue"))
def deal() -> None:
    """What customers may buy: open, move, quote and win deals."""


@deal.command(
    "open",
    epilog=examples("crmkit deal open bo@example.com 'A lamp shop' --amount '1200.00 GBP'"),
)
@customer_argument
@click.argument("name")
@click.option("--amount", type=_Amount(), help="Paid once.")
@click.option("--monthly", type=_Amount(), help="Paid every month of the term.")
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
    emit_one(_row(opened))


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
    emit([_row(each) for each in found], columns=_SHOWN)


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
    emit_one(_row(found) | {"chance": told, "moves": moves, "quotes": quotes})


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
    emit([_row(each) for each in found], columns=_SHOWN)


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
    emit_one(_row(found))


_team_option = click.option("--team", default="", help="All of its sellers.")


@deal.command(epilog=examples("crmkit deal overdue"))
@click.option("--owner", default="")
@_team_option
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
@click.option("--item", "items", type=_Item(), multiple=True, help="SKU[,QUANTITY[,PRICE]].")
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


@click.group(epilog=examples("crmkit sales forecast", "crmkit sales stages"))
def sales() -> None:
    """What is to come: forecasts, stages, velocity."""


@sales.command(epilog=examples("crmkit sales forecast"))
@click.option("--pipeline", default="")
@click.option("--owner", default="")
@_team_option
@click.option("--seed", default=0, help="Of the simulation: the same seed, the same figures.")
@pass_crm
def forecast(crm: CRM, **given: Any) -> None:
    """Show what open deals come to, by month, with the bounds of nine of ten outcomes."""
    with crm.unit(write=False) as unit:
        found = foretelling.forecast(unit, **given)
    emit(
        {"month": each.month or "no day", "deals": each.deals}
        | {
            name: Money(getattr(each, f"{name}_minor"), each.currency)
            for name in ("expected", "low", "high", "best")
        }
        for each in found
    )


@sales.command(epilog=examples("crmkit sales stages"))
@pass_crm
def stages(crm: CRM) -> None:
    """Show how deals go through the stages of every pipeline."""
    with crm.unit(write=False) as unit:
        emit(attrs.asdict(each) for each in foretelling.stages(unit))


@sales.command(epilog=examples("crmkit sales teams"))
@pass_crm
def teams(crm: CRM) -> None:
    """Show what each team has to do, has room for, and has done."""
    with crm.unit(write=False) as unit:
        emit(attrs.asdict(each) for each in foretelling.teams(unit))


@sales.command(epilog=examples("crmkit sales velocity"))
@click.option("--owner", default="")
@_team_option
@pass_crm
def velocity(crm: CRM, owner: str, team: str) -> None:
    """Show what comes in a day: open deals by mean value by share won, by days to close."""
    with crm.unit(write=False) as unit:
        found = foretelling.velocity(unit, owner=owner, team=team)
    emit(attrs.asdict(each) for each in found)


@sales.command(epilog=examples("crmkit sales pipelines"))
@pass_crm
def pipelines(crm: CRM) -> None:
    """List the stages of the pipelines, and where a deal may go from each."""
    emit(
        {
            "pipeline": pipeline.name,
            "stage": stage.name,
            "probability": stage.probability,
            "outcome": stage.outcome,
            "days": stage.days,
            "next": ", ".join(pipeline.ways(stage.name)),
        }
        for pipeline in crm.settings(Settings).pipelines
        for stage in pipeline.stages
    )


def _row(found: Deal) -> dict[str, Any]:
    return {**queries.plain(found), "value": found.value}
