"""``crmkit case`` and ``crmkit service``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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

from . import actions, knowing, measuring, queries
from .config import Settings
from .model import KINDS, Article, Case, Clock, Draft, Participant

DAY = click.DateTime(["%Y-%m-%d"])
_SHOWN = ("id", "status", "priority", "queue", "assignee", "customer_id", "subject", "opened_at")


@click.group(epilog=examples("crmkit case list", "crmkit case due"))
def case() -> None:
    """What customers want of us: open, answer, move and merge cases."""


@case.command(
    "open",
    epilog=examples("crmkit case open ana@example.com 'The lamp flickers' --kind problem"),
)
@customer_argument
@click.argument("subject")
@click.option("--kind", type=click.Choice(KINDS), default="question")
@click.option("--queue", default="", help="Default the first of the settings.")
@click.option("--priority", default="", help="Default the usual one of the settings.")
@click.option("--assignee", default="")
@click.option("--key", "source_key", help="Another system's id: the same one is opened once.")
@dry_run_option
@pass_crm
def open_(crm: CRM, customer: str, dry_run: bool, **given: Any) -> None:
    """Open a case of CUSTOMER."""
    with writing(crm, dry_run) as unit:
        whose = unit.customers.find(customer).id
        source = "cli" if given["source_key"] else ""
        (opened,) = actions.open_cases(unit, [Draft(customer_id=whose, source=source, **given)])
        clocks = queries.clocks(unit, [opened.id])[opened.id]
    say(f"Case {opened.id} of customer {whose} is open.")
    emit_one(_row(opened, clocks))


@case.command("list", epilog=examples("crmkit case list --all", "crmkit case list --customer 1"))
@click.option("--queue", default="")
@click.option("--assignee", help="Empty for nobody's.")
@click.option("--status", default="")
@click.option("--customer", default="")
@click.option("--all", "solved_too", is_flag=True, help="Solved ones, too.")
@click.option("--size", default=50)
@pass_crm
def list_(crm: CRM, customer: str, solved_too: bool, **given: Any) -> None:
    """List unsolved cases, latest first."""
    with crm.unit(write=False) as unit:
        whose = unit.customers.find(customer).id if customer else None
        unsolved = not (solved_too or given["status"])
        found = queries.find(unit, customer_id=whose, unsolved=unsolved, **given)
    emit([queries.plain(each) for each in found], columns=_SHOWN)


@case.command(epilog=examples("crmkit case show 1"))
@click.argument("case_id", type=int)
@pass_crm
def show(crm: CRM, case_id: int) -> None:
    """Show a case, what was said, what was changed, and what we promised."""
    with crm.unit(write=False) as unit:
        found = queries.case(unit, case_id)
        clocks = queries.clocks(unit, [case_id])[case_id]
        told = [
            f"{each.at:%Y-%m-%d %H:%M} {each.direction} {each.channel} {each.text}"
            for each in queries.conversation(unit, case_id)
        ]
        changed = [
            f"{each.at:%Y-%m-%d %H:%M} {each.actor} {each.field}: {each.before} > {each.after}"
            for each in queries.history(unit, case_id)
        ]
        chances = measuring.outlook(unit, [case_id])
    late = [
        f"{each.chance:.0%} by {each.cases} cases" for each in chances if each.chance is not None
    ]
    said = {"conversation": told, "history": changed, "chance_to_be_late": late}
    emit_one(_row(found, clocks) | said)


@case.command(epilog=examples("crmkit case reply 1 'We send a new one.' --channel email"))
@click.argument("case_id", type=int)
@click.argument("text")
@click.option("--channel", default="", help="How it was said.")
@click.option("--internal", is_flag=True, help="A note among ourselves.")
@dry_run_option
@pass_crm
def reply(crm: CRM, case_id: int, text: str, channel: str, internal: bool, dry_run: bool) -> None:
    """Record what was answered; sending it is the channel's."""
    with writing(crm, dry_run) as unit:
        said = actions.reply(unit, case_id, text, channel=channel, internal=internal)
    say(f"Interaction {said.id} is part of case {case_id}.")


