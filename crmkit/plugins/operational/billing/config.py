"""Settings: ``[billing]`` in ``crmkit.toml``."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from crmkit import InvalidValueError, Money

TAX_CATEGORIES: Final = ("S", "Z", "E", "AE", "K", "G", "O")
TAXED: Final = ("S", "Z")
"""Of these no reason is printed."""
SERIES: Final = ("order", "invoice", "credit_note", "payment", "refund", "write_off")
ACCOUNTS: Final = (
    "receivables", "revenue", "tax", "bank", "bad_debt", "cost_to_serve", "accruals",
)  # fmt: skip
_COUNTRY = re.compile(r"[A-Z]{2}")
_NUMBER = re.compile(r"\{number(:0\d{1,2}d)?\}")


def _country(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if value and not _COUNTRY.fullmatch(value):
        raise InvalidValueError(field.name, value, "an ISO 3166 code of two letters such as DE")


def _day(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if value:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise InvalidValueError(field.name, value, "a day such as 2026-01-31") from None


def _percent(_: object, field: attrs.Attribute[Any], value: str) -> None:
    try:
        rate = Decimal(value)
    except (InvalidOperation, TypeError):
        rate = Decimal(-1)
    if not 0 <= rate <= 100 or rate * 100 != int(rate * 100):
        accepted = 'a percentage in quotes, with two digits at most, such as "19" or "5.5"'
        raise InvalidValueError(field.name, value, accepted)


def _category(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if value not in TAX_CATEGORIES:
        raise InvalidValueError(field.name, value, f"one of {', '.join(TAX_CATEGORIES)} (EN 16931)")


def _currency(_: object, field: attrs.Attribute[Any], value: str) -> None:
    Money(0, value)


def _from(least: int, what: str) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: int) -> None:
        if type(value) is not int or not least <= value <= 1_000_000:
            raise InvalidValueError(field.name, value, f"a number of {what}, {least} or more")

    return check


def _zone(_: object, field: attrs.Attribute[Any], value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError):
        accepted = "an IANA name such as Europe/Warsaw"
        raise InvalidValueError(field.name, value, accepted) from None


def _formats(_: object, field: attrs.Attribute[Any], value: dict[str, str]) -> None:
    for series, form in value.items():
        if series not in SERIES:
            raise InvalidValueError(field.name, series, f"one of {', '.join(SERIES)}")
        plain = form.replace("{year}", "")
        if len(_NUMBER.findall(plain)) != 1 or "{" in _NUMBER.sub("", plain):
            accepted = (
                "a text with {number} or {number:05d}, and {year} if it begins anew each year"
            )
            raise InvalidValueError(f"{field.name}.{series}", form, accepted)


def _accounts(_: object, field: attrs.Attribute[Any], value: dict[str, str]) -> None:
    for name in value:
        if name not in ACCOUNTS:
            raise InvalidValueError(field.name, name, f"one of {', '.join(ACCOUNTS)}")


@attrs.frozen(kw_only=True)
class TaxRule:
    """
    How a sale is taxed; the first rule that fits is taken.

    Attributes:
        tax_class: Of the product; empty for all.
        country: Of the buyer, ISO 3166; empty for all, also for an unknown one.
        business: Only buyers with a VAT number (True), only those without (False), or both (None).
        since, until: First day on which it holds, and the first on which it no longer does.
        category: UNCL 5305 code as EN 16931 uses it: S standard, Z zero, E exempt, AE reverse
            charge, K intra-Community supply, G export, O outside the scope of tax.
        rate: Percentage, as text.
        reason: Why no tax is due, printed on the invoice; needed for E, AE, K, G and O.
    """

    tax_class: str = ""
    country: str = attrs.field(default="", validator=_country)
    business: bool | None = None
    since: str = attrs.field(default="", validator=_day)
    until: str = attrs.field(default="", validator=_day)
    category: str = attrs.field(default="S", validator=_category)
    rate: str = attrs.field(default="0", validator=_percent)
    reason: str = ""

    def __attrs_post_init__(self) -> None:
        if (self.category == "S") != (self.rate_bp > 0):
            accepted = "more than 0 for category S, and 0 for every other"
            raise InvalidValueError("rate", self.rate, accepted)
        if self.category not in TAXED and not self.reason:
            accepted = f"why category {self.category} is not taxed, in words"
            raise InvalidValueError("reason", self.reason, accepted)

    @property
    def rate_bp(self) -> int:
        """The rate in hundredths of a per cent."""
        return int(Decimal(self.rate) * 100)


@attrs.frozen(kw_only=True)
class Seller:
    """
    Who sends the invoices.

    Attributes:
        electronic_address, electronic_scheme: Where e-invoices reach it (EAS code, such as
            ``EM`` for an e-mail address).
        iban: Where payments go.
    """

    name: str = ""
    street: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = attrs.field(default="", validator=_country)
    vat_id: str = ""
    registration: str = ""
    email: str = ""
    electronic_address: str = ""
    electronic_scheme: str = "EM"
    iban: str = ""


@attrs.frozen(kw_only=True)
class Dunning:
    """
    One level of reminders.

    Attributes:
        days: After how many days past due it is reached.
        subject, text: ``{number}``, ``{open}``, ``{due}``, ``{days}``, ``{name}`` are filled in.
        purpose, channel: Under which purpose of the policy it is sent, and through which channel,
            where ``delivery`` is enabled.
    """

    days: int = attrs.field(validator=_from(1, "days"))
    subject: str = "Invoice {number}"
    text: str = (
        "Dear {name},\n\ninvoice {number} was due on {due}; {open} is open. "
        "If you have paid meanwhile, please forgive this letter.\n"
    )
    purpose: str = "billing"
    channel: str = "email"

    def __attrs_post_init__(self) -> None:
        known = {"number", "open", "due", "days", "name"}
        for name in ("subject", "text"):
            found = set(re.findall(r"\{([^{}]*)\}", getattr(self, name)))
            if found - known:
                accepted = "only {number}, {open}, {due}, {days} and {name} in braces"
                raise InvalidValueError(name, getattr(self, name), accepted)


@attrs.frozen(kw_only=True)
class Loyalty:
    """
    Points for what is bought.

    Attributes:
        points: For each whole major unit of net sales; 0 gives none.
        expires_days: After how many days points are lost; 0 for never.
        tiers: By name, how many points earned in the last *tier_days* it takes.
    """

    points: int = attrs.field(default=0, validator=_from(0, "points"))
    expires_days: int = attrs.field(default=0, validator=_from(0, "days"))
    tier_days: int = attrs.field(default=365, validator=_from(1, "days"))
    tiers: dict[str, int] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        currency: Of documents whose prices do not say it.
        time_zone: In which a document's day is today.
        payment_days: How long an invoice has, where the account does not say.
        prices_include_tax: Whether prices are what the customer pays, tax within.
        billed_sources: Sources whose purchases are billed here too (``purchase_noted``), so that
            ``profit`` takes them from these books and not from the interactions.
        numbers: The form of numbers, by series.
        accounts: Account numbers of the journal, by name.
        font: A TrueType file for what is printed, beside ``crmkit.toml`` unless absolute; empty for
            Helvetica, which knows western European characters only.
        taxes: The rule table. Without any, nothing is taxed (category O).
    """

    currency: str = attrs.field(default="EUR", validator=_currency)
    time_zone: str = attrs.field(default="UTC", validator=_zone)
    payment_days: int = attrs.field(default=14, validator=_from(0, "days"))
    prices_include_tax: bool = False
    billed_sources: tuple[str, ...] = ()
    numbers: dict[str, str] = attrs.field(factory=dict, validator=_formats)
    accounts: dict[str, str] = attrs.field(factory=dict, validator=_accounts)
    seller: Seller = attrs.field(factory=Seller)
    font: str = ""
    taxes: tuple[TaxRule, ...] = ()
    dunning: tuple[Dunning, ...] = ()
    loyalty: Loyalty = attrs.field(factory=Loyalty)

    def number_form(self, series: str) -> str:
        """The form of the numbers of *series*."""
        return self.numbers.get(series, _FORMS[series])


_FORMS: Final = {
    "order": "O{number:06d}",
    "invoice": "R{number:06d}",
    "credit_note": "C{number:06d}",
    "payment": "P{number:06d}",
    "refund": "B{number:06d}",
    "write_off": "W{number:06d}",
}
