"""How often what happens now has crossed the border already: what keeps two CRMs from echoing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_HOPS: Final[ContextVar[int]] = ContextVar("crmkit_webhook_hops", default=0)


@contextmanager
def having_come(hops: int) -> Iterator[None]:
    """While this lasts, what is written in this thread or task tells of itself with *hops*."""
    token = _HOPS.set(hops)
    try:
        yield
    finally:
        _HOPS.reset(token)


def hops() -> int:
    return _HOPS.get()
