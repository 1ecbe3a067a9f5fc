"""What the nouns accept, and what they say when they do not."""

from datetime import UTC, datetime

import attrs
import pytest

from crmkit import (
    Attribute,
    ContactPoint,
    Customer,
    Identity,
    Interaction,
    InvalidValueError,
    Line,
    Money,
    Offer,
)

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
NAIVE = datetime(2026, 1, 5, 9)
EUR = Money(1250, "EUR")


def refusal(make, **fields):
    with pytest.raises(InvalidValueError) as refused:
        make(**fields)
    return refused.value


def customer(**fields):
    return Customer(**{"name": "Ana"} | fields)


def interaction(**fields):
    return Interaction(**{"customer_id": 1, "kind": "purchase.order", "at": AT} | fields)


def offer(**fields):
    return Offer(**{"customer_id": 1, "what": "A coffee"} | fields)


@pytest.mark.parametrize(
    ("make", "field", "value", "accepted"),
    [
        (customer, "name", None, "text of at most 500"),
        (customer, "name", 5, "text of at most 500"),
        (customer, "name", "x" * 501, "text of at most 500"),
        (customer, "name", "Ana\x00", "without control characters"),
        (customer, "name", "Ana\x1b]0;pwned\x07", "without control characters"),
        (customer, "name", "Ana\x7f", "without control characters"),
        (customer, "name", "half a \ud800 pair", "without control characters"),
        (customer, "kind", "robot", "person, organisation, household"),
        (customer, "standing", "famous", "known, mentioned"),
        (customer, "status", "gone", "active, archived, merged, erased"),
        (customer, "locale", "en GB", "BCP 47"),
        (customer, "locale", "../etc", "BCP 47"),
        (customer, "time_zone", "Warsaw", "Europe/Warsaw"),
        (customer, "time_zone", "../../etc/passwd", "Europe/Warsaw"),
        (customer, "time_zone", "\x00", "without control characters"),
        (customer, "time_zone", 5, "text"),
        (customer, "locale", None, "text"),
        (customer, "id", -1, "integer id"),
        (customer, "id", "1", "integer id"),
        (customer, "id", 1 << 63, "integer id"),
        (customer, "identities", ("shop:1",), "tuple of Identity"),
        (customer, "contact_points", [ContactPoint("web", "x")], "tuple of ContactPoint"),
        (customer, "attributes", "tier=gold", "Mapping or None"),
        (interaction, "customer_id", 0, "integer id"),
        (interaction, "customer_id", None, "integer id"),
        (interaction, "customer_id", "1", "integer id"),
        (interaction, "customer_id", 1 << 63, "integer id"),
        (interaction, "kind", "purchase", "dotted lower-case"),
        (interaction, "kind", "Purchase.Order", "dotted lower-case"),
        (interaction, "kind", "a." + "b" * 70, "dotted lower-case"),
        (interaction, "at", NAIVE, "time zone"),
        (interaction, "at", "2026-01-05", "time zone"),
        (interaction, "at", None, "time zone"),
        (interaction, "direction", "sideways", "inbound, outbound, internal"),
        (interaction, "direction", None, "inbound, outbound, internal"),
        (interaction, "channel", None, "text of at most 100"),
        (interaction, "channel", "x" * 101, "text of at most 100"),
        (interaction, "channel", "web\x00", "without control characters"),
        (interaction, "source", "shop\x00", "without control characters"),
        (interaction, "thread", "t\x00", "without control characters"),
        (interaction, "source_key", "k\x00", "without control characters"),
        (interaction, "source_key", "", "non-empty text of at most 200"),
        (interaction, "source_key", "k" * 201, "non-empty text of at most 200"),
        (interaction, "source_key", 42, "non-empty text of at most 200"),
        (interaction, "text", "x" * 1_000_001, "at most 1000000"),
        (interaction, "text", "a\x00b", "without control characters"),
        (interaction, "text", "\udfff", "without control characters"),
        (interaction, "text", None, "at most 1000000"),
        (interaction, "amount", 12.5, "Money or None"),
        (interaction, "offer_id", "7", "int or None"),
        (interaction, "payload", ["a"], "Mapping or None"),
        (offer, "customer_id", 0, "integer id"),
        (offer, "what", "  ", "non-empty text"),
        (offer, "what", "a\x00", "without control characters"),
        (offer, "why", "w" * 2001, "at most 2000"),
        (offer, "kind", "Big Sale", "lower-case word"),
        (offer, "status", "open", "proposed, carried, accepted, declined, expired, withdrawn"),
        (offer, "valid_from", NAIVE, "time zone"),
        (offer, "valid_until", NAIVE, "time zone"),
        (offer, "cost", 5, "Money or None"),
        (offer, "terms", [], "Mapping or None"),
    ],
)
def test_a_refusal_names_the_field_the_value_and_what_is_accepted(make, field, value, accepted):
    refused = refusal(make, **{field: value})
    assert refused.field == field
    shown = repr(value or -1) if field == "customer_id" else repr(value)
    assert shown[:60] in str(refused)
    assert accepted in str(refused)
    assert "\n" not in str(refused)
    assert len(str(refused)) < 300


