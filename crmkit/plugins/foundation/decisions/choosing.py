"""From what plugins propose to one choice per customer. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import isfinite

import attrs

from crmkit import Contact, Customer, Offer, PluginError, Proposal, Unit, ask
from crmkit.plugins.foundation import policy
from crmkit.sql import contact_key

from .model import Considered, Outcome

OURS = "decisions"


@attrs.define
class Candidate:
    """One proposal on its way; *vetoes* grow while guards are asked."""

    plugin: str
    proposal: Proposal
    vetoes: list[str] = attrs.field(factory=list)

    @property
    def rank(self) -> tuple[object, ...]:
        """Highest value first; of equals silence, then by names, so that every run ranks alike."""
        given = self.proposal
        what = given.offer.what if given.offer else ""
        return (-given.value, bool(given.offer), self.plugin, what, given.purpose, given.channel)


@attrs.frozen(kw_only=True)
class Choice:
    """
    What was chosen for one customer.

    Attributes:
        offer: None for silence.
        contact: Whom the offer would reach, where and when.
    """

    customer: Customer
    offer: Offer | None
    proposal: Proposal
    contact: Contact | None
    why: str
    considered: tuple[Considered, ...]


@attrs.define
class _Search:
    """The ranked candidates of one customer and how far down them we are."""

    customer: Customer
    candidates: list[Candidate]
    position: int = 0

    @property
    def current(self) -> Candidate:
        return self.candidates[self.position]

    def is_done(self) -> bool:
        return self.current.proposal.offer is None


def choose(
    unit: Unit,
    rules: policy.Policy,
    customers: Sequence[Customer],
    taken: set[tuple[str, str]],
) -> list[Choice]:
    """
    The best thing to do for each of *customers* that no guard objects to; silence if there is none.

    Guards of offers are asked about every candidate at once. Guards of contacts are asked in rounds
    about the best candidate that is left of each customer, so that limits see what could really
    happen together and never alternatives. An objection that would end in time is a veto too: the
    next run decides with what is known then.

    Args:
        taken: Addresses that are written to in this run already; grows.
    """
    searches = _ranked(customers, _candidates(unit, customers))
    _check_offers(unit, [each for search in searches for each in search.candidates])
    earliest = policy.earliest(unit, [each.id for each in customers], unit.now)
    contacts: dict[int, Contact] = {}
    waiting = searches
    while waiting := [search for search in waiting if not _settle(search)]:
        asked: dict[tuple[str, str], tuple[_Search, Contact]] = {}
        for search in waiting:
            contact = _contact(unit, rules, search, earliest[search.customer.id], taken)
            if contact is not None:  # who shares an address with one who is asked now, waits
                asked.setdefault(_place(unit, contact), (search, contact))
        passed = _ask(unit, list(asked.values()))
        contacts.update(passed)
        taken.update(_place(unit, contact) for contact in passed.values())
        waiting = [search for search in waiting if search.customer.id not in contacts]
    return [_choice(search, contacts.get(search.customer.id)) for search in searches]


def _ask(unit: Unit, asked: Sequence[tuple[_Search, Contact]]) -> dict[int, Contact]:
    """The contacts nobody objects to, by customer; objections become vetoes."""
    objections = ask.may_contact(unit, [contact for _, contact in asked])
    for index, found in objections.items():
        asked[index][0].current.vetoes.extend(f"{each.plugin}: {each.reason}" for each in found)
    return {
        contact.customer_id: contact
        for index, (_, contact) in enumerate(asked)
        if index not in objections
    }


def _candidates(unit: Unit, customers: Sequence[Customer]) -> list[Candidate]:
    known = {each.id for each in customers}
    found = []
    for plugin, proposal in ask.propose_offers(unit, customers):
        offer = proposal.offer
        if proposal.customer_id not in known or (offer and offer.customer_id not in known):
            raise PluginError(
                plugin, f"proposed for customer {proposal.customer_id}, not asked for"
            )
        if offer and offer.customer_id != proposal.customer_id:
            raise PluginError(
                plugin,
                f"proposed the offer of customer {offer.customer_id} to "
                f"customer {proposal.customer_id}",
            )
        if not isfinite(proposal.value):
            raise PluginError(plugin, f"proposed a value of {proposal.value}, not a finite number")
        found.append(Candidate(plugin, proposal))
    return found


def _ranked(customers: Sequence[Customer], candidates: Iterable[Candidate]) -> list[_Search]:
    of: dict[int, list[Candidate]] = {each.id: [] for each in customers}
    for candidate in candidates:
        of[candidate.proposal.customer_id].append(candidate)
    searches = []
    for customer in customers:
        given = of[customer.id]
        why = "nothing proposed is worth more than silence" if given else "nothing was proposed"
        silence = Proposal(customer_id=customer.id, why=why)
        given.append(Candidate(OURS, silence))
        searches.append(_Search(customer, sorted(given, key=lambda each: each.rank)))
    return searches


def _check_offers(unit: Unit, candidates: Sequence[Candidate]) -> None:
    offered = [each for each in candidates if each.proposal.offer]
    objections = ask.check_offers(unit, [each.proposal for each in offered])
    for index, found in objections.items():
        offered[index].vetoes.extend(f"{each.plugin}: {each.reason}" for each in found)


def _settle(search: _Search) -> bool:
    """Go past vetoed candidates; whether that ended at silence, which needs no guard."""
    while search.current.vetoes:
        search.position += 1
    return search.is_done()


def _contact(
    unit: Unit,
    rules: policy.Policy,
    search: _Search,
    earliest: datetime,
    taken: set[tuple[str, str]],
) -> Contact | None:
    """How the current candidate would reach its customer; None, with a veto, when it cannot."""
    given, vetoes = search.current.proposal, search.current.vetoes
    channel = unit.contributed.channels.get(given.channel)
    if channel is None:
        vetoes.append(f"{OURS}: no enabled plugin has a channel {given.channel!r}")
        return None
    address = search.customer.contact(channel.contact_kind)
    if address is None:
        vetoes.append(f"{OURS}: the customer has no {channel.contact_kind}")
        return None
    purpose = rules.purposes.get(given.purpose)
    contact = Contact(
        customer_id=search.customer.id,
        purpose=given.purpose,
        channel=given.channel,
        address=address,
        at=earliest if purpose and purpose.kind == "marketing" else unit.now,
    )
    assert given.offer is not None
    if given.offer.valid_until and given.offer.valid_until <= contact.at:
        vetoes.append(f"{OURS}: the offer ends before it may be sent")
        return None
    if _place(unit, contact) in taken:
        vetoes.append(f"{OURS}: somebody else at that address is chosen in this run")
        return None
    return contact


def _place(unit: Unit, contact: Contact) -> tuple[str, str]:
    kind = unit.contributed.channels[contact.channel].contact_kind
    return kind, contact_key(kind, contact.address)


def _choice(search: _Search, contact: Contact | None) -> Choice:
    chosen = search.current.proposal
    return Choice(
        customer=search.customer,
        offer=None
        if chosen.offer is None
        else attrs.evolve(chosen.offer, plugin=chosen.offer.plugin or search.current.plugin),
        proposal=chosen,
        contact=contact,
        why=_why(search),
        considered=tuple(
            _considered(each, _outcome(n, search)) for n, each in enumerate(search.candidates)
        ),
    )


def _outcome(position: int, search: _Search) -> Outcome:
    if position == search.position:
        return "chosen"
    return "vetoed" if search.candidates[position].vetoes else "outranked"


def _why(search: _Search) -> str:
    """The reason of the choice; of silence after vetoes, the veto of what was worth most."""
    if search.is_done() and search.position:
        best = search.candidates[0]
        what = best.proposal.offer.what if best.proposal.offer else best.proposal.why
        return f"{what}: {best.vetoes[0]}"
    return search.current.proposal.why


def _considered(candidate: Candidate, outcome: Outcome) -> Considered:
    given = candidate.proposal
    return Considered(
        plugin=candidate.plugin,
        what=given.offer.what if given.offer else "",
        purpose=given.purpose,
        channel=given.channel,
        value=float(given.value),
        why=given.why,
        outcome=outcome,
        vetoes=tuple(candidate.vetoes),
    )
