"""``crmkit webhook``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click

from crmkit import CRM
from crmkit.cli import dry_run_option, emit, emit_one, examples, pass_crm, say, writing

from . import actions, queries, worker
from .model import STATES, Delivery, Endpoint, State

SOME_FAILED = 4
_INSTANT = click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"))
_ENDPOINT = ("name", "direction", "state", "url", "kinds", "failing_since", "why")
_DELIVERY = ("id", "event", "kind", "webhook", "state", "attempts", "status", "detail")
_RECEIVED = ("id", "message_id", "state", "detail", "conflicts", "at")


@click.group(epilog=examples("crmkit webhook list", "crmkit webhook send --dry-run"))
def webhook() -> None:
    """Tell others what happened, and hear what they tell."""


@webhook.command(
    epilog=examples(
        "crmkit webhook add accounts https://books.example/in --kind 'purchase.*' --dry-run",
        "crmkit webhook add till --receive",
    )
)
@click.argument("name")
@click.argument("url", required=False, default="")
@click.option("--receive", is_flag=True, help="A receiver, which the host mounts; it has no URL.")
@click.option("--kind", "kinds", multiple=True, help="Only these; purchase.* is all of purchase.")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="Send this along.")
@click.option(
    "--secret-file", type=click.File(), help="The secret the other side gave; - is stdin."
)
@dry_run_option
@pass_crm
def add(
    crm: CRM,
    name: str,
    url: str,
    receive: bool,
    kinds: tuple[str, ...],
    headers: tuple[str, ...],
    secret_file: Any,
    dry_run: bool,
) -> None:
    """Tell URL what happens, or receive. The secret is shown once."""
    if receive == bool(url):
        raise click.UsageError("give either a URL or --receive")
    key = secret_file.read().strip() if secret_file else ""
    with writing(crm, dry_run) as unit:
        added, secret = actions.add(
            unit, name, url, kinds=kinds or ("*",), headers=_pairs(headers), key=key
        )
    emit_one(_row(added) | ({} if key else {"secret": secret}))


def _pairs(headers: Iterable[str]) -> dict[str, str]:
    found = [each.partition("=") for each in headers]
    if lacking := [name for name, mark, _ in found if not mark]:
        raise click.UsageError(f"--header {lacking[0]}: write it NAME=VALUE")
    return {name.strip(): value.strip() for name, _, value in found}


def _row(found: Endpoint) -> dict[str, object]:
    row = {name: getattr(found, name) for name in _ENDPOINT}
    return row | {"kinds": ", ".join(found.kinds), "headers": sorted(found.headers)}


@webhook.command(
    "list", epilog=examples("crmkit webhook list", "crmkit --format json webhook list")
)
@pass_crm
def list_(crm: CRM) -> None:
    """Who is told and who tells us. Secrets and the values of headers are not shown."""
    with crm.unit(write=False) as unit:
        found = queries.endpoints(unit)
    emit((_row(each) for each in found), _ENDPOINT)


@webhook.command(epilog=examples("crmkit webhook remove warehouse --dry-run"))
@click.argument("name")
@dry_run_option
@pass_crm
def remove(crm: CRM, name: str, dry_run: bool) -> None:
    """Forget a webhook, its secrets and its log. What was queued for it is not sent."""
    with writing(crm, dry_run) as unit:
        emit_one(_row(actions.remove(unit, name)))


@webhook.command(epilog=examples("crmkit webhook rotate warehouse --overlap-hours 48 --dry-run"))
@click.argument("name")
@click.option(
    "--overlap-hours", default=24.0, show_default=True, help="The old secret still holds."
)
@click.option(
    "--secret-file", type=click.File(), help="The secret the other side gave; - is stdin."
)
@dry_run_option
@pass_crm
def rotate(crm: CRM, name: str, overlap_hours: float, secret_file: Any, dry_run: bool) -> None:
    """Make a new secret, shown once. Until the old one ends, messages bear both signatures."""
    key = secret_file.read().strip() if secret_file else ""
    with writing(crm, dry_run) as unit:
        secret = actions.rotate(unit, name, overlap_hours=overlap_hours, key=key)
    emit_one({"name": name} | ({} if key else {"secret": secret}))


@webhook.command(epilog=examples("crmkit webhook enable gone --dry-run"))
@click.argument("name")
@dry_run_option
@pass_crm
def enable(crm: CRM, name: str, dry_run: bool) -> None:
    """Go on with a disabled webhook. What happened meanwhile: `crmkit webhook replay --since`."""
    with writing(crm, dry_run) as unit:
        emit_one(_row(actions.enable(unit, name)))


@webhook.command(epilog=examples("crmkit webhook send", "crmkit webhook send --dry-run"))
@click.option("--limit", type=click.IntRange(min=1), help="Send at most so many.")
@dry_run_option
@pass_crm
def send(crm: CRM, limit: int | None, dry_run: bool) -> None:
    """
    Send what is due now.

    Any number of these may run at once. Exits with 4 when one was given up.
    """
    if dry_run:
        emit(_would(crm, limit or 1000), ("id", "event", "kind", "webhook", "attempts"))
        say("Dry run: nothing was sent.")
        return
    done = worker.send_due(crm, limit=limit)
    emit_one(done.counts or {"due": 0})
    if done.failed:
        click.get_current_context().exit(SOME_FAILED)


def _would(crm: CRM, size: int) -> Iterable[dict[str, object]]:
    with crm.unit(write=False) as unit:
        for each in queries.ready(unit, (), size):
            for way in queries.due(unit, each.id, size=size):
                yield _told(way, {each.id: each.name})


def _told(way: Delivery, names: dict[int, str]) -> dict[str, object]:
    return {
        "id": way.id,
        "event": way.key,
        "kind": way.kind,
        "webhook": names.get(way.endpoint_id, ""),
        "state": way.state,
        "attempts": way.attempts,
        "status": way.status or None,
        "detail": way.detail,
        "not_before": way.not_before,
        "finished_at": way.finished_at,
    }


@webhook.command(epilog=examples("crmkit webhook test warehouse --dry-run"))
@click.argument("name")
@dry_run_option
@pass_crm
def test(crm: CRM, name: str, dry_run: bool) -> None:
    """Send a `webhook.test` at once, and say which class of answer came; no more is told."""
    if dry_run:
        with crm.unit(write=False) as unit:
            emit_one({"name": queries.named(unit, name).name, "answer": None})
        say("Dry run: nothing was sent.")
        return
    emit_one({"name": name, "answer": worker.probe(crm, name)})


@webhook.command(
    epilog=examples("crmkit webhook replay --since 2025-01-01 --to warehouse --dry-run")
)
@click.argument("event", required=False, default="")
@click.option("--since", type=_INSTANT, help="All that happened at or after (UTC).")
@click.option("--until", type=_INSTANT, help="And before (UTC).")
@click.option("--to", "name", default="", help="Only to this webhook.")
@dry_run_option
@pass_crm
def replay(
    crm: CRM,
    event: str,
    since: datetime | None,
    until: datetime | None,
    name: str,
    dry_run: bool,
) -> None:
    """Queue one EVENT again, or all of a span. Ids stay: who has it already can tell."""
    if bool(event) == bool(since):
        raise click.UsageError("give either an event or --since")
    with writing(crm, dry_run) as unit:
        if since:
            end = until.replace(tzinfo=UTC) if until else None
            count = actions.replay_span(unit, since.replace(tzinfo=UTC), end, name=name)
        else:
            count = actions.replay(unit, event, name=name)
    emit_one({"queued": count})


@webhook.command(
    epilog=examples(
        "crmkit webhook log",
        "crmkit webhook log warehouse --state queued",
        "crmkit webhook log shop",
    )
)
@click.argument("name", required=False, default="")
@click.option("--state", type=click.Choice(STATES), help="Only those.")
@click.option("--delivery", type=int, help="Every attempt of this one.")
@click.option("--size", type=click.IntRange(min=1), default=50, help="At most so many.")
@click.option("--before", type=int, help="Continue after the last id seen.")
@pass_crm
def log(
    crm: CRM, name: str, state: State | None, delivery: int | None, size: int, before: int | None
) -> None:
    """What was sent, latest first; with the NAME of a receiver, what came in."""
    with crm.unit(write=False) as unit:
        found = queries.named(unit, name) if name else None
        if delivery is not None:
            emit(
                _plain(each, ("at", "state", "status", "detail"))
                for each in queries.attempts_of(unit, delivery)
            )
        elif found and found.direction == "in":
            if state:
                raise click.UsageError("--state is of what is sent; a receiver sends nothing")
            rows = queries.received(unit, receiver_id=found.id, before=before, size=size)
            emit((_plain(each, _RECEIVED) for each in rows), _RECEIVED)
        else:
            names = {each.id: each.name for each in queries.endpoints(unit)}
            ways = queries.deliveries(
                unit, endpoint_id=found.id if found else None, state=state, before=before, size=size
            )
            emit((_told(each, names) for each in ways), _DELIVERY)


def _plain(record: object, names: Iterable[str]) -> dict[str, object]:
    return {name: getattr(record, name) for name in names}
