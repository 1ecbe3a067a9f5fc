"""The links that people get: to confirm a wish, and to their own page."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from crmkit import Unit, tokens

from .config import Settings
from .errors import NotConfiguredError

CONFIRM: Final = "confirm"
CENTRE: Final = "centre"


def confirm_link(unit: Unit, wish_id: int) -> str:
    return _link(unit, CONFIRM, wish_id)


def centre_link(unit: Unit, customer_id: int) -> str:
    """
    The customer's own page. Whoever has the link can change what is sent to them, and sees no
    more of an address than its beginning.

    Raises:
        NotConfiguredError: If ``url`` or ``secret`` is not set.
    """
    return _link(unit, CENTRE, customer_id)


def _link(unit: Unit, use: str, row_id: int) -> str:
    settings = unit.settings(Settings)
    if problem := missing(settings):
        raise NotConfiguredError(f"[preferences] {problem}")
    token = tokens.sign(settings.secret.encode(), use, str(row_id))
    return f"{settings.url}?{urlencode({use: token})}"


def read(settings: Settings, use: str, token: str) -> int:
    """
    The row that *token* is for.

    Raises:
        InvalidTokenError: If we did not make it for this use.
        NotConfiguredError: If there is no secret.
    """
    if problem := missing(settings):
        raise NotConfiguredError(f"[preferences] {problem}")
    return int(tokens.read(settings.secret.encode(), use, token))


def missing(settings: Settings) -> str:
    """What has to be set before links can be made; empty when nothing has."""
    if not settings.secret:
        return 'secret is not set: such as secret = { env = "PREFERENCES_SECRET" }'
    if not settings.url:
        return "url is not set: where preferences_app is mounted, as people reach it"
    return ""
