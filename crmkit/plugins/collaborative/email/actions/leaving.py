"""Writes: what a click in a mail means."""

from __future__ import annotations

from crmkit import Unit

from .. import tokens
from ..config import Settings
from ..errors import NotConfiguredError


def unsubscribe(unit: Unit, token: str) -> bool:
    """
    End by e-mail what the token is for; False if that was so already.

    The customer who was merged meanwhile is the one who survived. Of an erased one nothing is left
    to end: their addresses are suppressed.

    Raises:
        InvalidTokenError: If we did not make the token, or it was cut or changed.
        NotConfiguredError: If there is no secret, or `consent` is not enabled.
    """
    settings = unit.settings(Settings)
    if not settings.unsubscribe_secret:
        raise NotConfiguredError("[email] unsubscribe_secret is not set")
    if not unit.crm.is_enabled("consent"):
        raise NotConfiguredError("[email] unsubscribing needs the plugin consent; enable it")
    customer_id, purpose = tokens.read(settings.unsubscribe_secret, token)
    return end(unit, customer_id, purpose)


def end(unit: Unit, customer_id: int, purpose: str, *, source: str = "a click in a mail") -> bool:
    """End by e-mail what somebody got; False if that was so already, or ``consent`` is off."""
    if not unit.crm.is_enabled("consent"):
        return False
    from crmkit.plugins.foundation import consent

    who = unit.customers.survivor(customer_id)
    if who.status == "erased":
        return False
    told = [
        each.state
        for each in consent.log(unit, who.id)
        if (each.purpose, each.channel) == (purpose, "email")
    ]
    if told and told[-1] == "withdrawn":
        return False
    consent.withdraw(unit, who.id, purpose=purpose, channel="email", source=source)
    return True
