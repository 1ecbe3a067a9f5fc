"""Settings: ``[apprise]`` in ``crmkit.toml``."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any, Final

import attrs

from crmkit import InvalidValueError

PLACES: Final = ("address", "key")
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,40}")


def _services(_: object, field: attrs.Attribute[Any], value: dict[str, str]) -> None:
    for name, url in value.items():
        if not _NAME.fullmatch(name):
            raise InvalidValueError(f"{field.name}: name", name, "lower-case letters, digits, - _")
        try:
            places = {place for _, place, _, _ in Formatter().parse(url) if place is not None}
        except ValueError:
            places = {"{"}
        if places - set(PLACES) or "://" not in url:
            accepted = "a URL of Apprise with no other places than {address} and {key}"
            raise InvalidValueError(f"{field.name}: {name}", "...", accepted)


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        services: URLs of Apprise by a name of yours, best as ``{ env = "NAME" }``, for they hold
            secrets. ``{address}`` is where the customer is, ``{key}`` the message's own key.
    """

    services: dict[str, str] = attrs.field(factory=dict, repr=False, validator=_services)
