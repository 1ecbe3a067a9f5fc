"""Saving templates: checked, and never changed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit import MissingExtraError, StaleVersionError, Unit, atomic
from crmkit.sql import insert_many

from . import queries, tokens
from .config import Settings
from .errors import TemplateRefusedError
from .model import PARTS, Template, same
from .tables import templates_version
from .worker import Worker


@atomic
def save(unit: Unit, template: Template) -> Template:
    """
    Store a template as the newest version of its name and language.

    MJML becomes HTML; without a subject, the title of the HTML is one. What says the same as the
    newest version is that version.

    Raises:
        TemplateRefusedError: If it does what no template may, or asks for what nobody tells.
        RecordNotFoundError, RefusedError: If what it takes in is not there, or goes in a circle.
        StaleVersionError: If somebody else saved a version just now.
        MissingExtraError: Without the extra ``templates``; for MJML without ``mail``.
    """
    answer = _checked(unit, template)
    made = attrs.evolve(
        template,
        subject=answer["subject"],
        html=answer["html"],
        asked=answer["asked"],
        taken=answer["taken"],
    )
    _refuse_lacking(unit, made)
    newest = queries.newest(unit, made.name, made.language)
    if newest and same(newest, made):
        return newest
    return _insert(unit, made, newest.version + 1 if newest else 1)


def _checked(unit: Unit, template: Template) -> Mapping[str, Any]:
    request = {
        "do": "check",
        "name": template.name,
        "parts": {part: template.part(part) for part in PARTS},
        "mjml": template.mjml,
        "titled": bool(template.html or template.mjml),
        "roots": tokens.roots(unit),
    }
    with Worker(unit.settings(Settings)) as worker:
        answer = worker.ask(request)
    if extra := answer.get("extra"):
        raise MissingExtraError("Templates in MJML", extra)
    if told := answer.get("error"):
        part = answer["part"] or "all of it"
        raise TemplateRefusedError(template.name, template.language, part, answer["line"], told)
    return answer


def _refuse_lacking(unit: Unit, template: Template) -> None:
    """What is taken in must be there, part by part."""
    found = queries.whole(unit, template, template.language)
    for part, names in template.taken.items():
        for name in names:
            if not found[name].part(part).strip():  # type: ignore[arg-type]
                told = f"{name!r} has no {part} to take in"
                raise TemplateRefusedError(template.name, template.language, part, 0, told)


def _insert(unit: Unit, made: Template, version: int) -> Template:
    (new,) = unit.new_ids(templates_version, 1)
    stored = attrs.evolve(made, id=new, version=version, saved_at=unit.now, saved_by=unit.actor)
    row = tuple(getattr(stored, column.name) for column in templates_version.c)
    try:
        insert_many(unit.connection, templates_version, [row])
    except unit.integrity_error as exc:
        raise StaleVersionError(f"template {made}, version", [version]) from exc
    return stored
