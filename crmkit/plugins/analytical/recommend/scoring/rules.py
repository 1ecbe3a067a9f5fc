"""Association rules, exact: counts are integers, thresholds fractions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

import attrs

LONGEST: Final = 4


@attrs.frozen(kw_only=True)
class Rule:
    """
    Who has all of *given* often has *then* too; of *baskets* baskets.

    Attributes:
        both, given_count, then_count: Baskets that hold all, the left, the right side.
    """

    given: tuple[str, ...]
    then: str
    both: int
    given_count: int
    then_count: int
    baskets: int

    @property
    def support(self) -> Fraction:
        return Fraction(self.both, self.baskets)

    @property
    def confidence(self) -> Fraction:
        return Fraction(self.both, self.given_count)

    @property
    def lift(self) -> Fraction:
        """How much oftener than by chance."""
        return self.confidence / Fraction(self.then_count, self.baskets)

    @property
    def leverage(self) -> Fraction:
        """Support less what it would be by chance."""
        chance = Fraction(self.given_count, self.baskets) * Fraction(self.then_count, self.baskets)
        return self.support - chance

    @property
    def conviction(self) -> Fraction | None:
        """How much oftener the rule would fail by chance; None where it never fails."""
        fails = 1 - self.confidence
        return (1 - Fraction(self.then_count, self.baskets)) / fails if fails else None


def exact(threshold: float | str | Fraction) -> Fraction:
    """The threshold as it is written: .8 is four fifths, not the double next to it."""
    return threshold if isinstance(threshold, Fraction) else Fraction(str(threshold))


def association_rules(
    baskets: Iterable[Iterable[str]],
    *,
    min_support: float | str | Fraction,
    min_confidence: float | str | Fraction,
    longest: int = LONGEST,
) -> list[Rule]:
    """
    Every rule with one item on the right, of at most *longest* items, that reaches both thresholds;
    the most confident first, then the most frequent, then by name.

    A rule that lies exactly on a threshold is in.

    Source: Zaki 2000, "Scalable Algorithms for Association Mining" (Eclat), with the transactions
    of an item as the bits of one integer.
    """
    bits, total = _bits(baskets)
    share = exact(min_support)
    least = max(1, -(-share.numerator * total // share.denominator))
    frequent = dict(_frequent(bits, least, longest))
    limit = exact(min_confidence)
    found = [
        Rule(
            given=given,
            then=then,
            both=both,
            given_count=frequent[given],
            then_count=frequent[(then,)],
            baskets=total,
        )
        for items, both in frequent.items()
        if len(items) > 1
        for then in items
        for given in [tuple(each for each in items if each != then)]
        if both * limit.denominator >= limit.numerator * frequent[given]
    ]
    return sorted(found, key=lambda each: (-each.confidence, -each.both, each.given, each.then))


def _bits(baskets: Iterable[Iterable[str]]) -> tuple[dict[str, int], int]:
    """For each item the baskets that hold it, as bits; and how many baskets there are."""
    holders: dict[str, bytearray] = {}
    held = [set(each) for each in baskets]
    size = (len(held) + 7) // 8
    for number, basket in enumerate(held):
        byte, bit = divmod(number, 8)
        for item in basket:
            if item not in holders:
                holders[item] = bytearray(size)
            holders[item][byte] |= 1 << bit
    return {item: int.from_bytes(each, "little") for item, each in holders.items()}, len(held)


def _frequent(
    bits: Mapping[str, int], least: int, longest: int
) -> Iterator[tuple[tuple[str, ...], int]]:
    """
    Every set of items in at least *least* baskets, sorted, with how many hold it.

    A set of three or more is only looked at if its last two items are frequent together.
    """
    found: list[tuple[tuple[str, ...], int]] = [
        ((item,), held) for item, held in sorted(bits.items()) if held.bit_count() >= least
    ]
    pairs: set[tuple[str, str]] = set()
    for size in range(1, longest + 1):
        yield from ((items, held.bit_count()) for items, held in found)
        if size == longest:
            return
        wider: list[tuple[tuple[str, ...], int]] = []
        for group in _by_prefix(found):
            for at, (items, held) in enumerate(group):
                last = items[-1]
                wider += [
                    ((*items, other[-1]), both)
                    for other, theirs in group[at + 1 :]
                    if size == 1 or (last, other[-1]) in pairs
                    for both in [held & theirs]
                    if both.bit_count() >= least
                ]
        found = wider
        if size == 1:
            pairs = {(items[0], items[1]) for items, _ in found}


def _by_prefix(
    level: Sequence[tuple[tuple[str, ...], int]],
) -> Iterator[list[tuple[tuple[str, ...], int]]]:
    groups: dict[tuple[str, ...], list[tuple[tuple[str, ...], int]]] = {}
    for items, held in level:
        groups.setdefault(items[:-1], []).append((items, held))
    yield from groups.values()
