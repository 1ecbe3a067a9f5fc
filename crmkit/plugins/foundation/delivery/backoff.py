"""How long to wait before the next attempt."""

from __future__ import annotations

import random

from .config import Settings


def wait_seconds(key: str, attempt: int, settings: Settings) -> float:
    """
    Seconds after the failure of attempt number *attempt* (from 1): doubling, limited, and spread
    by up to a quarter either way so that a batch does not come back as one.

    The spread depends on *key* and *attempt* alone.
    """
    doubled = settings.first_retry_seconds * 2.0 ** min(attempt - 1, 60)
    spread = random.Random(f"{key}:{attempt}").uniform(0.75, 1.25)  # noqa: S311 - no secret
    return min(doubled, settings.longest_retry_seconds) * spread
