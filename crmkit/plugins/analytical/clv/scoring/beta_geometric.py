"""
Likelihood shared by BG/NBD, MBG/NBD, BG/CNBD-k and MBG/CNBD-k.

With m = k x phases done, the rate's gamma integrates to Gamma(r + m) alpha^r / Gamma(r) times
    alive  B(a, b + x + e) (alpha + T)^-(r + m) S      S = sum of the k unfinished-gap phases
    gone   B(a + 1, b + x + e - 1) (alpha + tx)^-(r + m)
where e is 1 if one may drop out at birth, else 0 and x = 0 cannot be gone.

Source: Fader, Hardie & Lee 2005 (k = 1, e = 0); Batislam, Denizel & Filiztekin 2007 (e = 1);
Platzer & Reutterer 2016 (k > 1).
"""

from __future__ import annotations

from math import log
from typing import Self

import attrs
import numpy as np

from ..model import BgNbd
from .folding import Folding, fold, fold_histories, rehearsal_of
from .histories import Histories, check_fittable
from .likelihood import fit
from .mixture import TwoEnds
from .special import Array, betaln, digamma, gammaln, weighted


@attrs.frozen(eq=False)
class UnfinishedGap:
    """
    Log of S = P(fewer than k phases since tx) against none, and its derivatives.

    S is a polynomial of degree k - 1 in the share (T - tx) / (alpha + T).
    """

    log: Array
    by_shape: Array
    by_log_alpha: Array
    terms: tuple[Array, ...]

    @classmethod
    def of(cls, k: int, shape: Array, alpha: float, gap: Array, age: Array) -> Self:
        """At gamma shape r + k x, with *gap* = T - tx."""
        share = gap / (alpha + age)
        term, slope = np.ones_like(age), np.zeros_like(age)
        terms, total, by_shape, degree = [term], term.copy(), slope.copy(), slope.copy()
        for j in range(1, k):
            slope = share / j * (slope * (shape + j - 1) + term)
            term = term * (shape + j - 1) * share / j
            total += term
            by_shape += slope
            degree += j * term
            terms.append(term)
        by_log_alpha = -degree / total * (alpha / (alpha + age))
        return cls(np.log(total), by_shape / total, by_log_alpha, tuple(terms))


@attrs.frozen(eq=False)
class RatePart:
    """A log-likelihood that depends on the rate alone, and its derivatives, each of shape (n,)."""

    log: Array
    by_shape: Array
    by_log_alpha: Array


def rate_part(r: float, alpha: float, shape: Array, time: Array) -> RatePart:
    """Of alpha^r (alpha + time)^-shape."""
    relative = -np.log1p(time / alpha)
    value = shape * relative - (shape - r) * log(alpha)
    return RatePart(value, relative, r - shape * (alpha / (alpha + time)))


@attrs.frozen(eq=False)
class BetaGeometricObjective:
    """
    Minus the log-likelihood per customer at free (r, alpha, a, b), with its gradient.

    `gone_kept` is x + e - 1 at each gone point, or inf where nobody can be gone.
    """

    k: int
    births: int
    customers: float
    counts: Array
    count_weights: Array
    alive: Histories
    gone: Histories
    gone_kept: Array
    ends: TwoEnds

    @classmethod
    def of(cls, histories: Histories, k: int, dropout_at_birth: bool) -> Self:
        """Fold the histories' distinct counts, alive points and gone points."""
        x, tx, age = histories.frequency, histories.recency, histories.age
        by_count = fold(x)
        rows = np.arange(x.size)
        alive = fold(x, age) if k == 1 else Folding(rows, rows)
        gone = fold(x, tx)
        chances = x[gone.first] + int(dropout_at_birth)
        return cls(
            k=k,
            births=int(dropout_at_birth),
            customers=float(histories.weights.sum()),
            counts=x[by_count.first],
            count_weights=by_count.sums(histories.weights),
            alive=histories.rows(alive.first),
            gone=histories.rows(gone.first),
            gone_kept=np.where(chances > 0, chances - 1, np.inf),
            ends=TwoEnds(histories.weights, alive, gone),
        )

    def __call__(self, free: Array) -> tuple[float, Array]:
        """Value and gradient."""
        r, alpha, a, b = np.exp(free).tolist()
        value, gradient = self._counts(r, a, b)
        alive = self._alive(r, alpha)
        kept = b + self.gone_kept
        gone = rate_part(r, alpha, r + self.k * self.gone.frequency, self.gone.recency)
        lost = np.log(a) - np.log(kept)
        mixed, by_alive, by_gone = self.ends.mix(alive.log, gone.log + lost)
        gradient += (
            weighted(alive.by_shape, by_alive) + weighted(gone.by_shape, by_gone),
            weighted(alive.by_log_alpha, by_alive) + weighted(gone.by_log_alpha, by_gone),
            by_gone.sum() / a,
            -weighted(1 / kept, by_gone),
        )
        customers = -self.customers
        return (value + mixed) / customers, gradient * (r, 1.0, a, b) / customers

    def _counts(self, r: float, a: float, b: float) -> tuple[float, Array]:
        m, w = r + self.k * self.counts, self.count_weights
        kept = b + self.counts + self.births
        value = gammaln(m) - gammaln(r) + betaln(a, kept) - betaln(a, b)
        lost = digamma(a + b) - digamma(a + kept)
        by_r = weighted(digamma(m) - digamma(r), w)
        by_b = weighted(lost + digamma(kept) - digamma(b), w)
        return float(weighted(value, w)), np.array([by_r, 0.0, weighted(lost, w), by_b])

    def _alive(self, r: float, alpha: float) -> RatePart:
        h = self.alive
        shape = r + self.k * h.frequency
        part = rate_part(r, alpha, shape, h.age)
        if self.k == 1:
            return part
        gap = UnfinishedGap.of(self.k, shape, alpha, h.age - h.recency, h.age)
        return RatePart(
            part.log + gap.log,
            part.by_shape + gap.by_shape,
            part.by_log_alpha + gap.by_log_alpha,
        )


def fit_beta_geometric(histories: Histories, k: int, dropout_at_birth: bool) -> BgNbd:
    """
    The most likely model; for k > 1 the likelihood leaves out the observed gaps' factor.

    Raises:
        InvalidHistoryError: If nobody ever came back.
    """
    check_fittable(histories)
    folded = fold_histories(histories)
    sample = rehearsal_of(histories, folded)
    rehearsal = None if sample is None else BetaGeometricObjective.of(sample, k, dropout_at_birth)
    mean_age = float(np.average(histories.age, weights=histories.weights))
    start = BgNbd(r=1.0, alpha=mean_age / 4, a=1.0, b=3.0, k=k, dropout_at_birth=dropout_at_birth)
    objective = BetaGeometricObjective.of(folded, k, dropout_at_birth)
    return fit(start, objective, float(folded.weights.sum()), rehearsal=rehearsal)
