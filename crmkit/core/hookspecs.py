"""
Every hook crmkit calls, in the order they fire. A plugin implements the ones it needs.

The form of the name tells the kind: a plural noun contributes when the CRM is opened; -ing
runs inside the transaction and may change or veto; a past participle runs inside the transaction
after the write; a verb asks every plugin to do its part; ``may_`` and ``check_`` are vetoes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    from .crm import CRM
    from .model import Customer
    from .records import (
        Cause,
        Changes,
        Channel,
        Contact,
        Finding,
        InteractionKind,
        Objection,
        Proposal,
        Ref,
        Remark,
        Scorer,
        Segment,
        Step,
    )
    from .unit import Unit

PROJECT: Final = "crmkit"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    """Contribute the kinds of interactions you record. A kind nobody contributes is refused."""
    return ()


@hookspec
def crmkit_scorers() -> Iterable[Scorer]:
    """Contribute scores."""
    return ()


@hookspec
def crmkit_segments() -> Iterable[Segment]:
    """Contribute segments."""
    return ()


@hookspec
def crmkit_channels() -> Iterable[Channel]:
    """Contribute channels that carry messages."""
    return ()


@hookspec
def crmkit_cycle_steps() -> Iterable[Step]:
    """Contribute what ``crmkit cycle run`` does in a phase; steps run in plugin order."""
    return ()


@hookspec
def crmkit_saving(unit: Unit, changes: Changes) -> Changes | None:
    """
    Look at, replace or veto a batch just before it is written.

    Called inside the transaction, once per batch. Return a replacement with as many records, or
    None to leave the batch as it is; the next plugin gets what you return. Raise
    :class:`crmkit.ChangeRejectedError` to veto: nothing of the unit is written.
    """
    return None


@hookspec
def crmkit_saved(unit: Unit, changes: Changes) -> None:
    """
    Write rows of your own that must commit together with the batch.

    Called inside the transaction, after the batch has its ids. Raising rolls the unit back.
    """


@hookspec
def crmkit_committed(crm: CRM, changes: Sequence[Changes]) -> None:
    """
    Take note that a unit was committed: wake a worker, drop a cache.

    Called after every unit opened for writing; *changes* is empty when it wrote to no noun, but
    perhaps to a plugin's tables. Best effort: not called when the process dies, nor for a unit that
    joined a bare connection. What must not be lost is a row written in :func:`crmkit_saved`. An
    exception is logged. Units of your own that you open here call you again.
    """


@hookspec
def crmkit_define_segments(unit: Unit) -> Iterable[Segment]:
    """
    Give the segments that only the database knows: found by a run, or defined by somebody.

    Asked whenever segments are looked up or refreshed. A name that another segment has is an error.
    """
    return ()


@hookspec
def crmkit_propose_offers(unit: Unit, customers: Sequence[Customer]) -> Iterable[Proposal]:
    """Propose what could be offered to these customers now. Write nothing."""
    return ()


@hookspec
def crmkit_check_offers(unit: Unit, proposals: Sequence[Proposal]) -> Iterable[Objection]:
    """Object to proposals that must not be made. If you raise, all of them are refused."""
    return ()


@hookspec
def crmkit_may_contact(unit: Unit, contacts: Sequence[Contact]) -> Iterable[Objection]:
    """
    Object to contacts that must not happen.

    Asked when a decision is made and again just before a message leaves, which waits if every
    objection says until when it holds. If you raise, all of them are refused.
    """
    return ()


@hookspec
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterable[Cause]:
    """Say what those of *refs* are that you know, and which rows they came from."""
    return ()


@hookspec
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterable[Remark]:
    """Say what somebody who is about to talk to these customers should know, a line each."""
    return ()


@hookspec
def crmkit_tokens(
    unit: Unit, customer_ids: Sequence[int], purpose: str
) -> Mapping[int, Mapping[str, object]]:
    """
    Tell what messages may say about these customers, by customer id: plain data by name.

    Text, numbers, Money, dates, aware datetimes, lists and mappings of these; None for what is
    not known of this customer. Everybody has the same names. Templates find them under the name of
    your plugin. *purpose* is what the message is for; empty in a preview. Write nothing.
    """
    return {}


@hookspec
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    """Return everything you hold about these customers, JSON-ready, by customer id."""
    return {}


@hookspec
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    """Delete or make anonymous everything you hold about these customers; return rows touched."""
    return 0


@hookspec
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    """Report your health to ``crmkit doctor``. Write nothing, connect to nothing slow."""
    return ()
