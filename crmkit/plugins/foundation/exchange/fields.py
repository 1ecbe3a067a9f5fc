"""The fields a column may be mapped to, and those it must not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from .errors import MappingError

CONTACTS: Final = ("email", "phone", "postal", "web", "social")
LINE_FIELDS: Final = ("line.sku", "line.name", "line.quantity", "line.price", "line.amount")
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "customers": (
        "external_id",
        "name",
        *CONTACTS,
        "kind",
        "standing",
        "locale",
        "time_zone",
        "identity.NAMESPACE",
        "attributes.NAME",
    ),
    "interactions": (
        "customer",
        "source_key",
        "at",
        "kind",
        "channel",
        "direction",
        "amount",
        "currency",
        "text",
        "thread",
        *LINE_FIELDS,
        "payload.NAME",
    ),
}
_FAMILIES: Final = {
    "customers": ("identity", "attributes", *CONTACTS),
    "interactions": ("payload",),
}
_OURS: Final = {
    "id": "crmkit gives ids itself; an id of another system is external_id (customers), customer "
    "or source_key (interactions)",
    "version": "crmkit counts versions itself",
    "status": "archiving, merging and erasing are acts of their own",
}
_NOT_FROM_FILES: Final = re.compile(
    r"(tenant|owner|is_admin|admin|role|created|changed|updated|merged|password)(_|$)"
)
_CONSENT: Final = re.compile(r"consent|opt_?(in|out)|opted|subscri|accepts_.*marketing|newsletter")


def nearest(word: str, known: list[str]) -> str:
    """``", did you mean 'x'?"`` when a known word is close, else an empty string."""
    folded = {each.casefold(): each for each in known}
    close = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return f", did you mean {folded[close[0]]!r}?" if close else ""


def check_field(kind: str, field: str, place: str) -> None:
    """
    Raises:
        MappingError: If *field* is none of the kind's, with the nearest one and all of them.
    """
    family, dot, name = field.partition(".")
    if field in FIELDS[kind] or (dot and name and family in _FAMILIES[kind]):
        _refuse_consent(name or field, place)
        return
    word = re.sub(r"\W+", "_", field).strip("_").casefold()
    _refuse_consent(field, place)
    if word in _OURS:
        raise MappingError(f"{place}: {field!r} is not accepted: {_OURS[word]}")
    if _NOT_FROM_FILES.match(word):
        raise MappingError(f"{place}: {field!r} is not a file's to say; leave the column out")
    known = list(FIELDS[kind])
    told = f"{nearest(field, known)}; fields of {kind}: {', '.join(known)}"
    raise MappingError(f"{place}: no field {field!r}{told}")


def check_column(column: str, place: str) -> None:
    """
    Raises:
        MappingError: If the column's name says that it holds consents.
    """
    _refuse_consent(column, place)


def _refuse_consent(word: str, place: str) -> None:
    if _CONSENT.search(re.sub(r"\W+", "_", word).casefold()):
        raise MappingError(
            f"{place}: a consent needs its purpose, channel, time and evidence, so no column can "
            "give it; leave it out and record it with `crmkit consent`"
        )
