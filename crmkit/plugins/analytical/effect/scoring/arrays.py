"""Arrays as they must be before anything is measured on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InvalidDesignError, NotEnoughDataError


def finite(name: str, values: Any) -> Any:
    """
    *values* as a one-dimensional array of finite doubles.

    Raises:
        InvalidDesignError: If there is NaN or infinity in it, or it has another shape.
    """
    array = np.asarray(values, dtype=float)
    if array.ndim != 1:
        raise InvalidDesignError(name, array.shape, "a one-dimensional array")
    if not np.isfinite(array).all():
        raise InvalidDesignError(name, "NaN or infinity", "finite numbers only")
    return array


def arms(treated: Any, control: Any) -> tuple[Any, Any]:
    """
    Outcomes of the two arms.

    Raises:
        NotEnoughDataError: If an arm has fewer than two customers.
    """
    a, b = finite("treated", treated), finite("control", control)
    if min(len(a), len(b)) < 2:
        raise NotEnoughDataError(
            f"{len(a):,} treated and {len(b):,} held out; an effect needs two or more in each arm"
        )
    return a, b


def zeros_and_ones(name: str, values: Any) -> Any:
    """
    Raises:
        InvalidDesignError: If another value than 0 and 1 is in it.
    """
    array = finite(name, values)
    if not ((array == 0) | (array == 1)).all():
        raise InvalidDesignError(name, "another value", "only 0 and 1")
    return array


def share_in(name: str, value: float) -> float:
    """
    Raises:
        InvalidDesignError: If *value* is not strictly between 0 and 1.
    """
    if not 0 < value < 1:
        raise InvalidDesignError(name, value, "a number strictly between 0 and 1")
    return float(value)
