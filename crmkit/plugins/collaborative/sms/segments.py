"""
Into how many parts a phone network cuts a text, exactly.

The alphabet is that of 3GPP TS 23.038: 7 bits a character, two places for those of the extension
table. One character outside of it makes the whole text UCS-2: 16 bits, two places beyond the Basic
Multilingual Plane. No part ends between the two places of one character.
"""

from __future__ import annotations

from typing import Final, Literal

import attrs

Encoding = Literal["gsm-7", "ucs-2"]
BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = frozenset("\f^{}\\[~]|€")
ROOM: Final[dict[Encoding, tuple[int, int]]] = {"gsm-7": (160, 153), "ucs-2": (70, 67)}
"""Places in a text of one part, and in each part of a longer one."""


@attrs.frozen(kw_only=True)
class Segments:
    """
    Attributes:
        places: Septets, or 16-bit units.
        parts: The text, cut as the network cuts it.
        outside: The characters that made it UCS-2.
    """

    encoding: Encoding
    places: int
    parts: tuple[str, ...]
    outside: str = ""


def split(text: str) -> Segments:
    outside = "".join(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENSION))
    encoding: Encoding = "ucs-2" if outside else "gsm-7"
    sizes = [_places(c, encoding) for c in text]
    one, each = ROOM[encoding]
    parts = (text,) if sum(sizes) <= one else tuple(_cut(text, sizes, each))
    return Segments(encoding=encoding, places=sum(sizes), parts=parts, outside=outside)


def _places(character: str, encoding: Encoding) -> int:
    if encoding == "gsm-7":
        return 2 if character in EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _cut(text: str, sizes: list[int], room: int) -> list[str]:
    parts, start, used = [], 0, 0
    for position, size in enumerate(sizes):
        if used + size > room:
            parts.append(text[start:position])
            start, used = position, 0
        used += size
    return [*parts, text[start:]]
