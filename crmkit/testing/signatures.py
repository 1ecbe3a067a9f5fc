"""Whether hook implementations are what their specs say."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from crmkit.core import hookspecs
from crmkit.core.plugin import specs_of
from crmkit.errors import nearest

from .subject import Subject

NARROWER: Final = {
    "Iterable": {"Iterable", "Iterator", "Collection", "Sequence", "list", "tuple"},
    "Mapping": {"Mapping", "MutableMapping", "dict"},
}
"""What an implementation may return in place of what the spec says."""


def hook_findings(subject: Subject) -> Iterator[str]:
    """Everything wrong with the hook functions of a plugin."""
    plugin = subject.plugin
    specs = specs_of(hookspecs, *(each.hookspecs for each in (*subject.needs, plugin)))
    owners = tuple({f"{name.partition('_')[0]}_" for name in specs})
    for name, function in inspect.getmembers(plugin.hooks, callable):
        options = getattr(function, f"{hookspecs.PROJECT}_impl", None)
        if options is not None:
            yield from _findings(name, function, options, specs)
        elif name.startswith(owners) and _is_own(plugin.hooks, function):
            yield f"{name} lacks @hookimpl; put it above the function"


def _is_own(hooks: object, function: Any) -> bool:
    home = getattr(hooks, "__name__", type(hooks).__module__)
    is_spec = hasattr(function, f"{hookspecs.PROJECT}_spec")
    return inspect.isroutine(function) and function.__module__ == home and not is_spec


def _findings(
    name: str,
    function: Callable[..., object],
    options: Mapping[str, object],
    specs: Mapping[str, inspect.Signature],
) -> Iterator[str]:
    if name not in specs:
        if not options.get("optionalhook"):
            yield f"there is no hook {name}{nearest(name, specs)}; rename or remove it"
        return
    if options.get("wrapper") or options.get("hookwrapper"):
        yield f"{name} is a wrapper; make it a plain @hookimpl"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        yield f"{name} is async; make it a plain function"
    mine, spec = inspect.signature(function), specs[name]
    for argument in mine.parameters.values():
        if argument.name not in spec.parameters:
            given = ", ".join(spec.parameters) or "nothing"
            yield f"{name} takes {argument.name!r}, but is given {given}; rename or remove it"
            continue
        if argument.default is not argument.empty:
            yield f"{name}: {argument.name} has a default; remove it, it is always given"
        wanted = _plain(spec.parameters[argument.name].annotation)
        if _plain(argument.annotation) != wanted:
            now = _plain(argument.annotation) or "nothing"
            yield f"{name}: annotate {argument.name} as {wanted}, not {now}"
    wanted = _plain(spec.return_annotation)
    if not _fits(_plain(mine.return_annotation), wanted):
        now = _plain(mine.return_annotation) or "nothing"
        yield f"{name}: annotate the result as {wanted}, not {now}"


def _fits(given: str, wanted: str) -> bool:
    if given == wanted or given in wanted.split(" | "):
        return True
    outer, _, inner = wanted.partition("[")
    mine, _, mine_inner = given.partition("[")
    return mine in NARROWER.get(outer, ()) and mine_inner.replace(", ...]", "]") == inner


def _plain(annotation: object) -> str:
    """An annotation without the modules its names come from."""
    if annotation is inspect.Parameter.empty:
        return ""
    if annotation is None:
        return "None"
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", text)
