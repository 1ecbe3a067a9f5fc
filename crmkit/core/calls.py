"""
The call sites: one typed function per hook of :mod:`crmkit.core.hookspecs`.

The only place that knows how results combine, and what a failure means for which kind of hook.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..database.migrations import unattended
from ..errors import HookFailedError, PluginConflictError, RefusedError
from .dispatch import records
from .model import Customer, Interaction, Offer
from .records import (
    Cause,
    Changes,
    Contact,
    Finding,
    Noun,
    Objection,
    Proposal,
    Ref,
    Remark,
    Segment,
    Step,
)

if TYPE_CHECKING:
    from .crm import CRM
    from .unit import Unit

T = TypeVar("T")
R = TypeVar("R", Customer, Interaction, Offer)


def saving(unit: Unit, noun: Noun, after: Sequence[R], before: Sequence[R] = ()) -> Sequence[R]:
    """The batch as the plugins leave it."""
    for impl in unit.hooks.implementations("crmkit_saving"):
        asked: Any = Changes(noun=noun, before=before, after=after)
        answer = unit.hooks.ask("crmkit_saving", impl, unit=unit, changes=asked)
        if answer is None or answer is asked:
            continue
        if not isinstance(answer, Changes) or _who(answer.after) != _who(after):
            problem = TypeError("must return None or Changes of the same records in the same order")
            raise HookFailedError("crmkit_saving", [(impl.plugin, problem)])
        after = cast(Sequence[R], answer.after)
    return after


def _who(records: Sequence[Any]) -> list[tuple[object, ...]]:
    """What a plugin that replaces records must leave: which ones they are."""
    return [(type(each), each.id, getattr(each, "version", 0)) for each in records]


def saved(unit: Unit, changes: Changes) -> None:
    for _ in unit.hooks.each("crmkit_saved", unit=unit, changes=changes):
        pass


def committed(crm: CRM, changes: Sequence[Changes]) -> None:
    crm.hooks.tell("crmkit_committed", crm=crm, changes=changes)


def segments(unit: Unit) -> dict[str, Segment]:
    """
    The contributed segments and those that the database defines, by name.

    Raises:
        PluginConflictError: If two of them have one name.
    """
    found = dict(unit.contributed.segments)
    answers = unit.hooks.all("crmkit_define_segments", unit=unit)
    for plugin, segment in _flat("crmkit_define_segments", answers, Segment):
        if segment.name in found:
            raise PluginConflictError(plugin, f"segment {segment.name!r} is there already")
        found[segment.name] = segment
    return found


def propose_offers(unit: Unit, customers: Sequence[Customer]) -> list[tuple[str, Proposal]]:
    """``(plugin, proposal)`` of all plugins."""
    answers = unit.hooks.all("crmkit_propose_offers", unit=unit, customers=customers)
    return _flat("crmkit_propose_offers", answers, Proposal)


def check_offers(unit: Unit, proposals: Sequence[Proposal]) -> dict[int, list[Objection]]:
    """Objections by position in *proposals*."""
    return unit.hooks.vetoes("crmkit_check_offers", len(proposals), unit=unit, proposals=proposals)


def may_contact(unit: Unit, contacts: Sequence[Contact]) -> dict[int, list[Objection]]:
    """Objections by position in *contacts*."""
    return unit.hooks.vetoes("crmkit_may_contact", len(contacts), unit=unit, contacts=contacts)


def explain(unit: Unit, refs: Sequence[Ref]) -> list[Cause]:
    answers = unit.hooks.all("crmkit_explain", unit=unit, refs=refs)
    return [cause for _, cause in _flat("crmkit_explain", answers, Cause)]


def describe(unit: Unit, customers: Sequence[Customer]) -> list[tuple[str, Remark]]:
    """``(plugin, remark)`` of all plugins, in their order."""
    answers = unit.hooks.all("crmkit_describe", unit=unit, customers=customers)
    return _flat("crmkit_describe", answers, Remark)


def tokens(
    unit: Unit, customer_ids: Sequence[int], purpose: str, plugins: Collection[str]
) -> dict[int, dict[str, Mapping[str, object]]]:
    """What those *plugins* that can tell messages something do tell, by customer id and plugin."""
    given = {"unit": unit, "customer_ids": customer_ids, "purpose": purpose}
    asked = [e for e in unit.hooks.implementations("crmkit_tokens") if e.plugin in plugins]
    answers = [(e.plugin, unit.hooks.ask("crmkit_tokens", e, **given)) for e in asked]
    return _by_customer("crmkit_tokens", customer_ids, answers)


def export(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, Mapping[str, object]]]:
    """
    What each plugin holds, by customer id and plugin.

    Raises:
        RefusedError: If a plugin that does not run may hold data about them.
    """
    _refuse_unattended(unit)
    answers = unit.hooks.all("crmkit_export", unit=unit, customer_ids=customer_ids)
    return _by_customer("crmkit_export", customer_ids, answers)


def _by_customer(
    hook: str, customer_ids: Sequence[int], answers: Sequence[tuple[str, Any]]
) -> dict[int, dict[str, Mapping[str, object]]]:
    found: dict[int, dict[str, Mapping[str, object]]] = {each: {} for each in customer_ids}
    for plugin, answer in answers:
        if not isinstance(answer, Mapping) or not answer.keys() <= found.keys():
            problem = TypeError(f"expected a mapping by the ids asked for, got {answer!r:.80}")
            raise HookFailedError(hook, [(plugin, problem)])
        for customer_id, data in answer.items():
            found[customer_id][plugin] = data
    return found


def erase(unit: Unit, customer_ids: Sequence[int]) -> dict[str, int]:
    """
    Rows touched, by plugin.

    Raises:
        RefusedError: If a plugin that does not run may hold data about them.
    """
    _refuse_unattended(unit)
    return dict(unit.hooks.all("crmkit_erase", unit=unit, customer_ids=customer_ids))


def cycle_steps(crm: CRM) -> list[tuple[str, Step]]:
    """``(plugin, step)`` of all plugins, in their order."""
    return _flat("crmkit_cycle_steps", crm.hooks.all("crmkit_cycle_steps"), Step)


def diagnose(unit: Unit) -> list[Finding]:
    """What the plugins report; one that cannot is itself a finding."""
    results, failures = unit.hooks.settled("crmkit_diagnose", unit=unit)
    found: list[Finding] = []
    for plugin, answer in results:
        try:
            found += records("crmkit_diagnose", plugin, answer, Finding)
        except HookFailedError as exc:
            failures.append((plugin, exc))
    return found + [
        Finding(level="fail", subject=plugin, text=f"cannot diagnose itself: {exc}")
        for plugin, exc in failures
    ]


def _refuse_unattended(unit: Unit) -> None:
    if names := unattended(unit.connection, unit.crm.owners):
        told = " and ".join(names)
        raise RefusedError(
            f"{told} may hold data about this customer and does not run; enable or mend it first"
        )


def _flat(hook: str, answers: Sequence[tuple[str, object]], wanted: type[T]) -> list[tuple[str, T]]:
    return [
        (plugin, item)
        for plugin, answer in answers
        for item in records(hook, plugin, answer, wanted)
    ]
