"""
Messages from templates: in people's own languages, from what is known of them, and nothing else.

    with crm.unit() as unit:
        templates.save(unit, Template(name="tea", subject="Hi", text="Dear {{ customer.name }}"))
        templates.render_many(unit, "tea", [1, 2, 3])

Templates are rendered in a process of their own, over plain data, and never see the database.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import save
from .config import Settings
from .errors import NotRenderedError, NotStartedError, NoVariantError, TemplateRefusedError
from .linting import lint
from .model import Problem, Rendered, Template
from .queries import history, template, templates, variants
from .rendering import render, render_many

__all__ = [
    "NoVariantError",
    "NotRenderedError",
    "NotStartedError",
    "Problem",
    "Rendered",
    "Settings",
    "Template",
    "TemplateRefusedError",
    "history",
    "lint",
    "plugin",
    "render",
    "render_many",
    "save",
    "template",
    "templates",
    "variants",
]

plugin = Plugin(
    name="templates",
    summary="Messages from templates, in people's own languages.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)
