"""Which numbers a text message may go to: valid ones of mobile phones, and no others."""

from __future__ import annotations

from typing import Final

import attrs

from crmkit import MissingExtraError

from .errors import UnsendableError

LONGEST: Final = 40
FORMS: Final = "a mobile number such as +48 601 234 567"


@attrs.frozen(kw_only=True)
class Number:
    """
    Attributes:
        e164: ``+`` and digits.
        country: ISO 3166 code; empty for what belongs to none.
        kind: ``mobile`` or ``fixed line or mobile`` where the plan does not tell them apart.
    """

    e164: str
    country: str
    kind: str


def check_installed() -> None:
    """
    Raises:
        MissingExtraError: Without the library that knows the world's numbering plans.
    """
    try:
        import phonenumbers  # noqa: F401 - only whether it is there
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Sending text messages", "ident") from exc


def number(given: str, region: str = "") -> Number:
    """
    *given* as a number that may be texted; national ones are read as those of *region*.

    Raises:
        UnsendableError: If it is invalid, short, premium, or anything else but a mobile phone.
        MissingExtraError: Without the extra ``ident``.
    """
    check_installed()
    import phonenumbers
    from phonenumbers import PhoneNumberType as Kind

    if len(given) > LONGEST or any(c.isalpha() for c in given):
        raise UnsendableError(f"address: {given!r:.60} is not a number; accepted: {FORMS}")
    try:
        parsed = phonenumbers.parse(given, region or None)
    except phonenumbers.NumberParseException as exc:
        mend = "" if region or given.strip().startswith("+") else "; or set region under [sms]"
        told = f"address: {given!r:.60} is not a number: {exc}; accepted: {FORMS}{mend}"
        raise UnsendableError(told) from exc
    kinds = {Kind.MOBILE: "mobile", Kind.FIXED_LINE_OR_MOBILE: "fixed line or mobile"}
    kind = phonenumbers.number_type(parsed)
    if not phonenumbers.is_valid_number(parsed):
        raise UnsendableError(f"address: {given!r:.60} is not a valid number; accepted: {FORMS}")
    if kind not in kinds or parsed.extension:
        name = "an extension" if parsed.extension else Kind.to_string(kind).lower()
        told = f"address: {given!r:.60} is {name.replace('_', ' ')}; accepted: {FORMS}"
        raise UnsendableError(told)
    return Number(
        e164=phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
        country=phonenumbers.region_code_for_number(parsed) or "",
        kind=kinds[kind],
    )
