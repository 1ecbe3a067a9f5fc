"""What messages say: texts with a few words filled in, or templates of the plugin that has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from crmkit import Customer, InvalidValueError, RecordNotFoundError, RefusedError, Unit
from crmkit.plugins.foundation import policy

SAMPLE = 10


class Words(Protocol):
    """A variant of a campaign, or a step of a journey."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def template(self) -> str: ...


@attrs.frozen
class Said:
    """
    Attributes:
        problem: Why there is no message; empty if there is one.
    """

    subject: str = ""
    text: str = ""
    html: str = ""
    problem: str = ""


def said(
    unit: Unit,
    words: Words,
    people: Sequence[Customer],
    filled: Mapping[int, Mapping[str, object]],
    *,
    purpose: str,
    channel: str,
    as_of: datetime | None = None,
) -> dict[int, Said]:
    """
    By customer, what each is told; *filled* is what is known of the message itself.

    Args:
        as_of: Templates as they were then; None as they are.
    """
    if words.template:
        return _rendered(unit, words.template, people, filled, purpose, channel, as_of)
    return {
        each.id: Said(words.subject.format(**told), words.text.format(**told))
        for each in people
        for told in [{"name": each.name, **filled[each.id]}]
    }


def _rendered(
    unit: Unit,
    template: str,
    people: Sequence[Customer],
    filled: Mapping[int, Mapping[str, object]],
    purpose: str,
    channel: str,
    as_of: datetime | None,
) -> dict[int, Said]:
    if not people:
        return {}
    refuse_absent(unit, template)
    from crmkit.plugins.collaborative import templates

    made = templates.render_many(
        unit,
        template,
        [each.id for each in people],
        extra=filled,
        purpose=purpose,
        as_of=as_of,
        html=unit.contributed.channels[channel].contact_kind == "email",
    )
    return {e.customer_id: Said(e.subject, e.text, e.html, e.problem) for e in made}


def refuse_template(unit: Unit, name: str, *, purpose: str, channel: str) -> None:
    """
    Raises:
        InvalidValueError: If there is no such template, or none can be there.
        RefusedError: If something is wrong with it, such as marketing that nobody can end.
    """
    refuse_absent(unit, name)
    from crmkit.plugins.collaborative import templates

    found = policy.current(unit).purposes.get(purpose)
    marketing = channel == "email" and (found is None or found.kind == "marketing")
    for each in templates.lint(unit, name, marketing=marketing):
        if each.level == "error":
            place = " ".join(filter(None, (each.language, each.part)))
            raise RefusedError(f"template {name}{place and f' ({place})'}: {each.text}")


def refuse_unreadable(said: Mapping[int, Said]) -> None:
    """
    Raises:
        RefusedError: If nobody of a sample would get a message.
    """
    problems = [each.problem for each in said.values() if each.problem]
    if said and len(problems) == len(said):
        raise RefusedError(
            f"none of the first {len(said):,} people can be written to: {problems[0]}"
        )


def without(said: Mapping[int, Said]) -> Iterator[tuple[int, str]]:
    """Who gets no message, and why."""
    return ((who, each.problem) for who, each in said.items() if each.problem)


def refuse_absent(unit: Unit, name: str) -> None:
    """
    Raises:
        InvalidValueError: If there is no such template, or none can be there.
    """
    if not unit.crm.is_enabled("templates"):
        told = "nothing: the plugin templates is not enabled"
        raise InvalidValueError("template", name, told)
    from crmkit.plugins.collaborative import templates

    try:
        templates.variants(unit, name)
    except RecordNotFoundError as exc:
        raise InvalidValueError("template", name, f"a template that is stored; {exc}") from exc
