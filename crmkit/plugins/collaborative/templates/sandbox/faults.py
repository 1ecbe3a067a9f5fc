"""What is wrong with a template, or with what it was given."""

from __future__ import annotations

from types import TracebackType

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError


class RefusedError(Exception):
    """A template does what none may."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


class MissingError(Exception):
    """What this person lacks, and the template needs."""


class TooLongError(Exception):
    """More came out than may."""


def fault(exc: BaseException, part: str, name: str) -> dict[str, object]:
    """What went wrong where, as the other process hears it."""
    told: dict[str, object] = {"part": part, "template": name, "line": _line(exc, name)}
    told["missing"] = isinstance(exc, MissingError)
    match exc:
        case TemplateSyntaxError():
            told["template"] = exc.name or name
            return told | {"error": exc.message or "not understood"}
        case TemplateNotFound():
            return told | {"error": f"there is no template {exc.name!r}"}
        case MemoryError():
            return told | {"error": "takes more memory than it may"}
        case RecursionError():
            return told | {"error": "calls itself without an end"}
        case RefusedError() | MissingError() | TooLongError() | TemplateError():
            return told | {"error": str(exc)}
    return told | {"error": f"{type(exc).__name__}: {exc}"[:300]}


def _line(exc: BaseException, name: str) -> int:
    if isinstance(exc, TemplateSyntaxError):
        return exc.lineno
    if isinstance(exc, RefusedError) and exc.line:
        return exc.line
    line, trace = 0, exc.__traceback__
    while isinstance(trace, TracebackType):
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
