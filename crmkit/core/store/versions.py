"""The optimistic check before records are saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ...errors import InvalidValueError, RecordNotFoundError, StaleVersionError
from ..model import Customer, Offer

R = TypeVar("R", Customer, Offer)


def in_step(noun: str, given: Sequence[R], stored: Sequence[R]) -> list[R]:
    """
    *given* in the order of *stored*, once it is sure that each was read as it is stored.

    Raises:
        InvalidValueError: If one is given twice.
        RecordNotFoundError: If one is not stored.
        StaleVersionError: If one was saved by somebody else since it was read.
    """
    by_id = {record.id: record for record in given}
    if len(by_id) < len(given):
        raise InvalidValueError(noun, sorted(each.id for each in given), "each id once in a batch")
    missing = by_id.keys() - {record.id for record in stored}
    if missing:
        raise RecordNotFoundError(noun, min(missing))
    stale = [each.id for each in stored if each.version != by_id[each.id].version]
    if stale:
        raise StaleVersionError(noun, stale)
    return [by_id[each.id] for each in stored]
