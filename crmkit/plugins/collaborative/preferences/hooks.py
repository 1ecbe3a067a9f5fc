"""Where preferences take part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import attrs

from crmkit import Finding, Unit, hookimpl
from crmkit.plugins.foundation import policy

from . import actions, queries
from .config import Settings
from .links import centre_link, missing


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    found: dict[int, dict[str, list[object]]] = {}
    for each in queries.wishes_of_many(unit, list(customer_ids)):
        held = attrs.asdict(each, value_serializer=_plain)
        found.setdefault(each.customer_id, {"wishes": []})["wishes"].append(held)
    return found


def _plain(_: object, field: object, value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, list(customer_ids))


@hookimpl
def crmkit_tokens(
    unit: Unit, customer_ids: Sequence[int], purpose: str
) -> Mapping[int, Mapping[str, object]]:
    del purpose
    is_set = not missing(unit.settings(Settings))
    return {each: {"link": centre_link(unit, each) if is_set else None} for each in customer_ids}


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    settings = unit.settings(Settings)
    if problem := missing(settings):
        mend = "set it under [preferences] in crmkit.toml"
        yield Finding(level="warn", subject="preferences", text=problem, mend=mend)
    try:
        named = policy.current(unit).purposes
    except policy.NoPolicyError:
        return
    if settings.purpose not in named:
        yield Finding(
            level="warn",
            subject="preferences",
            text=f"nobody can be asked: the policy does not name {settings.purpose!r}",
            mend="add it: kind service, lawful_bases contract, and the channels that carry it",
        )
