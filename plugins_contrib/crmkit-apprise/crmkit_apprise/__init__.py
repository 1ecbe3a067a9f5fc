"""The hundred-odd services of Apprise as a channel: Telegram, Signal, Matrix, Slack and others."""

from crmkit import Plugin

from . import hooks
from .config import Settings
from .errors import NotConfiguredError, UnsendableError

__all__ = ["NotConfiguredError", "Settings", "UnsendableError", "plugin"]

plugin = Plugin(
    name="apprise",
    summary="The services that Apprise knows, as one channel.",
    hooks=hooks,
    extends=("delivery",),
    settings=Settings,
)
