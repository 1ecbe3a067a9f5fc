"""
The text part of a mail, made of its HTML.

To read the HTML of every message takes longer than to render it. So the HTML of the template is
read once, its tags standing by as single marks, and becomes a template of the text.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from jinja2 import Environment

_HIDDEN: Final = frozenset({"head", "script", "style", "title"})
_APART: Final = frozenset(
    {"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"}
)
"""With an empty line before and after."""
_LINES: Final = frozenset(
    {
        "address", "article", "aside", "body", "center", "dd", "div", "dt", "footer", "header",
        "li", "main", "nav", "section", "tr",
    }
)  # fmt: skip
LINE: Final = "\x01"
APART: Final = "\x02"
_BREAKS = re.compile(f"[ \n]*[{LINE}{APART}][ \n{LINE}{APART}]*")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_SPACES = re.compile(r"[ \t\r\f]+")
_AROUND_LINES = re.compile(r" ?\n ?")
_MARK = re.compile("\ue000([0-9]+)\ue001")
_MANY_LINES = re.compile(r"\n{3,}")
_INVISIBLE = re.compile(f"[{LINE}{APART}\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff]")
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)


def template_of(source: str, environment: Environment) -> str | None:
    """
    The template of the text that goes with the HTML of *source*; None where a statement stands in
    what is not read, so that the text cannot follow it.
    """
    pieces: list[str] = []
    tags: list[str] = []
    tag: list[str] | None = None
    for _, kind, text in environment.lex(source):
        if kind == "raw_begin" or (kind == "data" and _MARK.search(text)):
            return None
        if kind in ("block_begin", "comment_begin", "variable_begin"):
            tag = [text.rstrip("-+")]
        elif kind in ("block_end", "comment_end", "variable_end") and tag is not None:
            pieces.append(f"\ue000{len(tags)}\ue001")
            tags.append("".join([*tag, text.lstrip("-+")]))
            tag = None
        elif tag is not None:
            tag.append(text)
        else:
            pieces.append(text)
    told = _read("".join(pieces))
    statements = [number for number, each in enumerate(tags) if each.startswith("{%")]
    kept = [int(each) for each in _MARK.findall(told)]
    if [each for each in kept if tags[each].startswith("{%")] != statements:
        return None
    return _MARK.sub(lambda found: tags[int(found[1])], told)


def text_of(html: str) -> str:
    """What a reader sees: one line a block, links in brackets after their words."""
    return tidied(_read(html))


def tidied(text: str) -> str:
    """*text* with its breaks as lines, no two blanks together and no two empty lines."""
    lines = _AROUND_LINES.sub("\n", _SPACES.sub(" ", _BREAKS.sub(_break_of, text)))
    return _MANY_LINES.sub("\n\n", lines).strip("\n ") + "\n"


def _read(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


def _break_of(found: re.Match[str]) -> str:
    return "\n\n" if APART in found[0] else "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []
        self._lists: list[int] = []
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _VOID:
            self._void(tag, given)
            return
        if self._hidden or tag in _HIDDEN or _is_hidden(given):
            if not self._hidden or tag == self._hidden[-1]:
                self._hidden.append(tag)
            return
        self._break(tag)
        if tag in ("ol", "ul"):
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._item()
        elif tag == "a":
            self._link = (given.get("href", "").strip(), len(self.parts))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
            return
        if tag == "a" and self._link:
            self._close_link(*self._link)
            self._link = None
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(_BLANKS.sub(" ", _INVISIBLE.sub("", data)))

    def _void(self, tag: str, given: dict[str, str]) -> None:
        if self._hidden:
            return
        if tag == "br":
            self.parts.append("\n")
        elif tag == "hr":
            self.parts.append(f"{APART}----{APART}")
        elif tag == "img" and given.get("alt", "").strip():
            self.parts.append(given["alt"].strip())

    def _item(self) -> None:
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            self.parts.append(f"{self._lists[-1]}. ")
        else:
            self.parts.append("- ")

    def _close_link(self, href: str, begun: int) -> None:
        words = _BLANKS.sub(" ", "".join(self.parts[begun:])).strip()
        address = href.removeprefix("mailto:").removeprefix("tel:")
        if href and not href.startswith("#") and words != address:
            self.parts.append(f" ({address})" if words else address)

    def _break(self, tag: str) -> None:
        if tag in _APART:
            self.parts.append(APART)
        elif tag in _LINES:
            self.parts.append(LINE)


def _is_hidden(given: dict[str, str]) -> bool:
    """Such as the preview line that mail programs show beside the subject."""
    style = given.get("style", "").replace(" ", "").lower()
    return "display:none" in style or "hidden" in given
