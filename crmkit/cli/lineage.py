"""The thread behind a row: what it came from, and what that came from, across plugins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from crmkit import Cause, RecordNotFoundError, Ref, ask

if TYPE_CHECKING:
    from crmkit import Interaction, Offer, Unit

DEEPEST = 12
UNKNOWN = "(nobody knows it; is its plugin enabled?)"


@attrs.frozen(kw_only=True)
class Lineage:
    """
    A thread, walked backwards.

    Attributes:
        root: What was asked for.
        causes: By reference, in the order they were found, nearest first.
        is_cut: There was more behind the deepest level.
    """

    root: Ref
    causes: dict[Ref, Cause]
    is_cut: bool = False

    @property
    def edges(self) -> list[tuple[Ref, Ref]]:
        """Each row and one it came from."""
        return [(each.ref, origin) for each in self.causes.values() for origin in each.because]

    def steps(self) -> Iterator[tuple[int, Cause, bool]]:
        """Depth, cause, and whether it stood above already; each thread in turn, depth first."""
        seen: set[Ref] = set()

        def walk(ref: Ref, depth: int) -> Iterator[tuple[int, Cause, bool]]:
            known = ref in seen
            seen.add(ref)
            cause = self.causes[ref]
            yield depth, cause, known
            if not known:
                for origin in cause.because:
                    if origin in self.causes:
                        yield from walk(origin, depth + 1)

        return walk(self.root, 0)


def trace(unit: Unit, root: Ref, *, deepest: int = DEEPEST) -> Lineage:
    """
    Ask core and every plugin, level by level.

    Raises:
        RecordNotFoundError: If nobody knows *root*.
    """
    causes: dict[Ref, Cause] = {}
    level: list[Ref] = [root]
    for _ in range(deepest):
        causes |= _explained(unit, level)
        if root not in causes or causes[root].text == UNKNOWN:
            raise RecordNotFoundError(root.noun, root.id)
        behind = dict.fromkeys(origin for ref in level for origin in causes[ref].because)
        level = [ref for ref in behind if ref not in causes]
        if not level:
            return Lineage(root=root, causes=causes)
    return Lineage(root=root, causes=causes, is_cut=True)


def _explained(unit: Unit, refs: Sequence[Ref]) -> dict[Ref, Cause]:
    """One cause per reference: what core and the plugins say of it, joined."""
    told: dict[Ref, list[Cause]] = {ref: [] for ref in refs}
    for cause in (*_of_core(unit, refs), *ask.explain(unit, refs)):
        if cause.ref in told:
            told[cause.ref].append(cause)
    return {ref: _joined(ref, causes) for ref, causes in told.items()}


def _joined(ref: Ref, causes: Sequence[Cause]) -> Cause:
    if not causes:
        return Cause(ref=ref, at=None, text=UNKNOWN)
    return Cause(
        ref=ref,
        at=next((cause.at for cause in causes if cause.at), None),
        text="; ".join(dict.fromkeys(cause.text for cause in causes if cause.text)),
        because=tuple(dict.fromkeys(origin for cause in causes for origin in cause.because)),
    )


def _of_core(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    interactions = [ref.id for ref in refs if ref.noun == "interaction"]
    offers = [ref.id for ref in refs if ref.noun == "offer"]
    if interactions:
        behind = _offers_behind(unit, interactions)
        for each in unit.interactions.get_many(interactions):
            yield _of_interaction(each, behind.get(each.id, ()))
    for offer in unit.offers.get_many(offers):
        yield _of_offer(offer)


def _offers_behind(unit: Unit, interactions: Sequence[int]) -> dict[int, list[int]]:
    """The offers that an interaction carried or answered, by interaction."""
    import sqlalchemy as sa

    from crmkit.sql import offer

    found: dict[int, list[int]] = {}
    for column in (offer.c.carried_by, offer.c.answered_by):
        rows = unit.connection.execute(
            sa.select(column, offer.c.id).where(column.in_(interactions)).order_by(offer.c.id)
        )
        for interaction_id, offer_id in rows:
            found.setdefault(interaction_id, []).append(offer_id)
    return found


def _of_interaction(record: Interaction, offers: Sequence[int]) -> Cause:
    origins = dict.fromkeys([*([record.offer_id] if record.offer_id else []), *offers])
    parts = [
        record.kind,
        str(record.amount or ""),
        f"of customer {record.customer_id}",
        f"via {record.channel}" if record.channel else "",
        f"from {record.source}" if record.source else "",
    ]
    return Cause(
        ref=Ref("interaction", record.id),
        at=record.at,
        text=" ".join(part for part in parts if part),
        because=tuple(Ref("offer", each) for each in origins),
    )


def _of_offer(record: Offer) -> Cause:
    why = f": {record.why}" if record.why else ""
    by = f" by {record.plugin}" if record.plugin else ""
    text = f"{record.what!r} to customer {record.customer_id}{by}, {record.status}{why}"
    return Cause(ref=Ref("offer", record.id), at=record.valid_from, text=text)
