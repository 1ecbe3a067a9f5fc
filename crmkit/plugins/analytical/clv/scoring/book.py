"""The columns of the feature as what the models take, and the books that are refused."""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from crmkit import Columns
from crmkit.plugins.foundation.scoring import TooThinError

from .histories import Histories
from .special import Array

WEEK: Final = 7.0
LEAST: Final = 30
"""Customers who came back: with fewer, a fit is chance."""


@attrs.frozen(eq=False)
class Book:
    """
    Attributes:
        histories: In weeks.
        paid_days: Repeat purchase days with a known amount, shape (n,); 0 where *is_unpaid*.
        mean_minor: The mean of what was kept of their amounts, shape (n,); 0 where *paid_days* is.
        is_unpaid: Whose refunds reach all they ever paid, or whose repeat purchases were free,
            shape (n,).
    """

    histories: Histories
    paid_days: Array
    mean_minor: Array
    is_unpaid: NDArray[np.bool_]


def read_book(columns: Columns) -> Book:
    """
    A return is not tied to an order, so it lowers all of a customer's amounts by the same share.
    """
    gross = columns["gross_minor"].astype(float)
    net = gross + columns["returned_minor"]
    kept = np.divide(net, gross, out=np.zeros_like(gross), where=gross > 0)
    days = columns["priced_days"].astype(float)
    mean = np.divide(columns["repeat_minor"] * kept, days, out=np.zeros_like(gross), where=days > 0)
    has_paid = (gross != 0) | (net != 0)
    is_unpaid = (has_paid & (net <= 0)) | ((days > 0) & (mean <= 0))
    return Book(
        histories=read_histories(columns),
        paid_days=np.where(is_unpaid, 0.0, days),
        mean_minor=np.where(is_unpaid, 0.0, mean),
        is_unpaid=is_unpaid,
    )


def read_histories(columns: Columns) -> Histories:
    """In weeks, not rounded."""
    return Histories.of(
        columns["frequency"], columns["recency_days"] / WEEK, columns["age_days"] / WEEK
    )


def currency_of(columns: Columns, known: str | None = None) -> str | None:
    """
    The one currency of the columns, or the *known* one; None when no amount is known.

    Raises:
        TooThinError: If there are several.
    """
    found = {*columns["currency"].tolist(), *columns["other_currency"].tolist(), known} - {None}
    if len(found) > 1:
        *some, last = sorted(found)
        told = f"{', '.join(some)} and {last}"
        raise TooThinError(f"purchases are in {told}; lifetime value adds up one currency only")
    return next(iter(found), None)


def refuse_thin(histories: Histories) -> None:
    """
    Raises:
        TooThinError: If fewer than LEAST customers came back on another day.
    """
    returning = int(np.count_nonzero(histories.frequency))
    if returning >= LEAST:
        return
    if not returning and np.ptp(histories.age) == 0:
        told = "all purchases fall on one day"
    elif not returning:
        told = "nobody bought on a second day"
    else:
        told = f"only {returning} customers bought on a second day"
    raise TooThinError(f"{told}; purchase habits need {LEAST} customers who came back")


def refuse_unpaid(book: Book) -> None:
    """
    Raises:
        TooThinError: If fewer than LEAST customers have paid for a repeat purchase.
    """
    paying = int(np.count_nonzero(book.paid_days))
    if paying < LEAST:
        raise TooThinError(
            f"only {paying} customers paid a known amount on a second day and kept some of it; "
            f"spend needs {LEAST}"
        )
