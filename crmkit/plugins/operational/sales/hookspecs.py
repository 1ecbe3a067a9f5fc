"""Where other plugins take part in sales."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit import Unit, hookspec

from .model import Quote


@hookspec
def sales_quotes_accepted(unit: Unit, quotes: Sequence[Quote]) -> None:
    """
    Make of quotes that were accepted what you make of them, such as orders.

    Called inside the transaction, once for each time a quote is accepted. Raising rolls it back:
    the quote is not accepted then.
    """
