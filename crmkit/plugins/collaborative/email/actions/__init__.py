"""Writes: what a click in a mail means, and what came in."""

from .keeping import drop_quarantined, quarantine, read_up_to
from .leaving import unsubscribe
from .receiving import forget, receive

__all__ = ["drop_quarantined", "forget", "quarantine", "read_up_to", "receive", "unsubscribe"]
