"""What billing refuses."""

from __future__ import annotations

from crmkit import ConfigError, RefusedError


class NoPriceError(RefusedError):
    """A product has no price in the list, on the day, in the quantity."""

    def __init__(self, sku: str, price_list: str, day: str) -> None:
        super().__init__(
            f"{sku} has no price in the list {price_list!r} on {day}; give the item a price, or "
            f"set one with `crmkit billing price {sku} AMOUNT --list {price_list}`"
        )


class NoTaxRuleError(ConfigError):
    """No rule of the table says how a sale is taxed."""

    def __init__(self, tax_class: str, country: str, day: str) -> None:
        super().__init__(
            f"no rule of [[billing.taxes]] covers the class {tax_class!r} sold to "
            f"{country or 'an unknown country'!r} on {day}; add one to crmkit.toml"
        )


class MixedCurrenciesError(RefusedError):
    """A document has one currency, and so has what is set off against it."""

    def __init__(self, what: str, found: str, wanted: str) -> None:
        super().__init__(f"{what} is in {found}, not in {wanted}; a document has one currency")


class TooMuchError(RefusedError):
    """More was to be given back, billed or set off than there is."""

    def __init__(self, what: str, asked: object, left: object) -> None:
        super().__init__(f"{what}: {asked} asked for, {left} left; ask for at most that")


class NotOpenError(RefusedError):
    """A document is in a state in which that cannot be done to it."""

    def __init__(self, name: str, status: str, wanted: str) -> None:
        super().__init__(f"{name} is {status}; {wanted}")


class OutOfOrderError(RefusedError):
    """Numbers follow the calendar."""

    def __init__(self, series: str, day: str, last: str) -> None:
        super().__init__(
            f"the last number of the series {series} was given on {last}; {day} lies before it: "
            "take that day or a later one"
        )


class WrongPartyError(RefusedError):
    """What one customer owes is not set off against what another paid."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other} are not of the same customer")


class NotEnoughPointsError(RefusedError):
    """More points than the customer has."""

    def __init__(self, asked: int, left: int) -> None:
        super().__init__(f"{asked} points asked for, {left} left; redeem at most {max(0, left)}")


class NoSellerError(ConfigError):
    """An electronic invoice names who sends it."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"[billing.seller] lacks {missing}; an electronic invoice needs it")


class NoBuyerError(RefusedError):
    """An electronic invoice names whom it goes to."""

    def __init__(self, number: str, missing: str) -> None:
        super().__init__(
            f"{number} says no {missing} of the buyer; set the account with "
            "`crmkit billing account CUSTOMER --country DE ...` before you bill"
        )
