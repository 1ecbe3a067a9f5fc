"""
A guarded hook call beside a plain pluggy call, with ten implementations.

    python -m benchmarks.hooks

The batch holds one item and every implementation returns an empty list. Guarded means: each is
called on its own, a failure is caught and named, and an answer of a wrong form is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pluggy

from benchmarks.timing import report, side_by_side
from crmkit import CRM, Contact, Objection, Plugin, Unit, ask, hookimpl
from crmkit.core import hookspecs

PLUGINS, CALLS = 10, 20_000


class Silent:
    """Hooks of a plugin that objects to nothing."""

    @hookimpl
    def crmkit_may_contact(self, unit: Unit, contacts: Sequence[Contact]) -> list[Objection]:  # noqa: ARG002
        """Object to nothing."""
        return []

    @hookimpl
    def crmkit_explain(self, unit: Unit, refs: Sequence[object]) -> list[object]:  # noqa: ARG002
        """Know nothing."""
        return []


def main() -> None:
    plugins = [Plugin(name=f"silent{n}", summary="", hooks=Silent()) for n in range(PLUGINS)]
    crm = CRM.open("sqlite:///:memory:", plugins, strict=True)
    crm.upgrade()
    with crm.unit(write=False) as unit:
        contacts = [
            Contact(customer_id=1, purpose="news", channel="email", address="a@b.org", at=unit.now)
        ]
        plain = _plain(plugins)
        contestants: dict[str, Callable[[], object]] = {
            "pluggy, unguarded": lambda: [
                plain(unit=unit, contacts=contacts) for _ in range(CALLS)
            ],
            "crmkit, a veto": lambda: [ask.may_contact(unit, contacts) for _ in range(CALLS)],
            "crmkit, a question to all": lambda: [ask.explain(unit, []) for _ in range(CALLS)],
        }
        medians = side_by_side(contestants, rounds=7)
    per_call = {name: taken / CALLS for name, taken in medians.items()}
    title = f"a hook with {PLUGINS} implementations, per call"
    report(title, per_call, against="pluggy, unguarded", unit="us")


def _plain(plugins: Sequence[Plugin]) -> Callable[..., object]:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for each in plugins:
        manager.register(each.hooks, name=each.name)
    called: Callable[..., object] = manager.hook.crmkit_may_contact
    return called


if __name__ == "__main__":
    main()
