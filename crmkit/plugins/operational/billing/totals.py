"""What lines add up to: tax by group, parts of a whole. No unit, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import attrs

from crmkit import InvalidValueError, Money

from .model import DocumentLine, Draft, Item

WHOLE = Decimal(1)


def half_up(exact: Decimal) -> int:
    """To whole minor units, halves away from zero, as invoices round."""
    return int(exact.quantize(WHOLE, ROUND_HALF_UP))


def price_of(item: Item, price_minor: int, per: int) -> int:
    """A line before discounts, in minor units (EN 16931 BT-131: quantity by price, rounded)."""
    return half_up(item.quantity * price_minor / per)


def discounted(draft: Draft, amounts: Sequence[int], currency: str) -> list[int]:
    """
    What is taken off each line: its own discount, and its share of the document's.

    The document's is shared out by what the lines come to, to the unit.

    Raises:
        InvalidValueError: If more is taken off than there is.
    """
    own = [each.discount.amount_minor if each.discount else 0 for each in draft.items]
    for amount, off in zip(amounts, own, strict=True):
        if off > amount:
            accepted = f"at most what the line comes to, {Money(amount, currency)}"
            raise InvalidValueError("discount", str(Money(off, currency)), accepted)
    left = [amount - off for amount, off in zip(amounts, own, strict=True)]
    whole = draft.discount or Money(0, currency)
    if not 0 <= whole.amount_minor <= sum(left):
        accepted = f"0 to what the lines come to, {Money(sum(left), currency)}"
        raise InvalidValueError("discount", str(whole), accepted)
    if not whole.amount_minor:
        return own
    shares = whole.allocate(left)
    return [off + share.amount_minor for off, share in zip(own, shares, strict=True)]


def taxed(lines: Sequence[DocumentLine], currency: str, *, included: bool) -> list[DocumentLine]:
    """
    The lines with their tax. Tax is rounded once for each category and rate (EN 16931 BR-CO-17)
    and then shared out over its lines to the unit.

    Args:
        included: Whether ``net_minor`` of the lines still holds the tax.
    """
    groups: dict[tuple[str, int, str], list[int]] = {}
    for place, line in enumerate(lines):
        groups.setdefault(line.group, []).append(place)
    found = list(lines)
    for (_, rate_bp, _), places in groups.items():
        amounts = [lines[each].net_minor for each in places]
        base = 10_000 + rate_bp if included else 10_000
        tax = Money(half_up(Decimal(sum(amounts)) * rate_bp / base), currency)
        parts = tax.allocate(amounts if any(amounts) else [1] * len(amounts))
        for place, amount, part in zip(places, amounts, parts, strict=True):
            net = amount - part.amount_minor if included else amount
            found[place] = attrs.evolve(lines[place], net_minor=net, tax_minor=part.amount_minor)
    return found


def discount_before_tax(line: DocumentLine) -> DocumentLine:
    """The line with a discount that was given on a price with tax."""
    exact = Decimal(line.discount_minor) * 10_000 / (10_000 + line.rate_bp)
    return attrs.evolve(line, discount_minor=half_up(exact))


def part(whole: int, of_micro: int, before_micro: int, after_micro: int) -> int:
    """
    The part of *whole* that goes with the quantity from *before* to *after* of *of*.

    Parts that follow each other add up to the whole, whatever their sizes and order.
    """

    def until(micro: int) -> int:
        return half_up(Decimal(whole) * micro / of_micro)

    return until(after_micro) - until(before_micro)


def part_of(line: DocumentLine, more_micro: int, position: int) -> DocumentLine:
    """The next *more* millionths of a line that are not done yet, as a line of its own."""
    of, before = _micro(line), line.done_micro
    sums: dict[str, Any] = {
        name: part(getattr(line, name), of, before, before + more_micro)
        for name in ("discount_minor", "net_minor", "tax_minor", "cost_minor")
    }
    return attrs.evolve(
        line,
        position=position,
        source_position=line.position,
        quantity=Decimal(more_micro) / 1_000_000,
        done_micro=0,
        **sums,
    )


def _micro(line: DocumentLine) -> int:
    return int(line.quantity * 1_000_000)
