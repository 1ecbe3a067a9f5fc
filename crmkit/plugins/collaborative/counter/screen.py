"""A prompt as one screen: at most 24 lines of 80 columns, what matters first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from .model import Prompt, Remembered

LINES = 24
COLUMNS = 80
LABEL = 10


def lines(prompt: Prompt) -> list[str]:
    """Who they are, what comes first, what to remember, what to offer, what to ask."""
    rows = textwrap.wrap(_who(prompt), COLUMNS, max_lines=2, placeholder=" ...")
    rows += [line for label, texts in _sections(prompt) for line in _section(label, texts)]
    end = _ends(prompt)
    room = LINES - 1 - len(end)
    return [*rows[:room], "", *end] if end else rows[: room + 1]


def _who(prompt: Prompt) -> str:
    if prompt.since is None or prompt.last_at is None:
        return f"{prompt.name} (no. {prompt.customer_id}), has not bought yet"
    bought = "1 purchase" if prompt.visits == 1 else f"{prompt.visits:,} purchases"
    dates = f"{bought} since {prompt.since:%b %Y}, last {prompt.last_at:%Y-%m-%d}"
    return f"{prompt.name} (no. {prompt.customer_id}), {dates}"


def _sections(prompt: Prompt) -> Iterator[tuple[str, Sequence[str]]]:
    yield "FIRST", prompt.first
    yield "heard", [_told(each) for each in prompt.heard[:4]]
    yield "knows", [f"{each.topic.replace('_', ' ')}: {each.text}" for each in prompt.known[:4]]
    often = [f"{each.name} ({each.times}x)" for each in prompt.favourites]
    yield "buys", [", ".join(often)] if often else []
    if prompt.last and prompt.last not in prompt.favourites:
        yield "last", [prompt.last.name]
    yield "standing", [", ".join(prompt.standing)] if prompt.standing else []
    yield "spare", ["; ".join(prompt.spare)] if prompt.spare else []
    yield "also", prompt.also[:3]


def _told(each: Remembered) -> str:
    topic = f"{each.topic} " if each.topic else ""
    return f"{each.at:%d %b}: {topic}{each.text}"


def _ends(prompt: Prompt) -> list[str]:
    found: list[str] = []
    if prompt.silence:
        found += _section("DO NOT", [f"sell: {prompt.silence[0]}"])
    elif prompt.suggestion:
        number = f" [offer {prompt.suggestion.offer_id}]" if prompt.suggestion.offer_id else ""
        why = f" - {prompt.suggestion.why}" if prompt.suggestion.why else ""
        found += _section("OFFER", [f"{prompt.suggestion.what}{number}{why}"])
    if prompt.question:
        found += _section("ASK", [f"{prompt.question.text} [{prompt.question.name}]"])
    return found


def _section(label: str, texts: Sequence[str]) -> list[str]:
    """Every text on two lines at most."""
    found: list[str] = []
    for text in texts:
        wrapped = textwrap.wrap(
            " ".join(text.split()), COLUMNS - LABEL, max_lines=2, placeholder=" ..."
        )
        found += [_row("" if found or i else label, each) for i, each in enumerate(wrapped)]
    return found


def _row(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}"
