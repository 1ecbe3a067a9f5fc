"""What is known of each customer, checked once at the door."""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InvalidHistoryError
from .special import Array, Index


def numbers(values: ArrayLike) -> Array:
    """The values as doubles, with negative zero made zero."""
    return np.asarray(values, dtype=np.float64) + 0.0


def refuse(argument: str, values: Array, bad: NDArray[np.bool_], accepted: str) -> None:
    """
    Name the first bad value.

    Raises:
        InvalidHistoryError: If any element of *bad* is true.
    """
    if bad.any():
        where = np.unravel_index(int(bad.argmax()), bad.shape)
        place = f"[{', '.join(str(i) for i in where)}]" if where else ""
        raise InvalidHistoryError(argument + place, f"{values[where]:g}", accepted)


def check_range(argument: str, values: Array, *, least: float = 0.0, whole: bool = False) -> None:
    """
    Every value is finite and at least *least*, and an integer where *whole*.

    Raises:
        InvalidHistoryError: Naming the argument, the offending value and the range.
    """
    kind = "integers" if whole else "finite numbers"
    bad = ~np.isfinite(values) | (values < least)
    if whole:
        bad |= values != np.floor(values)
    refuse(argument, values, bad, f"{kind} >= {least:g}")


def check_shape(argument: str, values: Array, shape: tuple[int, ...]) -> None:
    """
    Raises:
        InvalidHistoryError: If the shape of *values* is another.
    """
    if values.shape != shape:
        raise InvalidHistoryError(argument, f"of shape {values.shape}", f"shape {shape}")


def positive_weights(weights: ArrayLike | None, shape: tuple[int, ...]) -> Array:
    """
    How many customers each row stands for; one each when *weights* is None.

    Raises:
        InvalidHistoryError: If a weight is not a finite number >= 0, or all are 0.
    """
    if weights is None:
        return np.ones(shape)
    checked = numbers(weights)
    check_shape("weights", checked, shape)
    check_range("weights", checked)
    if not checked.any():
        raise InvalidHistoryError("weights", "0 everywhere", "at least one weight > 0")
    return checked


@attrs.frozen(eq=False)
class Covariates:
    """
    What is known of a customer and does not change, in any number of columns.

    `purchase`, shape (n, m), moves the purchase rate; `dropout`, shape (n, l), the dropout rate.
    """

    purchase: Array
    dropout: Array

    @classmethod
    def of(cls, purchase: ArrayLike | None, dropout: ArrayLike | None, size: int) -> Self:
        """
        No columns where an argument is None.

        Raises:
            InvalidHistoryError: If a value is not finite or an array has not *size* rows.
        """
        return cls(
            _columns("purchase covariates", purchase, size),
            _columns("dropout covariates", dropout, size),
        )

    def columns(self) -> tuple[Array, ...]:
        """All columns, each of shape (n,)."""
        return tuple(np.ascontiguousarray(c) for c in (*self.purchase.T, *self.dropout.T))


def _columns(argument: str, values: ArrayLike | None, size: int) -> Array:
    if values is None:
        return np.empty((size, 0))
    checked = numbers(values)
    if checked.ndim != 2 or len(checked) != size:
        raise InvalidHistoryError(argument, f"of shape {checked.shape}", f"shape ({size}, m)")
    refuse(argument, checked, ~np.isfinite(checked), "finite numbers")
    return checked


@attrs.frozen(eq=False)
class Histories:
    """
    One row per customer, or per group of identical customers.

    All times share one unit, which is then the unit of every time the model speaks of.
    Build with `of`, which checks.
    """

    frequency: Array
    recency: Array
    age: Array
    weights: Array
    covariates: Covariates

    @classmethod
    def of(
        cls,
        frequency: ArrayLike,
        recency: ArrayLike,
        age: ArrayLike,
        weights: ArrayLike | None = None,
        covariates: tuple[ArrayLike | None, ArrayLike | None] = (None, None),
    ) -> Self:
        """
        Args:
            frequency: Repeat purchases, shape (n,), integers >= 0.
            recency: Age at the last purchase, shape (n,), in [0, age]; 0 where frequency is 0.
            age: Time under observation, shape (n,), >= 0.
            weights: Customers behind each row, shape (n,), >= 0.
            covariates: Of the purchase rate, shape (n, m), and of the dropout rate, shape (n, l).

        Raises:
            InvalidHistoryError: Naming the argument, the offending value and the range.
        """
        x, tx, total = numbers(frequency), numbers(recency), numbers(age)
        if x.ndim != 1 or x.size == 0:
            raise InvalidHistoryError("frequency", f"of shape {x.shape}", "shape (n,), n >= 1")
        check_shape("recency", tx, x.shape)
        check_shape("age", total, x.shape)
        check_range("frequency", x, whole=True)
        check_range("recency", tx)
        check_range("age", total)
        refuse("recency", tx, tx > total, "values <= age of the same row")
        refuse("recency", tx, (x == 0) & (tx > 0), "0 where frequency is 0")
        checked = Covariates.of(*covariates, x.size)
        return cls(x, tx, total, positive_weights(weights, x.shape), checked)

    def rows(self, chosen: Index | slice) -> Self:
        """These rows only, with their weights."""
        return attrs.evolve(
            self,
            frequency=self.frequency[chosen],
            recency=self.recency[chosen],
            age=self.age[chosen],
            weights=self.weights[chosen],
            covariates=Covariates(
                self.covariates.purchase[chosen], self.covariates.dropout[chosen]
            ),
        )


def check_fittable(histories: Histories) -> None:
    """
    Raises:
        InvalidHistoryError: If nobody ever came back, or nobody was ever observed.
    """
    if not (histories.weights * histories.frequency).any():
        raise InvalidHistoryError("frequency", "0 everywhere", "at least one repeat purchase")
    if not (histories.weights * histories.age).any():
        raise InvalidHistoryError("age", "0 everywhere", "at least one value > 0")
