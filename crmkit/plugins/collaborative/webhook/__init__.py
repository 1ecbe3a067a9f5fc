"""
Webhooks: whoever wants to know is told what happened, and tells us what happened there.

    with crm.unit() as unit:
        _, secret = webhook.add(unit, "depot", "https://depot.example/in", kinds=["purchase.*"])
        unit.interactions.add(order)  # the event is a row of the same unit
    webhook.send_due(crm)

    application = webhook.wsgi(crm, "shop")  # or asgi: a receiver to mount in any host

Events are CloudEvents 1.0, signed as Standard Webhooks has it. They are sent at least once, under
an id that stays the same.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import add, enable, remove, replay, replay_span, rotate
from .config import Settings
from .errors import (
    BadMessageError,
    BadSignatureError,
    ConflictingMessageError,
    RefusedAddressError,
)
from .model import Attempt, Delivery, Endpoint, Received, Sent
from .queries import attempts_of, deliveries, endpoints, named, received
from .receiver import Receiver, asgi, wsgi
from .signing import key_of, new_secret, sign, verify
from .worker import probe, send_due

__all__ = [
    "Attempt",
    "BadMessageError",
    "BadSignatureError",
    "ConflictingMessageError",
    "Delivery",
    "Endpoint",
    "Received",
    "Receiver",
    "RefusedAddressError",
    "Sent",
    "Settings",
    "add",
    "asgi",
    "attempts_of",
    "deliveries",
    "enable",
    "endpoints",
    "key_of",
    "named",
    "new_secret",
    "plugin",
    "probe",
    "received",
    "remove",
    "replay",
    "replay_span",
    "rotate",
    "send_due",
    "sign",
    "verify",
    "wsgi",
]

plugin = Plugin(
    name="webhook",
    summary="Tells others what happened, signed and until they have it; hears what they tell.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)
