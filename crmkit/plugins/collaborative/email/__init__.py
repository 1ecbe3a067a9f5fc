"""
E-mail: out through SMTP or into a maildir, and back from IMAP, a maildir or an mbox.

    email.fetch(crm)

reads the mailboxes: bounces and complaints reach whom they are about, answers the message and the
offer they answer, anything else whoever says to have written it.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import receive, unsubscribe
from .config import Settings
from .errors import (
    NotConfiguredError,
    NotConnectedError,
    PoisonError,
    UnprovenError,
    UnsendableError,
)
from .fetching import Fetched, fetch, retry
from .inbound.model import Attachment, Bounce, Complaint, Incoming
from .inbound.parsing import parse
from .mailbox import Mailbox
from .message import Mail, render
from .model import Aside, Heard, Stored
from .queries import attachments_of, content_of, html_of, quarantined
from .showing import shown_html
from .unsubscribing import unsubscribe_app

__all__ = [
    "Aside",
    "Attachment",
    "Bounce",
    "Complaint",
    "Fetched",
    "Heard",
    "Incoming",
    "Mail",
    "Mailbox",
    "NotConfiguredError",
    "NotConnectedError",
    "PoisonError",
    "Settings",
    "Stored",
    "UnprovenError",
    "UnsendableError",
    "attachments_of",
    "content_of",
    "fetch",
    "html_of",
    "parse",
    "plugin",
    "quarantined",
    "receive",
    "render",
    "retry",
    "shown_html",
    "unsubscribe",
    "unsubscribe_app",
]

plugin = Plugin(
    name="email",
    summary="E-mail out through a mail server or into a maildir, and back from mailboxes.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
    extends=("consent", "delivery"),
)
