"""From TOML to a policy, with everything that is wrong told at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, get_args

import attrs

from crmkit import InvalidValueError, Money, Offer

from .errors import PolicyInvalidError
from .model import (
    BASES,
    MARKETING_BASES,
    Direction,
    DirectionName,
    Limit,
    OfferRule,
    Policy,
    Purpose,
    PurposeKind,
    QuietHours,
)
from .sections import Section

_PURPOSE: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


@lru_cache(maxsize=8)
def parse(text: str) -> Policy:
    """
    The policy that *text* says, with version 0.

    Raises:
        PolicyInvalidError: With every problem: keys nobody knows and the nearest known one, values
            of a wrong kind, purposes, bases, channels and zones that do not exist.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise PolicyInvalidError([f"not TOML: {exc}"]) from None
    problems: list[str] = []
    policy = _policy(Section("", document, Policy, problems))
    _check_together(policy, problems)
    if problems:
        raise PolicyInvalidError(problems)
    return attrs.evolve(policy, text=text)


def _policy(top: Section) -> Policy:
    purposes = top.table("purposes", required=True)
    quiet = top.given.get("quiet_hours")
    return Policy(
        name=top.text("name"),
        currency=_currency(top),
        purposes=MappingProxyType(
            {
                name: _purpose(name, Section(f"purposes.{name}", given, Purpose, top.problems))
                for name, given in purposes.items()
            }
        ),
        promises=top.words("promises", required=False),
        limits=tuple(_limit(each) for each in top.tables("limits", Limit)),
        quiet_hours=None
        if quiet is None
        else _quiet_hours(Section("quiet_hours", quiet, QuietHours, top.problems)),
        directions=tuple(_direction(each) for each in top.tables("directions", Direction)),
        offers=tuple(_offer(each) for each in top.tables("offers", OfferRule)),
        holdout_share=top.share("holdout_share"),
        offer_window_days=top.count("offer_window_days", least=1),
        max_offer_cost_minor=top.count("max_offer_cost_minor", least=0)
        if "max_offer_cost_minor" in top.given
        else None,
    )


def _currency(top: Section) -> str:
    code = top.text("currency")
    try:
        Money(0, code)
    except InvalidValueError as exc:
        if code:
            top.problems.append(str(exc))
    return code


def _purpose(name: str, section: Section) -> Purpose:
    if not _PURPOSE.fullmatch(name):
        section.problem("", "must be named by a lower-case word such as win_back")
    kind: Any = section.choice("kind", get_args(PurposeKind))
    bases = section.words("lawful_bases")
    accepted = MARKETING_BASES if kind == "marketing" else BASES
    for basis in bases:
        if basis not in accepted:
            told = f"is none of those {kind or 'purposes'} may rest on: {', '.join(accepted)}"
            section.problem("lawful_bases", f"{basis!r} {told}")
    return Purpose(
        name=name,
        summary=section.text("summary"),
        kind=kind,
        lawful_bases=bases,
        channels=section.words("channels"),
    )


def _limit(section: Section) -> Limit:
    return Limit(
        at_most=section.count("at_most", least=0),
        days=section.count("days", least=1),
        purpose=section.text("purpose", required=False),
    )


def _quiet_hours(section: Section) -> QuietHours:
    since, until = section.clock("since"), section.clock("until")
    if since == until and section.given.keys() >= {"since", "until"}:
        section.problem("until", "must differ from since")
    return QuietHours(since=since, until=until, unknown_zone=section.zones("unknown_zone"))


def _direction(section: Section) -> Direction:
    name: Any = section.choice("direction", get_args(DirectionName))
    return Direction(
        direction=name,
        for_whom=section.text("for_whom"),
        objective=section.text("objective"),
    )


def _offer(section: Section) -> OfferRule:
    rule = OfferRule(
        segment=section.text("segment"),
        what=section.text("what"),
        kind=section.text("kind"),
        purpose=section.text("purpose"),
        channel=section.text("channel"),
        value_minor=section.count("value_minor", least=0),
        cost_minor=section.count("cost_minor", least=0, default=0),
        valid_days=section.count("valid_days", least=1),
        why=section.text("why"),
    )
    if rule.what and rule.kind:
        try:
            Offer(customer_id=1, what=rule.what, kind=rule.kind, why=rule.why)
        except InvalidValueError as exc:
            section.problem("", str(exc))
    return rule


def _check_together(policy: Policy, problems: list[str]) -> None:
    """What only shows between tables: purposes and channels that are used but not allowed."""
    purposes: Mapping[str, Purpose] = policy.purposes
    for number, limit in enumerate(policy.limits, 1):
        if limit.purpose and limit.purpose not in purposes:
            problems.append(f"limits {number}: purpose {limit.purpose!r} is not among purposes")
    dearest = policy.max_offer_cost_minor
    for number, rule in enumerate(policy.offers, 1):
        if dearest is not None and rule.cost_minor > dearest:
            problems.append(f"offers {number}: cost_minor is above max_offer_cost_minor, {dearest}")
        purpose = purposes.get(rule.purpose)
        if purpose is None:
            problems.append(f"offers {number}: purpose {rule.purpose!r} is not among purposes")
        elif rule.channel not in purpose.channels:
            problems.append(
                f"offers {number}: channel {rule.channel!r} is not among the channels of "
                f"{rule.purpose}"
            )