@case.command(
    epilog=examples(
        "crmkit case change 1 --priority high --assignee bo", "crmkit case change 1 --status solved"
    )
)
@click.argument("case_ids", type=int, nargs=-1, required=True)
@click.option("--status")
@click.option("--queue")
@click.option("--priority")
@click.option("--assignee")
@click.option("--subject")
@click.option("--kind")
@click.option("--macro", default="", help="Do what this macro of the settings does.")
@click.option("--version", type=int, help="Refuse if the case is not that one any more.")
@dry_run_option
@pass_crm
def change(
    crm: CRM,
    case_ids: tuple[int, ...],
    macro: str,
    version: int | None,
    dry_run: bool,
    **given: Any,
) -> None:
    """Change cases; their clocks follow."""
    wanted = {name: value for name, value in given.items() if value is not None}
    with writing(crm, dry_run) as unit:
        if macro:
            for each in case_ids:
                actions.apply_macro(unit, each, macro)
        found = actions.change(unit, case_ids, version=version, **wanted)
    emit([queries.plain(each) for each in found], columns=_SHOWN)


@case.command(epilog=examples("crmkit case merge 2 --into 1 --dry-run"))
@click.argument("case_id", type=int)
@click.option("--into", type=int, required=True)
@dry_run_option
@pass_crm
def merge(crm: CRM, case_id: int, into: int, dry_run: bool) -> None:
    """Let CASE_ID go into another case of the same customer."""
    with writing(crm, dry_run) as unit:
        merged = actions.merge(unit, case_id, into)
    say(f"Case {merged.id} went into case {into}.")


@case.command(epilog=examples("crmkit case add 1 bo@example.com --role copied"))
@click.argument("case_id", type=int)
@customer_argument
@click.option("--role", default="copied", help="requester, copied or concerned.")
@dry_run_option
@pass_crm
def add(crm: CRM, case_id: int, customer: str, role: str, dry_run: bool) -> None:
    """Say that a case is about CUSTOMER, too."""
    with writing(crm, dry_run) as unit:
        who = unit.customers.find(customer).id
        told = Participant(case_id=case_id, customer_id=who, role=role)
        actions.add_participants(unit, [told])
    say(f"Customer {who} takes part in case {case_id}.")


@case.command(epilog=examples("crmkit case due"))
@click.option("--queue", default="")
@click.option("--assignee", default="")
@click.option("--size", default=50)
@pass_crm
def due(crm: CRM, **given: Any) -> None:
    """List the promises that run out first."""
    with crm.unit(write=False) as unit:
        found = queries.next_due(unit, **given)
        now = unit.now
    emit(
        {
            "case_id": each.case_id,
            "metric": each.metric,
            "promise": each.promise,
            "due_at": each.due_at,
            "late": each.is_late(now),
        }
        for each in found
    )


@case.command(epilog=examples("crmkit case watch --dry-run"))
@dry_run_option
@pass_crm
def watch(crm: CRM, dry_run: bool) -> None:
    """Note what is late or about to be, and hand it on as the promises say."""
    with writing(crm, dry_run) as unit:
        alarms = actions.watch(unit)
    emit(attrs.asdict(each) for each in alarms)


@case.command(epilog=examples("crmkit case amends 2 'A voucher over 10 GBP' --cost '10.00 GBP'"))
@click.argument("case_id", type=int)
@click.argument("what")
@click.option("--cost", default="", help="What it costs us, such as '10.00 EUR'.")
@dry_run_option
@pass_crm
def amends(crm: CRM, case_id: int, what: str, cost: str, dry_run: bool) -> None:
    """Offer amends for a complaint; some are held out, so that it can be told what amends do."""
    with writing(crm, dry_run) as unit:
        made = actions.make_amends(unit, case_id, what, cost=Money.parse(cost) if cost else None)
    offered = f"offer {made.offer_id}" if made.offer_id else "held out: offer nothing"
    say(f"Case {case_id}: {offered}.")
    emit_one(attrs.asdict(made))


@click.group(epilog=examples("crmkit service promises", "crmkit service feedback"))
def service() -> None:
    """How well we serve: promises kept, feedback, knowledge, what keeps customers."""


@service.command(epilog=examples("crmkit service promises"))
@click.option("--since", type=DAY, help="From this day on (UTC); default a year before.")
@click.option("--until", type=DAY, help="Before this day (UTC); default now.")
@pass_crm
def promises(crm: CRM, since: datetime | None, until: datetime | None) -> None:
    """Show how many promises were kept, with intervals."""
    with crm.unit(write=False) as unit:
        emit(measuring.kept(unit, *_period(unit.now, since, until)))


@service.command(epilog=examples("crmkit service recompute --dry-run"))
@dry_run_option
@pass_crm
def recompute(crm: CRM, dry_run: bool) -> None:
    """Let running clocks follow the calendars of the settings, after those changed."""
    with writing(crm, dry_run) as unit:
        moved = actions.recompute(unit)
    say(f"{moved:,} clocks run out at another instant now.")


