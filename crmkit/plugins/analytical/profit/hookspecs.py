"""Where other plugins have a say in profit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from crmkit import Unit, hookspec

from .model import Entries


@hookspec
def profit_entries(unit: Unit, since: datetime, until: datetime) -> Iterable[Entries]:
    """
    Put amounts of a book you keep into the statements of a period.

    Called whenever statements are drawn up. A line that you replace is taken from you alone; if two
    plugins replace the same one, that is an error. Lines that nobody replaces add up.
    """
    return ()
