"""From a list of names to running plugins: load, order, check, collect what they contribute."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from ..errors import CrmkitError, HookFailedError, PluginConflictError, PluginError
from . import hookspecs
from .dispatch import Hooks, records
from .plugin import Plugin, Quarantined, check_hooks, check_tables, installed, load, order, specs_of
from .records import Channel, InteractionKind, Scorer, Segment, Step

log = logging.getLogger("crmkit.plugins")

CORE_KINDS: Final = (
    InteractionKind(name="purchase.order", summary="The customer bought; lines say what."),
    InteractionKind(
        name="purchase.return", summary="Goods or money went back; amount is negative."
    ),
    InteractionKind(name="contact.message", summary="A message in a conversation."),
    InteractionKind(name="contact.visit", summary="The customer came, or we went to them."),
    InteractionKind(name="note.heard", summary="What somebody of ours noticed or was told."),
)
CONTRIBUTIONS: Final[Mapping[str, type]] = {
    "crmkit_interaction_kinds": InteractionKind,
    "crmkit_scorers": Scorer,
    "crmkit_segments": Segment,
    "crmkit_channels": Channel,
    "crmkit_cycle_steps": Step,
}


@attrs.frozen(kw_only=True)
class Contributed:
    """What core and the enabled plugins contribute, each by name."""

    interaction_kinds: Mapping[str, InteractionKind]
    scorers: Mapping[str, Scorer]
    segments: Mapping[str, Segment]
    channels: Mapping[str, Channel]
    cycle_steps: Mapping[str, Step]


@attrs.frozen(kw_only=True)
class Loaded:
    """The plugins that run, those that do not, and what came of the former."""

    plugins: tuple[Plugin, ...]
    quarantined: tuple[Quarantined, ...]
    hooks: Hooks
    contributed: Contributed


def load_all(given: Iterable[str | Plugin], *, trace: bool = False) -> Loaded:
    """
    Load, order and check *given*; what fails is quarantined together with its dependents.

    Raises:
        PluginConflictError: If two plugins claim the same name, table or contribution.
    """
    healthy, failed = _import(given)
    while True:
        ordered, dependents = order(healthy, {each.name for each in failed})
        bad = _first_with_bad_hooks(ordered) or _first_that_cannot_contribute(ordered)
        if bad is None:
            break
        failed.append(bad)
        healthy = [plugin for plugin in healthy if plugin.name != bad.name]
    check_tables(ordered)
    quarantined = (*failed, *dependents)
    for each in quarantined:
        log.error("quarantined: %s", each)
    hooks = Hooks(tuple(ordered), trace=trace)
    return Loaded(
        plugins=tuple(ordered),
        quarantined=quarantined,
        hooks=hooks,
        contributed=_collect(hooks),
    )


def _import(given: Iterable[str | Plugin]) -> tuple[list[Plugin], list[Quarantined]]:
    available = installed()
    healthy, failed = [], []
    for each in given:
        try:
            healthy.append(load(each, available))
        except PluginConflictError:
            raise
        except PluginError as exc:
            failed.append(Quarantined(exc.plugin, exc))
    return healthy, failed


def _first_with_bad_hooks(plugins: list[Plugin]) -> Quarantined | None:
    specs = specs_of(hookspecs, *(plugin.hookspecs for plugin in plugins))
    for plugin in plugins:
        try:
            check_hooks(plugin, specs)
        except PluginError as exc:
            return Quarantined(plugin.name, exc)
    return None


def _first_that_cannot_contribute(plugins: list[Plugin]) -> Quarantined | None:
    hooks = Hooks(tuple(plugins))
    for hook, wanted in CONTRIBUTIONS.items():
        for impl in hooks.implementations(hook):
            try:
                records(hook, impl.plugin, hooks.ask(hook, impl), wanted)
            except PluginError as exc:
                return Quarantined(impl.plugin, exc)
            except CrmkitError as exc:
                return Quarantined(impl.plugin, HookFailedError(hook, [(impl.plugin, exc)]))
    return None


def _collect(hooks: Hooks) -> Contributed:
    found: dict[str, dict[str, Any]] = {}
    for hook, wanted in CONTRIBUTIONS.items():
        owners: dict[str, str] = {}
        field = found.setdefault(hook.removeprefix("crmkit_"), {})
        if wanted is InteractionKind:
            field.update({kind.name: kind for kind in CORE_KINDS})
            owners.update(dict.fromkeys(field, "crmkit"))
        for impl in hooks.implementations(hook):
            item: Any
            for item in records(hook, impl.plugin, hooks.ask(hook, impl), wanted):
                if item.name in owners:
                    both = f"{owners[item.name]} and {impl.plugin}"
                    raise PluginConflictError(
                        impl.plugin, f"{both} both contribute {wanted.__name__} {item.name!r}"
                    )
                owners[item.name] = impl.plugin
                field[item.name] = item
    return Contributed(**found)
