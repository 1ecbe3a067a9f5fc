"""The net promoter score, with the uncertainty that comes with few answers."""

from __future__ import annotations

from math import sqrt

from numpy.typing import ArrayLike

from ..errors import InvalidAnswerError
from ..model import NetPromoter

NORMAL_95 = 1.959963984540054
PROMOTER, PASSIVE = 9, 7


def net_promoter(answers: ArrayLike) -> NetPromoter:
    """
    Share of promoters (9, 10) less share of detractors (0 to 6), in [-1, 1], with a 95 % interval.

    Args:
        answers: Whole numbers from 0 to 10, shape (n,).

    Returns: with nan for value and bounds where nobody answered, and for the bounds where only one
    did.

    Raises:
        InvalidAnswerError: Naming the first answer that is not one of the eleven.

    Source: Reichheld 2003, "The One Number You Need to Grow", Harvard Business Review 81(12); the
    variance of one answer is p + d - (p - d)^2.
    """
    import numpy as np

    given = np.asarray(answers, np.float64)
    wrong = ~((given >= 0) & (given <= 10) & (given == np.floor(given)))
    if wrong.any():
        raise InvalidAnswerError(given[int(wrong.argmax())])
    n = given.size
    promoters = int((given >= PROMOTER).sum())
    detractors = int((given < PASSIVE).sum())
    counts = (promoters, n - promoters - detractors, detractors)
    if not n:
        return NetPromoter(*counts, np.nan, np.nan, np.nan)
    value = (promoters - detractors) / n
    spread = sqrt(max((promoters + detractors) / n - value**2, 0.0) / n)
    reach = NORMAL_95 * spread if n > 1 else np.nan
    return NetPromoter(*counts, value, value - reach, value + reach)
