"""Many messages at once: the template of each in their language, told of them, made elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import attrs

from crmkit import Customer, RecordNotFoundError, Unit

from . import queries, tokens
from .config import Settings
from .errors import NotRenderedError, NoVariantError
from .languages import language_of
from .model import PARTS, Rendered, Template
from .worker import Worker

NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
NO_ONE: Final[Mapping[int, Mapping[str, object]]] = MappingProxyType({})


@attrs.frozen
class _Job:
    """What is the same for all who read one language: the template, and how it is written."""

    root: Template
    all: Mapping[str, Template]
    locale: str

    @property
    def key(self) -> str:
        return " ".join([self.locale, *(str(each.id) for each in self.all.values())])

    def request(self, *, html: bool) -> dict[str, object]:
        """Each part, with that part of everything it takes in."""
        wanted = [each for each in PARTS if self.root.part(each).strip()]
        if not html and "text" in wanted:
            wanted = [each for each in wanted if each != "html"]
        sources = {
            part: {name: each.part(part) for name, each in self.all.items()} for part in wanted
        }
        told = {"root": self.root.name, "locale": self.locale, "sources": sources}
        return {**told, "styled": not self.root.mjml}  # MJML has put its styles in place


def render_many(
    unit: Unit,
    name: str,
    customer_ids: Sequence[int],
    *,
    extra: Mapping[int, Mapping[str, object]] = NO_ONE,
    purpose: str = "",
    as_of: datetime | None = None,
    html: bool = True,
    variant: Template | None = None,
) -> list[Rendered]:
    """
    The messages to these customers, in their order. What is wrong with one is its ``problem``.

    Args:
        extra: What templates find under ``message``, by customer.
        purpose: What the messages are for, which links that end it need to know.
        as_of: Use the versions of that time; None for the newest.
        html: Whether the channel can carry HTML; the text is always there.
        variant: This one for all of them, whatever they read.

    Raises:
        RecordNotFoundError: If there is no such template, or no such customer.
        RefusedError: If templates take in each other in a circle.
        MissingExtraError: Without the extra ``templates``.
        InvalidValueError: If a plugin or *extra* tells more than plain data.
    """
    people = {each.id: each for each in unit.customers.get_many(set(customer_ids))}
    if missing := [each for each in customer_ids if each not in people]:
        raise RecordNotFoundError("customer", missing[0])
    settings = unit.settings(Settings)
    found = {"": variant} if variant else queries.variants(unit, name, as_of)
    locales = {each.locale for each in people.values()}
    jobs = {each: _job(unit, name, found, each, as_of) for each in locales}
    roots = {root for job in jobs.values() if job for t in job.all.values() for root in t.roots}
    told = tokens.gather(unit, list(people.values()), roots, purpose, extra, settings.time_zone)
    done: dict[int, Rendered] = {}
    with Worker(settings) as worker:
        for job, those in _by_job(jobs, people).values():
            made = _rendered(worker, job, those, told, html=html) if job else _none(name, those)
            done |= {each.customer_id: each for each in made}
    return [done[each] for each in customer_ids]


def _job(
    unit: Unit, name: str, variants: Mapping[str, Template], locale: str, as_of: datetime | None
) -> _Job | None:
    """For who reads *locale*; None where there is nothing for them."""
    try:
        root = queries.chosen(variants, name, locale)
        written = _written(root.language or unit.settings(Settings).language, locale)
        return _Job(root, queries.whole(unit, root, locale, as_of), written)
    except NoVariantError:
        return None


def _written(language: str, locale: str) -> str:
    """How numbers and dates look: as the reader has it, if the text is in their language."""
    is_same = language_of(locale) == language_of(language)
    return locale.replace("_", "-") if is_same else language


def _by_job(
    jobs: Mapping[str, _Job | None], people: Mapping[int, Customer]
) -> dict[str, tuple[_Job | None, list[Customer]]]:
    found: dict[str, tuple[_Job | None, list[Customer]]] = {}
    for each in people.values():
        job = jobs[each.locale]
        found.setdefault(job.key if job else "", (job, []))[1].append(each)
    return found


def _none(name: str, people: Sequence[Customer]) -> Iterator[Rendered]:
    for each in people:
        yield Rendered(customer_id=each.id, problem=str(NoVariantError(name, each.locale)))


def _rendered(
    worker: Worker,
    job: _Job,
    people: Sequence[Customer],
    told: Mapping[int, Mapping[str, object]],
    *,
    html: bool,
) -> Iterator[Rendered]:
    contexts = [told[each.id] for each in people]
    answers = worker.render(job.key, job.request(html=html), contexts)
    for each, answer in zip(people, answers, strict=True):
        yield _read(job.root, each.id, answer)


def _read(root: Template, customer_id: int, answer: Mapping[str, Any]) -> Rendered:
    made = Rendered(customer_id=customer_id, language=root.language, version=root.version)
    told = answer.get("error")
    if not told:
        subject, text, html = (str(answer[part]) for part in PARTS)
        return attrs.evolve(made, subject=subject, text=text, html=html)
    inner = answer.get("template") or root.name
    places = [f" ({inner})" if inner != root.name else ""]
    places += [f", {answer['part']}" if answer["part"] else ""]
    places += [f", line {answer['line']}" if answer["line"] else ""]
    problem = f"template {root}{''.join(places)}: {told}"
    return attrs.evolve(made, problem=problem, is_missing=bool(answer["missing"]))


def render(
    unit: Unit,
    name: str,
    customer_id: int,
    *,
    extra: Mapping[str, object] = NOTHING,
    purpose: str = "",
    as_of: datetime | None = None,
    variant: Template | None = None,
) -> Rendered:
    """
    The message to one customer, *extra* under ``message``; the rest as for :func:`render_many`.

    Raises:
        NotRenderedError: If it cannot be made.
        RecordNotFoundError: If there is no such template, or no such customer.
    """
    (made,) = render_many(
        unit,
        name,
        [customer_id],
        extra={customer_id: extra},
        purpose=purpose,
        as_of=as_of,
        variant=variant,
    )
    if made.problem:
        raise NotRenderedError(customer_id, made.problem)
    return made
