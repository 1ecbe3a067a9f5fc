"""Nodes for integrals over time that fade on a known scale."""

from __future__ import annotations

import numpy as np

from .special import Array

_LEGENDRE = np.polynomial.legendre.leggauss(40)


def graded_nodes(upper: Array, scale: Array) -> tuple[Array, Array]:
    """
    Times in (0, upper) and their weights, each of shape (40, n), for n intervals.

    Gauss-Legendre in log(1 + t / scale): exact to rounding for functions of t whose nearest
    singularity is no closer than -scale, however long the interval.
    """
    node, weight = _LEGENDRE
    reach = np.log1p(upper / scale)
    stretched = 0.5 * reach * (node[:, None] + 1)
    times = scale * np.expm1(stretched)
    return times, 0.5 * reach * weight[:, None] * (scale + times)
