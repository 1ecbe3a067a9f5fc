"""Sending as soon as something was committed, for a host without a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from crmkit import CRM

_AT_IT: Final[ContextVar[tuple[CRM, ...]]] = ContextVar("crmkit_delivering", default=())


@contextmanager
def delivering(crm: CRM) -> Iterator[None]:
    """While this lasts, the units that *crm* commits in this thread or task wake nobody."""
    token = _AT_IT.set((*_AT_IT.get(), crm))
    try:
        yield
    finally:
        _AT_IT.reset(token)


def is_delivering(crm: CRM) -> bool:
    """Whether this thread or task is delivering for *crm*, so that its commits wake nobody."""
    return any(each is crm for each in _AT_IT.get())
