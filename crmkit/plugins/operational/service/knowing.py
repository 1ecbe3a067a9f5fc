"""The knowledge base, read."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import sqlalchemy as sa

from crmkit import RecordNotFoundError, Unit
from crmkit.sql import id_list, one_of

from .model import Article, Hit
from .searching import question, ranked
from .tables import service_article, service_term

_COLUMNS = [service_article.c[each.name] for each in attrs.fields(Article)]


def article(unit: Unit, article_id: int) -> Article:
    """
    Raises:
        RecordNotFoundError: If there is none.
    """
    found = articles(unit, [article_id])
    if not found:
        raise RecordNotFoundError("article", article_id)
    return found[0]


def articles(unit: Unit, ids: Iterable[int] | None = None) -> list[Article]:
    """All of them, or those that exist of some, by id."""
    select = sa.select(*_COLUMNS).order_by(service_article.c.id)
    given = {}
    if ids is not None:
        select = select.where(one_of(service_article.c.id))
        given = {"ids": id_list(unit.connection, list(ids))}
    return [Article(**row) for row in unit.connection.execute(select, given).mappings()]


def search(
    unit: Unit, text: str, *, public_only: bool = False, language: str = "", size: int = 10
) -> list[Hit]:
    """Articles that have words of *text*, those that fit best first."""
    asked = question(text)
    term, theirs = service_term.c, service_article.c
    select = (
        sa.select(term.term, term.article_id, term.count, theirs.words)
        .join(service_article, theirs.id == term.article_id)
        .where(one_of(term.term))
    )
    if public_only:
        select = select.where(theirs.public)
    if language:
        select = select.where(theirs.language == language)
    counts: dict[str, dict[int, int]] = {}
    lengths: dict[int, int] = {}
    for row in unit.connection.execute(select, {"ids": id_list(unit.connection, asked)}):
        counts.setdefault(row[0], {})[row[1]] = row[2]
        lengths[row[1]] = row[3]
    if not counts:
        return []
    whole = sa.select(sa.func.count(), sa.func.avg(theirs.words))
    articles_, mean = unit.connection.execute(whole).one()
    best = ranked(counts, lengths, articles_, max(1.0, float(mean)))[:size]
    found = {each.id: each for each in articles(unit, [each for each, _ in best])}
    return [Hit(found[each], score) for each, score in best]
