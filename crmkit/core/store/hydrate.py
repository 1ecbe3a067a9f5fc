"""Frozen records straight from database tuples, without running their validators again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

R = TypeVar("R")


def loader(cls: type[R], fields: str) -> Callable[..., R]:
    """
    A function that fills the slots of a frozen attrs class, in the order of *fields*.

    What the database holds was validated when it was written; skipping ``__init__`` and its
    validators makes reading about four times faster. Every field must be named.
    """
    names = fields.split()
    scope: dict[str, Any] = {"new": object.__new__, "cls": cls}
    scope |= {f"set_{name}": getattr(cls, name).__set__ for name in names}
    body = "\n".join(f"    set_{name}(record, {name})" for name in names)
    source = f"def load({', '.join(names)}):\n    record = new(cls)\n{body}\n    return record\n"
    exec(source, scope)  # noqa: S102  as attrs makes __init__; all names are of the class
    load: Callable[..., R] = scope["load"]
    return load
