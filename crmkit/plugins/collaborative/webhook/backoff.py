"""When to try again, and when to leave an endpoint alone."""

from __future__ import annotations

import random
from typing import Final

from .config import Settings

LONGEST_REST: Final = 300.0


def wait_seconds(key: str, attempt: int, settings: Settings) -> float | None:
    """
    Seconds after the failure of attempt number *attempt* (from 1); None after the last one.

    The spread depends on *key* and *attempt* alone.
    """
    if attempt > len(settings.retry_seconds):
        return None
    spread = random.Random(f"{key}:{attempt}").uniform(0.75, 1.25)  # noqa: S311 - no secret
    return settings.retry_seconds[attempt - 1] * spread


def rest_seconds(misses: int) -> float:
    """How long an endpoint is left alone that did not answer *misses* times in a row."""
    return min(5.0 * 2.0 ** min(misses - 1, 30), LONGEST_REST)
