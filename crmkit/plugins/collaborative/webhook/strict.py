"""JSON without the doors that parsers leave open: duplicate keys, NaN, endless depth."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from .errors import BadMessageError

DEEPEST: Final = 32
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(r"[\[\]{}]")


def parse(body: bytes) -> Any:
    """
    Raises:
        BadMessageError: If *body* is no UTF-8, no JSON, or JSON that readers differ about.
    """
    try:
        text = body.decode("utf-8")
        _refuse_depth(text)
        return json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite
        )
    except (ValueError, RecursionError) as exc:
        raise BadMessageError(f"the body is no JSON that is accepted: {exc}") from exc


def _refuse_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_TEXT.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise ValueError(f"nested deeper than {DEEPEST}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number
