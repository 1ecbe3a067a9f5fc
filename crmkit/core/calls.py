"""
The call sites: one typed function per hook of :mod:`crmkit.core.hookspecs`.

The only place that knows how results combine, and what a failure means for which kind of hook.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from .errors import HookFailedError
from .model import Customer
from .records import (
    Cause,
    Changes,
    Contact,
    Finding,
    Objection,
    Proposal,
    Ref,
)

if TYPE_CHECKING:
    from .crm import CRM
    from .unit import Unit

T = TypeVar("T")


def saving(unit: Unit, changes: Changes) -> Changes:
    """The batch as the plugins leave it."""
    for impl in unit.hooks.implementations("crmkit_saving"):
        replaced = unit.hooks.ask("crmkit_saving", impl, unit=unit, changes=changes)
        if replaced is None:
            continue
        if not isinstance(replaced, Changes) or len(replaced.after) != len(changes.after):
            problem = TypeError("must return None or a Changes of the same length")
            raise HookFailedError("crmkit_saving", [(impl.plugin, problem)])
        changes = replaced
    return changes


def saved(unit: Unit, changes: Changes) -> None:
    for _ in unit.hooks.each("crmkit_saved", unit=unit, changes=changes):
        pass


def committed(crm: CRM, changes: Sequence[Changes]) -> None:
    crm.hooks.tell("crmkit_committed", crm=crm, changes=changes)


def propose_offers(unit: Unit, customers: Sequence[Customer]
) -> list[tuple[str, Proposal]]:
    """``(plugin, proposal)`` of all plugins."""
    answers = unit.hooks.all("crmkit_propose_offers", unit=unit, customers=customers)
    return _flat("crmkit_propose_offers", answers, Proposal)


def check_offers(unit: Unit, proposals: Sequence[Proposal]
) -> dict[int, list[Objection]]:
    """Objections by position in *proposals*."""
    return unit.hooks.vetoes("crmkit_check_offers", len(proposals), unit=unit, proposals=proposals)


def may_contact(unit: Unit, contacts: Sequence[Contact]
) -> dict[int, list[Objection]]:
    """Objections by position in *contacts*."""
    return unit.hooks.vetoes("crmkit_may_contact", len(contacts), unit=unit, contacts=contacts)


def explain(unit: Unit, refs: Sequence[Ref]) -> list[Cause]:
    answers = unit.hooks.all("crmkit_explain", unit=unit, refs=refs)
    return [cause for _, cause in _flat("crmkit_explain", answers, Cause)]


def export(unit: Unit, customer_ids: Sequence[int]
) -> dict[int, dict[str, object]]:
    """What each plugin holds, by customer id and plugin."""
    found: dict[int, dict[str, object]] = {customer_id: {} for customer_id in customer_ids}
    for plugin, answer in unit.hooks.all("crmkit_export", unit=unit, customer_ids=customer_ids):
        for customer_id, data in answer.items():
            found[customer_id][plugin] = data
    return found


def erase(unit: Unit, customer_ids: Sequence[int]) -> dict[str, int]:
    """Rows touched, by plugin."""
    return dict(unit.hooks.all("crmkit_erase", unit=unit, customer_ids=customer_ids))


def diagnose(unit: Unit) -> list[Finding]:
    """What the plugins report; one that cannot is itself a finding."""
    results, failures = unit.hooks.settled("crmkit_diagnose", unit=unit)
    found = [finding for _, finding in _flat("crmkit_diagnose", results, Finding)]
    return found + [
        Finding(level="fail", subject=plugin, text=f"cannot diagnose itself: {exc}")
        for plugin, exc in failures
    ]


def _flat(hook: str, answers: Sequence[tuple[str, object]], wanted: type[T]) -> list[tuple[str, T]]:
    found: list[tuple[str, T]] = []
    for plugin, answer in answers:
        for item in answer or ():  # type: ignore[attr-defined]
            if not isinstance(item, wanted):
                problem = TypeError(f"expected {wanted.__name__}, got {item!r:.80}")
                raise HookFailedError(hook, [(plugin, problem)])
            found.append((plugin, item))
    return found
