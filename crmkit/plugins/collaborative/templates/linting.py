"""What to know about a template before anybody gets it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from crmkit import Unit, nearest

from . import queries, tokens
from .config import Settings
from .errors import NoVariantError
from .languages import language_of
from .model import Problem, Rendered, Template
from .rendering import render_many
from .worker import Worker

CLIPPED: Final = 102 * 1024
"""Gmail shows no more of a mail's HTML, in bytes."""
LONGEST_SUBJECT: Final = 70
UNSUBSCRIBE: Final = "email.unsubscribe_url"
_SCHEMES: Final = ("https", "http", "mailto", "tel", "sms")
_ADDRESS = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/?#]\S*)?", re.IGNORECASE)


def lint(
    unit: Unit, name: str, *, customer_id: int | None = None, marketing: bool = False
) -> list[Problem]:
    """
    What is wrong with a template in each of its languages, errors first.

    Args:
        customer_id: Whom to render it for; the first active customer if None. Without any
            customer, only what is written is looked at.
        marketing: It must have a link that ends it.

    Raises:
        RecordNotFoundError: If there is no such template, or no such customer.
    """
    who = queries.somebody(unit) if customer_id is None else customer_id
    found: list[Problem] = []
    for each in queries.variants(unit, name).values():
        found += _as_written(each)
        if marketing:
            found += lacking_way_out(each)
        if who is not None:
            found += list(_unknown(unit, each, who)) or _as_seen(unit, each, who)
    found += _languages(unit, name)
    return sorted(found, key=lambda each: (each.level != "error", each.language, each.line))


def _problem(
    level: Literal["error", "warning"], template: Template, part: str, text: str, line: int = 0
) -> Problem:
    return Problem(
        level=level,
        template=template.name,
        language=template.language,
        part=part,
        line=line,
        text=text,
    )


def _as_written(template: Template) -> Iterator[Problem]:
    if not template.text.strip():
        told = "there is none; one is made of the HTML, which says it less well than you would"
        yield _problem("warning", template, "text", told)
    if template.html.strip() and not template.subject.strip():
        yield _problem("error", template, "subject", "there is none")


def lacking_way_out(template: Template) -> Iterator[Problem]:
    """Each part of marketing that is read by itself must say how to end it."""
    for part in ("text", "html"):
        asked = [dotted for dotted, _ in template.asked.get(part, ())]
        has_part = bool(template.part(part).strip())
        if has_part and UNSUBSCRIBE not in asked and not template.taken.get(part):
            told = f"marketing needs a link that ends it: {{{{ {UNSUBSCRIBE} }}}}"
            yield _problem("error", template, part, told)


def _unknown(unit: Unit, template: Template, who: int) -> Iterator[Problem]:
    """Names that are no token of their root, whoever the customer is."""
    customer = unit.customers.get(who)
    zone = unit.settings(Settings).time_zone
    roots = template.roots - {tokens.MESSAGE}
    told = tokens.gather(unit, [customer], roots, "", {}, zone)[who]
    for part, asked in template.asked.items():
        for dotted, line in asked:
            root, _, name = dotted.partition(".")
            known: Any = told.get(root)
            if root in roots and isinstance(known, Mapping) and name not in known:
                text = f"{dotted!r} is not known{nearest(name, known)}; known are: "
                text += ", ".join(f"{root}.{each}" for each in known)
                yield _problem("error", template, part, text, line)


def _as_seen(unit: Unit, template: Template, who: int) -> Iterator[Problem]:
    asked = {dotted for some in template.asked.values() for dotted, _ in some}
    senders = [
        name for root, _, name in (each.partition(".") for each in asked) if root == "message"
    ]
    extra = {who: {name: tokens.Sample(name) for name in senders}}
    (made,) = render_many(unit, template.name, [who], extra=extra, variant=template)
    if made.problem:
        yield _problem("warning" if made.is_missing else "error", template, "", made.problem)
        return
    if len(made.subject) > LONGEST_SUBJECT:
        told = f"{len(made.subject)} letters; telephones show about {LONGEST_SUBJECT} at most"
        yield _problem("warning", template, "subject", told)
    if made.html:
        yield from _html(unit, template, made)


def _html(unit: Unit, template: Template, made: Rendered) -> Iterator[Problem]:
    size = len(made.html.encode())
    if size > CLIPPED:
        told = (
            f"{size:,} bytes; Gmail cuts off what is beyond {CLIPPED:,}, with the link that ends it"
        )
        yield _problem("warning", template, "html", told)
    with Worker(unit.settings(Settings)) as worker:
        seen = worker.ask({"do": "look", "html": made.html})
    if seen.get("error"):
        yield _problem("error", template, "html", str(seen["error"]))
        return
    for level, text in _looks(seen):
        yield _problem(level, template, "html", text)


def _looks(seen: Mapping[str, Any]) -> Iterator[tuple[Literal["error", "warning"], str]]:
    for each in seen["forbidden"]:
        yield "error", f"no mail may have <{each}>"
    for source, alt in seen["images"]:
        if alt is None:
            yield (
                "warning",
                f"the image {source!r:.60} says nothing where images are not shown: alt",
            )
        if urlsplit(source).scheme not in ("https", "http"):
            yield "error", f"the image {source!r:.60} is at no address that starts with https:"
    for href, words in seen["links"]:
        if problem := _link(href, words):
            yield problem
    if seen["styled"] and not seen["can_inline"]:
        yield "warning", "its style sheet stays apart; pip install 'crmkit[mail]' puts it inline"


def _link(href: str, words: str) -> tuple[Literal["error", "warning"], str] | None:
    parts = urlsplit(href.strip())
    if href.startswith("#"):
        return None
    if parts.scheme.lower() not in _SCHEMES or (
        parts.scheme.startswith("http") and not parts.netloc
    ):
        return "error", f"{href!r:.80} leads nowhere from a mail"
    shown = _ADDRESS.fullmatch(words)
    if shown and parts.hostname and not _is_of(parts.hostname, shown[1].lower()):
        return "error", f"{words!r:.80} leads to {parts.hostname}: readers take that for a fraud"
    if not words:
        return "warning", f"the link to {href!r:.80} has no words"
    if parts.scheme == "http":
        return "warning", f"{href!r:.80} is not https"
    return None


def _is_of(host: str, shown: str) -> bool:
    host, shown = host.removeprefix("www."), shown.removeprefix("www.")
    return host == shown or host.endswith(f".{shown}")


def _languages(unit: Unit, name: str) -> Iterator[Problem]:
    variants = queries.variants(unit, name)
    default = language_of(unit.settings(Settings).language)
    for locale, people in sorted(queries.locales(unit).items()):
        try:
            found: str | None = queries.chosen(variants, name, locale).language
        except NoVariantError:
            found = None
        language = language_of(locale)
        lacks = found is None or (not found and language not in ("", default))
        if lacks:
            told = "get the one without a language" if found == "" else "get nothing"
            told = f"{people:,} who read {locale or 'no language we know of'} {told}"
            level: Literal["error", "warning"] = "error" if found is None else "warning"
            yield Problem(level=level, template=name, language=locale, part="", line=0, text=told)
