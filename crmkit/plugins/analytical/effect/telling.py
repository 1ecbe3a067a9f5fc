"""Measured effects in plain words."""

from __future__ import annotations

from crmkit import Money

from .model import Measurement

NOT_ENOUGH = "not enough data"
MONEY = ("revenue", "profit")
SHARE_DIGITS = 4


def told(measured: Measurement) -> str:
    """One line."""
    found = measured.difference
    sizes = f"{measured.treated:,} treated, {measured.held_out:,} held out"
    subject = f"{measured.metric} of run {measured.run}"
    if found is None:
        return f"{subject}: {NOT_ENOUGH} ({measured.reason})"
    line = f"{subject}: {per_customer(measured)} per customer, {sizes}"
    return "; ".join([line, *measured.flags])


def per_customer(measured: Measurement) -> str:
    """The difference with its interval, or that there is not enough data."""
    found = measured.difference
    if found is None:
        return NOT_ENOUGH
    return amounts(measured, (found.value, found.low, found.high))


def in_total(measured: Measurement) -> str:
    """The same for all treated customers."""
    if measured.difference is None:
        return NOT_ENOUGH
    return amounts(measured, measured.difference.total)


def amounts(measured: Measurement, figures: tuple[float, float, float]) -> str:
    if measured.metric in MONEY:
        value, low, high = (Money(round(each), measured.currency) for each in figures)
        return f"{value} ({low.amount} to {high.amount})"
    value_, low_, high_ = (f"{each:+.{SHARE_DIGITS}f}" for each in figures)
    return f"{value_} ({low_} to {high_})"
