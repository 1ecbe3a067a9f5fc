"""Language tags (BCP 47), and which to look for when one is not there."""

from __future__ import annotations

import re

from crmkit import InvalidValueError

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def refuse_tag(field: str, value: str, *, empty: bool = True) -> None:
    """
    Raises:
        InvalidValueError: If *value* is no language tag.
    """
    if not (empty and value == "") and not _TAG.fullmatch(value):
        raise InvalidValueError(field, value, "a BCP 47 tag such as de or de-AT")


def languages(locale: str) -> tuple[str, ...]:
    """Those to look for, the best first: ``de-AT``, ``de``, and the one without a language."""
    words = locale.replace("_", "-").split("-") if locale else []
    return (*("-".join(words[:end]) for end in range(len(words), 0, -1)), "")


def language_of(locale: str) -> str:
    """``de`` of ``de-AT``; empty when unknown."""
    return locale.replace("_", "-").partition("-")[0].lower()
