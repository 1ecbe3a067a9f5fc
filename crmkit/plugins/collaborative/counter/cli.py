"""``crmkit counter``."""

from __future__ import annotations

import sys
from typing import Any

import attrs
import click

from crmkit import CRM, CrmkitError
from crmkit.cli import dry_run_option, emit_one, examples, pass_crm, say, writing

from . import actions, queries
from .screen import screen


class _Counter(click.Group):
    """``crmkit counter ana@example.com`` is ``crmkit counter show ana@example.com``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Counter,
    epilog=examples(
        "crmkit counter ana@example.com",
        "crmkit counter hear ana@example.com 'has a dog now' --dry-run",
    ),
)
def counter() -> None:
    """What a good shopkeeper would remember of somebody, and what is heard while selling."""


_who = click.argument("customer", metavar="WHO")


@counter.command(epilog=examples("crmkit counter ana@example.com", "crmkit counter show kowalska"))
@_who
@click.option("--listen", is_flag=True, help="Then take down what is heard, a line at a time.")
@pass_crm
def show(crm: CRM, customer: str, listen: bool) -> None:
    """Show WHO: a number, an address, an identity, or a name."""
    with crm.unit(write=False) as unit:
        told = queries.prompt(unit, queries.who(unit, customer).id)
        now = unit.now
    emit_one(attrs.asdict(told), screen=screen(told, now))
    if listen:
        _listen(crm, told.customer_id)


def _listen(crm: CRM, customer_id: int) -> None:
    """Each line is kept before the next is read."""
    for line in iter(lambda: _line("heard> "), ""):
        try:
            with crm.unit() as unit:
                actions.hear(unit, customer_id, line)
        except CrmkitError as exc:
            say(str(exc))


def _line(prompt: str) -> str:
    if sys.stdin.isatty():
        click.echo(prompt, nl=False, err=True)
    return sys.stdin.readline().strip()


@counter.command(epilog=examples("crmkit counter hear ana@example.com 'has a dog now' --dry-run"))
@_who
@click.argument("text")
@dry_run_option
@pass_crm
def hear(crm: CRM, customer: str, text: str, dry_run: bool) -> None:
    """Note what was heard of WHO."""
    with writing(crm, dry_run) as unit:
        who = queries.who(unit, customer)
        actions.hear(unit, who.id, text)
    say(f"Noted of {who.name}.")


@counter.command(
    epilog=examples("crmkit counter answer ana@example.com likes 'the blue mugs' --dry-run")
)
@_who
@click.argument("question")
@click.argument("text", default="")
@click.option("--refused", is_flag=True, help="They did not want to say.")
@dry_run_option
@pass_crm
def answer(crm: CRM, customer: str, question: str, text: str, refused: bool, dry_run: bool) -> None:
    """Note what WHO answered to QUESTION."""
    with writing(crm, dry_run) as unit:
        who = queries.who(unit, customer)
        actions.answer(unit, who.id, question, text, refused=refused)
    say(f"Noted of {who.name}.")


@counter.command(
    epilog=examples("crmkit counter offer ana@example.com 1 --declined 'has one' --dry-run")
)
@_who
@click.argument("offer", type=int)
@click.option("--accepted", is_flag=True, help="They took it.")
@click.option("--declined", metavar="WHY", help="They did not, and why.")
@dry_run_option
@pass_crm
def offer(
    crm: CRM, customer: str, offer: int, accepted: bool, declined: str | None, dry_run: bool
) -> None:
    """Note what WHO said to OFFER."""
    if accepted == (declined is not None):
        raise click.UsageError("say --accepted, or --declined with why")
    given: dict[str, Any] = {"accepted": accepted, "text": declined or ""}
    with writing(crm, dry_run) as unit:
        done = actions.respond(unit, queries.who(unit, customer).id, offer, **given)
    say(f"Offer {done.id} is {done.status}.")
