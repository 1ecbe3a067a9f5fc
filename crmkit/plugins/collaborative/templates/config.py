"""The settings under ``[templates]``."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import attrs

from crmkit import InvalidValueError

from .languages import refuse_tag

_positive: Any = attrs.validators.gt(0)


def _zone(_: object, field: attrs.Attribute[str], value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError):
        raise InvalidValueError(field.name, value, "an IANA name such as Europe/Warsaw") from None


def _language(_: object, field: attrs.Attribute[str], value: str) -> None:
    refuse_tag(field.name, value, empty=False)


@attrs.frozen(kw_only=True)
class Settings:
    """
    What templates may take, and what holds where a customer does not say.

    Attributes:
        language: What variants without a language are written in, such as ``en-GB``.
        time_zone: Of customers whose own is not known.
        cpu_seconds: Of one message; who takes longer is stopped.
        longest: Letters of each part of a message.
        memory_mb: Of the process that renders.
    """

    language: str = attrs.field(default="en", validator=_language)
    time_zone: str = attrs.field(default="UTC", validator=_zone)
    cpu_seconds: float = attrs.field(default=1.0, validator=_positive)
    longest: int = attrs.field(default=1_000_000, validator=_positive)
    memory_mb: int = attrs.field(default=256, validator=attrs.validators.ge(128))
