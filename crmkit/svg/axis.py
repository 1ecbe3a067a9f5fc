"""What an axis shows: its range, its ticks, and how a number is written beside one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil, floor, isfinite, log10
from typing import Final

import attrs

STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
TICKS: Final = 6


def number(value: float) -> str:
    """At most four digits that matter, thousands set apart: ``12,500``, ``0.025``."""
    if value == 0:
        return "0"
    digits = max(0, 3 - floor(log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def share(value: float) -> str:
    """A share as per cent: ``0.25`` is ``25 %``."""
    return f"{number(value * 100)} %"


@attrs.frozen(kw_only=True)
class Axis:
    """
    Attributes:
        label: What is measured, with its unit.
        low, high: The range; None takes it from the numbers shown.
        show: How a tick is written; :func:`number` or :func:`share`, or one of your own.
    """

    label: str = ""
    low: float | None = None
    high: float | None = None
    show: Callable[[float], str] = number

    def over(self, values: Iterable[float]) -> Scale:
        """
        The scale that holds *values*, ending on ticks where no end was given.

        Raises:
            ValueError: If a value is not finite.
        """
        found = list(values)
        if not all(map(isfinite, found)):
            raise ValueError(f"{self.label or 'axis'}: only finite numbers can be drawn")
        low = min(found, default=0.0) if self.low is None else self.low
        high = max(found, default=1.0) if self.high is None else self.high
        if high <= low:
            low, high = (low - abs(low) / 2, high + abs(high) / 2) if low else (0.0, 1.0)
        step = _step(high - low)
        if self.low is None:
            low = floor(low / step + 1e-9) * step
        if self.high is None:
            high = ceil(high / step - 1e-9) * step
        return Scale(low, high, step)


@attrs.frozen
class Scale:
    """A range and the distance between its ticks."""

    low: float
    high: float
    step: float

    def place(self, value: float) -> float:
        """Where *value* lies: 0 at the low end, 1 at the high one."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        first, last = ceil(self.low / self.step - 1e-9), floor(self.high / self.step + 1e-9)
        return [n * self.step for n in range(first, last + 1)]


def _step(span: float) -> float:
    """The roundest step that gives about TICKS ticks."""
    rough = span / TICKS
    power: float = 10.0 ** floor(log10(rough))
    return next(each for each in STEPS if rough <= each * power * (1 + 1e-9)) * power