@pytest.mark.parametrize(
    "address",
    [
        "a@x.org\nBcc: evil@x",
        "a@x.org\r\nBcc: evil@x.org",
        "alice@example.org(<bob@evil.com>",
        "a@x.org,b@x.org",
        '"a@good.org" <b@evil.org>',
        "a@localhost",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@x..org",
        "a..b@x.org",
        ".a@x.org",
        "a.@x.org",
        "a" * 65 + "@x.org",
        "a@" + "b" * 64 + ".org",
        "a@" + ".".join(["b" * 50] * 6) + ".org",
        "a@-x.org",
        "@x.org",
        "a@",
        "a b@x.org",
        "a@x.org@y.org",
        "a\u202e@x.org",
        "a\u200b@x.org",
        "a\x00@x.org",
        "",
        "   ",
        None,
    ],
)
def test_an_address_that_is_not_one_plain_address_is_refused(address):
    refused = refusal(ContactPoint, kind="email", value=address)
    assert refused.field == "email"


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com",
        "ANN@Example.COM",
        "ann@example.com.",
        "o'brien+news@example.co.uk",
        "user@ex\u0430mple.com",
        "用户@例え.jp",
        "a" * 64 + "@x.org",
    ],
)
def test_an_address_is_kept_as_it_was_given(address):
    assert ContactPoint("email", address).value == address


def test_space_around_an_address_is_not_part_of_it():
    assert ContactPoint("email", " ann@example.com\n").value == "ann@example.com"


@pytest.mark.parametrize("number", ["911", "+1 900 555 0123", "1-800-FLOWERS", "٠١٢٣"])
def test_a_phone_number_is_kept_as_it_was_given(number):
    assert ContactPoint("phone", number).value == number


@pytest.mark.parametrize("number", ["", "none", "²", "+"])
def test_a_phone_number_has_digits(number):
    assert refusal(ContactPoint, kind="phone", value=number).field == "phone"


def test_a_contact_point_is_of_a_known_kind():
    assert "email, phone, postal, web, social" in str(refusal(ContactPoint, kind="fax", value="1"))


@pytest.mark.parametrize("namespace", ["", "Shop", "my shop", "shop:1", None, "x" * 64])
def test_a_namespace_is_a_lower_case_word(namespace):
    assert refusal(Identity, namespace=namespace, external_id="1").field == "namespace"


@pytest.mark.parametrize("external_id", ["", " ", None, 42, "a\x00", "x" * 201])
def test_an_external_id_is_short_text(external_id):
    assert refusal(Identity, namespace="shop", external_id=external_id).field == "external_id"


@pytest.mark.parametrize("locale", ["en", "en-GB", "zh-Hant-TW", "sr_Latn_RS"])
def test_locales_are_language_tags(locale):
    assert customer(locale=locale).locale == locale


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/Argentina/Ushuaia", "UTC"])
def test_time_zones_are_iana_names(zone):
    assert customer(time_zone=zone).time_zone == zone


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "merged"},
        {"merged_into": 5},
        {"status": "archived", "merged_into": 5},
        {"status": "merged", "merged_into": 5, "id": 5},
    ],
)
def test_a_customer_is_merged_into_somebody_exactly_when_merged(fields):
    assert refusal(customer, **fields).field == "merged_into"


