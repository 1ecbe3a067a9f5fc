"""E-mail: SMTP, or a maildir that needs no server."""

from crmkit import Plugin

from . import hooks
from .actions import unsubscribe
from .config import Settings
from .errors import InvalidTokenError, NotConfiguredError, NotConnectedError, UnsendableError
from .message import Mail, render
from .unsubscribing import unsubscribe_app

__all__ = [
    "InvalidTokenError",
    "Mail",
    "NotConfiguredError",
    "NotConnectedError",
    "Settings",
    "UnsendableError",
    "plugin",
    "render",
    "unsubscribe",
    "unsubscribe_app",
]

plugin = Plugin(
    name="email",
    summary="E-mail through a mail server, or into a local maildir.",
    hooks=hooks,
    settings=Settings,
    extends=("consent",),
)
