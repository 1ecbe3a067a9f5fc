"""Reads: templates by name, language and time, and with all that they take in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import RecordNotFoundError, RefusedError, Unit, nearest
from crmkit.sql import customer

from .errors import NoVariantError
from .languages import languages
from .model import DEEPEST, Template
from .tables import templates_version

_THEIRS = templates_version.c


def _templates(unit: Unit, query: sa.Select[Any]) -> list[Template]:
    return [Template(**row) for row in unit.connection.execute(query).mappings()]


def templates(unit: Unit) -> list[Template]:
    """The newest version of each template in each language, by name."""
    return sorted(_newest(unit).values(), key=lambda each: (each.name, each.language))


def _newest(
    unit: Unit, name: str | None = None, as_of: datetime | None = None
) -> dict[tuple[str, str], Template]:
    query = sa.select(templates_version).order_by(_THEIRS.version)
    if name is not None:
        query = query.where(_THEIRS.name == name)
    if as_of is not None:
        query = query.where(_THEIRS.saved_at <= as_of)
    return {(each.name, each.language): each for each in _templates(unit, query)}


def history(unit: Unit, name: str) -> list[Template]:
    """
    Every version of a template, latest first.

    Raises:
        RecordNotFoundError: If there is none of that name.
    """
    mine = sa.select(templates_version).where(_THEIRS.name == name)
    found = _templates(unit, mine.order_by(_THEIRS.id.desc()))
    if not found:
        raise _unknown(unit, name)
    return found


def template(unit: Unit, name: str, *, language: str = "", version: int = 0) -> Template:
    """
    The newest version in exactly that language, or the one that is asked for.

    Raises:
        RecordNotFoundError: If there is none.
    """
    for each in history(unit, name):
        if each.language == language and version in (0, each.version):
            return each
    told = f"{name} ({language})" if language else f"{name} without a language"
    raise RecordNotFoundError("template", f"{told}, version {version}" if version else told)


def newest(unit: Unit, name: str, language: str) -> Template | None:
    """The newest version in exactly that language, if there is any."""
    return _newest(unit, name).get((name, language))


def variants(unit: Unit, name: str, as_of: datetime | None = None) -> dict[str, Template]:
    """
    The newest version in each language, by language; with *as_of* those of that time.

    Raises:
        RecordNotFoundError: If there is none.
    """
    found = {each.language: each for each in _newest(unit, name, as_of).values()}
    if not found:
        raise _unknown(unit, name)
    return found


def chosen(variants: Mapping[str, Template], name: str, locale: str) -> Template:
    """
    The variant for who reads *locale*: ``de-AT``, else ``de``, else the one without a language.

    Raises:
        NoVariantError: If there is none of them.
    """
    by_tag = {tag.lower(): each for tag, each in variants.items()}
    for each in languages(locale):
        if each.lower() in by_tag:
            return by_tag[each.lower()]
    raise NoVariantError(name, locale)


def whole(
    unit: Unit, root: Template, locale: str, as_of: datetime | None = None
) -> dict[str, Template]:
    """
    A template and all it takes in, in the variants for *locale*, by name.

    Raises:
        RecordNotFoundError: If one that is taken in is not there.
        RefusedError: If they take in each other, or too deep.
    """
    found = {root.name: root}
    _take_in(unit, root, locale, as_of, found, (root.name,))
    return found


def _take_in(
    unit: Unit,
    one: Template,
    locale: str,
    as_of: datetime | None,
    found: dict[str, Template],
    way: tuple[str, ...],
) -> None:
    for name in dict.fromkeys(each for some in one.taken.values() for each in some):
        if name in way or len(way) > DEEPEST:
            told = "in a circle" if name in way else f"more than {DEEPEST} deep"
            raise RefusedError(f"templates take in each other {told}: {' > '.join((*way, name))}")
        if name not in found:
            found[name] = chosen(variants(unit, name, as_of), name, locale)
        _take_in(unit, found[name], locale, as_of, found, (*way, name))


def locales(unit: Unit) -> dict[str, int]:
    """How many active customers read what; empty where that is not known."""
    theirs = customer.c
    query = sa.select(theirs.locale, sa.func.count()).where(theirs.status == "active")
    rows = unit.connection.execute(query.group_by(theirs.locale))
    return {row[0] or "": row[1] for row in rows}


def somebody(unit: Unit) -> int | None:
    """The id of the first active customer."""
    query = sa.select(sa.func.min(customer.c.id)).where(customer.c.status == "active")
    found: int | None = unit.connection.scalar(query)
    return found


def _unknown(unit: Unit, name: str) -> RecordNotFoundError:
    known = unit.connection.scalars(sa.select(_THEIRS.name).distinct()).all()
    return RecordNotFoundError("template", name + nearest(name, known))
