"""One customer as the shopkeeper remembers them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import timedelta

from crmkit import Interaction, Unit

from . import neighbours, queries
from .asking import with_question
from .config import Settings
from .model import ASKED, NOTE, OFFERED, TASTE, Prompt, Remembered, Suggestion

FAVOURITES = 3


def prompt(unit: Unit, customer_id: int) -> Prompt:
    """
    What to remember, what to offer, what to ask; only reads.

    Raises:
        RecordNotFoundError: If there is no such customer.
    """
    customer = unit.customers.get(customer_id)
    since, last_at, visits = queries.visits(unit, customer_id)
    bought = queries.bought(unit, customer_id)
    told = queries.told(unit, customer_id)
    open_cases, complaints = neighbours.cases(unit, customer_id)
    silence = (*complaints, *neighbours.objections(unit, customer_id))
    names = {each.sku: each.name for each in bought}
    tastes = list(_tastes(told, names))
    disliked = [each for each in tastes if each.topic == "dislikes"]
    found = Prompt(
        customer_id=customer_id,
        name=customer.name,
        since=since,
        last_at=last_at,
        visits=visits,
        first=(*open_cases, *neighbours.owed(unit, customer_id)),
        favourites=tuple(bought[:FAVOURITES]),
        last=max(bought, key=lambda each: each.last_at, default=None),
        known=tuple(_answers(told)),
        heard=tuple(_heard(told, tastes)),
        standing=tuple(neighbours.standing(unit, customer_id)),
        suggestion=None if silence else _suggestion(unit, customer_id, _tabooed(unit, told)),
        silence=silence,
        spare=(*(each.text for each in disliked), *neighbours.avoided(unit, customer_id)),
        also=tuple(neighbours.remarks(unit, customer)),
    )
    return with_question(unit, customer, found, told)


def _tastes(told: Sequence[Interaction], names: dict[str, str]) -> Iterator[Remembered]:
    seen = set()
    for each in told:
        sku = str(each.payload.get("sku", ""))
        if each.kind == TASTE and sku not in seen:
            seen.add(sku)
            topic = "likes" if each.payload["likes"] else "dislikes"
            words = f": {each.text}" if each.text else ""
            yield Remembered(at=each.at, topic=topic, text=f"{names.get(sku, sku)}{words}")


def _answers(told: Sequence[Interaction]) -> Iterator[Remembered]:
    seen = set()
    for each in told:
        question = str(each.payload.get("question", ""))
        is_answer = each.kind == ASKED and each.payload["response"] == "answered"
        if is_answer and question not in seen and each.text:
            seen.add(question)
            yield Remembered(at=each.at, topic=question, text=each.text)


def _heard(told: Sequence[Interaction], tastes: Sequence[Remembered]) -> list[Remembered]:
    notes = [Remembered(at=each.at, text=each.text) for each in told if each.kind == NOTE]
    likes = [each for each in tastes if each.topic == "likes"]
    return sorted([*notes, *likes], key=lambda each: each.at, reverse=True)


def _tabooed(unit: Unit, told: Sequence[Interaction]) -> set[str]:
    """Articles, by number or name, that they dislike or turned down lately."""
    since = unit.now - timedelta(days=unit.settings(Settings).again_days)
    found: set[str] = set()
    decided: set[str] = set()
    for each in told:
        sku = str(each.payload.get("sku", ""))
        if each.kind == TASTE and sku not in decided:
            decided.add(sku)
            found |= set() if each.payload["likes"] else {sku}
        if each.kind == OFFERED and each.payload["reply"] == "declined" and each.at > since:
            found |= {sku, str(each.payload["what"])}
    return found - {""}


def _suggestion(unit: Unit, customer_id: int, tabooed: Set[str]) -> Suggestion | None:
    for each in unit.offers.open_of(customer_id):
        sku = str(each.terms.get("sku", ""))
        if not {sku, each.what} & tabooed:
            return Suggestion(what=each.what, why=each.why, offer_id=each.id, sku=sku)
    return neighbours.idea(unit, customer_id, tabooed)
