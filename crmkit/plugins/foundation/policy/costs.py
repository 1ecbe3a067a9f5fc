"""What an offer may cost us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmkit import ChangeRejectedError, Changes, Money, Objection, Offer, Proposal, Unit

from .errors import NoPolicyError
from .model import Policy
from .queries import current


def objections(unit: Unit, proposals: Sequence[Proposal]) -> Iterator[Objection]:
    """To offers that cost more than the policy in force allows, or another currency."""
    policy = _limiting(unit)
    for index, proposal in enumerate(proposals):
        if policy and proposal.offer and (reason := _too_dear(policy, proposal.offer)):
            yield Objection(index, reason)


def refuse_dear(unit: Unit, changes: Changes) -> None:
    """
    Veto offers that are new, or whose cost is, and cost too much.

    Raises:
        ChangeRejectedError: For the first of them.
    """
    policy = _limiting(unit) if changes.noun == "offer" else None
    if policy is None:
        return
    before = changes.before or (None,) * len(changes.after)
    for was, now in zip(before, changes.after, strict=True):
        assert isinstance(now, Offer)
        known = isinstance(was, Offer) and was.cost == now.cost
        if not known and (reason := _too_dear(policy, now)):
            raise ChangeRejectedError(
                f"offer {now.what!r} to customer {now.customer_id}: {reason}; lower its cost, or "
                "raise max_offer_cost_minor in the policy and run `crmkit policy adopt FILE`"
            )


def _limiting(unit: Unit) -> Policy | None:
    """The policy in force, if it limits what an offer may cost."""
    try:
        policy = current(unit)
    except NoPolicyError:
        return None
    return policy if policy.max_offer_cost_minor is not None else None


def _too_dear(policy: Policy, offer: Offer) -> str:
    """Why not; empty when the policy has nothing against what it costs."""
    limit, cost = policy.max_offer_cost_minor, offer.cost
    if cost is None or limit is None:
        return ""
    if cost.currency == policy.currency and cost.amount_minor <= limit:
        return ""
    return (
        f"it costs {cost}, policy {policy.version} allows at most {Money(limit, policy.currency)}"
    )
