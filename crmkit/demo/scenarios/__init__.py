"""
Stories on the tables of other systems: tickets, deals, orders, and a campaign that was sent.

Each brings the records over as they happened, one instant after the other, so that histories,
clocks and durations come out as they were; what does not join is counted and said, not hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from . import marketing, sales, service
from .scene import TABLES, Scene

__all__ = ["NAMES", "TABLES", "Scene", "next_commands", "play"]

NAMES: Final = ("service", "sales", "marketing")


def play(name: str, scene: Scene, hillstrom: Path | None = None) -> Iterator[str]:
    """
    Tell the story of that name line by line.

    Args:
        hillstrom: For ``marketing``: the file of MineThatData's e-mail experiment.
    """
    match name:
        case "service":
            return service.play(scene)
        case "sales":
            return sales.play(scene)
    return marketing.play(scene, hillstrom)


def next_commands(name: str, scene: Scene) -> list[str]:
    """What to try in the folder of the story."""
    match name:
        case "service":
            return service.next_commands(scene)
        case "sales":
            return sales.NEXT
    return marketing.NEXT
