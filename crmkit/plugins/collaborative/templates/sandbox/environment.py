"""Jinja2 without objects: templates see values, and values can do nothing."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlsplit

from babel import Locale
from jinja2 import FunctionLoader, StrictUndefined, Undefined, pass_environment
from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from . import values
from .faults import MissingError, RefusedError

KEPT: Final = (
    "abs", "batch", "capitalize", "count", "dictsort", "e", "escape", "first", "float", "indent",
    "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
    "rejectattr", "replace", "reverse", "round", "select", "selectattr", "slice", "sort",
    "striptags", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
    "wordwrap",
)  # fmt: skip
"""Jinja2's own filters; ``attr``, ``format``, ``safe`` and what else reaches further are not."""
LOOP: Final = frozenset(
    {
        "changed", "cycle", "depth", "depth0", "first", "index", "index0", "last", "length",
        "nextitem", "previtem", "revindex", "revindex0",
    }
)  # fmt: skip
MAPPINGS: Final = (MappingProxyType, dict)
"""What is given, and what templates write in braces."""
_UNFIT: Final = re.compile("[\x00-\x20\x7f]")
LONGEST_RANGE: Final = 1_000
LARGEST: Final = 10**18
NOWHERE: Final = "link.example"
SCHEMES: Final = ("https", "http", "mailto", "tel", "sms")


class Missing(StrictUndefined):
    """What a template may ask about, but not write out: nobody told us."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return isinstance(other, Missing)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not isinstance(other, Missing)

    __hash__ = Undefined.__hash__  # type: ignore[assignment]


class Sandbox(ImmutableSandboxedEnvironment):
    """
    Attributes:
        locale: How numbers, money and dates are written.
    """

    intercepted_binops = frozenset({"*", "%", "**"})

    def __init__(
        self, sources: Mapping[str, str], locale: Locale, *, markup: bool, trim: bool = False
    ) -> None:
        super().__init__(
            autoescape=markup,
            undefined=StrictUndefined,
            finalize=_finalize,
            loader=FunctionLoader(lambda name: _source(sources, name)),
            keep_trailing_newline=True,
            trim_blocks=trim,
            lstrip_blocks=trim,
            auto_reload=False,
            cache_size=50,
        )
        self.locale = locale
        kept = {name: self.filters[name] for name in KEPT}
        self.filters.clear()
        self.filters.update(kept | FILTERS)
        self.globals.clear()
        self.globals["range"] = _range

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a mapping, or what a loop or an imported template offers; never an attribute."""
        if isinstance(obj, MAPPINGS):
            return self._of(obj, attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, TemplateModule) and not attribute.startswith("_"):
            return vars(obj).get(attribute, self.undefined(obj=obj, name=attribute))
        if isinstance(obj, Undefined):
            return getattr(obj, attribute)
        return self.undefined(f"{attribute!r} is not known here", name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, MAPPINGS):
            return self._of(obj, argument)
        if isinstance(obj, str | tuple | list) and type(argument) in (int, slice):
            try:
                return obj[argument]
            except IndexError:
                return self._missing(f"number {argument}")
        if isinstance(obj, Undefined):
            return obj[argument]
        return self.undefined(f"{argument!r:.40} is not known here", name=str(argument)[:40])

    def _of(self, obj: Mapping[Any, Any], name: Any) -> Any:
        try:
            value = obj[name]
        except (KeyError, TypeError):
            told = f"{name!r:.40} is not known here; known are {', '.join(map(str, obj))}"
            return self.undefined(told[:300], name=str(name)[:40])
        return self._missing(name) if value is None else value

    def _missing(self, name: str) -> Undefined:
        told = f"{name} is missing for this person; give another one with |default('...')"
        return Missing(told, name=name, exc=MissingError)  # type: ignore[arg-type]

    def is_safe_callable(self, obj: Any) -> bool:
        if isinstance(obj, types.MethodType):
            return isinstance(obj.__self__, LoopContext)
        return obj is _range or isinstance(obj, Macro | BlockReference | LoopContext)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" or not numbers:
            raise RefusedError(f"{operator} takes two numbers, and ** is not accepted")
        if max(abs(left), abs(right)) > LARGEST:
            raise RefusedError(f"{operator} takes numbers up to {LARGEST:,}")
        return super().call_binop(context, operator, left, right)


def _source(sources: Mapping[str, str], name: str) -> tuple[str, str, None] | None:
    return (sources[name], name, None) if name in sources else None


def _range(*given: int) -> range:
    found = range(*given)
    if len(found) > LONGEST_RANGE:
        raise RefusedError(f"range: at most {LONGEST_RANGE:,} numbers")
    return found


@pass_environment
def _finalize(environment: Sandbox, value: Any) -> Any:
    if isinstance(value, str | Undefined | Macro):
        return value
    return values.written(value, environment.locale)


def _default(value: Any, other: Any = "") -> Any:
    """*other* for what is missing or empty; what is misspelt stays an error."""
    if value is None or isinstance(value, Missing) or (isinstance(value, str) and not value):
        return other
    return value


def _first_name(value: Any) -> Any:
    """Of a person's whole name; missing where that cannot be told from it."""
    if isinstance(value, Undefined):
        return value
    family, comma, given = str(value).partition(",")
    words = [each for each in (given if comma else family).split() if not each.endswith(".")]
    if len(words) < (1 if comma else 2):
        told = "the name does not tell a first name; give another one with |default('...')"
        return Missing(told, name="first_name", exc=MissingError)  # type: ignore[arg-type]
    return words[0]


def _local(function: Callable[..., str]) -> Callable[..., Any]:
    @pass_environment
    def apply(environment: Sandbox, value: Any, *given: Any) -> Any:
        if isinstance(value, Undefined | values.Sample):
            return value
        if value is None:
            raise MissingError("a value is missing; give another one with |default('...')")
        return function(value, environment.locale, *given)

    return apply


def _url(value: Any) -> str:
    """
    A whole address.

    Raises:
        RefusedError: If it leads elsewhere than to a web page, a mailbox or a telephone.
    """
    text = str(value).strip()
    if isinstance(value, values.Sample):
        return f"https://{NOWHERE}/{text}"
    scheme = urlsplit(text).scheme.lower()
    if scheme not in SCHEMES or _UNFIT.search(text):
        raise RefusedError(f"{text!r:.80} is no link; accepted: {', '.join(SCHEMES)}")
    return text


def _url_part(value: Any) -> Any:
    """What stands within an address, so that it stays within its place."""
    return Markup(quote(str(value), safe=""))  # noqa: S704 - letters, digits and %


def _style(value: Any) -> str:
    text = str(value)
    if not all(c.isalnum() or c in "#%., -" for c in text):
        raise RefusedError(f"{text!r:.60} is no value of a style")
    return text


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "d": _default,
    "date": _local(values.day),
    "datetime": _local(values.moment),
    "default": _default,
    "first_name": _first_name,
    "money": _local(values.money),
    "number": _local(values.number),
    "percent": _local(values.percent),
    "time": _local(values.clock),
    "x_style": _style,
    "x_url": _url,
    "x_url_part": _url_part,
}
