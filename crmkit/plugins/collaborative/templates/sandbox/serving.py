"""
The loop of the process: one request after the other, each within its share of the processor.

A frame is four bytes of length and as many of JSON. Whoever takes too long is ended by the kernel,
in the middle of whatever it does; the other side sees the pipe close and starts another process.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO, Final

from babel import Locale, UnknownLocaleError
from jinja2 import Template

from . import checking, markup, places, plain, values
from .environment import Sandbox
from .faults import RefusedError, TooLongError, fault

PARTS: Final = ("subject", "text", "html")


class Loaded:
    """The parts of one template in one language, and all it takes in."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.root = told["root"]
        self.is_styled = told["styled"]
        self.templates: dict[str, Template] = {}
        self.made: Template | None = None
        locale = locale_of(told["locale"])
        for part, sources in told["sources"].items():
            if part == "html":
                self._read_html(sources, locale, needs_text="text" not in told["sources"])
            else:
                sandbox = Sandbox(sources, locale, markup=False, trim=part == "text")
                self.templates[part] = sandbox.get_template(self.root)

    def _read_html(self, sources: dict[str, str], locale: Locale, *, needs_text: bool) -> None:
        lexer = Sandbox({}, locale, markup=True)
        guarded = {name: places.guarded(each, lexer) for name, each in sources.items()}
        self.templates["html"] = Sandbox(guarded, locale, markup=True).get_template(self.root)
        texts = {name: plain.template_of(each, lexer) for name, each in guarded.items()}
        whole = {name: each for name, each in texts.items() if each is not None}
        if needs_text and len(whole) == len(texts):
            self.made = Sandbox(whole, locale, markup=False).get_template(self.root)

    def rendered(self, context: dict[str, Any], most: int) -> dict[str, object]:
        told: dict[str, object] = dict.fromkeys(PARTS, "")
        part = ""
        try:
            for part, template in self.templates.items():
                told[part] = _limited(template.generate(context), most)
            if "subject" in self.templates:
                told["subject"] = " ".join(str(told["subject"]).split())
            if "html" in self.templates:
                if "text" not in self.templates:
                    told["text"] = self._text(context, str(told["html"]), most)
                if self.is_styled:
                    told["html"] = markup.inlined(str(told["html"]))
        except Exception as exc:  # noqa: BLE001 - whatever a template comes upon
            return fault(exc, part, self.root)
        return told

    def _text(self, context: dict[str, Any], html: str, most: int) -> str:
        if self.made is not None:
            with suppress(Exception):  # then the HTML itself is read
                return plain.tidied(_limited(self.made.generate(context), most))
        return plain.text_of(html)


def _limited(chunks: Iterator[str], most: int) -> str:
    parts, size = [], 0
    for each in chunks:
        size += len(each)
        if size > most:
            raise TooLongError(f"more than {most:,} letters come out")
        parts.append(each)
    return "".join(parts)


def locale_of(tag: str) -> Locale:
    try:
        return Locale.parse(tag or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        language = tag.partition("-")[0]
        return locale_of(language) if language != tag else Locale.parse("en")


def check(told: dict[str, Any]) -> dict[str, object]:
    """What is stored of a template beside its source, or what is wrong with it."""
    parts, part = dict(told["parts"]), "mjml"
    try:
        lines: dict[str, int] = {}
        if told["mjml"]:
            lines = dict(_checked(told["mjml"], "mjml", told["roots"])[0])
            parts["html"] = markup.html_of(told["mjml"])
        if not parts["subject"].strip() and told["titled"]:
            parts["subject"] = markup.title_of(parts["html"])
        asked: dict[str, list[tuple[str, int]]] = {}
        taken: dict[str, list[str]] = {}
        for part in PARTS:
            if parts[part]:
                asked[part], taken[part] = _checked(parts[part], part, told["roots"])
        asked["html"] = [(name, lines.get(name, line)) for name, line in asked.get("html", ())]
    except markup.NotInstalledError:
        return {"extra": "mail"}
    except Exception as exc:  # noqa: BLE001 - whatever a template comes upon
        return fault(exc, part, told["name"])
    return {"subject": parts["subject"], "html": parts["html"], "asked": asked, "taken": taken}


def _checked(source: str, part: str, roots: list[str]) -> tuple[list[tuple[str, int]], list[str]]:
    sandbox = Sandbox({}, locale_of("en"), markup=part == "html")
    found = checking.checked(source, sandbox, roots)
    if part == "html":
        places.guarded(source, sandbox)
        if forbidden := markup.seen(source)["forbidden"]:
            raise RefusedError(f"no mail may have <{forbidden[0]}>")
    return found


def look(told: dict[str, Any]) -> dict[str, object]:
    return markup.seen(told["html"]) | {"can_inline": markup.can_inline()}


def serve(requests: BinaryIO, answers: BinaryIO, cpu_seconds: float) -> None:
    loaded: dict[str, Loaded] = {}
    while head := requests.read(4):
        (size,) = struct.unpack(">I", head)
        told = values.read(requests.read(size))
        for answer in _answers(told, loaded, cpu_seconds):
            signal.setitimer(signal.ITIMER_PROF, 0)
            body = json.dumps(answer).encode()
            answers.write(struct.pack(">I", len(body)) + body)
            answers.flush()


def _answers(
    told: dict[str, Any], loaded: dict[str, Loaded], cpu_seconds: float
) -> Iterator[dict[str, object]]:
    def begin() -> None:
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)

    begin()
    match told["do"]:
        case "check":
            yield check(told)
        case "look":
            yield look(told)
        case "load":
            yield _load(told, loaded)
        case "render":
            template = loaded[told["key"]]
            for context in told["contexts"]:
                begin()
                yield template.rendered(dict(context), told["most"])


def _load(told: dict[str, Any], loaded: dict[str, Loaded]) -> dict[str, object]:
    try:
        loaded[told["key"]] = Loaded(told)
    except Exception as exc:  # noqa: BLE001 - whatever a template comes upon
        return fault(exc, "", told["root"])
    return {}


def confine(memory_bytes: int) -> None:
    """No more memory than that, no files written, no core dumped; and the clock can end it."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGPROF])
    for limit, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # not every system has every limit
            resource.setrlimit(limit, (most, most))


def main(cpu_seconds: float, memory_bytes: int) -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    confine(memory_bytes)
    with os.fdopen(0, "rb") as requests:
        serve(requests, answers, cpu_seconds)
