"""Writes: mails of ours that came back, and those that somebody called spam."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from crmkit import Interaction, Unit

from .. import addresses, queries
from ..config import Settings
from ..errors import UnprovenError
from ..inbound.model import Bounce, Complaint, Incoming
from ..model import BOUNCED, COMPLAINED, SOURCE, EmailBounced, EmailComplained, Heard

USES = (addresses.REPLY, addresses.BOUNCE, addresses.LEAVE)


def report(unit: Unit, mail: Incoming, received_at: datetime) -> Heard | None:
    """
    Record what a machine reports of a mail that we surely sent; None for a mail that is no report.

    Raises:
        UnprovenError: If nothing proves that it is about a mail of ours.
    """
    settings = unit.settings(Settings)
    if mail.complaint is not None:
        sent = _proven(unit, [(tag, use) for tag in mail.complaint.tags for use in USES])
        return _complained(unit, mail, mail.complaint, sent, received_at)
    returned = [addresses.tag_of(each, settings.return_address) for each in mail.recipients]
    tags = [(each, addresses.BOUNCE) for each in returned if each]
    if mail.bounce is None or not (tags or mail.bounce.is_report):
        return None
    return _bounced(unit, mail, mail.bounce, _proven(unit, tags), received_at)


def _proven(unit: Unit, tags: list[tuple[str, str]]) -> Interaction:
    secret = unit.settings(Settings).address_secret
    for tag, use in tags:
        key = addresses.read(secret, use, tag)
        if key and (sent := queries.sent_with(unit, key)) is not None:
            return sent
    raise UnprovenError("nothing proves that it is about a mail we sent")


def _bounced(
    unit: Unit, mail: Incoming, bounce: Bounce, sent: Interaction, received_at: datetime
) -> Heard:
    address = _address(unit, sent)
    is_wrong = bounce.severity == "hard" or (
        bounce.severity == "soft" and _is_one_too_many(unit, sent.customer_id, received_at)
    )
    told = EmailBounced(
        address=address,
        status=bounce.status,
        severity=bounce.severity,
        suppressed=is_wrong and _suppress(unit, address, f"bounced: {bounce.status or 'refused'}"),
    )
    return _add(unit, mail, sent, BOUNCED, bounce.diagnostic, attrs.asdict(told), received_at)


def _is_one_too_many(unit: Unit, customer_id: int, received_at: datetime) -> bool:
    settings = unit.settings(Settings)
    since = received_at - timedelta(days=settings.soft_bounce_days)
    soft = [
        each
        for each in unit.interactions.timeline(customer_id, size=200)
        if each.kind == BOUNCED and each.at >= since and each.payload.get("severity") == "soft"
    ]
    return len(soft) + 1 >= settings.soft_bounces


def _complained(
    unit: Unit, mail: Incoming, complaint: Complaint, sent: Interaction, received_at: datetime
) -> Heard:
    address = _address(unit, sent)
    is_no = complaint.kind != "not-spam"
    told = EmailComplained(
        address=address,
        kind=complaint.kind,
        suppressed=is_no and _suppress(unit, address, f"called spam: {complaint.kind}"),
    )
    return _add(unit, mail, sent, COMPLAINED, complaint.kind, attrs.asdict(told), received_at)


def _address(unit: Unit, sent: Interaction) -> str:
    """Where the mail went; where ``delivery`` is not enabled any more, where it would go now."""
    number = sent.payload.get("intent")
    if unit.crm.is_enabled("delivery") and isinstance(number, int):
        from crmkit.plugins.foundation import delivery

        if address := delivery.message(unit, number).address:
            return address
    return unit.customers.get(sent.customer_id).contact("email") or ""


def _suppress(unit: Unit, address: str, reason: str) -> bool:
    """Returns whether nobody writes there any more; without ``consent`` nothing holds that."""
    if not address or not unit.crm.is_enabled("consent"):
        return False
    from crmkit.plugins.foundation import consent

    consent.suppress(unit, "email", address, reason)
    return True


def _add(
    unit: Unit,
    mail: Incoming,
    sent: Interaction,
    kind: str,
    text: str,
    payload: dict[str, object],
    received_at: datetime,
) -> Heard:
    told = Interaction(
        customer_id=unit.customers.survivor(sent.customer_id).id,
        kind=kind,
        at=mail.sent_at or received_at,
        channel="email",
        direction="internal",
        text=text,
        thread=f"email:{sent.source_key}",
        machine=True,
        payload=payload,
        source=SOURCE,
        source_key=mail.key,
    )
    stored = unit.interactions.add(told)
    return Heard(interaction_id=stored.id, customer_id=stored.customer_id, kind=kind, is_new=True)
