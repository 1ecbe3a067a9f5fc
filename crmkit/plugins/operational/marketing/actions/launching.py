"""Launching: the audience is frozen at once, then filled into arms part by part."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import Contact, Customer, Money, Ref, Unit, ask, atomic
from crmkit.plugins.foundation import delivery, scoring
from crmkit.sql import (
    Text,
    count_again,
    customer,
    delete_where,
    id_list,
    insert_many,
    one_of,
    update_rows,
)

from .. import queries, wording
from ..config import Settings
from ..errors import EmptyAudienceError, NotRunningError, OverBudgetError
from ..model import (
    EXCLUDED,
    GLOBAL,
    HOLDOUT,
    NO_ARM,
    NOT_VARIANTS,
    Campaign,
    Filled,
    Variant,
    incentive_of,
)
from ..numbers import Draw, position
from ..signing import code as code_of
from ..tables import marketing_count, marketing_member
from .campaigns import update
from .keeping import secret

SIZE = 5_000
STEP = "message"


@atomic
def launch(unit: Unit, name: str) -> Campaign:
    """
    Freeze the audience: the active customers who are in the segment now. :func:`fill` then gives
    them arms and writes the messages; it may be stopped and gone on with at any time.

    Raises:
        RecordNotFoundError: If there is no such campaign.
        NotRunningError: If it was launched before.
        EmptyAudienceError: If nobody is in the segment.
        OverBudgetError: If messages to all but the holdout would cost more than the budget.
        RefusedError: If a template cannot be used, or fits nobody of the first few.
    """
    found = queries.campaign(unit, name)
    if found.status != "draft":
        raise NotRunningError(name, found.status, "a campaign is launched once")
    members = scoring.members(found.segment).subquery()
    nothing = sa.literal("", Text)
    audience = (
        sa.select(
            sa.literal(found.id),
            customer.c.id,
            nothing,
            _stratum(unit),
            nothing,
            nothing,
        )
        .join(members, members.c.customer_id == customer.c.id)
        .where(customer.c.status == "active")
    )
    columns = ["campaign_id", "customer_id", "arm", "stratum", "code", "why"]
    insert = sa.insert(marketing_member).from_select(columns, audience)
    counted = insert.execution_options(preserve_rowcount=True)
    size = unit.connection.execute(counted).rowcount
    if not size:
        raise EmptyAudienceError(found.segment)
    _refuse_dear(unit, found, size)
    _refuse_wordless(unit, found)
    count_again(unit.connection, marketing_member)
    provenance = {"segment": found.segment, "customers": size, "frozen_by": unit.actor}
    update(unit, found, status="launching", launched_at=unit.now, audience=provenance)
    return queries.campaign(unit, name)


def _stratum(unit: Unit) -> sa.ColumnElement[str]:
    scorer = unit.settings(Settings).stratify_by
    if not scorer:
        return sa.literal("", Text)
    score = scoring.score_table.c
    label = (
        sa.select(score.label)
        .where(score.scorer == scorer, score.customer_id == customer.c.id)
        .scalar_subquery()
    )
    return sa.func.coalesce(label, sa.literal("", Text))


def _refuse_dear(unit: Unit, campaign: Campaign, size: int) -> None:
    settings = unit.settings(Settings)
    if campaign.budget is None:
        return
    fixed = campaign.fixed_cost.amount_minor if campaign.fixed_cost else 0
    reached = round(size * (1 - _holdout(campaign, settings)))
    cost = Money(fixed + reached * campaign.message_cost_minor, settings.currency)
    if cost > campaign.budget:
        raise OverBudgetError(cost, campaign.budget)


def _refuse_wordless(unit: Unit, campaign: Campaign) -> None:
    """Templates are looked at, and tried on the first few of the audience."""
    purpose, channel = campaign.purpose, campaign.channel
    some = unit.customers.get_many(queries.unassigned(unit, campaign.id, wording.SAMPLE))
    for each in campaign.variants:
        if each.template:
            wording.refuse_template(unit, each.template, purpose=purpose, channel=channel)
            filled = {who.id: _filled(campaign, each, "-") for who in some}
            told = wording.said(unit, each, some, filled, purpose=purpose, channel=channel)
            wording.refuse_unreadable(told)


def _filled(campaign: Campaign, variant: Variant, code: str) -> dict[str, object]:
    """What messages may say beside what is known of their reader."""
    offer = {"offer": variant.incentive} if variant.template else {}
    return {"code": code, "campaign": campaign.name, **offer}


def _holdout(campaign: Campaign, settings: Settings) -> float:
    return settings.holdout_share if campaign.holdout_share is None else campaign.holdout_share


@atomic
def fill(unit: Unit, name: str, *, size: int = SIZE) -> Filled:
    """
    Give the next members of the audience their arms, and put the messages of those who get one
    into delivery's ledger. Call it, in a unit each time, until nobody is left.

    Who has no address on the channel, or may not be contacted for a reason that lasts, is excluded
    before chance is asked, so that arms stay alike.

    Raises:
        RecordNotFoundError: If there is no such campaign.
        NotRunningError: If it is a draft, or stopped.
    """
    found = queries.campaign(unit, name)
    if found.status not in ("launching", "running"):
        raise NotRunningError(name, found.status, "launch it first")
    ids = queries.unassigned(unit, found.id, size)
    if ids:
        _fill(unit, found, unit.customers.get_many(ids))
    left = queries.progress(unit, found)
    if not left.left and found.status == "launching":
        update(unit, found, status="running")
    return left


def _fill(unit: Unit, campaign: Campaign, people: Sequence[Customer]) -> None:
    settings = unit.settings(Settings)
    kind = unit.contributed.channels[campaign.channel].contact_kind
    addresses = {each.id: each.contact(kind) for each in people}
    excluded = _excluded(unit, campaign, addresses)
    word = settings.global_holdout
    share = settings.global_holdout_share
    apart = {e for e in addresses if e not in excluded and position(word, e) < share}
    strata = _strata(unit, campaign.id, list(addresses))
    drawn = [(e, strata[e]) for e in addresses if e not in excluded and e not in apart]
    shares = _shares(campaign, settings)
    counted = queries.counts(unit, campaign.id)
    drawn_so_far = {key: people for key, (people, _) in counted.items()}
    draw = Draw(f"campaign {campaign.id} {campaign.name}", shares, drawn_so_far)
    arms = draw.arms(drawn)
    arms |= dict.fromkeys(excluded, EXCLUDED) | dict.fromkeys(apart, GLOBAL)
    messages = _write(unit, campaign, people, addresses, arms, excluded)
    _count(unit, campaign.id, counted, strata, arms, messages)


def _shares(campaign: Campaign, settings: Settings) -> dict[str, float]:
    held = _holdout(campaign, settings)
    whole = sum(each.share for each in campaign.variants)
    shares = {each.name: (1 - held) * each.share / whole for each in campaign.variants}
    return shares | ({HOLDOUT: held} if held else {})


def _strata(unit: Unit, campaign_id: int, ids: Sequence[int]) -> dict[int, str]:
    theirs = marketing_member.c
    select = sa.select(theirs.customer_id, theirs.stratum).where(
        theirs.campaign_id == campaign_id, one_of(theirs.customer_id)
    )
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, ids)})
    return {row[0]: row[1] for row in rows}


def _excluded(unit: Unit, campaign: Campaign, addresses: dict[int, str | None]) -> dict[int, str]:
    """Why some are left out, by customer."""
    found = {each: "no address" for each, address in addresses.items() if address is None}
    contacts = [
        Contact(
            customer_id=each,
            purpose=campaign.purpose,
            channel=campaign.channel,
            address=address,
            at=unit.now,
        )
        for each, address in addresses.items()
        if address is not None
    ]
    for index, objections in ask.may_contact(unit, contacts).items():
        lasting = [each.reason for each in objections if each.until is None]
        if lasting:
            found[contacts[index].customer_id] = lasting[0]
    return found


def _write(
    unit: Unit,
    campaign: Campaign,
    people: Sequence[Customer],
    addresses: dict[int, str | None],
    arms: dict[int, str],
    excluded: dict[int, str],
) -> dict[int, int]:
    """Returns the message of each who gets one."""
    key = secret(unit)
    codes = {
        each.id: code_of(key, campaign.id, each.id)
        for each in people
        if campaign.unique_codes and arms[each.id] not in NOT_VARIANTS
    }
    texts = _texts(unit, campaign, people, arms, codes)
    told = [each for each in people if each.id in texts and not texts[each.id].problem]
    why = excluded | dict(wording.without(texts))
    offers = _offers(unit, campaign, told, arms, codes)
    messages = _messages(unit, campaign, told, addresses, texts, offers)
    rows = [
        (
            arms[each.id],
            codes.get(each.id, ""),
            why.get(each.id, ""),
            messages.get(each.id),
            offers.get(each.id),
            campaign.id,
            each.id,
            NO_ARM,
        )
        for each in people
    ]
    update_rows(
        unit.connection,
        marketing_member,
        rows,
        key=("campaign_id", "customer_id", "arm"),
        values=("arm", "code", "why", "message_id", "offer_id"),
    )
    return messages


def _count(
    unit: Unit,
    campaign_id: int,
    before: dict[tuple[str, str], tuple[int, int]],
    strata: dict[int, str],
    arms: dict[int, str],
    messages: dict[int, int],
) -> None:
    after = {key: list(each) for key, each in before.items()}
    for customer_id, arm in arms.items():
        sums = after.setdefault((strata[customer_id], arm), [0, 0])
        sums[0] += 1
        sums[1] += customer_id in messages
    delete_where(unit.connection, marketing_count, "campaign_id", [campaign_id])
    rows = [(campaign_id, *key, *sums) for key, sums in after.items()]
    insert_many(unit.connection, marketing_count, rows)


def _offers(
    unit: Unit,
    campaign: Campaign,
    people: Sequence[Customer],
    arms: dict[int, str],
    codes: dict[int, str],
) -> dict[int, int]:
    variants = {each.name: each for each in campaign.variants}
    currency = unit.settings(Settings).currency
    made = [
        incentive_of(
            variants[arms[each.id]],
            currency,
            customer_id=each.id,
            terms={"campaign": campaign.name, "code": codes.get(each.id, "")},
            why=f"You are one of those we wrote to in {campaign.name}.",
        )
        for each in people
        if variants[arms[each.id]].incentive
    ]
    return {each.customer_id: each.id for each in unit.offers.add_many(made)}


def _texts(
    unit: Unit,
    campaign: Campaign,
    people: Sequence[Customer],
    arms: dict[int, str],
    codes: dict[int, str],
) -> dict[int, wording.Said]:
    """What each says who is in the arm of a variant. Who cannot be told it stays in the arm."""
    found: dict[int, wording.Said] = {}
    for variant in campaign.variants:
        theirs = [each for each in people if arms[each.id] == variant.name]
        filled = {e.id: _filled(campaign, variant, codes.get(e.id, "")) for e in theirs}
        found |= wording.said(
            unit,
            variant,
            theirs,
            filled,
            purpose=campaign.purpose,
            channel=campaign.channel,
            as_of=campaign.launched_at,
        )
    return found


def _messages(
    unit: Unit,
    campaign: Campaign,
    people: Sequence[Customer],
    addresses: dict[int, str | None],
    texts: dict[int, wording.Said],
    offers: dict[int, int],
) -> dict[int, int]:
    intents = []
    for each in people:
        address, said = addresses[each.id], texts[each.id]
        assert address is not None
        intents.append(
            delivery.Intent(
                run=f"campaign {campaign.name}",
                step=STEP,
                customer_id=each.id,
                channel=campaign.channel,
                address=address,
                purpose=campaign.purpose,
                subject=said.subject,
                text=said.text,
                html=said.html,
                offer_id=offers.get(each.id),
                because=Ref("campaign", campaign.id),
                priority="bulk",
            )
        )
    done = delivery.intend_many(unit, intents)
    return {each.id: number for each, number in zip(people, done.ids, strict=True)}
