"""MJML into HTML, style sheets into attributes, and what is to be seen in a finished mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from typing import Any, Final

from .faults import RefusedError

_INCLUDED = re.compile(r"<\s*mj-include\b", re.IGNORECASE)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_STYLED = re.compile(r"<style\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
FORBIDDEN: Final = frozenset(
    {"applet", "base", "embed", "form", "frame", "frameset", "iframe", "input", "object", "script"}
)
"""No mail program shows them; some take a mail with one for an attack."""


class NotInstalledError(Exception):
    """What the extra ``mail`` brings is not there."""


def html_of(mjml_source: str) -> str:
    """
    Raises:
        NotInstalledError: Without the extra ``mail``.
        RefusedError: If it is no MJML, or takes in a file.
    """
    try:
        import mjml
    except ModuleNotFoundError as exc:
        raise NotInstalledError from exc
    if found := _INCLUDED.search(mjml_source):
        line = mjml_source.count("\n", 0, found.start()) + 1
        raise RefusedError("mj-include takes in files; use {% include 'name' %}", line)
    for tag in _JINJA.finditer(mjml_source):
        if any(c in tag[0] for c in '<&"'):
            line = mjml_source.count("\n", 0, tag.start()) + 1
            told = f"{tag[0]:.60}: in MJML, write 'single quotes', and no < or & within braces"
            raise RefusedError(told, line)
    try:
        return str(mjml.mjml2html(mjml_source, disable_comments=True))
    except (ValueError, OSError) as exc:
        raise RefusedError(f"this is no MJML: {exc}") from exc


@cache
def _inliner() -> Callable[[str], str] | None:
    try:
        import css_inline
    except ModuleNotFoundError:
        return None
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
    return inliner.inline


def can_inline() -> bool:
    return _inliner() is not None


def inlined(html: str) -> str:
    """*html* with its style sheet in the attributes, if it has one and the extra is there."""
    inline = _inliner()
    return inline(html) if inline and _STYLED.search(html) else html


def title_of(html: str) -> str:
    found = _TITLE.search(html)
    return " ".join(found[1].split()) if found else ""


def seen(html: str) -> dict[str, Any]:
    """
    Links with their words, images with what stands for them, elements no mail may have, and
    whether a style sheet is left.
    """
    viewer = _Viewer()
    viewer.feed(html)
    viewer.close()
    return {
        "links": viewer.links,
        "images": viewer.images,
        "forbidden": sorted(viewer.forbidden),
        "styled": bool(_STYLED.search(html)),
    }


class _Viewer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.images: list[tuple[str, str | None]] = []
        self.forbidden: set[str] = set()
        self._href: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in FORBIDDEN:
            self.forbidden.add(tag)
        elif tag == "a" and "href" in given:
            self._href, self._words = given["href"] or "", []
        elif tag == "img":
            self.images.append((given.get("src") or "", given.get("alt")))
            self._words.append(given.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.links.append((self._href, " ".join("".join(self._words).split())))
            self._href = None

    def handle_data(self, data: str) -> None:
        self._words.append(data)
