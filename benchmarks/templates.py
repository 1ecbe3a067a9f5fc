"""
Messages a second from templates: in the process that is killed when it must be, and in others.

    python -m benchmarks.templates [--people 20000]

The rivals render the HTML alone, in this process, without a sandbox, a limit, locales or a text
part. Django and Chevron take part where they are installed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.databases import databases
from crmkit import CRM, ContactPoint, Customer, Unit
from crmkit.plugins.collaborative import templates
from crmkit.plugins.collaborative.templates import Settings, Template
from crmkit.plugins.collaborative.templates.worker import Worker

SETTINGS = {
    "email": {
        "unsubscribe_url": "https://shop.example/leave",
        "unsubscribe_secret": "a secret of more than thirty-two letters",
    }
}
LETTER = (
    "Dear {{ customer.first_name }},\n\nthe tea is back. Your code: {{ message.code }}.\n\n"
    "No more of these: {{ email.unsubscribe_url }}\n"
)
MUSTACHE = "<p>Dear {{customer.first_name}}</p>" * 10 + "<a href='{{email.unsubscribe_url}}'>x</a>"
JINJA = MUSTACHE.replace("{{", "{{ ").replace("}}", " }}").replace("'", '"')
MJML = """<mjml><mj-head><mj-title>For {{ customer.first_name }}</mj-title></mj-head><mj-body>
<mj-section><mj-column><mj-text>Dear {{ customer.first_name }}</mj-text></mj-column></mj-section>
{% for each in [1, 2, 3, 4] %}
<mj-section><mj-column><mj-image src="https://shop.example/tea.png" alt="Tea"/></mj-column>
<mj-column><mj-text>Tea number {{ each }}</mj-text>
<mj-button href="https://shop.example/?code={{ message.code }}">Take it</mj-button></mj-column>
</mj-section>
{% endfor %}
<mj-section><mj-column><mj-text><a href="{{ email.unsubscribe_url }}">No more</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""
CONTEXT = {
    "customer": {"first_name": "Ana"},
    "message": {"code": "K4TEA"},
    "email": {"unsubscribe_url": "https://shop.example/leave?t=abc"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    people = parser.parse_args().people
    print(f"{'a short HTML, rendered alone':<58}{'a second':>10}")
    for what, count, seconds in _alone(people):
        print(f"  {what:<56}{count / seconds:>10,.0f}", flush=True)
    with tempfile.TemporaryDirectory(prefix="crmkit-bench-") as folder:
        for name, url in databases(Path(folder), "templates"):
            print(f"{name}, {people:,} people, with all that is told of them")
            for what, count, seconds in _stored(url, people):
                print(f"  {what:<56}{count / seconds:>10,.0f}", flush=True)


def _alone(people: int) -> Iterator[tuple[str, int, float]]:
    with Worker(Settings()) as worker:
        started = time.perf_counter()
        worker.ask({"do": "look", "html": ""})
        yield "(starting the process)", 1, time.perf_counter() - started
        for what, parts in {
            "crmkit: HTML and the text made of it": {"html": JINJA},
            "crmkit: HTML and a text of its own": {"html": JINJA, "text": "Dear you"},
        }.items():
            sources = {part: {"t": source} for part, source in parts.items()}
            told = {"root": "t", "locale": "en", "sources": sources, "styled": True}
            worker.load(what, told)
            some = (what, told, [CONTEXT] * people)
            yield what, people, _took(lambda given=some: list(worker.render(*given)))
    for what, render in _rivals():
        yield what, people, _took(lambda r=render: [r(CONTEXT) for _ in range(people)])


def _rivals() -> Iterator[tuple[str, Callable[[Any], str]]]:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    plain = jinja2.Environment(autoescape=True).from_string(JINJA)
    yield "Jinja2, in this process", lambda context: plain.render(context)
    boxed = ImmutableSandboxedEnvironment(autoescape=True, undefined=jinja2.StrictUndefined)
    sandboxed = boxed.from_string(JINJA)
    yield "Jinja2's own sandbox, in this process", lambda context: sandboxed.render(context)
    try:
        from django.template import Context, Engine

        django = Engine().from_string(JINJA)
        yield "Django templates, in this process", lambda told: django.render(Context(told))
    except ImportError:
        pass
    try:
        import chevron

        yield "Chevron, in this process", lambda context: chevron.render(MUSTACHE, context)
    except ImportError:
        pass


def _stored(url: str, people: int) -> Iterator[tuple[str, int, float]]:
    crm = CRM.open(url, ["email", "templates"], settings=SETTINGS, strict=True)
    crm.upgrade()
    with crm.unit() as unit:
        found = unit.customers.add_many(
            Customer(
                name=f"Ana Number{n}",
                locale=("de-AT", "en-GB", "pl")[n % 3],
                contact_points=(ContactPoint("email", f"c{n}@example.com"),),
            )
            for n in range(people)
        )
        for name, given in {
            "a letter, text alone": {"text": LETTER},
            "a short HTML and a text": {"html": JINJA, "text": LETTER},
            "MJML and a text": {"mjml": MJML, "text": LETTER},
            "MJML, the text made of it": {"mjml": MJML},
        }.items():
            key = name.replace(" ", "-").replace(",", "").lower()
            templates.save(unit, Template(name=key, subject="Tea", **given))
            some = (unit, key, [each.id for each in found])
            yield name, people, _took(lambda given=some: _in_parts(*given))
    crm.close()


def _in_parts(unit: Unit, name: str, ids: Sequence[int], size: int = 5_000) -> None:
    """As a campaign does it."""
    for at in range(0, len(ids), size):
        part = ids[at : at + size]
        extra = {each: {"code": "K4TEA"} for each in part}
        made = templates.render_many(unit, name, part, extra=extra, purpose="care")
        assert not any(each.problem for each in made)


def _took(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
