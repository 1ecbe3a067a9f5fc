"""Settings: ``[preferences]`` in ``crmkit.toml``."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit import InvalidValueError

_positive: Any = attrs.validators.gt(0)
WORDS = ("name", "purposes", "link", "days")


def _public(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if value and not value.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        raise InvalidValueError(field.name, value, "an https:// address")


def _formats(_: object, field: attrs.Attribute[Any], value: str) -> None:
    try:
        value.format(**dict.fromkeys(WORDS, ""))
    except (LookupError, ValueError) as exc:
        accepted = "a text with no other fields than " + ", ".join(f"{{{each}}}" for each in WORDS)
        raise InvalidValueError(field.name, value, accepted) from exc


def _says_link(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if "{link}" not in value:
        raise InvalidValueError(field.name, value, "a text with {link}")


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        url: Where :func:`preferences_app` is mounted, as people reach it.
        secret: What links are signed with, best as ``{ env = "NAME" }``; a new one ends all links.
        purpose: Of the message that asks for a confirmation; the policy must name it, of kind
            service, resting on ``contract``.
        valid_days: How long a confirmation is waited for.
        most_asked: Messages to one address within *valid_days*, whoever enters it.
        again_after_minutes: Who asks once more sooner gets no second message.
        subject, text: Of that message, with ``{name}``, ``{purposes}``, ``{link}``, ``{days}``.
    """

    url: str = attrs.field(default="", validator=_public)
    secret: str = attrs.field(default="", repr=False)
    purpose: str = "confirmation"
    valid_days: int = attrs.field(default=3, validator=_positive)
    most_asked: int = attrs.field(default=3, validator=_positive)
    again_after_minutes: int = attrs.field(default=60, validator=attrs.validators.ge(0))
    subject: str = attrs.field(default="Please confirm", validator=_formats)
    text: str = attrs.field(
        default=(
            "Somebody, hopefully you, asked us to write to this address about: {purposes}.\n\n"
            "To confirm, open {link}\n\n"
            "If it was not you, do nothing: without your answer nothing is sent."
        ),
        validator=[_formats, _says_link],
    )
