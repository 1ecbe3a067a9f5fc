"""Dying on purpose at a named point, to test what a crash leaves behind."""

from __future__ import annotations

import os
from typing import Final, Literal

Point = Literal["after_claim", "before_send", "after_send", "before_mark", "after_mark"]
VARIABLE: Final = "CRMKIT_CRASH_AT"
"""Environment variable that names the point. Unset outside of tests."""


def crash_at(point: Point) -> None:
    if os.environ.get(VARIABLE) == point:
        os._exit(137)
