"""Writes: what a click in a mail means."""

from .leaving import unsubscribe

__all__ = ["unsubscribe"]
