from __future__ import annotations

import pytest

from crmkit import ContactPoint, Customer
from crmkit.plugins.collaborative import templates
from crmkit.plugins.collaborative.templates.worker import Worker

pytest.importorskip("jinja2")
pytest.importorskip("babel")

ROOTS = ["customer", "message", "email"]


class Renderer:
    """One process, given sources without a database in between."""

    def __init__(self, worker):
        self.worker = worker
        self._number = 0

    def check(self, text="", *, html="", subject="", mjml=""):
        parts = {"subject": subject, "text": text, "html": html}
        told = {"do": "check", "name": "t", "parts": parts, "mjml": mjml, "titled": False}
        return self.worker.ask(told | {"roots": ROOTS})

    def refusal(self, text="", **parts):
        """Why it is refused at save; empty if it is not."""
        return self.check(text, **parts).get("error", "")

    def render(self, text="", *contexts, locale="en-GB", others=None, **parts):
        """The answers for each context; of one context, its only answer."""
        self._number += 1
        given = {part: source for part, source in {"text": text, **parts}.items() if source}
        sources = {part: {"t": source, **(others or {})} for part, source in given.items()}
        told = {"root": "t", "locale": locale, "sources": sources, "styled": True}
        asked = [dict(each) for each in contexts] or [{}]
        found = list(self.worker.render(f"{self._number}", told, asked))
        return found[0] if len(asked) == 1 else found


@pytest.fixture(scope="session")
def renderer():
    with Worker(templates.Settings()) as worker:
        yield Renderer(worker)


@pytest.fixture
def crm(make_crm):
    return make_crm("templates")


@pytest.fixture
def people(crm):
    """Ana reads German in Austria, Bo says nothing of himself, Kai reads Japanese in Tokyo."""
    with crm.unit() as unit:
        return unit.customers.add_many(
            [
                Customer(
                    name="Ana Kowalska",
                    locale="de-AT",
                    time_zone="Europe/Vienna",
                    contact_points=(ContactPoint("email", "ana@example.com"),),
                ),
                Customer(name="Bo"),
                Customer(name="Kai Sato", locale="ja-JP", time_zone="Asia/Tokyo"),
            ]
        )


@pytest.fixture
def save(crm):
    def save(name="welcome", **given):
        with crm.unit() as unit:
            return templates.save(unit, templates.Template(name=name, **given))

    return save


@pytest.fixture
def render_many(crm):
    def render_many(name, people, **options):
        with crm.unit(write=False) as unit:
            return templates.render_many(unit, name, [each.id for each in people], **options)

    return render_many
