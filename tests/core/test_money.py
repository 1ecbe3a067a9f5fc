"""Money: ISO 4217 exponents, exact amounts, allocation that sums."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import InvalidValueError, Money
from crmkit.core.money import OTHER_DIGITS, TWO_DIGITS, exponent

CURRENCIES = sorted(TWO_DIGITS | OTHER_DIGITS.keys())
minors = st.integers(-(1 << 63) + 1, (1 << 63) - 1)
monies = st.builds(Money, minors, st.sampled_from(CURRENCIES))


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("EUR", 2), ("USD", 2), ("GBP", 2), ("HUF", 2), ("MRU", 2), ("MGA", 2), ("XCG", 2),
        ("JPY", 0), ("KRW", 0), ("ISK", 0), ("CLP", 0), ("UGX", 0), ("VND", 0), ("XAF", 0),
        ("BHD", 3), ("KWD", 3), ("JOD", 3), ("IQD", 3), ("LYD", 3), ("OMR", 3), ("TND", 3),
        ("CLF", 4), ("UYW", 4),
    ],
)  # fmt: skip
def test_exponents_are_those_of_iso_4217(currency, digits):
    assert exponent(currency) == digits


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12.5", "EUR", 1250),
        ("1290", "JPY", 1290),
        ("1.234", "BHD", 1234),
        ("-0.0001", "CLF", -1),
        ("-0", "EUR", 0),
        ("92233720368547758.07", "EUR", (1 << 63) - 1),
        ("1.00000000000000000000000000000000000000", "EUR", 100),
    ],
)
def test_an_amount_in_major_units_becomes_minor_units(written, currency, minor):
    assert Money.of(written, currency).amount_minor == minor


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(1250, "EUR"), "12.50 EUR"),
        (Money(-5, "EUR"), "-0.05 EUR"),
        (Money(1290, "JPY"), "1290 JPY"),
        (Money(1, "BHD"), "0.001 BHD"),
        (Money(12, "CLF"), "0.0012 CLF"),
    ],
)
def test_money_is_written_with_the_digits_of_its_currency(money, written):
    assert str(money) == written


@given(monies)
def test_what_is_written_is_read_back(money):
    assert Money.parse(str(money)) == money
    assert Money.of(money.amount, money.currency) == money


@pytest.mark.parametrize(
    "amount",
    [
        "NaN", "sNaN", "Infinity", "-Infinity", "1e400", "1e99999999999", "1e-400", "12,50", "",
        "twelve", None, "0x10", "12.345", "12.3450000001", "0.005", 12.5, True, [12],
        "1.00000000000000000000000000000000000000000000001", "92233720368547758.08",
        Decimal("NaN"), Decimal("0.001"), "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_exact_amount_of_euros_is_refused(amount):
    with pytest.raises(InvalidValueError) as refused:
        Money.of(amount, "EUR")
    assert refused.value.field in ("amount", "amount_minor")
    assert refused.value.exit_code == 2


def test_refusal_names_the_field_the_value_and_the_digits_of_the_currency():
    with pytest.raises(InvalidValueError, match=r"^amount: '12\.5' is not accepted.*0 digits.*JPY"):
        Money.of("12.5", "JPY")


@pytest.mark.parametrize(("currency", "nearest"), [("EUT", "EUR"), ("eur", "EUR"), ("ISKK", "ISK")])
def test_an_unknown_currency_is_refused_with_the_nearest(currency, nearest):
    with pytest.raises(InvalidValueError, match=f"ISO 4217 code.*did you mean '{nearest}'"):
        Money(1, currency)


@pytest.mark.parametrize("currency", ["", "EURO", "XXXX", "€", None, 978])
def test_a_currency_that_is_no_iso_code_is_refused(currency):
    with pytest.raises(InvalidValueError, match="ISO 4217"):
        Money(1, currency)


@pytest.mark.parametrize("minor", [1.0, "1", None, True, 1 << 63, -(1 << 63)])
def test_minor_units_are_a_64_bit_integer(minor):
    with pytest.raises(InvalidValueError, match=r"amount_minor.*64-bit integer"):
        Money(minor, "EUR")


@pytest.mark.parametrize("text", ["12.50", "EUR 12.50", "12.50 eur", "1.234,56 EUR", "NaN EUR"])
def test_text_that_is_no_amount_with_currency_is_refused(text):
    with pytest.raises(InvalidValueError, match=r"129\.90 EUR"):
        Money.parse(text)


def test_ten_euros_in_three_parts():
    assert [part.amount_minor for part in Money(1000, "EUR").allocate([1, 1, 1])] == [334, 333, 333]


def test_the_leftover_cent_goes_to_the_largest_remainder():
    assert [part.amount_minor for part in Money(100, "EUR").allocate([1, 2])] == [33, 67]
    assert [part.amount_minor for part in Money(5, "EUR").allocate([3, 7])] == [2, 3]


def test_money_that_goes_back_is_split_like_money_that_came():
    assert [p.amount_minor for p in Money(-1000, "EUR").allocate([1, 1, 1])] == [-334, -333, -333]


@given(monies, st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any))
def test_allocation_sums_exactly_and_no_part_is_off_by_a_unit(money, weights):
    parts = money.allocate(weights)
    assert sum(part.amount_minor for part in parts) == money.amount_minor
    assert {part.currency for part in parts} == {money.currency}
    for part, weight in zip(parts, weights, strict=True):
        # |part - total * weight / sum| < 1, without leaving the integers
        off = part.amount_minor * sum(weights) - money.amount_minor * weight
        assert abs(off) < sum(weights)


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [2, -1]])
def test_weights_that_share_nothing_are_refused(weights):
    with pytest.raises(InvalidValueError, match=r"weights.*not all zero"):
        Money(100, "EUR").allocate(weights)


def test_arithmetic_stays_in_one_currency():
    assert Money(150, "EUR") + Money(-50, "EUR") == Money(100, "EUR")
    assert Money(150, "EUR") - Money(50, "EUR") == Money(100, "EUR")
    assert -Money(150, "EUR") * 2 == Money(-300, "EUR")
    assert Money(1, "EUR") < Money(2, "EUR") <= Money(2, "EUR")
    assert Money(100, "EUR") != Money(100, "USD")


@pytest.mark.parametrize(
    "mix",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a >= b,
        lambda a, b: max(a, b),
        lambda a, b: sum([b], start=a),
    ],
)
def test_two_currencies_do_not_mix(mix):
    with pytest.raises(InvalidValueError, match=r"currency: .*, not a mix"):
        mix(Money(1, "EUR"), Money(1, "USD"))


def test_a_sum_that_leaves_64_bits_is_refused_rather_than_wrong():
    with pytest.raises(InvalidValueError, match="64-bit"):
        Money((1 << 63) - 1, "EUR") + Money(1, "EUR")
