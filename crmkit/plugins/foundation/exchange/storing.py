"""Drafts into the stores, each with what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from crmkit import (
    ChangeRejectedError,
    CrmkitError,
    Customer,
    Identity,
    Interaction,
    InvalidValueError,
    Unit,
)

from .chunks import Chunk
from .customers import CustomerDraft, reader_of
from .interactions import InteractionDraft
from .layout import Layout, why
from .mapping import PLACEHOLDER
from .model import Bucket, Row, Why
from .queries import versions_of
from .tally import Reject, Tally

D = TypeVar("D")
_UNKNOWN = "customer: nobody has this identity; import the customers first, or state [customer]"
_OTHER_CONTENT = "it is stored with other content, and an interaction is never changed"


class Outcome(NamedTuple):
    """What became of the rows of one draft."""

    rows: Sequence[Row]
    bucket: Bucket
    why: Why | None = None


def settle(chunk: Chunk[Any], outcomes: Iterable[Outcome]) -> tuple[Tally, list[Reject]]:
    """All rows of the chunk, those decided before and those decided now; rejects as in the file."""
    tally = Tally().plus(chunk.tally)
    rejects = list(chunk.rejects)
    for rows, bucket, reason in outcomes:
        if reason is None:
            tally.add(bucket, len(rows))
            continue
        for row in rows:
            tally.explain(bucket, reason, row.line)
            rejects.append(Reject(row, reason))
    return tally, sorted(rejects, key=lambda each: each.row.line)


def store_customers(unit: Unit, drafts: Sequence[CustomerDraft]) -> tuple[list[Outcome], Tally]:
    """By identity; two rows of one customer are stored one after the other."""
    outcomes: list[Outcome] = []
    batch: list[CustomerDraft] = []
    taken: set[Identity] = set()
    for draft in drafts:
        if not taken.isdisjoint(draft.customer.identities):
            outcomes += _each(unit, batch, _upsert)
            batch, taken = [], set()
        batch.append(draft)
        taken.update(draft.customer.identities)
    outcomes += _each(unit, batch, _upsert)
    made = Tally()
    made.counts["customers"] = sum(each.bucket == "created" for each in outcomes)
    return outcomes, made


def _upsert(unit: Unit, drafts: Sequence[CustomerDraft]) -> list[Outcome]:
    before = versions_of(unit, [each for d in drafts for each in d.customer.identities])
    stored = unit.customers.upsert_many(draft.customer for draft in drafts)
    outcomes = []
    for draft, customer in zip(drafts, stored, strict=True):
        version = before.get(customer.id)
        bucket: Bucket = "created" if version is None else "updated"
        bucket = "unchanged" if version == customer.version else bucket
        outcomes.append(Outcome([draft.row], bucket))
    return outcomes


class InteractionStore:
    """Stores interactions, and the customers they name when the mapping says how to."""

    def __init__(self, layout: Layout, unit: Unit) -> None:
        self._layout = layout
        self._unit = unit
        self._new = layout.mapping.customer
        self._attributes = {
            name: (layout.column[column], reader_of(name, unit.attributes)[1])
            for name, column in (self._new.attributes if self._new else {}).items()
        }
        self._made = Tally()

    def store(self, drafts: Sequence[InteractionDraft]) -> tuple[list[Outcome], Tally]:
        source = self._layout.mapping.source
        ids = self._unit.interactions.ids_of(source, {d.values["source_key"] for d in drafts})
        fresh: dict[str, InteractionDraft] = {}
        again: list[tuple[InteractionDraft, object]] = []
        for draft in drafts:
            key = draft.values["source_key"]
            if key not in ids:
                first = fresh.setdefault(key, draft)
                if first is not draft:
                    again.append((draft, _facts(first.values, first.external_id)))
        outcomes = self._compare([d for d in drafts if d.values["source_key"] in ids], ids)
        for draft, facts in again:
            is_same = facts == _facts(draft.values, draft.external_id)
            outcomes.append(_known(draft, is_same=is_same))
        outcomes += _each(self._unit, list(fresh.values()), self._add)
        return outcomes, self._made

    def _compare(self, drafts: Sequence[InteractionDraft], ids: Mapping[str, int]) -> list[Outcome]:
        """What is stored already: the same, or something else under the same key."""
        if not drafts:
            return []
        stored = {
            each.source_key: each
            for each in self._unit.interactions.get_many(
                ids[draft.values["source_key"]] for draft in drafts
            )
        }
        owners = self._ids_of(drafts)
        outcomes = []
        for draft in drafts:
            there = stored[draft.values["source_key"]]
            owner = owners.get(draft.external_id, there.customer_id)
            found = {"kind": there.kind, "at": there.at, "amount": there.amount}
            facts = _facts({**found, "lines": there.lines}, there.customer_id)
            outcomes.append(_known(draft, is_same=facts == _facts(draft.values, owner)))
        return outcomes

    def _add(self, unit: Unit, drafts: Sequence[InteractionDraft]) -> list[Outcome]:
        owners = self._ids_of(drafts)
        unknown = [draft for draft in drafts if draft.external_id not in owners]
        if unknown and self._new is None:
            rows = [Outcome(d.rows, "rejected", Why(_UNKNOWN, d.external_id)) for d in unknown]
            known = [draft for draft in drafts if draft.external_id in owners]
            return rows + (self._add(unit, known) if known else [])
        by_id = {draft.external_id: draft for draft in reversed(unknown)}
        people = [self._customer(draft) for draft in reversed(by_id.values())]
        for customer in unit.customers.add_many(people):
            owners[customer.identities[0].external_id] = customer.id
        added = unit.interactions.add_many(
            Interaction(customer_id=owners[draft.external_id], **draft.values) for draft in drafts
        )
        self._made.counts["customers"] += len(people)
        self._made.counts["interactions"] += added.new
        return [Outcome(draft.rows, "created") for draft in drafts]

    def _ids_of(self, drafts: Sequence[InteractionDraft]) -> dict[str, int]:
        namespace = self._layout.mapping.namespace
        return self._unit.customers.ids_of(namespace, {draft.external_id for draft in drafts})

    def _customer(self, draft: InteractionDraft) -> Customer:
        assert self._new is not None
        column, cells = self._layout.column, draft.cells
        name = PLACEHOLDER.sub(lambda found: cells[column[found[1]]], self._new.name)
        return Customer(
            name=name.strip(),
            kind=self._new.kind,  # type: ignore[arg-type]
            identities=(Identity(self._layout.mapping.namespace, draft.external_id),),
            attributes={
                attribute: read(cells[place])
                for attribute, (place, read) in self._attributes.items()
                if cells[place]
            },
        )


def _known(draft: InteractionDraft, *, is_same: bool) -> Outcome:
    if is_same:
        return Outcome(draft.rows, "unchanged")
    return Outcome(draft.rows, "rejected", Why(_OTHER_CONTENT, draft.values["source_key"]))


def _facts(values: Mapping[str, Any], owner: object) -> object:
    """What makes two interactions the same, whatever the order of their lines."""
    lines = sorted(
        (line.sku, line.quantity, line.amount.amount_minor, line.amount.currency)
        for line in values["lines"]
    )
    return owner, values["kind"], values["at"], values["amount"], lines


def _each(
    unit: Unit,
    drafts: Sequence[D],
    store: Callable[[Unit, Sequence[D]], list[Outcome]],
) -> list[Outcome]:
    """Store together; what is refused is found by halving, and all but it is stored."""
    if not drafts:
        return []
    before = len(unit.changes)
    try:
        with unit.connection.begin_nested():
            return store(unit, drafts)
    except (InvalidValueError, ChangeRejectedError) as exc:
        del unit.changes[before:]
        if len(drafts) == 1:
            return [Outcome(_rows(drafts[0]), "rejected", _refused(exc))]
    half = len(drafts) // 2
    return _each(unit, drafts[:half], store) + _each(unit, drafts[half:], store)


def _rows(draft: object) -> Sequence[Row]:
    return [draft.row] if isinstance(draft, CustomerDraft) else draft.rows  # type: ignore[attr-defined]


def _refused(exc: CrmkitError) -> Why:
    return why(exc) if isinstance(exc, InvalidValueError) else Why(str(exc))
