"""The prompt on one screen of 80 columns: what comes first is what must not be missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from textwrap import wrap

from .model import Prompt

WIDTH = 80
LABEL = 9
ROWS = 24


def screen(told: Prompt, now: datetime) -> list[str]:
    """At most 24 lines."""
    lines = [f"{told.name} ({told.customer_id})", *_row("", _history(told, now))]
    for each in told.silence:
        lines += _row("!", f"{each} - sell nothing today")
    if told.favourites:
        likes = (f"{each.name or each.sku} ({each.orders}x)" for each in told.favourites)
        lines += _row("likes", ", ".join(likes))
    for heard in told.heard:
        lines += _row("heard", f"{_ago(heard.at, now)}: {heard.text}")
    for offer in told.offers:
        why = f" - {offer.why}" if offer.why else ""
        lines += _row("offer", f"{offer.id}: {offer.what}{why}")
    if told.question:
        lines += _row("ask", f"{told.question.text}  [{told.question.name}]")
    for remark in told.remarks:
        lines += _row("know", remark)
    return lines if len(lines) <= ROWS else [*lines[: ROWS - 1], f"{'':<{LABEL}}..."]


def _row(label: str, text: str) -> Iterator[str]:
    for n, piece in enumerate(wrap(text, WIDTH - LABEL) or [""]):
        yield f"{label if not n else '':<{LABEL}}{piece}"


def _history(told: Prompt, now: datetime) -> str:
    if told.known_since is None:
        return "new to us"
    since = f"known since {told.known_since:%B %Y}"
    if told.last_order_at is None:
        return f"{since}, has bought nothing yet"
    orders = "1 order" if told.orders == 1 else f"{told.orders} orders"
    return f"{since}, {orders}, the last {_ago(told.last_order_at, now)}"


def _ago(at: datetime, now: datetime) -> str:
    days = (now - at).days
    if days < 1:
        return "today"
    if days < 60:
        return "yesterday" if days == 1 else f"{days} days ago"
    return f"{days // 30} months ago" if days < 730 else f"{days // 365} years ago"
