"""A readable name from the most distinctive products. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

NAMED_AFTER: Final = 3
"""Products."""
WORDS: Final = 4
EACH: Final = 2
"""New words from each product."""
_SAYS_NOTHING: Final = frozenset({"and", "for", "from", "pack", "set", "the", "with"})


def title(products: Sequence[str]) -> str:
    return " · ".join(products[:NAMED_AFTER])


def name(products: Sequence[str], taken: Collection[str]) -> str:
    """
    Up to four words of the first three products, joined by ``_``, such as ``herb_marker_parsley``.

    Args:
        products: Names, most distinctive first.
        taken: Names that others have; a number sets the new one apart.
    """
    words: list[str] = []
    for product in products[:NAMED_AFTER]:
        fresh = [each for each in _words(product) if each not in words]
        words += list(dict.fromkeys(fresh))[:EACH]
    chosen = "_".join(words[:WORDS]) or "community"
    number, unique = 1, chosen
    while unique in taken:
        number += 1
        unique = f"{chosen}_{number}"
    return unique


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return [each for each in re.findall(r"[a-z]{3,}", plain) if each not in _SAYS_NOTHING]
