"""
On one screen what a good shopkeeper would remember, and what is heard while selling.

    with crm.unit() as unit:
        counter.prompt(unit, ana.id)
        counter.hear(unit, ana.id, "has a dog now")

It keeps no tables: what is heard are interactions, what is answered are offers.
"""

from crmkit import Plugin

from . import hooks
from .actions import answer, hear, respond
from .config import Question, Settings
from .errors import UnknownQuestionError
from .model import Asked, Favourite, Noted, Prompt
from .queries import prompt, who

__all__ = [
    "Asked",
    "Favourite",
    "Noted",
    "Prompt",
    "Question",
    "Settings",
    "UnknownQuestionError",
    "answer",
    "hear",
    "plugin",
    "prompt",
    "respond",
    "who",
]

plugin = Plugin(
    name="counter",
    summary="What a good shopkeeper would remember, on one screen; what is heard while selling.",
    hooks=hooks,
    extends=("consent", "service"),
    settings=Settings,
)
