"""What somebody said, without what they quote."""

from __future__ import annotations

import re
from typing import Final

_WROTE: Final = re.compile(
    r"^(on|am|le|el|il|em|op|den|dne|dnia|w dniu|em)\b.{4,200}\b(wrote|schrieb|écrit|escribió|"
    r"scritto|escreveu|schreef|skrev|napsal|napisał(\(a\))?|napisała).{0,40}:\s*$",
    re.IGNORECASE,
)
_RULE: Final = re.compile(
    r"^\s*(-{2,}\s*(original message|forwarded message|ursprüngliche nachricht|message d'origine|"
    r"mensaje original|messaggio originale|oorspronkelijk bericht|wiadomość oryginalna)\s*-{2,}"
    r"|_{20,}|-- )\s*$",
    re.IGNORECASE,
)


def said_of(text: str) -> str:
    """The lines before the first quotation, rule or signature; all of them if that is nothing."""
    kept: list[str] = []
    for line in text.splitlines():
        if line.startswith(">") or _WROTE.match(line.strip()) or _RULE.match(line):
            break
        kept.append(line)
    return "\n".join(kept).strip() or text.strip()
