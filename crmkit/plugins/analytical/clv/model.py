"""
Fitted lifetime-value models, as frozen records of plain numbers.

Times (`alpha`, `beta` of the Pareto/NBD) are in the unit of the histories the model was fitted
to. A record built by hand from published parameters predicts as well as a fitted one.
"""

from __future__ import annotations

from math import exp, log, nan
from typing import Any, ClassVar, Self

import attrs


@attrs.frozen(kw_only=True)
class Estimate:
    """
    What a fit says about itself; every model record carries it.

    `covariance` is that of the free parameters (see `free`), with zero rows for those the data
    do not determine; `standard_errors` are on the parameters' own scale, nan where undetermined,
    in the order of `names`. `note` is empty when the optimum lies inside the parameter space.
    """

    names: ClassVar[tuple[str, ...]] = ()

    log_likelihood: float = nan
    customers: float = nan
    standard_errors: tuple[float, ...] = ()
    covariance: tuple[tuple[float, ...], ...] = ()
    converged: bool = False
    note: str = "parameters were given, not fitted"

    def free(self) -> tuple[float, ...]:
        """The parameters as the optimiser sees them: logarithms, each without a bound."""
        return tuple(log(getattr(self, name)) for name in self.names)

    def at(self, free: tuple[float, ...]) -> Self:
        """The same record at other free parameters; what was said about the fit is kept."""
        values: dict[str, Any] = {n: exp(f) for n, f in zip(self.names, free, strict=True)}
        return attrs.evolve(self, **values)


@attrs.frozen(kw_only=True)
class BgNbd(Estimate):
    """
    Beta-geometric dropout after a purchase, gamma-mixed purchase rates.

    `k` is the regularity of the gaps (Erlang-k; 1 is the exponential of the BG/NBD);
    `dropout_at_birth` lets a customer leave right after the first purchase (the modified model).
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")

    r: float
    alpha: float
    a: float
    b: float
    k: int = 1
    dropout_at_birth: bool = False


@attrs.frozen(kw_only=True)
class ParetoNbd(Estimate):
    """
    Gamma-mixed purchase rates (r, alpha) and dropout rates (s, beta).

    With static covariates z, alpha is multiplied by exp(-purchase_effects . z) and beta by
    exp(-dropout_effects . z): a positive effect means buying, or leaving, faster.
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")

    r: float
    alpha: float
    s: float
    beta: float
    purchase_effects: tuple[float, ...] = ()
    dropout_effects: tuple[float, ...] = ()

    def free(self) -> tuple[float, ...]:
        """Four logarithms, then the effects as they are."""
        logs = tuple(log(getattr(self, name)) for name in self.names)
        return logs + self.purchase_effects + self.dropout_effects

    def at(self, free: tuple[float, ...]) -> Self:
        """The same record at other free parameters; what was said about the fit is kept."""
        r, alpha, s, beta = (exp(value) for value in free[:4])
        split = 4 + len(self.purchase_effects)
        return attrs.evolve(
            self,
            r=r,
            alpha=alpha,
            s=s,
            beta=beta,
            purchase_effects=free[4:split],
            dropout_effects=free[split:],
        )


@attrs.frozen(kw_only=True)
class Nbd(Estimate):
    """Gamma-mixed purchase rates without dropout."""

    names: ClassVar[tuple[str, ...]] = ("r", "alpha")

    r: float
    alpha: float


@attrs.frozen(kw_only=True)
class BgBb(Estimate):
    """
    Discrete opportunities: beta (alpha, beta) buying, beta (gamma, delta) dropout chances.
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")

    alpha: float
    beta: float
    gamma: float
    delta: float


@attrs.frozen(kw_only=True)
class Sbg(Estimate):
    """Shifted beta-geometric contract lengths: beta (alpha, beta) chances not to renew."""

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    alpha: float
    beta: float


@attrs.frozen(kw_only=True)
class GammaGamma(Estimate):
    """Spend per purchase: gamma (p, nu) within a customer, nu gamma (q, v) between them."""

    names: ClassVar[tuple[str, ...]] = ("p", "q", "v")

    p: float
    q: float
    v: float


@attrs.frozen
class Standing:
    """A customer's scores: what they will be worth, with bounds, and the chance to buy again."""

    customer_id: int
    worth_minor: float
    low: float
    high: float
    p_alive: float
