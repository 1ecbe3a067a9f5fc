"""Settings: ``[propensity]`` in ``crmkit.toml``: the chance of what is foretold, and from what."""

from __future__ import annotations

from typing import ClassVar

import attrs

from crmkit.plugins.foundation.scoring import Lesson


@attrs.frozen(kw_only=True)
class Settings(Lesson):
    """See :class:`crmkit.plugins.foundation.scoring.Lesson`."""

    facts: ClassVar[tuple[str, ...]] = ("orders", "revenue_minor", "recency_days", "known_days")

    event: str = "purchase.order"
