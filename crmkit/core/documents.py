"""Plain documents (payloads, settings) as attrs classes, exactly: ``"false"`` is no boolean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args, get_origin

import cattrs

from ..errors import InvalidValueError

T = TypeVar("T")


class Written(str):
    """Text from an environment variable or a file: it may spell a number or a boolean."""

    __slots__ = ()


def structured(document: Mapping[str, object], cls: type[T]) -> T:
    """
    Raises:
        ValueError: With every problem in one line.
    """
    try:
        return _CONVERTER.structure(dict(document), cls)
    except Exception as exc:  # cattrs raises groups of whatever the class's validators raise
        told = cattrs.transform_error(exc, format_exception=_told)
        raise ValueError("; ".join(told) or str(exc)) from exc


def _told(exc: BaseException, wanted: type | None) -> str:
    """What the class says itself about a value, else what cattrs can tell."""
    is_ours = isinstance(exc, InvalidValueError)
    return str(exc) if is_ours else cattrs.v.format_exception(exc, wanted)


def _scalar(value: object, wanted: type) -> object:
    if isinstance(value, Written):
        value = _spelled(value, wanted)
    if type(value) is wanted:
        return value
    if wanted is float and type(value) is int:
        return float(value)
    raise TypeError


def _spelled(text: Written, wanted: type) -> object:
    if wanted is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    return wanted(text)


def _is_list(wanted: Any) -> bool:
    origin, inner = get_origin(wanted), get_args(wanted)
    return origin is list or (origin is tuple and inner[1:] == (...,))


def _list(wanted: Any) -> Callable[[object, Any], object]:
    make, inner = get_origin(wanted), get_args(wanted)[0]

    def structure(value: object, _: Any) -> object:
        if not isinstance(value, list | tuple):
            raise TypeError
        return make(_CONVERTER.structure(each, inner) for each in value)

    return structure


def _exact_converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for scalar in (str, int, float, bool):
        converter.register_structure_hook(scalar, _scalar)
    converter.register_structure_hook_factory(_is_list, _list)
    return converter


_CONVERTER = _exact_converter()
