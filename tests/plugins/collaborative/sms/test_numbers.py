"""Only valid numbers of mobile phones are texted."""

import sys

import pytest

from crmkit import MissingExtraError
from crmkit.plugins.collaborative.sms import UnsendableError, number
from crmkit.plugins.collaborative.sms.channel import opened


@pytest.mark.parametrize(
    ("given", "region", "e164", "kind"),
    [
        ("+48 601 234 567", "", "+48601234567", "mobile"),
        ("601 234 567", "PL", "+48601234567", "mobile"),
        ("0048601234567", "PL", "+48601234567", "mobile"),
        ("+447400123456", "", "+447400123456", "mobile"),
        ("+44 7400 123456\u202c", "", "+447400123456", "mobile"),
        ("+1 201 555 0123", "", "+12015550123", "fixed line or mobile"),
        ("+٤٨٦٠١٢٣٤٥٦٧", "", "+48601234567", "mobile"),
    ],
)
def test_what_may_be_texted(given, region, e164, kind):
    found = number(given, region)
    assert (found.e164, found.kind) == (e164, kind)


@pytest.mark.parametrize(
    ("given", "region"),
    [
        ("911", "US"),
        ("112", "PL"),
        ("+1 900 555 0123", ""),  # premium
        ("+1 900 234 5678", ""),
        ("1-800-FLOWERS", "US"),
        ("+1 800 234 5678", ""),  # toll free
        ("+48 801 234 567", ""),  # shared cost
        ("+48 22 123 45 67", ""),  # a fixed line
        ("022 123 45 67", "PL"),
        ("022 123 45 67", ""),
        ("601 234 567", ""),
        ("٠١٢٣", "EG"),
        ("+48 601 234 567 ext. 8", ""),
        ("+48 601 234 567;ext=8", ""),
        ("+999 123456", ""),
        ("+48601234567+48601234568", ""),
        ("+" + "1" * 500, ""),
        ("", "PL"),
    ],
)
def test_what_may_not(given, region):
    with pytest.raises(UnsendableError):
        number(given, region)


def test_without_the_extra_nothing_is_sent(sms_crm, described, monkeypatch):
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(MissingExtraError, match=r"crmkit\[ident\]"), opened(sms_crm(described(1))):
        pass
