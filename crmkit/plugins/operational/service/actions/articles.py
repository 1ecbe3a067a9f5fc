"""The knowledge base, written."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from crmkit import RecordNotFoundError, StaleVersionError, Unit, atomic
from crmkit.sql import delete_where, insert_many

from ..model import Article
from ..searching import counted
from ..tables import service_article, service_term


@atomic
def save_article(unit: Unit, article: Article) -> Article:
    """
    Store a new article (id 0), or one that was read before and is changed.

    Raises:
        RecordNotFoundError: If it is gone.
        StaleVersionError: If somebody else changed it meanwhile.
    """
    words = counted(article.title, article.body)
    if article.id:
        stored = _update(unit, article, words.total())
    else:
        (new,) = unit.new_ids(service_article, 1)
        stored = attrs.evolve(article, id=new, version=1)
        row = {**attrs.asdict(stored), "words": words.total()}
        columns = tuple(row)
        insert_many(unit.connection, service_article, [tuple(row.values())], columns)
    delete_where(unit.connection, service_term, "article_id", [stored.id])
    rows = [(word, stored.id, count) for word, count in words.items()]
    insert_many(unit.connection, service_term, rows)
    return stored


def _update(unit: Unit, article: Article, words: int) -> Article:
    theirs = service_article.c
    fields = ("title", "body", "language", "public")
    done = unit.connection.execute(
        sa.update(service_article)
        .where(theirs.id == article.id, theirs.version == article.version)
        .values(
            **{each: getattr(article, each) for each in fields},
            version=article.version + 1,
            words=words,
        )
    )
    if done.rowcount != 1:
        known = unit.connection.scalar(sa.select(theirs.id).where(theirs.id == article.id))
        if known is None:
            raise RecordNotFoundError("article", article.id)
        raise StaleVersionError("article", [article.id])
    return attrs.evolve(article, version=article.version + 1)


@atomic
def remove_article(unit: Unit, article_id: int) -> None:
    """
    Raises:
        RecordNotFoundError: If there is none.
    """
    delete_where(unit.connection, service_term, "article_id", [article_id])
    if not delete_where(unit.connection, service_article, "id", [article_id]):
        raise RecordNotFoundError("article", article_id)


def rate_article(unit: Unit, article_id: int, *, helped: bool) -> None:
    """
    Count that an article helped somebody, or did not.

    Raises:
        RecordNotFoundError: If there is none.
    """
    theirs = service_article.c
    column = theirs.helped if helped else theirs.not_helped
    rated = sa.update(service_article).where(theirs.id == article_id).values({column: column + 1})
    if unit.connection.execute(rated).rowcount != 1:
        raise RecordNotFoundError("article", article_id)
