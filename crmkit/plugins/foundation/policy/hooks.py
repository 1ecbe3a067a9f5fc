"""Where the policy takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crmkit import (
    Cause,
    Changes,
    Contact,
    Customer,
    Finding,
    Objection,
    Proposal,
    Ref,
    Unit,
    hookimpl,
)

from . import costs, gate, proposing
from .errors import NoPolicyError
from .queries import adoptions, current


@hookimpl
def crmkit_may_contact(unit: Unit, contacts: Sequence[Contact]) -> Iterable[Objection]:
    return gate.objections(unit, contacts)


@hookimpl
def crmkit_propose_offers(unit: Unit, customers: Sequence[Customer]) -> Iterable[Proposal]:
    return proposing.proposals(unit, customers)


@hookimpl
def crmkit_check_offers(unit: Unit, proposals: Sequence[Proposal]) -> Iterable[Objection]:
    return costs.objections(unit, proposals)


@hookimpl
def crmkit_saving(unit: Unit, changes: Changes) -> Changes | None:
    costs.refuse_dear(unit, changes)
    return None


@hookimpl(optionalhook=True)
def consent_accepted_bases(unit: Unit, purposes: Sequence[str]) -> Mapping[str, Sequence[str]]:
    try:
        named = current(unit).purposes
    except NoPolicyError:
        named = {}
    return {each: named[each].lawful_bases if each in named else () for each in purposes}


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    numbers = [ref.id for ref in refs if ref.noun == "policy"]
    for each in adoptions(unit, numbers):
        by = f", adopted by {each.adopted_by}" if each.adopted_by else ""
        text = f"version {each.version} of the policy {each.name!r}{by}"
        yield Cause(ref=Ref("policy", each.version), at=each.adopted_at, text=text)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterator[Finding]:
    try:
        policy = current(unit)
    except NoPolicyError:
        yield Finding(
            level="warn",
            subject="policy",
            text="no relationship policy is in force: nothing can be decided or sent",
            mend="crmkit policy adopt FILE",
        )
        return
    text = f"version {policy.version} of {policy.name!r} is in force"
    yield Finding(level="ok", subject="policy", text=text)
    for segment in proposing.unknown_segments(unit, policy):
        yield Finding(
            level="warn",
            subject="policy",
            text=f"offers go to segment {segment!r}, which no enabled plugin knows",
            mend="enable the plugin with `crmkit plugins enable NAME` or change the policy",
        )
