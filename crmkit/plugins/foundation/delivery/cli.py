"""``crmkit deliver``."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import Literal

import attrs
import click

from crmkit import CRM, InvalidValueError
from crmkit.cli import dry_run_option, emit, emit_one, examples, pass_crm, say, writing

from . import actions, queries
from .model import STATES, Delivered, Message, State
from .worker import deliver_due, run_until_empty, work

SOME_FAILED = 4
TRY_AGAIN = 75
_COLUMNS = ("id", "state", "customer_id", "channel", "address", "purpose", "attempts", "detail")


@click.group(epilog=examples("crmkit deliver run-due --dry-run", "crmkit deliver list"))
def deliver() -> None:
    """Send what was decided, and see what became of it."""


@deliver.command(
    epilog=examples("crmkit deliver run-due --limit 100", "crmkit deliver run-due --dry-run")
)
@click.option("--limit", type=click.IntRange(min=1), help="Send at most so many.")
@dry_run_option
@pass_crm
def run_due(crm: CRM, limit: int | None, dry_run: bool) -> None:
    """
    Send what is due now.

    Any number of these may run at once. Exits with 4 when a message failed or may not have
    arrived, and with 75 when a channel could not be reached; its messages wait.
    """
    if dry_run:
        emit(
            _would(crm, limit or 1000), ("id", "would", "customer_id", "channel", "address", "why")
        )
        _say_outlook(crm)
        say("Dry run: nothing was sent.")
        return
    done = deliver_due(crm, limit=limit)
    emit_one(done.counts or {"due": 0})
    _say_outlook(crm)
    if code := _exit_code(done):
        click.get_current_context().exit(code)


def _exit_code(done: Delivered) -> int:
    if done.failed or done.unknown:
        return SOME_FAILED
    return TRY_AGAIN if done.problems else 0


def _would(crm: CRM, size: int) -> Iterator[dict[str, object]]:
    with crm.unit(write=False) as unit:
        for each in queries.would_end(unit, size=size):
            yield _plan(each, "unknown" if each.state == "sending" else "expired")
        due = queries.would_take(unit, size=size)
        refused = queries.refused(unit, due)
        for each in due:
            stopped = refused.get(each.id)
            yield _plan(each, stopped.state, stopped.detail) if stopped else _plan(each, "sent")


def _plan(message: Message, would: str, why: str = "") -> dict[str, object]:
    return {
        "id": message.id,
        "would": would,
        "customer_id": message.customer_id,
        "channel": message.channel,
        "address": message.address,
        "why": why,
    }


def _say_outlook(crm: CRM) -> None:
    with crm.unit(write=False) as unit:
        found, now = queries.outlook(unit), unit.now
    first = {"back into the queue": found.requeued, "unknown": found.unknown}
    first["expired"] = found.expired
    if any(first.values()):
        told = ", ".join(f"{count:,} {what}" for what, count in first.items() if count)
        say(f"First of all a run puts: {told}.")
    if found.held_from and found.held_until:
        since, until = _minute(found.held_from, now), _minute(found.held_until, now)
        earliest = f", the first until {since}" if since != until else ""
        told = f"by another worker until {until} at the latest{earliest}; run it again then."
        say(f"{_are(found.held)} held {told}")
    if found.later_from:
        waits = "waits" if found.later == 1 else "wait"
        say(f"{found.later:,} {waits} until {_minute(found.later_from, now)} at the earliest.")
    if found.paused:
        say(f"{_are(found.paused)} paused; see `crmkit deliver paused`.")
    if found.due:
        say(f"{_are(found.due)} due.")


def _are(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'}"


def _minute(at: datetime, now: datetime) -> str:
    """The first full minute that is not before *at*, with its day unless that is today."""
    full = at.replace(second=0, microsecond=0)
    full += timedelta(minutes=full < at)
    day = "" if full.date() == now.date() else "%Y-%m-%d "
    return f"{full:{day}%H:%M} UTC"


@deliver.command(
    "list", epilog=examples("crmkit deliver list", "crmkit deliver list --state unknown")
)
@click.option("--state", type=click.Choice(STATES), help="Only those.")
@click.option("--size", type=click.IntRange(min=1), default=50, help="At most so many.")
@click.option("--before", type=int, help="Continue after the last id seen.")
@pass_crm
def list_(crm: CRM, state: State | None, size: int, before: int | None) -> None:
    """The ledger, latest first."""
    with crm.unit(write=False) as unit:
        found = queries.messages(unit, state=state, size=size, before=before)
    emit((_row(each) for each in found), _COLUMNS)


def _row(message: Message) -> dict[str, object]:
    return {
        name: getattr(message, name)
        for name in (*_COLUMNS, "run", "step", "offer_id", "priority", "created_at", "finished_at")
    }


@deliver.command(epilog=examples("crmkit deliver show 1"))
@click.argument("intent_id", metavar="ID", type=int)
@pass_crm
def show(crm: CRM, intent_id: int) -> None:
    """One message with its text and its log."""
    with crm.unit(write=False) as unit:
        found = queries.message(unit, intent_id)
        log = queries.attempts_of(unit, intent_id)
    emit_one(
        _row(found)
        | {
            "because": found.because,
            "not_before": found.not_before,
            "expires_at": found.expires_at,
            "key": found.key,
            "reference": found.reference,
            "subject": found.subject,
            "text": found.text,
            "log": [f"{each.at:%Y-%m-%d %H:%M:%S} {each.state} {each.detail}" for each in log],
        }
    )


@deliver.command(
    epilog=examples('crmkit deliver resolve 1 sent --note "the server has it" --dry-run')
)
@click.argument("intent_id", metavar="ID", type=int)
@click.argument("state", type=click.Choice(("sent", "failed")))
@click.option("--note", default="", help="How you know.")
@dry_run_option
@pass_crm
def resolve(
    crm: CRM, intent_id: int, state: Literal["sent", "failed"], note: str, dry_run: bool
) -> None:
    """Say what really became of an unknown message."""
    with writing(crm, dry_run) as unit:
        changed = actions.resolve(unit, intent_id, state, note)
    emit_one(_row(changed))


@deliver.command(epilog=examples("crmkit deliver retry 2 --dry-run"))
@click.argument("intent_id", metavar="ID", type=int)
@dry_run_option
@pass_crm
def retry(crm: CRM, intent_id: int, dry_run: bool) -> None:
    """
    Queue a failed message once more.

    One that is unknown may have arrived: resolve it first.
    """
    with writing(crm, dry_run) as unit:
        changed = actions.retry(unit, intent_id)
    emit_one(_row(changed))


@deliver.command(
    epilog=examples(
        "crmkit deliver cancel 2 --dry-run",
        'crmkit deliver cancel --run spring --note "wrong price" --dry-run',
    )
)
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--run", "run_name", help="All of this run.")
@click.option("--note", default="", help="Why.")
@dry_run_option
@pass_crm
def cancel(crm: CRM, ids: tuple[int, ...], run_name: str | None, note: str, dry_run: bool) -> None:
    """Take back what was not handed over yet; the rest stays as it is."""
    if bool(ids) == (run_name is not None):
        accepted = "either ids or --run, such as `crmkit deliver cancel --run spring`"
        raise InvalidValueError("ID", " ".join(map(str, ids)), accepted)
    with writing(crm, dry_run) as unit:
        if run_name is None:
            done = actions.cancel(unit, ids, note)
        else:
            done = actions.cancel_run(unit, run_name, note)
    emit((_row(each) for each in done), _COLUMNS)
    if missed := set(ids) - {each.id for each in done}:
        say(f"Too late for {', '.join(map(str, sorted(missed)))}: see `crmkit deliver show`.")


_run_option = click.option("--run", "run_name", default="", help="Only this run.")
_channel_option = click.option("--channel", default="", help="Only this channel.")


@deliver.command(
    epilog=examples(
        'crmkit deliver pause --run spring --note "wrong price" --dry-run',
        "crmkit deliver pause --channel email --dry-run",
    )
)
@_run_option
@_channel_option
@click.option("--note", default="", help="Why.")
@dry_run_option
@pass_crm
def pause(crm: CRM, run_name: str, channel: str, note: str, dry_run: bool) -> None:
    """
    Send nothing until it is resumed: of a run, through a channel, or at all.

    What expires meanwhile expires.
    """
    with writing(crm, dry_run) as unit:
        made = actions.pause(unit, run=run_name, channel=channel, note=note)
    emit_one(attrs.asdict(made))


@deliver.command(epilog=examples("crmkit deliver resume --channel email --dry-run"))
@_run_option
@_channel_option
@dry_run_option
@pass_crm
def resume(crm: CRM, run_name: str, channel: str, dry_run: bool) -> None:
    """Go on where a pause with the same options stopped."""
    with writing(crm, dry_run) as unit:
        was_paused = actions.resume(unit, run=run_name, channel=channel)
        left = queries.pauses(unit)
    if not was_paused:
        say("That was not paused.")
    emit((attrs.asdict(each) for each in left), _PAUSE)


@deliver.command(epilog=examples("crmkit deliver paused"))
@pass_crm
def paused(crm: CRM) -> None:
    """What is paused, since when and why."""
    with crm.unit(write=False) as unit:
        found = queries.pauses(unit)
    emit((attrs.asdict(each) for each in found), _PAUSE)


_PAUSE = ("run", "channel", "since", "note")


@deliver.command(epilog=examples("crmkit deliver tail", "crmkit deliver tail --size 100"))
@click.option("--size", type=click.IntRange(min=1), default=20, help="So many lines to begin with.")
@click.option("--follow", is_flag=True, help="Go on as lines are added, until Ctrl-C.")
@pass_crm
def tail(crm: CRM, size: int, follow: bool) -> None:
    """The latest lines of the log of all messages: what each try came to."""
    emit(_lines(crm, size, follow), ("at", "intent_id", "state", "detail"))


def _lines(crm: CRM, size: int, follow: bool) -> Iterator[dict[str, object]]:
    with crm.unit(write=False) as unit:
        seen = queries.log_end(unit, size=size)
    while True:
        with crm.unit(write=False) as unit:
            found = queries.log_after(unit, seen, size=1000)
        for number, line in found:
            seen = number
            yield attrs.asdict(line)
        if not found:
            if not follow:
                return
            time.sleep(1)


@click.command(epilog=examples("crmkit worker --until-empty"))
@click.option("--until-empty", is_flag=True, help="End when nothing is due any more.")
@click.option(
    "--poll-seconds",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    help="How long to wait when nothing is due.",
)
@pass_crm
def worker(crm: CRM, until_empty: bool, poll_seconds: float) -> None:
    """
    Send what becomes due, until Ctrl-C or SIGTERM.

    What is being sent is finished, what is merely in hand is put back. Any number of workers may
    run at once.
    """
    if until_empty:
        done = run_until_empty(crm)
        emit_one(done.counts or {"due": 0})
        if code := _exit_code(done):
            click.get_current_context().exit(code)
        return
    with _stop_signals() as stop:
        work(crm, stop, poll_seconds=poll_seconds, told=lambda done: say(str(done)))


@contextmanager
def _stop_signals() -> Iterator[Event]:
    stop = Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
