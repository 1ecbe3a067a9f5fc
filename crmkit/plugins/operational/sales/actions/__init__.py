"""Writes: leads, deals, quotes, preferences, erasure."""

from .deals import assign, change, move, open_deals, set_next
from .erasing import forget
from .leads import convert, give_up, qualify, take_in, take_up
from .noting import hear, note
from .quotes import accept_quote, decline_quote, draw_up_quote, send_quote

__all__ = [
    "accept_quote",
    "assign",
    "change",
    "convert",
    "decline_quote",
    "draw_up_quote",
    "forget",
    "give_up",
    "hear",
    "move",
    "note",
    "open_deals",
    "qualify",
    "send_quote",
    "set_next",
    "take_in",
    "take_up",
]
