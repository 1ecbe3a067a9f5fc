"""Writes."""

from .endpoints import add, enable, remove, rotate
from .erasing import erase
from .receiving import receive
from .sending import claim, prune, record, recover, replay, replay_span
from .telling import note

__all__ = [
    "add",
    "claim",
    "enable",
    "erase",
    "note",
    "prune",
    "receive",
    "record",
    "recover",
    "remove",
    "replay",
    "replay_span",
    "rotate",
]
