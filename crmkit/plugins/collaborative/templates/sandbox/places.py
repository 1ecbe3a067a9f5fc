"""
Where in HTML an expression stands, and what that asks of its value.

Autoescaping alone is right for texts and quoted attributes only: an address may be ``javascript:``,
and nothing is safe without quotes. So a template is read as HTML, and its expressions get the
filter of their place, or are refused where no filter would do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs
from jinja2 import Environment

from .faults import RefusedError

LINKS: Final = frozenset({"action", "background", "cite", "formaction", "href", "poster", "src"})
RAW: Final = frozenset({"script", "style"})
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"""\s*/?\s*([^\s=>"'/]+)?(\s*=\s*(["'])?)?""")
_HALF: Final = ("<", "</", "<!", "<!-", "<?")
_BEGINS: Final = ("if", "for")
_TURNS: Final = ("else", "elif")
_IN_TEXT_ONLY: Final = ("block", "call", "include")


@attrs.frozen
class Place:
    """
    Attributes:
        mode: ``text``, ``tag``, ``value``, ``bare`` (a value without quotes), ``comment`` or
            ``raw``.
        element, attribute, quote: What is open.
    """

    mode: str = "text"
    element: str = ""
    attribute: str = ""
    quote: str = ""


class Reader:
    """
    Attributes:
        place: Where what was read so far ends.
        is_begun: Whether the open value has something in it.
    """

    def __init__(self) -> None:
        self.place = Place()
        self.is_begun = False

    def read(self, text: str) -> None:
        at = 0
        while at < len(text):
            at = getattr(self, f"_{self.place.mode}")(text, at)

    def _text(self, text: str, at: int) -> int:
        at = text.find("<", at)
        if at < 0:
            return len(text)
        if text.startswith("<!--", at) and not text.startswith(("<!--[if", "<!--<!"), at):
            self.place = Place("comment")
            return at + 4
        if text[at:] in _HALF:  # what follows it would say which tag it is
            self.place = Place("tag")
            return len(text)
        found = _TAG.match(text, at)
        if not found:
            return at + 1
        self.place = Place("tag", "" if found[1] else found[2].lower())
        return found.end()

    def _comment(self, text: str, at: int) -> int:
        end = text.find("-->", at)
        if end < 0:
            return len(text)
        self.place = Place()
        return end + 3

    def _raw(self, text: str, at: int) -> int:
        found = re.compile(rf"</{self.place.element}[\s/>]", re.IGNORECASE).search(text, at)
        if not found:
            return len(text)
        self.place = Place("tag")
        return found.end() - 1

    def _tag(self, text: str, at: int) -> int:
        if text[at] == ">":
            element = self.place.element
            self.place = Place("raw", element) if element in RAW else Place()
            return at + 1
        found = _ATTRIBUTE.match(text, at)
        if not found or found.end() == at:
            return at + 1
        if found[2]:
            name = (found[1] or self.place.attribute).lower()
            mode = "value" if found[3] else "bare"
            self.place = Place(mode, self.place.element, name, found[3] or "")
            self.is_begun = False
        elif found[1]:
            self.place = attrs.evolve(self.place, attribute=found[1].lower())
        return found.end()

    def _value(self, text: str, at: int) -> int:
        end = text.find(self.place.quote, at)
        self.is_begun = self.is_begun or bool(text[at : end if end >= 0 else None].strip())
        if end < 0:
            return len(text)
        self.place = Place("tag", self.place.element)
        return end + 1

    def _bare(self, text: str, at: int) -> int:
        if text[at].isspace() or text[at] == ">":
            self.place = Place("tag", self.place.element)
            return at
        return at + 1

    def filter(self, line: int) -> str:
        """
        What an expression here goes through; empty where escaping is enough.

        Raises:
            RefusedError: If nothing may stand here.
        """
        place = self.place
        if place.mode in ("text", "comment"):
            return ""
        if place.mode == "raw":
            raise RefusedError(f"nothing can be put into <{place.element}>", line)
        if place.mode != "value":
            raise RefusedError("put quotes around the value of the attribute", line)
        if place.attribute.startswith("on") or place.attribute == "srcset":
            raise RefusedError(f"nothing can be put into {place.attribute}", line)
        if place.attribute == "style":
            return "x_style"
        if place.attribute in LINKS:
            was_begun, self.is_begun = self.is_begun, True
            return "x_url_part" if was_begun else "x_url"
        return ""


def guarded(source: str, environment: Environment) -> str:
    """
    *source* with the filter of its place after each expression; lines stay where they are.

    Raises:
        RefusedError: If an expression stands where none may, or branches end in different places.
    """
    return "".join(_guarded(source, environment))


def _guarded(source: str, environment: Environment) -> Iterator[str]:
    reader, branches = Reader(), list[Place]()
    inner: list[str] | None = None
    word = ""
    for line, kind, text in environment.lex(source):
        if kind == "data":
            reader.read(text)
        elif kind == "variable_begin":
            inner = []
        elif kind == "variable_end" and inner is not None:
            name, inside = reader.filter(line), "".join(inner)
            yield f"({inside})|{name}" if name else inside
            inner = None
        elif kind == "block_begin":
            word = "?"
        elif word == "?" and kind == "name":
            word = text
            if word in _IN_TEXT_ONLY and reader.place.mode != "text":
                raise RefusedError(f"{{% {word} %}} cannot stand within a tag", line)
            _check_branches(word, line, reader, branches)
        if inner is None:
            yield text
        elif kind != "variable_begin":
            inner.append(text)
        else:
            yield text
    if reader.place.mode != "text":
        raise RefusedError(f"it ends within <{reader.place.element or '...'}", source.count("\n"))


def _check_branches(word: str, line: int, reader: Reader, branches: list[Place]) -> None:
    if word in _BEGINS:
        branches.append(reader.place)
    elif (word in _TURNS or word.removeprefix("end") in _BEGINS) and branches:
        begun = branches[-1] if word in _TURNS else branches.pop()
        if attrs.evolve(begun, attribute="") != attrs.evolve(reader.place, attribute=""):
            told = f"{{% {word} %}} stands in another place of the HTML than what it belongs to"
            raise RefusedError(told, line)
