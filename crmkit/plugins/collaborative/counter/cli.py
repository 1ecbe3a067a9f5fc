"""``crmkit counter``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import attrs
import click

from crmkit import CRM, CrmkitError, InvalidValueError, Line, Money
from crmkit.cli import dry_run_option, emit_screen, examples, pass_crm, say, writing

from . import actions, knowing, queries, screen
from .model import Heard, Noted, Prompt, Reply, Response

C = TypeVar("C", bound=Callable[..., Any])
KEYS = """\
What you type is noted, each line at once. Also:
  +SKU words   likes it          -SKU words   does not
  ?words       the answer        ?            was asked, said nothing
  !            will not be asked that again
  =yes  =no  =kept               what came of the offer
An empty line: the next customer."""


class _Counter(click.Group):
    """A group whose first word may also be a customer."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Counter,
    invoke_without_command=True,
    epilog=examples("crmkit counter ana@example.com", "crmkit counter show 'Bo Lindqvist'"),
)
@click.pass_context
def counter(ctx: click.Context) -> None:
    """
    What a good shopkeeper would remember; what is heard while selling.

    `crmkit counter WHO` shows one customer. Without anything it asks who is there, one customer
    after the other, and notes what is typed.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(_loop)


@counter.command(epilog=examples("crmkit counter show ana@example.com", "crmkit counter show 1"))
@click.argument("who")
@pass_crm
def show(crm: CRM, who: str) -> None:
    """Show WHO: number, e-mail, telephone, card, namespace:id or name."""
    with crm.unit(write=False) as unit:
        found = knowing.prompt(unit, queries.find(unit, who).id)
    _show(found)


def _heard_options(command: C) -> C:
    """What `hear` and `sold` have in common."""
    for option in reversed(
        (
            click.option("--product", metavar="SKU", default="", help="What it is about."),
            click.option("--likes/--dislikes", "likes", default=None, help="They like it, or not."),
            click.option("--answers", metavar="QUESTION", default="", help="The text answers it."),
            click.option("--refuses", metavar="QUESTION", default="", help="Never ask it again."),
            click.option("--asked", metavar="QUESTION", default="", help="Asked, but no answer."),
            click.option("--offer", type=int, metavar="ID", help="The offer they replied to."),
            click.option(
                "--reply",
                type=click.Choice(("accepted", "declined", "not_raised")),
                help="What came of the offer.",
            ),
            click.option("--source", default="till", show_default=True, help="The till."),
            click.option("--key", help="The till's id; the same one is recorded once."),
        )
    ):
        command = option(command)
    return command


@counter.command(
    epilog=examples(
        "crmkit counter hear ana@example.com 'A hard week at work' --dry-run",
        "crmkit counter hear 1 'Too sweet' --product A-7 --dislikes",
        "crmkit counter hear 1 'Two girls, Ola and Zosia' --answers family",
    )
)
@click.argument("who")
@click.argument("text", default="")
@_heard_options
@dry_run_option
@pass_crm
def hear(
    crm: CRM, who: str, text: str, dry_run: bool, source: str, key: str | None, **facts: Any
) -> None:
    """Note TEXT, heard from WHO, and what came of question and offer."""
    heard = _heard(text, **facts)
    with writing(crm, dry_run) as unit:
        customer = queries.find(unit, who)
        noted = actions.hear(unit, customer.id, heard, source=source, source_key=key)
    _tell(customer.name, noted)


@counter.command(
    epilog=examples(
        "crmkit counter sold ana@example.com '19.90 GBP' --line 'A-7,1,19.90 GBP' --dry-run",
        "crmkit counter sold 1 '5.00 GBP' --heard 'For her sister' --key receipt-7",
    )
)
@click.argument("who")
@click.argument("amount", metavar="'19.90 EUR'")
@click.option("--line", "lines", multiple=True, metavar="'SKU,QUANTITY,AMOUNT'", help="An item.")
@click.option("--heard", "text", default="", help="What was said.")
@_heard_options
@dry_run_option
@pass_crm
def sold(
    crm: CRM,
    who: str,
    amount: str,
    lines: Sequence[str],
    text: str,
    dry_run: bool,
    source: str,
    key: str | None,
    **facts: Any,
) -> None:
    """Record that WHO bought for AMOUNT, and what was heard, as one."""
    heard = (
        _heard(text, **facts) if text or any(v not in ("", None) for v in facts.values()) else None
    )
    bought = [_line(each) for each in lines]
    with writing(crm, dry_run) as unit:
        customer = queries.find(unit, who)
        noted = actions.sell(
            unit, customer.id, Money.parse(amount), bought, heard, source=source, source_key=key
        )
    _tell(customer.name, noted)


def _heard(
    text: str, answers: str, refuses: str, asked: str, offer: int | None, **facts: Any
) -> Heard:
    named: dict[Response, str] = {"answered": answers, "refused": refuses, "unanswered": asked}
    given = [(response, question) for response, question in named.items() if question]
    if len(given) > 1:
        raise InvalidValueError("question", given[1][1], "one of --answers, --refuses, --asked")
    response, question = given[0] if given else ("answered", "")
    return Heard(
        text=text,
        sku=facts["product"],
        likes=facts["likes"],
        question=question,
        response=response,
        offer_id=offer,
        reply=facts["reply"],
    )


def _line(text: str) -> Line:
    accepted = "SKU,QUANTITY,AMOUNT such as 'A-7,2,19.90 EUR'"
    fields = text.split(",")
    try:
        sku, quantity, amount = fields
        return Line(sku=sku.strip(), quantity=float(quantity), amount=Money.parse(amount))
    except ValueError as exc:
        if isinstance(exc, CrmkitError):
            raise
        raise InvalidValueError("line", text, accepted) from None


def _tell(name: str, noted: Noted) -> None:
    numbers = ", ".join(map(str, noted.interaction_ids))
    say(f"Noted of {name}: interaction {numbers}.")


def _show(found: Prompt) -> None:
    emit_screen(screen.lines(found), attrs.asdict(found, value_serializer=_plain))


def _plain(_: object, __: object, value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


@pass_crm
def _loop(crm: CRM) -> None:
    """One customer after the other; every line is committed before the next is read."""
    if sys.stdin.isatty():
        say(KEYS)
    shown: Prompt | None = None
    while (line := _typed("Who" if shown is None else shown.name)) is not None:
        try:
            shown = _turn(crm, shown, line) if line else None
        except CrmkitError as exc:
            say(str(exc))


def _typed(asked: str) -> str | None:
    """The next line that is typed or scanned; None at the end."""
    stream = sys.stdin
    if stream.isatty():
        click.echo(f"{asked}: ", nl=False, err=True)
    line = stream.readline()
    return line.strip() if line else None


def _turn(crm: CRM, shown: Prompt | None, line: str) -> Prompt:
    """Whom the next line is about."""
    if shown is None:
        with crm.unit(write=False) as unit:
            found = knowing.prompt(unit, queries.find(unit, line).id)
        _show(found)
        return found
    heard = _understood(shown, line)
    with crm.unit() as unit:
        noted = actions.hear(unit, shown.customer_id, heard, source="counter")
    _tell(shown.name, noted)
    return shown


REPLIES: Final[dict[str, Reply]] = {
    "yes": "accepted",
    "no": "declined",
    "kept": "not_raised",
}


def _understood(shown: Prompt, line: str) -> Heard:
    mark, rest = line[0], line[1:].strip()
    if mark in "+-" and rest:
        sku, _, words = rest.partition(" ")
        return Heard(text=words, sku=sku, likes=mark == "+")
    if mark == "?" or line == "!":
        if shown.question is None:
            raise InvalidValueError("line", line, "no question is on the screen; plain words")
        response: Response = "refused" if mark == "!" else "answered" if rest else "unanswered"
        return Heard(text=rest, question=shown.question.name, response=response)
    if mark == "=":
        if shown.suggestion is None or shown.suggestion.offer_id is None or rest not in REPLIES:
            accepted = "=yes, =no or =kept, while an offer with a number is on the screen"
            raise InvalidValueError("line", line, accepted)
        return Heard(offer_id=shown.suggestion.offer_id, reply=REPLIES[rest])
    return Heard(text=line)
