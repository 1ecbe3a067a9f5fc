"""What templates add to a CRM."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from crmkit import Finding, Unit, hookimpl

from . import queries


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    found = queries.templates(unit)
    if found and not (find_spec("jinja2") and find_spec("babel")):
        text = "nothing is rendered: Jinja2 or Babel is not installed"
        mend = "pip install 'crmkit[templates]'"
        yield Finding(level="fail", subject="templates", text=text, mend=mend)
    names = {each.name for each in found}
    languages = {each.language for each in found}
    text = f"{len(names):,} templates in {len(languages):,} languages"
    yield Finding(level="ok", subject="templates", text=text)
