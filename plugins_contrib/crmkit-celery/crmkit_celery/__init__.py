"""Celery wakes the workers of ``delivery``; the row stays the truth."""

from crmkit import Plugin

from . import hooks
from .config import Settings
from .waking import celery_for

__all__ = ["Settings", "celery_for", "plugin"]

plugin = Plugin(
    name="celery",
    summary="Wakes delivery workers through Celery; the database stays the truth.",
    hooks=hooks,
    requires=("delivery",),
    settings=Settings,
)
