"""
The ledger of outgoing messages: decided in a unit, sent outside of it, never twice.

:func:`intend_many` writes what should be sent; :func:`deliver_due` sends it through the channels
of other plugins and writes down what became of it: ``sent``, ``failed``, ``suppressed``,
``expired``, or ``unknown`` when a crash or a broken connection leaves no way to tell.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import cancel, cancel_run, intend_many, pause, resolve, resume, retry
from .config import Settings
from .errors import WrongStateError
from .model import Attempt, Delivered, Intended, Intent, Message, Pause
from .queries import attempts_of, counts, is_any_due, message, messages, pauses
from .waking import is_delivering
from .worker import deliver_due, run_until_empty, work

__all__ = [
    "Attempt",
    "Delivered",
    "Intended",
    "Intent",
    "Message",
    "Pause",
    "WrongStateError",
    "attempts_of",
    "cancel",
    "cancel_run",
    "counts",
    "deliver_due",
    "intend_many",
    "is_any_due",
    "is_delivering",
    "message",
    "messages",
    "pause",
    "pauses",
    "plugin",
    "resolve",
    "resume",
    "retry",
    "run_until_empty",
    "work",
]

plugin = Plugin(
    name="delivery",
    summary="Sends what was decided, once, and knows what became of it.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)
