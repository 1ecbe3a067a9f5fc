"""Text messages through any HTTP gateway, to numbers that can be texted and to no others."""

from crmkit import Plugin

from . import hooks
from .actions import allow_again, receive_message, receive_report
from .config import Settings
from .errors import NotConfiguredError, UnsendableError
from .gateways import GATEWAYS, Gateway
from .model import Heard, Message, Report
from .numbers import Number, number
from .optout import is_opt_out
from .segments import Segments, split
from .webhook import receiver

__all__ = [
    "GATEWAYS",
    "Gateway",
    "Heard",
    "Message",
    "NotConfiguredError",
    "Number",
    "Report",
    "Segments",
    "Settings",
    "UnsendableError",
    "allow_again",
    "is_opt_out",
    "number",
    "plugin",
    "receive_message",
    "receive_report",
    "receiver",
    "split",
]

plugin = Plugin(
    name="sms",
    summary=hooks.SUMMARY,
    extends=("consent", "delivery"),
    hooks=hooks,
    settings=Settings,
)
