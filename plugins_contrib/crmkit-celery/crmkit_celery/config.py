"""The settings under ``[celery]``."""

from __future__ import annotations

from typing import Any

import attrs

_positive: Any = attrs.validators.gt(0)


@attrs.frozen(kw_only=True)
class Settings:
    """
    How workers are woken.

    Attributes:
        broker: URL of Redis or RabbitMQ. Without one nobody is woken.
        queue: The name of the queue on the broker.
        beat_seconds: How often the beat wakes a worker, whatever the broker forgot.
        connect_seconds: How long a commit waits for a broker that does not answer.
    """

    broker: str = attrs.field(default="", repr=False)
    queue: str = "crmkit"
    beat_seconds: float = attrs.field(default=30.0, validator=_positive)
    connect_seconds: float = attrs.field(default=1.0, validator=_positive)
