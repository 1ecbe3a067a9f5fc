"""Referral programmes, codes to pass on, and who came with them."""

from __future__ import annotations

from datetime import timedelta

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, StaleVersionError, Unit, atomic
from crmkit.sql import insert_many, interaction, take_turns

from .. import queries, signing
from ..config import Settings
from ..errors import ClosedError, InvalidCodeError, NotReferableError
from ..model import Programme, Referral
from ..sharing import shared_address
from ..tables import marketing_programme, marketing_referral, marketing_referrer
from .keeping import secret

TURN = "marketing referrals"


@atomic
def save_programme(unit: Unit, programme: Programme) -> Programme:
    """
    Store a new programme (version 0), or change one that was read before. Referrals that were made
    keep the terms they were made under.

    Raises:
        InvalidValueError: If it gives points and billing is not enabled, or is in another currency.
        StaleVersionError: If somebody else changed it meanwhile, or made one of that name.
    """
    wanted = unit.settings(Settings).currency
    if programme.gives_points and not unit.crm.is_enabled("billing"):
        raise InvalidValueError("points", "of a reward", "0, or with the plugin billing enabled")
    if programme.least is not None and programme.least.currency != wanted:
        raise InvalidValueError("least", str(programme.least), f"an amount in {wanted}")
    take_turns(unit.connection, TURN)
    known = {each.name: each for each in queries.programmes(unit)}
    before = known.get(programme.name)
    if programme.version != (before.version if before else 0):
        raise StaleVersionError("programme", [programme.id])
    new = before.id if before else unit.new_ids(marketing_programme, 1)[0]
    kept = attrs.evolve(programme, id=new, version=programme.version + 1)
    told = queries.terms(kept)
    if before:
        there = sa.update(marketing_programme).where(marketing_programme.c.id == new)
        changed = there.values(status=kept.status, document=told, version=kept.version)
        unit.connection.execute(changed)
    else:
        row = (new, kept.name, kept.status, told, kept.version)
        insert_many(unit.connection, marketing_programme, [row])
    return kept


@atomic
def referral_code(unit: Unit, name: str, customer_id: int) -> str:
    """
    The code that a customer passes on; the same one whenever it is asked for.

    Raises:
        RecordNotFoundError: If there is no such programme or customer.
        ClosedError: If the programme is closed.
        NotReferableError: If the customer is archived, merged or erased.
    """
    found = queries.programme(unit, name)
    if found.status == "closed":
        raise ClosedError(name)
    standing = unit.customers.get(customer_id).status
    if standing != "active":
        raise NotReferableError(customer_id, f"they are {standing}, and have no code")
    key = secret(unit)
    take_turns(unit.connection, TURN)
    theirs = marketing_referrer.c
    mine = sa.select(theirs.code).where(
        theirs.programme_id == found.id, theirs.customer_id == customer_id
    )
    code: str | None = unit.connection.scalar(mine)
    attempt = 0
    while code is None:
        code = signing.referral_code(key, found.id, customer_id, attempt)
        taken = sa.select(theirs.customer_id).where(theirs.code == code)
        if unit.connection.scalar(taken) is None:
            insert_many(unit.connection, marketing_referrer, [(found.id, customer_id, code)])
        else:
            code, attempt = None, attempt + 1
    return code


@atomic
def refer_by_code(unit: Unit, code: str, customer_id: int) -> Referral:
    """
    Note that a customer came with the code of another. The same again is the same referral.

    Where ``lifecycle`` is enabled it gets the referral too, and values it.

    Raises:
        InvalidCodeError: If it is no code of a programme.
        RecordNotFoundError: If the customer does not exist.
        ClosedError: If the programme is closed.
        NotReferableError: If they sent themselves, share an address with who sent them, bought
            before, or were sent by somebody else.
    """
    take_turns(unit.connection, TURN)
    referrer_id, name, status = _owner(unit, code)
    known = [
        e for e in queries.referrals_about(unit, [customer_id]) if e.referred_id == customer_id
    ]
    if known and (known[0].referrer_id, known[0].terms.name) == (referrer_id, name):
        return known[0]
    if status == "closed":
        raise ClosedError(name)
    if known:
        raise NotReferableError(customer_id, f"customer {known[0].referrer_id} sent them already")
    _refuse(unit, referrer_id, customer_id)
    terms = queries.programme(unit, name)
    until = unit.now + timedelta(days=terms.window_days)
    told = (customer_id, referrer_id, terms.id, queries.terms(terms), unit.now, "waiting", "")
    rest = (None, until, None, None, 0, None, 0)
    insert_many(unit.connection, marketing_referral, [told + rest])
    _tell_lifecycle(unit, referrer_id, customer_id)
    return Referral(
        referred_id=customer_id,
        referrer_id=referrer_id,
        terms=terms,
        at=unit.now,
        watched_until=until,
    )


def _owner(unit: Unit, code: str) -> tuple[int, str, str]:
    """Whose code it is, of which programme, and how that stands."""
    owner, programme = marketing_referrer.c, marketing_programme.c
    found = unit.connection.execute(
        sa.select(owner.customer_id, programme.name, programme.status)
        .join(marketing_programme, programme.id == owner.programme_id)
        .where(owner.code == code.strip().upper())
    ).first()
    if found is None:
        raise InvalidCodeError(code, "no referral programme gave it out")
    return found.customer_id, found.name, found.status


def _refuse(unit: Unit, referrer_id: int, customer_id: int) -> None:
    people = {each.id: each for each in unit.customers.get_many([referrer_id, customer_id])}
    referred = people.get(customer_id) or unit.customers.get(customer_id)
    sender = people[referrer_id]
    if referred.status != "active" or sender.status != "active":
        raise NotReferableError(customer_id, "they, or who sent them, are active no more")
    if customer_id == referrer_id:
        raise NotReferableError(customer_id, "nobody sends themselves")
    shared = shared_address(sender, referred)
    if shared:
        raise NotReferableError(customer_id, f"they share a {shared} with who sent them")
    bought = sa.select(interaction.c.id).where(
        interaction.c.customer_id == customer_id, interaction.c.kind == "purchase.order"
    )
    if unit.connection.scalar(bought.limit(1)) is not None:
        raise NotReferableError(customer_id, "they bought before")
    if customer_id in _senders_above(unit, referrer_id):
        raise NotReferableError(customer_id, "who sent them came, through others perhaps, by them")


def _senders_above(unit: Unit, customer_id: int) -> list[int]:
    theirs, above = marketing_referral.c, []
    sender: int | None = customer_id
    while sender is not None and sender not in above:
        above.append(sender)
        sender = unit.connection.scalar(
            sa.select(theirs.referrer_id).where(theirs.customer_id == sender)
        )
    return above


def _tell_lifecycle(unit: Unit, referrer_id: int, customer_id: int) -> None:
    if not unit.crm.is_enabled("lifecycle"):
        return
    from crmkit.plugins.analytical import lifecycle

    said = unit.interactions.get(lifecycle.refer(unit, referrer_id, customer_id))
    if said.customer_id != referrer_id:
        raise NotReferableError(customer_id, f"customer {said.customer_id} sent them already")
