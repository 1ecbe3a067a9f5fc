"""Calls the implementations of one hook, one after another, each guarded and named."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Collection, Iterator
from typing import Any, Final, TypeVar

import attrs
import pluggy

from ..errors import CrmkitError, HookFailedError
from . import hookspecs
from .plugin import Plugin
from .records import Objection

T = TypeVar("T")
log = logging.getLogger("crmkit.hooks")


_EAGER: Final = frozenset({list, tuple, type(None)})
"""What most answers are: neither lazy nor, when empty, in need of a check."""


@attrs.frozen
class Implementation:
    plugin: str
    function: Any
    arguments: tuple[str, ...]


class Hooks:
    """
    The hooks of one CRM, core's and its plugins'.

    The form of a hook's name says which method calls it; each isolates, names the plugin at
    fault, and keeps the order in which plugins were enabled.
    """

    def __init__(self, plugins: tuple[Plugin, ...], *, trace: bool = False) -> None:
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        for plugin in plugins:
            if plugin.hookspecs is not None:
                manager.add_hookspecs(plugin.hookspecs)
        for plugin in reversed(plugins):  # pluggy calls last-registered first
            manager.register(plugin.hooks, name=plugin.name)
        self._manager = manager
        self._trace = trace
        self._implementations: dict[str, tuple[Implementation, ...]] = {}

    def implementations(self, hook: str) -> tuple[Implementation, ...]:
        """Who answers *hook*, in calling order."""
        if hook not in self._implementations:
            caller = getattr(self._manager.hook, hook)
            self._implementations[hook] = tuple(
                Implementation(impl.plugin_name, impl.function, tuple(impl.argnames))
                for impl in reversed(caller.get_hookimpls())
            )
        return self._implementations[hook]

    def each(self, hook: str, **given: Any) -> Iterator[tuple[str, Any]]:
        """
        ``(plugin, result)`` of one implementation after the other, stopping at the first failure.

        For hooks inside the transaction: a plugin's own CrmkitError passes, anything else becomes
        HookFailedError.
        """
        for impl in self.implementations(hook):
            yield impl.plugin, self.ask(hook, impl, **given)

    def ask(self, hook: str, impl: Implementation, **given: Any) -> Any:
        """The result of one implementation, failing as :meth:`each` does."""
        try:
            return self._call(hook, impl, given)
        except CrmkitError:
            raise
        except (Exception, SystemExit) as exc:
            raise HookFailedError(hook, [(impl.plugin, exc)]) from exc

    def all(self, hook: str, **given: Any) -> list[tuple[str, Any]]:
        """
        ``(plugin, result)`` of all; every implementation runs before a failure is raised.

        Raises:
            HookFailedError: With every cause, after the loop.
        """
        results, failures = self.settled(hook, **given)
        if failures:
            raise HookFailedError(hook, failures) from failures[0][1]
        return results

    def settled(
        self, hook: str, **given: Any
    ) -> tuple[list[tuple[str, Any]], list[tuple[str, BaseException]]]:
        """Results and failures of all implementations; raises nothing."""
        results: list[tuple[str, Any]] = []
        failures: list[tuple[str, BaseException]] = []
        for impl in self.implementations(hook):
            try:
                result = self._call(hook, impl, given)
                results.append((impl.plugin, result))
            except (Exception, SystemExit) as exc:  # noqa: BLE001  the caller judges
                failures.append((impl.plugin, exc))
        return results, failures

    def tell(self, hook: str, **given: Any) -> None:
        """Call all for their effect; failures are logged with the plugin's name."""
        _, failures = self.settled(hook, **given)
        for plugin, exc in failures:
            log.error("plugin %s: %s failed: %s", plugin, hook, exc, exc_info=exc)

    def vetoes(self, hook: str, size: int, **given: Any) -> dict[int, list[Objection]]:
        """
        Objections of all to a batch of *size* items, by index. A guard that fails refuses all.
        """
        found: dict[int, list[Objection]] = {}
        for impl in self.implementations(hook):
            try:
                objections = [
                    attrs.evolve(_an_objection(item, size), plugin=impl.plugin)
                    for item in self._call(hook, impl, given) or ()
                ]
            except (Exception, SystemExit) as exc:
                log.error("plugin %s: %s failed: %s", impl.plugin, hook, exc, exc_info=exc)
                reason = f"the guard failed ({type(exc).__name__}: {exc})"
                objections = [Objection(i, reason, impl.plugin) for i in range(size)]
            for objection in objections:
                found.setdefault(objection.index, []).append(objection)
        return found

    def _call(self, hook: str, impl: Implementation, given: dict[str, Any]) -> Any:
        started = time.perf_counter() if self._trace else 0.0
        result = impl.function(*[given[name] for name in impl.arguments])
        if type(result) not in _EAGER and hasattr(result, "__next__"):
            result = list(result)  # what is lazy would fail outside the guard
        if not self._trace:
            return result
        took = (time.perf_counter() - started) * 1000
        print(f"trace: {hook} {impl.plugin} {took:.2f} ms -> {result!r:.200}", file=sys.stderr)
        return result


def records(hook: str, plugin: str, answer: object, wanted: type[T]) -> list[T]:
    """
    What *plugin* answered, as a list; None is an empty one.

    Raises:
        HookFailedError: If it is anything but a collection of *wanted*.
    """
    if type(answer) in _EAGER and not answer:
        return []
    if not isinstance(answer, Collection) or not all(isinstance(each, wanted) for each in answer):
        problem = TypeError(f"expected {wanted.__name__} records, got {answer!r:.80}")
        raise HookFailedError(hook, [(plugin, problem)])
    return list(answer)


def _an_objection(item: object, size: int) -> Objection:
    if not isinstance(item, Objection) or not 0 <= item.index < size:
        raise TypeError(f"expected Objection(index < {size}), got {item!r:.80}")
    return item
