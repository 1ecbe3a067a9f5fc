"""What a template may not do, told before it is stored; and what it asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Final

from jinja2 import Environment, meta, nodes

from .faults import RefusedError

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_OURS: Final = ("range", "super", "caller", "loop")


def checked(
    source: str, environment: Environment, roots: Collection[str]
) -> tuple[list[tuple[str, int]], list[str]]:
    """
    The dotted names a template asks for, with the line, and the templates it takes in.

    Raises:
        RefusedError, jinja2.TemplateSyntaxError: If it does what none may.
    """
    tree = environment.parse(source)
    taken = [_taken(each) for each in tree.find_all(_TAKING)]
    callable_ = {*_OURS, *_defined(tree)}
    for node in tree.find_all(nodes.Node):
        _check(node, callable_)
        _check_names(node, environment)
    stored = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "store"}
    for name in sorted(meta.find_undeclared_variables(tree) - callable_ - stored):
        if name not in roots:
            told = f"{name!r} is not known{_nearest(name, roots)}; known are {', '.join(roots)}"
            raise RefusedError(told, _line_of(tree, name))
    environment.compile(source)
    asked = dict(_paths(tree, roots))
    return list(asked.items()), list(dict.fromkeys(taken))


_TAKING: Final = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)


def _taken(node: nodes.Node) -> str:
    given = getattr(node, "template", None)
    value = given.value if isinstance(given, nodes.Const) else None
    if not isinstance(value, str) or not NAME.fullmatch(value):
        told = "only the name of a stored template, in quotes, can be taken in"
        raise RefusedError(told, node.lineno)
    return value


def _defined(tree: nodes.Template) -> Iterator[str]:
    """Macros, and the names under which templates are imported."""
    for macro in tree.find_all(nodes.Macro):
        yield macro.name
    for taken in tree.find_all(nodes.Import):
        yield taken.target
    for some in tree.find_all(nodes.FromImport):
        for each in some.names:
            yield each if isinstance(each, str) else each[1]


def _check(node: nodes.Node, callable_: Collection[str]) -> None:
    match node:
        case nodes.EvalContextModifier() | nodes.ScopedEvalContextModifier():
            raise RefusedError("escaping cannot be switched off", node.lineno)
        case nodes.Name(name="self"):
            raise RefusedError("'self' is not known", node.lineno)
        case nodes.Pow():
            raise RefusedError("** is not accepted", node.lineno)
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str(name))):
            if name.startswith("_"):
                raise RefusedError(f"{name!r} is not known", node.lineno)
        case nodes.Call():
            target: nodes.Node = node.node
            if isinstance(target, nodes.Getattr):
                target = target.node
            if not isinstance(target, nodes.Name) or target.name not in callable_:
                told = (
                    f"{_told(node.node)} cannot be called: it is data; use filters, such as |upper"
                )
                raise RefusedError(told, node.lineno)


def _check_names(node: nodes.Node, environment: Environment) -> None:
    """Filters and tests that are named in quotes, as in ``map('upper')``."""
    if not isinstance(node, nodes.Filter) or not node.args:
        return
    known = {"map": environment.filters, "select": environment.tests, "reject": environment.tests}
    name = node.args[0]
    if node.name in known and isinstance(name, nodes.Const) and name.value not in known[node.name]:
        raise RefusedError(f"No filter or test named {name.value!r}.", node.lineno)


def _told(node: nodes.Node) -> str:
    return _dotted(node) or "this"


def _dotted(node: nodes.Node) -> str:
    """``customer.name``; empty for what is more than names."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (before := _dotted(node.node)):
        return f"{before}.{node.attr}"
    if (
        isinstance(node, nodes.Getitem)
        and isinstance(node.arg, nodes.Const)
        and isinstance(node.arg.value, str)
        and (before := _dotted(node.node))
    ):
        return f"{before}.{node.arg.value}"
    return ""


def _paths(tree: nodes.Template, roots: Collection[str]) -> Iterator[tuple[str, int]]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        dotted = _dotted(node)
        if dotted.partition(".")[0] in roots:
            yield ".".join(dotted.split(".")[:2]), node.lineno


def _line_of(tree: nodes.Template, name: str) -> int:
    return next((e.lineno for e in tree.find_all(nodes.Name) if e.name == name), 1)


def _nearest(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f", did you mean {close[0]!r}?" if close else ""
