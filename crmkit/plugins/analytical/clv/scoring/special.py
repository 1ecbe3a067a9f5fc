"""The special functions the models need, typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special  # type: ignore[import-untyped, unused-ignore]

Array: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.intp]
Number: TypeAlias = Array | float

gammaln: Callable[[Number], Array] = special.gammaln
digamma: Callable[[Number], Array] = special.digamma
expit: Callable[[Number], Array] = special.expit
exprel: Callable[[Number], Array] = special.exprel
betaln: Callable[[Number, Number], Array] = special.betaln
betainc: Callable[[Number, Number, Number], Array] = special.betainc
hyp2f1: Callable[[Number, Number, Number, Number], Array] = special.hyp2f1
xlogy: Callable[[Number, Number], Array] = special.xlogy
ndtri: Callable[[Number], Array] = special.ndtri


_WAKES_BLAS = 8192


def weighted(values: Array, weights: Array) -> Array:
    """
    Sum of values times weights along the last axis.

    A long dot product would wake the threads of BLAS, which then spin in the optimiser's way:
    measured three times slower for a whole fit of a million on two cores.
    """
    summed: Array = (
        np.dot(values, weights)
        if values.size < _WAKES_BLAS
        else np.add.reduce(values * weights, axis=-1)
    )
    return summed
