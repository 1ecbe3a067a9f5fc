"""Text messages through any HTTP gateway, to numbers that can be texted and to no others."""

from crmkit import Plugin

from . import hooks
from .config import Settings
from .errors import NotConfiguredError, UnsendableError
from .gateways import GATEWAYS, Gateway
from .numbers import Number, number
from .segments import Segments, split

__all__ = [
    "GATEWAYS",
    "Gateway",
    "NotConfiguredError",
    "Number",
    "Segments",
    "Settings",
    "UnsendableError",
    "number",
    "plugin",
    "split",
]

plugin = Plugin(
    name="sms",
    summary=hooks.SUMMARY,
    hooks=hooks,
    settings=Settings,
)
