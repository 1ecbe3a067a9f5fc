"""
The counter: one screen of what a good shopkeeper would remember, and what is heard while selling.

It owns no tables: what is heard are interactions, which core exports and erases.
"""

from crmkit import Plugin

from . import hooks
from .actions import hear, sell
from .config import Question, Settings
from .errors import SeveralError
from .knowing import prompt
from .model import Asking, Favourite, Heard, Noted, Prompt, Remembered, Suggestion
from .queries import find
from .screen import lines

__all__ = [
    "Asking",
    "Favourite",
    "Heard",
    "Noted",
    "Prompt",
    "Question",
    "Remembered",
    "Settings",
    "SeveralError",
    "Suggestion",
    "find",
    "hear",
    "lines",
    "plugin",
    "prompt",
    "sell",
]

plugin = Plugin(
    name="counter",
    summary=hooks.SUMMARY,
    extends=("billing", "consent", "recommend", "scoring", "service"),
    hooks=hooks,
    settings=Settings,
)
