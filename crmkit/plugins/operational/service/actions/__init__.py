"""Writes: cases and their conversations, clocks, articles, amends, erasure."""

from .amending import make_amends
from .articles import rate_article, remove_article, save_article
from .cases import add_participants, apply_macro, change, merge, open_cases, reply
from .clocks import recompute, watch
from .erasing import forget
from .noting import note

__all__ = [
    "add_participants",
    "apply_macro",
    "change",
    "forget",
    "make_amends",
    "merge",
    "note",
    "open_cases",
    "rate_article",
    "recompute",
    "remove_article",
    "reply",
    "save_article",
    "watch",
]
