"""Mappings and their mistakes."""

import pytest

from crmkit.plugins.foundation import exchange
from crmkit.plugins.foundation.exchange import MappingError, read_mapping


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("id =", "x = ["), "not TOML"),
        (('kind = "customers"', ""), 'expected "customers" or "interactions"'),
        (("source =", "sorce ="), "the mapping has no 'sorce', did you mean 'source'?"),
        (('"shop"', '"My Shop"'), "expected a lower-case word such as shop"),
        (('name = "name"', 'name = "nmae"'), "no field 'nmae', did you mean 'name'?; fields of"),
        (('name = "name"', 'name = "id"'), "crmkit gives ids itself"),
        (('name = "name"', 'name = "version"'), "crmkit counts versions itself"),
        (('name = "name"', 'name = "tenant_id"'), "is not a file's to say"),
        (('name = "name"', 'name = "is_admin"'), "is not a file's to say"),
        (('name = "name"', 'name = "created_at"'), "is not a file's to say"),
        (('name = "name"', 'name = "marketing_consent"'), "a consent needs its purpose"),
        (("name = ", "marketing_consent = "), "a consent needs its purpose"),
        (("name = ", '"Accepts Email Marketing" = '), "a consent needs its purpose"),
        (('name = "name"', 'HasOptedOutOfEmail = "attributes.x"'), "a consent needs its purpose"),
        (('name = "name"', 'a = "name"\nb = "name"'), 'join them: [join] name = ["a", "b"]'),
        (('id = "external_id"', ""), "no column is mapped to external_id"),
        (("[columns]", 'dates = "ymd"\n[columns]'), 'expected "iso", "dmy", "mdy"'),
        (("[columns]", 'time_zone = "Europe/Atlantis"\n[columns]'), "an IANA name"),
        (("[columns]", 'decimal = ";"\n[columns]'), 'expected "." or ","'),
        (("[columns]", 'delimiter = ";;"\n[columns]'), "expected one character"),
        (("[columns]", 'group_by = "id"\n[columns]'), 'are for kind = "interactions"'),
        (("[columns]", '[[skip]]\ncolumn = "id"\n[columns]'), "one of empty, equals"),
    ],
)
def test_a_mistake_in_a_mapping_is_told_with_its_mend(people, change, told):
    with pytest.raises(MappingError) as caught:
        read_mapping(people.replace(*change))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('currency = "EUR"', 'currency = "EURO"'), "an ISO 4217 code such as EUR"),
        (('currency = "EUR"', ""), "amounts need a currency"),
        (('id = "source_key"', ""), "or group_by, when several rows make one"),
        (
            ('amount = "amount"', 'amount = "amount"\nsku = "line.sku"'),
            "the amount is the sum of the lines",
        ),
        (('amount = "amount"', 'sku = "line.sku"'), "a line needs line.sku, and either"),
        (('name = "Customer {who}"', "name = 5"), "expected one such as"),
    ],
)
def test_a_mistake_in_a_mapping_of_purchases_is_told(sales, change, told):
    with pytest.raises(MappingError) as caught:
        read_mapping(sales.replace(*change))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "text", ['!!python/object/apply:os.system ["id"]\n', "kind: customers\n", "\x80\x04\x95\n"]
)
def test_only_toml_is_a_mapping(text):
    with pytest.raises(MappingError, match="not TOML"):
        read_mapping(text)


def test_a_mapping_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MappingError, match="No such file"):
        read_mapping(tmp_path / "none.toml")


def test_an_undefined_attribute_is_told_with_its_mend(shop, people):
    path = shop.rows(people, "1,Ana,")
    with pytest.raises(Exception, match=r"define it in crmkit.toml: \[attributes.country\]"):
        shop.run(path, people.replace('"email"', '"attributes.country"'))


def test_columns_may_be_joined_and_go_to_several_fields(shop, people):
    path = shop.file("mail,first,last\nana@example.com,Ana,Kowalska\nbo@example.com,,Lindqvist\n")
    mapping = """
kind = "customers"
source = "shop"
[columns]
mail = ["external_id", "email"]
[join]
name = ["first", "last"]
[constants]
kind = "person"
"""
    report = shop.run(path, mapping)
    assert report.unused == ()
    assert [each.name for each in shop.customers()] == ["Ana Kowalska", "Lindqvist"]


def test_a_mapping_says_the_same_after_it_was_read_twice(people):
    assert read_mapping(people).digest == read_mapping(people).digest
    assert read_mapping(people).digest != read_mapping("multiline = true" + people).digest
    assert isinstance(read_mapping(people), exchange.ImportMapping)
