"""E-mail: SMTP, or a maildir that needs no server."""

from crmkit import Plugin

from . import hooks
from .config import Settings
from .errors import NotConfiguredError, NotConnectedError, UnsendableError
from .message import Mail, render

__all__ = [
    "Mail",
    "NotConfiguredError",
    "NotConnectedError",
    "Settings",
    "UnsendableError",
    "plugin",
    "render",
]

plugin = Plugin(
    name="email",
    summary="E-mail through a mail server, or into a local maildir.",
    hooks=hooks,
    settings=Settings,
)