def test_a_merged_customer_names_the_survivor():
    assert customer(status="merged", merged_into=5).merged_into == 5


def test_the_preferred_contact_point_wins_over_the_first():
    points = (
        ContactPoint("email", "old@example.com"),
        ContactPoint("phone", "+44 20 7946 0000"),
        ContactPoint("email", "new@example.com", preferred=True),
    )
    assert customer(contact_points=points).contact("email") == "new@example.com"
    assert customer(contact_points=points).contact("phone") == "+44 20 7946 0000"
    assert customer(contact_points=points).contact("postal") is None


def test_lines_are_in_the_currency_of_the_amount():
    euros, dollars = Line(sku="A", amount=EUR), Line(sku="B", amount=Money(5, "USD"))
    assert interaction(amount=EUR, lines=(euros,)).lines == (euros,)
    for fields in ({"lines": (euros,)}, {"amount": EUR, "lines": (euros, dollars)}):
        assert refusal(interaction, **fields).field == "lines"


@pytest.mark.parametrize(
    ("field", "value"),
    [("sku", ""), ("sku", "a\x00"), ("quantity", float("nan")), ("quantity", float("inf")),
     ("quantity", "2"), ("amount", 5), ("name", None)],
)  # fmt: skip
def test_a_line_refuses_what_cannot_be_bought(field, value):
    given = {"sku": "A", "amount": EUR} | {field: value}
    assert field in refusal(Line, **given).field


def test_an_offer_ends_after_it_begins():
    assert refusal(offer, valid_from=AT, valid_until=AT).field == "valid_until"
    assert offer(valid_from=AT).valid_until is None


@pytest.mark.parametrize("make", [customer, interaction, offer])
def test_a_record_cannot_be_changed_only_replaced(make):
    record = make()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        record.id = 7
    with pytest.raises(InvalidValueError):
        attrs.evolve(record, id="seven", kind=0)


@pytest.mark.parametrize(
    ("type_", "given", "stored"),
    [
        ("text", "gold\nand silver", "gold\nand silver"),
        ("integer", -(1 << 62), -(1 << 62)),
        ("decimal", "12.50", "12.5"),
        ("decimal", "1E+3", "1000"),
        ("decimal", 100, "100"),
        ("decimal", "-0.00", "0"),
        ("decimal", "0.1234567890123456789012345678901234", "0.1234567890123456789012345678901234"),
        ("boolean", True, True),
        ("date", "2026-02-28", "2026-02-28"),
        ("choice", "gold", "gold"),
    ],
)
def test_an_attribute_is_stored_in_its_type(type_, given, stored):
    checked = Attribute(name="x", type=type_, choices=("gold", "silver")).check(given)
    assert checked == stored
    assert type(checked) is type(stored)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("text", 5), ("text", "x" * 10_001), ("text", "a\x00"), ("text", None),
        ("integer", "5"), ("integer", 5.0), ("integer", True), ("integer", 1 << 63),
        ("decimal", 0.1), ("decimal", "NaN"), ("decimal", "1e400"), ("decimal", "12,5"),
        ("decimal", True), ("decimal", None),
        ("boolean", "true"), ("boolean", 1),
        ("date", "2026-02-30"), ("date", "03/04/2026"), ("date", "0000-00-00"), ("date", None),
        ("choice", "bronze"), ("choice", None),
    ],
)  # fmt: skip
def test_an_attribute_refuses_another_type(type_, value):
    attribute = Attribute(name="x", type=type_, choices=("gold",) if type_ == "choice" else ())
    with pytest.raises(InvalidValueError, match=r"^attributes\.x: "):
        attribute.check(value)


@pytest.mark.parametrize("fields", [{"name": "Tier"}, {"type": "colour"}, {"name": ""}])
def test_a_definition_of_an_attribute_is_checked(fields):
    with pytest.raises(ValueError, match=r"name|type"):
        Attribute(**{"name": "tier", "type": "text"} | fields)