@service.command(epilog=examples("crmkit service feedback"))
@click.option("--since", type=DAY, help="From this day on (UTC); default a year before.")
@click.option("--until", type=DAY, help="Before this day (UTC); default now.")
@pass_crm
def feedback(crm: CRM, since: datetime | None, until: datetime | None) -> None:
    """Show how content customers were (CSAT) and how easy they found it (CES), with intervals."""
    with crm.unit(write=False) as unit:
        found = measuring.feedback(unit, *_period(unit.now, since, until))
    emit({"measure": name, **_numbers(each)} for name, each in attrs.asdict(found).items())


@service.command("amends", epilog=examples("crmkit service amends"))
@click.option("--since", type=DAY, help="From this day on (UTC); default a year before.")
@click.option("--until", type=DAY, help="Before this day (UTC); default now.")
@pass_crm
def amends_(crm: CRM, since: datetime | None, until: datetime | None) -> None:
    """Show whether amends kept customers, beside those from whom they were held back."""
    with crm.unit(write=False) as unit:
        found = measuring.amends_effect(unit, *_period(unit.now, since, until))
    say(f"Amends: {found.verdict}.")
    told = attrs.asdict(found)
    emit_one(_numbers({k: v for k, v in told.items() if not isinstance(v, dict)}))


@service.command(epilog=examples("crmkit service meter --since 2025-01-01 --until 2025-05-01"))
@click.option("--since", type=DAY, required=True, help="From this day on (UTC).")
@click.option("--until", type=DAY, required=True, help="Before this day (UTC).")
@pass_crm
def meter(crm: CRM, since: datetime, until: datetime) -> None:
    """Show who stayed by what they had: service acts, discounts, both, neither. Not causal."""
    with crm.unit(write=False) as unit:
        begin, end = since.replace(tzinfo=UTC), until.replace(tzinfo=UTC)
        found = measuring.meter(unit, begin, end)
    emit(
        {"service": each.service, "discount": each.discount, "customers": each.stayed.of}
        | _numbers({"stayed": each.stayed.value, "low": each.stayed.low, "high": each.stayed.high})
        | {"acts": each.acts, "discounts_minor": each.discounts_minor}
        for each in found
    )


@service.command(epilog=examples("crmkit service search 'flickering lamp'"))
@click.argument("words")
@click.option("--public", "public_only", is_flag=True, help="Only what customers may read.")
@click.option("--size", default=10)
@pass_crm
def search(crm: CRM, words: str, public_only: bool, size: int) -> None:
    """Search the knowledge base."""
    with crm.unit(write=False) as unit:
        found = knowing.search(unit, words, public_only=public_only, size=size)
    emit(
        {"id": each.article.id, "title": each.article.title, "score": round(each.score, 3)}
        for each in found
    )


@service.command(epilog=examples("crmkit service article 'Lamps' 'Turn it off and on.' --public"))
@click.argument("title")
@click.argument("body")
@click.option("--public/--internal", default=False, help="Whether customers may read it.")
@click.option("--language", default="en")
@click.option("--id", "article_id", type=int, help="Change this one.")
@dry_run_option
@pass_crm
def article(crm: CRM, article_id: int | None, dry_run: bool, **given: Any) -> None:
    """Write an article, or change one."""
    with writing(crm, dry_run) as unit:
        old = knowing.article(unit, article_id) if article_id else Article(title="x", body="x")
        saved = actions.save_article(unit, attrs.evolve(old, **given))
    emit_one(attrs.asdict(saved))


@service.command(epilog=examples("crmkit service statuses"))
@pass_crm
def statuses(crm: CRM) -> None:
    """List the statuses and where a case may go from each."""
    found = crm.settings(Settings).statuses
    emit(attrs.asdict(each) | {"next": ", ".join(each.next)} for each in found)


def _period(
    now: datetime, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    end = until.replace(tzinfo=UTC) if until else now + timedelta(seconds=1)
    return (since.replace(tzinfo=UTC) if since else end - timedelta(days=365)), end


def _row(found: Case, clocks: list[Clock]) -> dict[str, Any]:
    promised = [
        f"{each.metric} until {each.due_at:%Y-%m-%d %H:%M %Z}"
        for each in clocks
        if each.due_at is not None
    ]
    return {**queries.plain(found), "promised": promised}


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    """What is no number stays empty."""
    return {name: None if each != each else each for name, each in row.items()}
