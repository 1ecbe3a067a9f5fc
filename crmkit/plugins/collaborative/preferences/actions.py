"""Writes: wishes, their confirmation, and what people choose on their page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256

import attrs
import sqlalchemy as sa

from crmkit import Contact, Customer, InvalidValueError, RefusedError, Unit, atomic, nearest
from crmkit import ask as ask_plugins
from crmkit.plugins.foundation import consent, delivery, policy
from crmkit.sql import contact_key, delete_where

from . import queries
from .config import Settings
from .errors import LateError
from .links import CONFIRM, confirm_link, read
from .model import Wish
from .tables import preferences_wish

RUN = "double opt-in"
PAGE = "their own page"


@atomic
def ask(
    unit: Unit,
    customer_id: int,
    purposes: Iterable[str],
    *,
    wording: str,
    source: str,
    channel: str = "email",
    address: str | None = None,
) -> Wish:
    """
    Send the customer a message that asks whether the wish is theirs; theirs it is only when the
    answer comes. Who enters the same again within ``again_after_minutes`` gets no second one.

    Args:
        wording: What was shown to the person, in full; its digest stands with the consent.
        source: Where it was entered, such as ``checkout``.
        address: One of the customer's own; default the first that *channel* can reach.

    Raises:
        InvalidValueError: If a purpose is none that rests on consent by *channel*, the address is
            not the customer's, or *wording* or *source* is empty.
        NotConfiguredError: If no link can be made.
        RefusedError: If the message may not go out, such as to a suppressed address, or the address
            was asked too often.
    """
    wanted = _checked(unit, purposes, channel)
    who = queries.survivor(unit, customer_id)
    valid = timedelta(days=unit.settings(Settings).valid_days)
    made = Wish(
        id=0,
        customer_id=who.id,
        channel=channel,
        address=_address(unit, who, channel, address),
        purposes=wanted,
        wording=wording,
        source=source,
        asked_at=unit.now,
        expires_at=unit.now + valid,
        confirmed_at=None,
    )
    key = contact_key(unit.contributed.channels[channel].contact_kind, made.address)
    before = queries.asked_since(unit, key, unit.now - valid)
    return _same(unit, before, made) or _new(unit, before, made, key)


def _new(unit: Unit, before: Sequence[Wish], made: Wish, key: str) -> Wish:
    settings = unit.settings(Settings)
    if len(before) >= settings.most_asked:
        raise RefusedError(
            f"{len(before)} messages went to this address in {settings.valid_days} days, the most "
            "that [preferences] most_asked allows; wait, or confirm one of them"
        )
    made = attrs.evolve(made, id=unit.new_ids(preferences_wish, 1)[0])
    row = {**attrs.asdict(made), "address_key": key}
    unit.connection.execute(sa.insert(preferences_wish).values(row))
    _send(unit, made)
    return made


def _checked(unit: Unit, purposes: Iterable[str], channel: str) -> tuple[str, ...]:
    offered = [
        each.name
        for each in policy.current(unit).purposes.values()
        if each.kind == "marketing" and "consent" in each.lawful_bases and channel in each.channels
    ]
    wanted = tuple(dict.fromkeys(purposes))
    if not wanted:
        raise InvalidValueError("purposes", "", f"one or more of {', '.join(offered) or 'none'}")
    for each in wanted:
        if each not in offered:
            told = ", ".join(offered) or f"none: the policy has no such purpose by {channel}"
            accepted = f"a marketing purpose that rests on consent by {channel}: {told}"
            raise InvalidValueError("purpose", each, accepted + nearest(each, offered))
    return wanted


def _address(unit: Unit, who: Customer, channel: str, given: str | None) -> str:
    first = queries.address_on(unit, who, channel)
    if first is None:
        raise InvalidValueError(
            "channel", channel, f"one on which customer {who.id} has an address"
        )
    kind = unit.contributed.channels[channel].contact_kind
    known = {each.value for each in who.contact_points if each.kind == kind}
    if given is not None and given not in known:
        raise InvalidValueError("address", given, f"an address of customer {who.id}; add it first")
    return given or first


def _same(unit: Unit, before: Iterable[Wish], made: Wish) -> Wish | None:
    """The same wish, if the question may still be on its way."""
    soon = timedelta(minutes=unit.settings(Settings).again_after_minutes)
    wanted = (made.customer_id, made.channel, {*made.purposes})
    for each in before:
        is_open = each.confirmed_at is None and unit.now - each.asked_at < soon
        if is_open and (each.customer_id, each.channel, {*each.purposes}) == wanted:
            return each
    return None


def _send(unit: Unit, made: Wish) -> None:
    """
    The message is what the person asked for themselves (GDPR Article 6(1)(b)), and says nothing
    else; its lawful basis ends with it.
    """
    settings = unit.settings(Settings)
    consent.grant(
        unit,
        made.customer_id,
        purpose=settings.purpose,
        channel=made.channel,
        basis="contract",
        evidence=f"asked for it; wish {made.id}",
        source=made.source,
        expires_at=made.expires_at,
    )
    wished = Contact(
        customer_id=made.customer_id,
        purpose=settings.purpose,
        channel=made.channel,
        address=made.address,
        at=unit.now,
    )
    for objections in ask_plugins.may_contact(unit, [wished]).values():
        if lasting := [each.reason for each in objections if each.until is None]:
            raise RefusedError(f"the message that asks may not be sent: {lasting[0]}")
    words = {
        "name": unit.customers.get(made.customer_id).name,
        "purposes": ", ".join(made.purposes),
        "link": confirm_link(unit, made.id),
        "days": settings.valid_days,
    }
    message = delivery.Intent(
        run=RUN,
        step=f"wish {made.id}",
        customer_id=made.customer_id,
        channel=made.channel,
        address=made.address,
        purpose=settings.purpose,
        subject=settings.subject.format(**words),
        text=settings.text.format(**words),
        expires_at=made.expires_at,
        priority="urgent",
    )
    delivery.intend_many(unit, [message])


@atomic
def confirm(unit: Unit, token: str, *, evidence: str = "") -> Wish:
    """
    The answer from the address: the wish becomes a consent. Once; a second answer changes nothing,
    also when the person said no since.

    Args:
        evidence: What else is known of the answer, such as the network address it came from.

    Raises:
        InvalidTokenError: If we did not make the token.
        LateError: If it is too late.
        RecordNotFoundError: If the person was erased.
    """
    made = queries.wish(unit, read(unit.settings(Settings), CONFIRM, token))
    if made.confirmed_at is not None:
        return made
    if made.expires_at <= unit.now:
        raise LateError(made.expires_at)
    confirmed = preferences_wish.update().where(
        preferences_wish.c.id == made.id, preferences_wish.c.confirmed_at.is_(None)
    )
    unit.connection.execute(confirmed.values(confirmed_at=unit.now))
    who = queries.survivor(unit, made.customer_id)
    told = (
        f"double opt-in: asked on {made.asked_at:%Y-%m-%d %H:%M} UTC, "
        f"confirmed from {made.address} on {unit.now:%Y-%m-%d %H:%M} UTC"
    )
    for purpose in made.purposes:
        _allow(unit, who.id, purpose, made.channel, made.source, told, evidence, made.wording)
    return attrs.evolve(made, confirmed_at=unit.now)


@atomic
def change(
    unit: Unit,
    customer_id: int,
    wanted: Mapping[tuple[str, str], bool],
    *,
    evidence: str,
    source: str = PAGE,
) -> int:
    """
    Let the customer have it as they choose; returns how many choices changed.

    Every change, also a yes, goes into the log of ``consent`` with *evidence*. What *wanted* does
    not name stays.

    Args:
        wanted: By purpose and channel.

    Raises:
        InvalidValueError: If something is not among :func:`choices`.
    """
    who = queries.survivor(unit, customer_id)
    offered = {(each.purpose, each.channel): each for each in queries.choices(unit, who.id)}
    for each in wanted:
        if each not in offered:
            accepted = ", ".join(map(":".join, offered)) or "nothing: the policy offers no choice"
            raise InvalidValueError("choice", ":".join(each), accepted)
    changed = {each: on for each, on in wanted.items() if on != offered[each].is_on}
    for (purpose, channel), on in changed.items():
        if on:
            summary = offered[purpose, channel].summary
            _allow(unit, who.id, purpose, channel, source, evidence, "", summary)
        else:
            consent.withdraw(
                unit, who.id, purpose=purpose, channel=channel, source=source, evidence=evidence
            )
    return len(changed)


def _allow(
    unit: Unit,
    customer_id: int,
    purpose: str,
    channel: str,
    source: str,
    told: str,
    evidence: str,
    wording: str,
) -> None:
    """A yes in the person's own words also goes past an objection they made before."""
    states = {each.state for each in consent.standing(unit, customer_id)}
    consent.grant(
        unit,
        customer_id,
        purpose=purpose,
        channel=channel,
        basis="consent",
        evidence="; ".join(filter(None, (told, evidence))),
        source=source,
        text_hash=sha256(wording.encode()).hexdigest(),
        after_objection="objected" in states,
    )


def forget(unit: Unit, customer_ids: list[int]) -> int:
    return delete_where(unit.connection, preferences_wish, "customer_id", customer_ids)
