"""The named segments and the cells of the grid they hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Named:
    """
    A block of the grid of R and FM.

    Attributes:
        name: Of the label; the segment is ``rfm.<name>``.
        r, fm: First and last value, both included.
    """

    name: str
    r: tuple[int, int]
    fm: tuple[int, int]
    summary: str


SEGMENTS: Final = (
    Named(name="champions", r=(5, 5), fm=(4, 5), summary="Bought just now, often and much."),
    Named(name="loyal", r=(3, 4), fm=(4, 5), summary="Buy often and much."),
    Named(name="potential_loyalist", r=(4, 5), fm=(2, 3), summary="Recent, and more than once."),
    Named(name="new", r=(5, 5), fm=(1, 1), summary="Bought just now, little so far."),
    Named(name="promising", r=(4, 4), fm=(1, 1), summary="Bought lately, little so far."),
    Named(name="need_attention", r=(3, 3), fm=(3, 3), summary="Middling in everything."),
    Named(name="about_to_sleep", r=(3, 3), fm=(1, 2), summary="Little, and a while ago."),
    Named(name="cannot_lose", r=(1, 2), fm=(5, 5), summary="Were the best, and stay away."),
    Named(name="at_risk", r=(1, 2), fm=(3, 4), summary="Were good, and stay away."),
    Named(name="hibernating", r=(2, 2), fm=(1, 2), summary="Little, and long ago."),
    Named(name="lost", r=(1, 1), fm=(1, 2), summary="Little, and longest ago."),
)
"""Disjoint, and together the whole grid; *FM* is the mean of F and M, halves rounded up."""

CELLS: Final[Mapping[tuple[int, int], str]] = {
    (r, fm): each.name
    for each in SEGMENTS
    for r in range(each.r[0], each.r[1] + 1)
    for fm in range(each.fm[0], each.fm[1] + 1)
}


def label_of(r: int, f: int, m: int) -> str:
    """The label of one customer with these scores, each 1 to 5."""
    return CELLS[r, (f + m + 1) // 2]


@attrs.frozen(kw_only=True)
class Cell:
    """Customers with these levels, and what they paid altogether, in minor units."""

    r: int
    fm: int
    customers: int
    monetary_minor: int


@attrs.frozen(kw_only=True)
class Grid:
    """The cells that hold somebody, at one instant."""

    as_of: datetime
    levels: int
    cells: tuple[Cell, ...]


@attrs.frozen(kw_only=True)
class Move:
    """
    How many were in one segment, and are in another; both may be the same.

    Attributes:
        left: Empty for who had not ordered yet.
    """

    left: str
    joined: str
    customers: int


@attrs.frozen(kw_only=True)
class Migration:
    """Who was where at two instants."""

    since: datetime
    until: datetime
    moves: tuple[Move, ...]
