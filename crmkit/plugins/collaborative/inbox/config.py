"""Settings: ``[inbox]`` in ``crmkit.toml``."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        kinds: Kinds of interactions that are messages when they are inbound, besides all whose name
            ends in ``.received``.
    """

    kinds: tuple[str, ...] = ("contact.message",)

    def is_message(self, kind: str) -> bool:
        return kind in self.kinds or kind.endswith(".received")
