"""What delivery adds to a CRM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from crmkit import (
    CRM,
    Cause,
    Changes,
    Finding,
    InteractionKind,
    Ref,
    Step,
    Turn,
    Unit,
    hookimpl,
)

from . import actions, queries
from .config import Settings
from .model import Message, MessageSent
from .worker import deliver_after_commit, run_until_empty

OVERDUE = timedelta(hours=1)


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    summary = "A message was accepted by the channel for the customer."
    yield InteractionKind(name="message.sent", summary=summary, payload=MessageSent)


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    yield Step(phase="act", name="deliver", summary="Send what is due.", run=_act)


def _act(crm: CRM, turn: Turn) -> str:
    if not turn.dry_run:
        return str(run_until_empty(crm))
    with crm.unit(write=False) as unit:
        return f"{sum(queries.due_by_channel(unit).values()):,} due"


@hookimpl
def crmkit_committed(crm: CRM, changes: Sequence[Changes]) -> None:
    deliver_after_commit(crm)


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterable[Cause]:
    wanted = [ref.id for ref in refs if ref.noun == "intent"]
    for message in queries.messages_with(unit, wanted):
        yield _cause(message)
    interactions = [ref.id for ref in refs if ref.noun == "interaction"]
    for interaction_id, intent_id in queries.intents_behind(unit, interactions).items():
        told = f"recorded when intent {intent_id} was sent"
        because = (Ref("intent", intent_id),)
        yield Cause(ref=Ref("interaction", interaction_id), at=None, text=told, because=because)


def _cause(message: Message) -> Cause:
    because = [Ref.parse(message.because)] if message.because else []
    if message.offer_id is not None:
        because.append(Ref("offer", message.offer_id))
    told = f"{message.purpose} by {message.channel} to {message.address or '(erased)'}"
    end = f"{message.state} ({message.detail})" if message.detail else message.state
    return Cause(
        ref=Ref("intent", message.id),
        at=message.finished_at or message.created_at,
        text=f"{told}, run {message.run}, step {message.step}: {end}",
        because=tuple(because),
    )


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    found: dict[int, list[dict[str, object]]] = {}
    for message in queries.messages_of(unit, customer_ids):
        found.setdefault(message.customer_id, []).append(
            {
                "intent": message.id,
                "created_at": message.created_at.isoformat(),
                "channel": message.channel,
                "address": message.address,
                "purpose": message.purpose,
                "subject": message.subject,
                "text": message.text,
                "html": message.html,
                "state": message.state,
                "finished_at": message.finished_at and message.finished_at.isoformat(),
                "detail": message.detail,
            }
        )
    return {customer_id: {"messages": messages} for customer_id, messages in found.items()}


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.erase(unit, customer_ids)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    if not queries.is_durable(unit):
        told = "a power cut can undo a claim, and a message could then go twice"
        yield _warning(told, 'set durability = "full" in crmkit.toml')
    counts = queries.counts(unit)
    if unknown := counts.get("unknown", 0):
        told = f"{unknown:,} may or may not have arrived"
        yield _warning(told, "crmkit deliver list --state unknown; crmkit deliver resolve ID ...")
    outlook = queries.outlook(unit)
    if outlook.lapsed:
        told = f"{outlook.lapsed:,} are held by a worker that seems to have died"
        yield _warning(told, "crmkit deliver run-due")
    channels = unit.contributed.channels
    for channel, waiting in queries.due_by_channel(unit).items():
        if channel not in channels:
            told = f"{waiting:,} wait for the channel {channel}, which is not enabled"
            yield _warning(told, "enable the plugin that has it")
    since = queries.due_since(unit)
    if since and unit.now - since > OVERDUE:
        told = f"the queue waits since {since:%Y-%m-%d %H:%M} UTC"
        yield _warning(told, "crmkit deliver run-due")
    for each in queries.pauses(unit):
        told = f"{each} is paused since {each.since:%Y-%m-%d %H:%M} UTC: {each.note or 'no note'}"
        yield _warning(told, "crmkit deliver resume")
    for name in unit.settings(Settings).rates:
        if name.partition("@")[0] not in channels:
            told = f"rates.{name} limits a channel that is not enabled"
            yield _warning(told, "correct the name under [delivery.rates] in crmkit.toml")
    queued = counts.get("queued", 0)
    told = f"{queued:,} queued, {outlook.held:,} held by workers, {unknown:,} unknown"
    yield Finding(level="ok", subject="delivery", text=told)


def _warning(text: str, mend: str) -> Finding:
    return Finding(level="warn", subject="delivery", text=text, mend=mend)
