"""The text part of a mail, made of its HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

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
_MANY_LINES = re.compile(r"\n{3,}")
_INVISIBLE = re.compile(f"[{LINE}{APART}\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff]")
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)


def text_of(html: str) -> str:
    """What a reader sees: one line a block, links in brackets after their words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    broken = _BREAKS.sub(_break_of, "".join(reader.parts))
    lines = broken.split("\n")
    told = "\n".join(_BLANKS.sub(" ", line).strip(" ") for line in lines)
    return _MANY_LINES.sub("\n\n", told).strip("\n") + "\n"


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
