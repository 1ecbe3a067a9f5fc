"""Keys by which names and addresses match."""

import pytest

from crmkit.core.matching import contact_key, email_key, fold, phone_key


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Zoë", "zoe"),
        ("ZOË", "zoe"),
        ("Zoe\u0308", "zoe"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("STRAẞE", "strasse"),
        ("Ｔｏｋｙｏ　１２", "tokyo 12"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\u202eevil", "evil"),
        ("İstanbul", "istanbul"),
        ("ISTANBUL", "istanbul"),
        ("Łódź", "łodz"),
        ("O'Brien", "o'brien"),
        ("  Anna \t\n Maria  ", "anna maria"),
        ("Anna\u00a0Maria", "anna maria"),
        ("ﬁnance", "finance"),
        ("Ὀδυσσεύς", "οδυσσευσ"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("東京", "東京"),
        ("が", "が"),
        ("\x00\x07\x1b[2J", "[2j"),
        ("half \ud800 pair", "half pair"),
        ("", ""),
    ],
)
def test_names_fold_to_the_same_key(written, folded):
    assert fold(written) == folded


def test_a_cyrillic_letter_never_matches_a_latin_one():
    assert fold("\u0430nna") != fold("anna")


@pytest.mark.parametrize("text", ["Zoë STRASSE", "Ｔｏｋｙｏ", "İstanbul", "ΟΔΥΣΣΕΥΣ", "ﬁ", "ẛ̣"])
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    "address", ["ANN@Example.COM", "ann@example.com.", " ann@example.com ", "ann@example.com"]
)
def test_spellings_of_one_address_have_one_key(address):
    assert email_key(address) == "ann@example.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user@example.com", "user@ex\u0430mple.com"),  # Cyrillic а
        ("a@strasse.de", "a@straße.de"),  # two domains since IDNA 2008
        ("a@soft.com", "a@ſoft.com"),
        ("zoe@example.com", "zoë@example.com"),
    ],
)
def test_addresses_that_lead_elsewhere_have_other_keys(one, other):
    assert email_key(one) != email_key(other)


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("+44 20 7946 0000", "+442079460000"),
        ("+44-20-7946-0000", "+442079460000"),
        ("+44 (0) 20", "+44020"),
        ("022 123 45 67", "0221234567"),
        ("٠١٢٣", "0123"),
        ("+44 20\u202c", "+4420"),
        ("911", "911"),
    ],
)
def test_a_number_is_its_digits(number, key):
    assert phone_key(number) == key


def test_the_kind_decides_the_key():
    assert contact_key("email", "Zoë@Example.com") == "zoë@example.com"
    assert contact_key("phone", "+1 (555) 0100") == "+15550100"
    assert contact_key("postal", "STRASSE  1\nBerlin") == "strasse 1 berlin"
