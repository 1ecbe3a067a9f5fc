"""Where webhooks take part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from crmkit import CRM, Changes, Finding, Step, Turn, Unit, hookimpl

from . import actions, queries
from .worker import send_due

OVERDUE = timedelta(hours=1)


@hookimpl
def crmkit_saved(unit: Unit, changes: Changes) -> None:
    actions.note(unit, changes)


@hookimpl
def crmkit_cycle_steps() -> Iterator[Step]:
    yield Step(phase="act", name="webhook", summary="Tell who wants to know.", run=_act)


def _act(crm: CRM, turn: Turn) -> str:
    if not turn.dry_run:
        return str(send_due(crm))
    with crm.unit(write=False) as unit:
        return f"{queries.due_count(unit):,} due"


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    found: dict[int, list[dict[str, object]]] = {}
    for each in queries.events_about(unit, customer_ids):
        told = {
            "event": each["key"],
            "at": each["created_at"].isoformat(),
            "body": each["body"],
            "to": each["to"],
        }
        found.setdefault(each["customer_id"], []).append(told)
    return {customer_id: {"events": events} for customer_id, events in found.items()}


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.erase(unit, customer_ids)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterator[Finding]:
    for each in queries.endpoints(unit):
        if each.state == "disabled":
            told = f"{each.name} is disabled: {each.why}"
            yield _warning(told, f"crmkit webhook enable {each.name}")
        elif each.failing_since is not None:
            told = f"{each.name} fails since {each.failing_since:%Y-%m-%d %H:%M} UTC"
            yield _warning(told, f"crmkit webhook log {each.name}")
    since = queries.waiting_since(unit)
    if since is not None and unit.now - since > OVERDUE:
        told = f"events wait since {since:%Y-%m-%d %H:%M} UTC"
        yield _warning(told, "crmkit webhook send")
    counts = queries.counts(unit)
    if failed := counts.get("failed", 0):
        mend = "crmkit webhook log --state failed; crmkit webhook replay EVENT"
        yield _warning(f"{failed:,} were given up", mend)
    conflicts, ignored = queries.odd_receipts(unit)
    if conflicts:
        told = f"{conflicts:,} incoming messages came again with another body: a fault or a forgery"
        yield _warning(told, "crmkit webhook log NAME, then rotate the secret")
    if ignored:
        told = f"{ignored:,} incoming messages could not be used"
        yield _warning(told, "crmkit webhook log NAME says why")
    told = f"{counts.get('queued', 0):,} wait to be sent"
    yield Finding(level="ok", subject="webhook", text=told)


def _warning(text: str, mend: str) -> Finding:
    return Finding(level="warn", subject="webhook", text=text, mend=mend)
