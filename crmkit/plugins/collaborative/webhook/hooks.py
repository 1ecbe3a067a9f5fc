"""Where webhooks take part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crmkit import CRM, Changes, Finding, Step, Turn, Unit, hookimpl

from . import actions, queries
from .worker import send_due


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
            told, mend = (
                f"{each.name} is disabled: {each.why}",
                f"crmkit webhook enable {each.name}",
            )
            yield Finding(level="warn", subject="webhook", text=told, mend=mend)
        elif each.failing_since is not None:
            told = f"{each.name} fails since {each.failing_since:%Y-%m-%d %H:%M} UTC"
            mend = f"crmkit webhook log {each.name}"
            yield Finding(level="warn", subject="webhook", text=told, mend=mend)
    counts = queries.counts(unit)
    if failed := counts.get("failed", 0):
        mend = "crmkit webhook log --state failed; crmkit webhook replay EVENT"
        yield Finding(level="warn", subject="webhook", text=f"{failed:,} were given up", mend=mend)
    conflicts, ignored = queries.odd_receipts(unit)
    if conflicts:
        told = (
            f"{conflicts:,} incoming messages came again with another body: a fault, or a forgery"
        )
        mend = "crmkit webhook log NAME, then rotate the secret"
        yield Finding(level="warn", subject="webhook", text=told, mend=mend)
    if ignored:
        told = f"{ignored:,} incoming messages could not be used"
        mend = "crmkit webhook log NAME says why"
        yield Finding(level="warn", subject="webhook", text=told, mend=mend)
    yield Finding(
        level="ok", subject="webhook", text=f"{counts.get('queued', 0):,} wait to be sent"
    )
