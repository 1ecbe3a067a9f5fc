"""The scores ``clv`` and ``p_alive`` of columns of features. Knows no database and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import ArrayLike

from crmkit import Columns, Scored
from crmkit.plugins.foundation.scoring import TooThinError

from ..config import Settings
from ..model import BgNbd, Estimate, GammaGamma, ParetoNbd
from .bgcnbdk import Regularity, fit_bgcnbdk, fit_mbgcnbdk
from .book import WEEK, Book, currency_of, read_book, read_histories, refuse_thin, refuse_unpaid
from .discounting import continuous_rate
from .folding import distinct_rows
from .gammagamma import expected_spend, fit_gammagamma
from .histories import Histories
from .paretonbd import fit_paretonbd
from .predictions import discounted_transactions, p_alive
from .special import Array, expit, ndtri
from .value import log_variance
from .written import read_model, written

YEAR: Final = 365.0
NORMAL_95: Final = float(ndtri(0.975))
CERTAIN: Final = 1e-12
"""A probability nearer to 0 or 1 has no interval."""


def fit_p_alive(columns: Columns, settings: Settings) -> dict[str, object]:
    """
    The purchase model, from the histories of all customers.

    Raises:
        TooThinError: If too few customers came back, or the likelihood has no optimum.
    """
    histories = read_histories(columns)
    refuse_thin(histories)
    model = _fitted(settings, histories.frequency, histories.recency, histories.age)
    return {"unit": "weeks", "purchases": written(_settled(model))}


def _fitted(
    settings: Settings, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
) -> BgNbd | ParetoNbd:
    k = Regularity(k=(settings.regularity,))
    match settings.model:
        case "paretonbd":
            return fit_paretonbd(frequency, recency, age)
        case "mbgnbd":
            return fit_mbgcnbdk(frequency, recency, age, k)
        case _:
            return fit_bgcnbdk(frequency, recency, age, k)


def fit_worth(columns: Columns, settings: Settings) -> dict[str, object]:
    """
    The purchase model, the spend model in minor units, and the terms of the settings.

    Raises:
        TooThinError: As `fit_p_alive`, or if too few repeat purchases were paid, or in several
            currencies.
    """
    currency = currency_of(columns)
    fitted = fit_p_alive(columns, settings)
    book = read_book(columns)
    refuse_unpaid(book)
    return {
        **fitted,
        "spend": written(_settled(fit_gammagamma(book.paid_days, book.mean_minor))),
        "currency": currency,
        "horizon": settings.horizon_days / WEEK,
        "delta": continuous_rate(settings.yearly_discount_share, YEAR / WEEK),
        "margin": settings.margin_share,
    }


def _settled(model: Estimate) -> Estimate:
    if not model.converged:
        raise TooThinError(f"the fit of {type(model).__name__} found no optimum in these purchases")
    return model


def score_p_alive(columns: Columns, parameters: Mapping[str, Any]) -> Scored:
    """
    Probability that each customer will ever buy again, in [0, 1].

    Base is a customer who bought for the first time today. Reasons, in this order: ``purchases``,
    the change to as many purchases, as long a time, evenly spread over it; ``recency``, the change
    to the day of the last one. The interval is that of the parameters, on the logit.
    """
    model, histories = read_model(parameters["purchases"]), read_histories(columns)
    rows = distinct_rows(histories)
    few = histories.rows(rows.first)
    own, steady = p_alive(model, few), p_alive(model, evenly_spread(few))
    base = float(p_alive(model, newcomer())[0])

    def odds(at: BgNbd | ParetoNbd) -> Array:
        chance = np.clip(p_alive(at, few), CERTAIN, 1 - CERTAIN)
        return chance / (1 - chance)

    inside = np.clip(own, CERTAIN, 1 - CERTAIN)
    reach = NORMAL_95 * np.sqrt(log_variance(model, odds))
    logit = np.log(inside / (1 - inside))
    is_open = inside == own
    low, high = (np.where(is_open, expit(logit + way), own) for way in (-reach, reach))
    each = rows.group
    reasons = {"purchases": (steady - base)[each], "recency": (own - steady)[each]}
    return Scored(value=own[each], low=low[each], high=high[each], base=base, reasons=reasons)


def score_worth(columns: Columns, parameters: Mapping[str, Any]) -> Scored:
    """
    Expected margin of each customer within the horizon, discounted, in minor units.

    Base is a customer who bought for the first time today. Each reason is the change when one
    thing more of the customer is known, in this order: ``purchases``, how many in what time, as if
    evenly spread over it; ``recency``, the day of the last one; ``spend``, their amounts in place
    of the usual one; ``unpaid``, which takes all away from a customer who kept nothing paid. The
    interval is that of the models' parameters; what one customer really spends varies far more.

    Raises:
        TooThinError: If a purchase is in another currency than the parameters.
    """
    currency_of(columns, parameters["currency"])
    book, worth = read_book(columns), Worth.of(parameters)
    rows = distinct_rows(book.histories)
    few, group = book.histories.rows(rows.first), rows.group
    usual = float(worth.each([0], [0])[0])
    base = float(worth.ahead(newcomer())[0]) * usual
    steady = usual * worth.ahead(evenly_spread(few))[group]
    ahead, each = worth.ahead(few)[group], worth.each(book.paid_days, book.mean_minor)
    paid = ~book.is_unpaid
    low, high = _interval(worth, book, ahead, each)
    return Scored(
        value=ahead * each * paid,
        low=low * paid,
        high=high * paid,
        base=base,
        reasons={
            "purchases": steady - base,
            "recency": ahead * usual - steady,
            "spend": ahead * (each - usual),
            "unpaid": np.where(paid, 0.0, -ahead * each),
        },
    )


@attrs.frozen(eq=False)
class Worth:
    """The two fitted models and the terms, as `fit_worth` left them."""

    purchases: BgNbd | ParetoNbd
    spend: GammaGamma
    horizon: float
    delta: float
    margin: float

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Worth:
        return cls(
            read_model(parameters["purchases"]),
            read_model(parameters["spend"]),
            float(parameters["horizon"]),
            float(parameters["delta"]),
            float(parameters["margin"]),
        )

    def ahead(self, histories: Histories, model: BgNbd | ParetoNbd | None = None) -> Array:
        """Discounted expected purchases, times the margin."""
        model = model or self.purchases
        terms = {"delta": self.delta, "horizon": self.horizon}
        return self.margin * discounted_transactions(model, histories, **terms)

    def each(self, days: ArrayLike, mean: ArrayLike, model: GammaGamma | None = None) -> Array:
        """Expected amount of one purchase, in minor units."""
        return expected_spend(model or self.spend, days, mean)

    def at_most(self, histories: Histories, model: BgNbd | ParetoNbd | None = None) -> Array:
        """As `ahead`, of customers who never leave and without the discount."""
        model = model or self.purchases
        k = model.k if isinstance(model, BgNbd) else 1
        rate = (model.r + k * histories.frequency) / (model.alpha + histories.age)
        return self.margin * self.horizon * rate / k


def _interval(worth: Worth, book: Book, ahead: Array, each: Array) -> tuple[Array, Array]:
    """
    By the delta method on the logarithm. It overshoots where hardly anybody is left, so *high* ends
    where it would for a customer who never leaves.
    """
    rows = distinct_rows(book.histories)
    few, group = book.histories.rows(rows.first), rows.group
    bought = log_variance(worth.purchases, lambda model: worth.ahead(few, model))[group]
    stayed = log_variance(worth.purchases, lambda model: worth.at_most(few, model))[group]
    spent = log_variance(
        worth.spend, lambda model: worth.each(book.paid_days, book.mean_minor, model)
    )
    reach, most = (NORMAL_95 * np.sqrt(known + spent) for known in (bought, stayed))
    value = ahead * each
    with np.errstate(over="ignore", invalid="ignore"):
        high = np.fmin(value * np.exp(reach), worth.at_most(few)[group] * each * np.exp(most))
    return value * np.exp(-reach), np.maximum(high, value)


def newcomer() -> Histories:
    """Who bought for the first time today."""
    return Histories.of([0], [0], [0])


def evenly_spread(histories: Histories) -> Histories:
    """
    The same number of purchases in the same time, the last one where it falls on average when
    they come evenly: at x / (x + 1) of the time.
    """
    x = histories.frequency
    return attrs.evolve(histories, recency=histories.age * x / (x + 1))
