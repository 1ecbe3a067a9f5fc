"""Money in integer minor units of an ISO 4217 currency. Never a float."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import total_ordering
from typing import Final

import attrs

from ..errors import InvalidValueError, nearest

_TWO_DIGITS: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF"
    " CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD"
    " HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA"
    " MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN"
    " QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP"
    " TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
)
TWO_DIGITS: Final = frozenset(_TWO_DIGITS.split())
OTHER_DIGITS: Final = {
    currency: digits
    for digits, currencies in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for currency in currencies.split()
}
_EXACT: Final = Context(prec=40, Emax=40, Emin=-40, traps=[Inexact, InvalidOperation, Overflow])
_WRITTEN = re.compile(r"(?P<number>[+-]?\d+(?:\.\d+)?) ?(?P<currency>[A-Z]{3})")


def exponent(currency: str) -> int:
    """
    Digits after the point: JPY 0, EUR 2, BHD 3, CLF 4.

    Raises:
        InvalidValueError: If *currency* is no active ISO 4217 code.
    """
    if currency in TWO_DIGITS:
        return 2
    try:
        return OTHER_DIGITS[currency]
    except KeyError:
        hint = nearest(str(currency).upper(), TWO_DIGITS | OTHER_DIGITS.keys())
        raise InvalidValueError(
            "currency", currency, f"an ISO 4217 code such as EUR or JPY{hint}"
        ) from None


@total_ordering
@attrs.frozen(order=False)
class Money:
    """
    An exact amount.

    Attributes:
        amount_minor: Signed count of the currency's smallest unit: cents for EUR, yen for JPY.
        currency: ISO 4217 code.
    """

    amount_minor: int
    currency: str

    def __attrs_post_init__(self) -> None:
        if self.currency not in TWO_DIGITS:
            exponent(self.currency)
        if type(self.amount_minor) is not int or abs(self.amount_minor) >= 1 << 63:
            raise InvalidValueError("amount_minor", self.amount_minor, "a 64-bit integer")

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """
        From major units: ``Money.of("12.50", "EUR")``.

        Raises:
            InvalidValueError: If *amount* is no finite decimal number, or has more digits than the
                currency; nothing is rounded silently.
        """
        digits = exponent(currency)
        try:
            minor = Decimal(amount).scaleb(digits, _EXACT)
            whole = int(minor)
        except (ArithmeticError, ValueError, TypeError):
            raise InvalidValueError("amount", amount, "a decimal number such as 12.50") from None
        if isinstance(amount, float | bool) or whole != minor:
            raise InvalidValueError(
                "amount", amount, f"an exact decimal with at most {digits} digits for {currency}"
            )
        return cls(whole, currency)

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read back what :func:`str` writes: ``129.90 EUR``."""
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise InvalidValueError("amount", text, "a number and a currency such as '129.90 EUR'")
        return cls.of(match["number"], match["currency"])

    @property
    def amount(self) -> Decimal:
        """In major units, exact."""
        return Decimal(self.amount_minor).scaleb(-exponent(self.currency))

    def allocate(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """
        Split by *weights* (integers >= 0, not all zero) so that the parts sum exactly.

        Each part differs from its exact share by less than one minor unit; left-over units go to
        the largest remainders, earlier parts first.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise InvalidValueError("weights", weights, "integers >= 0 that are not all zero")
        sign = -1 if self.amount_minor < 0 else 1
        shares = [divmod(abs(self.amount_minor) * weight, total) for weight in weights]
        left = abs(self.amount_minor) - sum(whole for whole, _ in shares)
        by_remainder = sorted(range(len(shares)), key=lambda i: -shares[i][1])
        lucky = set(by_remainder[:left])
        return tuple(
            Money(sign * (whole + (i in lucky)), self.currency)
            for i, (whole, _) in enumerate(shares)
        )

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise InvalidValueError("currency", other.currency, f"{self.currency}, not a mix")
        return other.amount_minor

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount_minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.amount_minor * times, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount_minor < self._same(other)

    def __str__(self) -> str:
        return f"{self.amount:.{exponent(self.currency)}f} {self.currency}"
