"""The three nouns of crmkit, and the small values they are made of, as immutable records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

import attrs

from ..errors import InvalidValueError
from .matching import has_control
from .money import Money

CustomerKind = Literal["person", "organisation", "household"]
Standing = Literal["known", "mentioned"]
CustomerStatus = Literal["active", "archived", "merged", "erased"]
ContactKind = Literal["email", "phone", "postal", "web", "social"]
Direction = Literal["inbound", "outbound", "internal"]
OfferStatus = Literal["proposed", "carried", "accepted", "declined", "expired", "withdrawn"]

NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_NAMESPACE = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_DOTTED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_LOCALE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"/]{1,253}")


def _choice(field: str, value: object, choices: Any) -> None:
    if value not in get_args(choices):
        raise InvalidValueError(field, value, "one of " + ", ".join(get_args(choices)))


def _text(field: str, value: object, longest: int, *, empty: bool = True) -> None:
    if not isinstance(value, str) or len(value) > longest or (not empty and not value.strip()):
        least = "" if empty else "non-empty "
        raise InvalidValueError(field, value, f"{least}text of at most {longest} characters")
    if not value.isprintable() and has_control(value):
        raise InvalidValueError(field, value, "text without control characters")


def _all_are(field: str, values: object, wanted: type) -> None:
    if not isinstance(values, tuple) or not all(isinstance(each, wanted) for each in values):
        raise InvalidValueError(field, values, f"a tuple of {wanted.__name__}")


def _maybe(field: str, value: object, wanted: type) -> None:
    if value is not None and not isinstance(value, wanted):
        raise InvalidValueError(field, value, f"{wanted.__name__} or None")


def _aware(field: str, value: object) -> None:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise InvalidValueError(
            field, value, "a datetime with a time zone, such as datetime.now(timezone.utc)"
        )


def _id(field: str, value: object) -> None:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise InvalidValueError(field, value, "an integer id")


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


def _check_email(value: str) -> None:
    domain = value.rpartition("@")[2].rstrip(".")
    labels = domain.split(".")
    if (
        not _EMAIL.fullmatch(value)
        or not value.isprintable()
        or len(value) > 254
        or len(labels) < 2
        or not all(0 < len(label) <= 63 and label.strip("-") == label for label in labels)
        or labels[-1].isdigit()
        or ".." in value
        or value.startswith(".")
        or ".@" in value
    ):
        raise InvalidValueError("email", value, "an address such as ana@example.com")


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


@attrs.frozen
class ContactPoint:
    """
    One way to reach a customer. Several customers may share one.

    Attributes:
        value: As given, without space around it; matching uses a folded key, so spelling and case
            do not matter.
        label: Free text such as "work".
        preferred: Which one to use among several of a kind.
    """

    kind: ContactKind
    value: str = attrs.field(converter=_stripped)
    label: str = ""
    preferred: bool = False

    def __attrs_post_init__(self) -> None:
        _choice("contact kind", self.kind, ContactKind)
        _text(self.kind, self.value, 1000, empty=False)
        _text("label", self.label, 100)
        if self.kind == "email":
            _check_email(self.value)
        elif self.kind == "phone" and not any(c.isdecimal() for c in self.value):
            raise InvalidValueError("phone", self.value, "a number such as +44 20 7946 0000")


@attrs.frozen(order=True)
class Identity:
    """What another system calls the customer: ``Identity("shop", "4711")``. Unique."""

    namespace: str
    external_id: str

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.namespace, str) or not _NAMESPACE.fullmatch(self.namespace):
            raise InvalidValueError(
                "namespace", self.namespace, "a lower-case word such as shop or crm.legacy"
            )
        _text("external_id", self.external_id, 200, empty=False)

    def __str__(self) -> str:
        return f"{self.namespace}:{self.external_id}"


@attrs.frozen(kw_only=True)
class Customer:
    """
    Someone we have, had, or want a relationship with.

    Attributes:
        standing: ``known`` to us, or merely ``mentioned`` by somebody else.
        name: As shown to people; matching folds case, accents and width.
        identities: What other systems call this customer.
        locale: BCP 47 tag such as ``en-GB``; empty when unknown.
        time_zone: IANA name such as ``Europe/Warsaw``; empty when unknown.
        merged_into: The surviving customer's id when ``status`` is ``merged``.
        attributes: Values of the custom attributes that were defined when the CRM was opened.
        version: Goes up by one with every save; a save with an old version is refused.
        id: 0 until stored.
    """

    name: str
    kind: CustomerKind = "person"
    standing: Standing = "known"
    contact_points: tuple[ContactPoint, ...] = ()
    identities: tuple[Identity, ...] = ()
    locale: str = ""
    time_zone: str = ""
    status: CustomerStatus = "active"
    merged_into: int | None = None
    attributes: Mapping[str, object] = attrs.field(default=NOTHING, hash=False)
    version: int = 0
    id: int = 0

    def __attrs_post_init__(self) -> None:
        _text("name", self.name, 500)
        _choice("kind", self.kind, CustomerKind)
        _choice("standing", self.standing, Standing)
        _choice("status", self.status, CustomerStatus)
        _id("id", self.id)
        _all_are("contact_points", self.contact_points, ContactPoint)
        _all_are("identities", self.identities, Identity)
        _maybe("attributes", self.attributes, Mapping)
        _text("locale", self.locale, 100)
        _text("time_zone", self.time_zone, 100)
        if self.locale and not _LOCALE.fullmatch(self.locale):
            raise InvalidValueError("locale", self.locale, "a BCP 47 tag such as en-GB")
        if self.time_zone and not _is_zone(self.time_zone):
            raise InvalidValueError(
                "time_zone", self.time_zone, "an IANA name such as Europe/Warsaw"
            )
        if (self.merged_into is not None) != (self.status == "merged") or (
            self.id and self.merged_into == self.id
        ):
            accepted = "the id of another customer exactly when status is merged"
            raise InvalidValueError("merged_into", self.merged_into, accepted)

    def contact(self, kind: ContactKind) -> str | None:
        """The preferred, else the first, contact point of that kind."""
        of_kind = [point for point in self.contact_points if point.kind == kind]
        chosen = [point for point in of_kind if point.preferred] or of_kind
        return chosen[0].value if chosen else None


@attrs.frozen(kw_only=True)
class Line:
    """
    One item of a purchase.

    Attributes:
        sku: The shop's own article number.
        quantity: Pieces, kilograms or hours; negative when given back.
        amount: For the whole line, not for one piece.
    """

    sku: str
    quantity: float = 1
    amount: Money
    name: str = ""

    def __attrs_post_init__(self) -> None:
        _text("sku", self.sku, 100, empty=False)
        _text("line name", self.name, 500)
        if not isinstance(self.amount, Money):
            raise InvalidValueError("line amount", self.amount, "Money")
        if not isinstance(self.quantity, int | float) or not abs(self.quantity) < 1e12:
            raise InvalidValueError("quantity", self.quantity, "a finite number")


@attrs.frozen(kw_only=True)
class Interaction:
    """
    One thing that happened between us and a customer. Never changed, never deleted but by erasure.

    Attributes:
        kind: Dotted name that a plugin registered, such as ``purchase.order``.
        at: When it happened, an aware datetime.
        channel: Where: ``shop``, ``web``, ``email``, ``phone`` ...
        direction: ``inbound`` from the customer, ``outbound`` to them, ``internal`` about them.
        amount: What the customer paid; negative when money went back.
        thread: Groups a conversation.
        offer_id: The offer this carried (outbound) or answers (inbound).
        machine: Made by a machine (a mail scanner's click), not by a person.
        payload: Facts beyond the common ones, checked against the schema of *kind*.
        source: The system it came from.
        source_key: That system's own id; the same ``(source, source_key)`` is stored once.
        id: 0 until stored.
    """

    customer_id: int
    kind: str
    at: datetime
    channel: str = ""
    direction: Direction = "inbound"
    amount: Money | None = None
    lines: tuple[Line, ...] = ()
    text: str = ""
    thread: str = ""
    offer_id: int | None = None
    machine: bool = False
    payload: Mapping[str, object] = attrs.field(default=NOTHING, hash=False)
    source: str = ""
    source_key: str | None = None
    id: int = 0

    def __attrs_post_init__(self) -> None:
        # The common case in one expression: this runs for every row of an import.
        try:
            fine = (
                0 < self.customer_id < 1 << 63
                and self.at.tzinfo is not None
                and _is_dotted(self.kind)
                and self.direction in _DIRECTIONS
                and len(self.channel) <= 100
                and len(self.source) <= 100
                and len(self.thread) <= 200
                and len(self.text) <= 1_000_000
                and (self.source_key is None or 0 < len(self.source_key) <= 200)
                and f"{self.channel}{self.source}{self.thread}{self.source_key}".isprintable()
                and self.text.isprintable()
                and (self.amount is None or type(self.amount) is Money)
                and (self.offer_id is None or type(self.offer_id) is int)
                and (self.payload is NOTHING or isinstance(self.payload, dict))
            )
        except (AttributeError, TypeError):
            fine = False
        if not fine:
            self._check_each()
        if self.lines:
            self._check_lines()

    def _check_each(self) -> None:
        _id("customer_id", self.customer_id or -1)
        _aware("at", self.at)
        _dotted(self.kind)
        _choice("direction", self.direction, Direction)
        _text("channel", self.channel, 100)
        _text("source", self.source, 100)
        _text("thread", self.thread, 200)
        _text("text", self.text, 1_000_000)
        if self.source_key is not None:
            _text("source_key", self.source_key, 200, empty=False)
        _maybe("amount", self.amount, Money)
        _maybe("offer_id", self.offer_id, int)
        _maybe("payload", self.payload, Mapping)

    def _check_lines(self) -> None:
        _all_are("lines", self.lines, Line)
        currencies = {line.amount.currency for line in self.lines}
        if self.amount is None or currencies != {self.amount.currency}:
            raise InvalidValueError(
                "lines", sorted(currencies), "lines in the one currency of the amount"
            )


_DIRECTIONS: Final = frozenset(get_args(Direction))


@lru_cache(maxsize=4096)
def _is_dotted(kind: str) -> bool:
    return len(kind) <= 64 and _DOTTED.fullmatch(kind) is not None


def _dotted(kind: object) -> None:
    if not isinstance(kind, str) or not _is_dotted(kind):
        raise InvalidValueError("kind", kind, "a dotted lower-case name such as purchase.order")


@attrs.frozen(kw_only=True)
class Offer:
    """
    Something we propose to one customer.

    Attributes:
        what: The proposition in the customer's words: a product, a service, a question.
        kind: Which sort: ``discount``, ``product``, ``service``, ``question`` ...
        terms: Facts the proposing plugin needs to honour it, JSON-ready.
        cost: What it costs us if it is taken.
        valid_from, valid_until: Half-open; None means open.
        why: The reason, one sentence a customer could be told.
        plugin: Who proposed it.
        carried_by: Id of the interaction that brought it to the customer.
        answered_by: Id of the interaction that answered it.
        version: Goes up by one with every save.
        id: 0 until stored.
    """

    customer_id: int
    what: str
    kind: str = "product"
    terms: Mapping[str, object] = attrs.field(default=NOTHING, hash=False)
    cost: Money | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    why: str = ""
    plugin: str = ""
    status: OfferStatus = "proposed"
    carried_by: int | None = None
    answered_by: int | None = None
    version: int = 0
    id: int = 0

    def __attrs_post_init__(self) -> None:
        _id("customer_id", self.customer_id or -1)
        _text("what", self.what, 500, empty=False)
        _text("why", self.why, 2000)
        _text("plugin", self.plugin, 100)
        _maybe("cost", self.cost, Money)
        _maybe("terms", self.terms, Mapping)
        _choice("status", self.status, OfferStatus)
        if not isinstance(self.kind, str) or not _NAMESPACE.fullmatch(self.kind):
            raise InvalidValueError("kind", self.kind, "a lower-case word such as discount")
        for field in ("valid_from", "valid_until"):
            if getattr(self, field) is not None:
                _aware(field, getattr(self, field))
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise InvalidValueError("valid_until", self.valid_until, "an instant after valid_from")
