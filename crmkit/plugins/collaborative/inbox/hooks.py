"""Where the inbox takes part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from crmkit import Changes, Finding, Unit, hookimpl

from . import actions, queries


@hookimpl
def crmkit_saved(unit: Unit, changes: Changes) -> None:
    actions.note(unit, changes)


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    found: dict[int, dict[str, list[object]]] = {}
    for row in queries.of_customers(unit, customer_ids):
        told = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}
        who = int(told.pop("customer_id"))
        found.setdefault(who, {"messages": []})["messages"].append(told)
    return found


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    number, unresolved, since = queries.waiting(unit)
    if since is not None:
        of_whom = f"{unresolved:,} of them of people nobody is sure of"
        text = f"{number:,} messages wait, {of_whom}; the first since {since:%Y-%m-%d}"
        mend = "look at them with `crmkit inbox list`"
        yield Finding(level="ok", subject="inbox", text=text, mend=mend)
