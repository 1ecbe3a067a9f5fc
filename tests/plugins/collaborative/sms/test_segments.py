"""Texts as networks cut them: 3GPP TS 23.038."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.plugins.collaborative.sms import split
from crmkit.plugins.collaborative.sms.segments import BASIC, EXTENSION


def test_the_tables_have_their_size():
    assert len(BASIC) == 127  # 128 places, one of them the escape
    assert len(EXTENSION) == 10


@pytest.mark.parametrize(
    ("text", "encoding", "lengths"),
    [
        ("", "gsm-7", [0]),
        ("a" * 160, "gsm-7", [160]),
        ("a" * 161, "gsm-7", [153, 8]),
        ("a" * 306, "gsm-7", [153, 153]),
        ("a" * 307, "gsm-7", [153, 153, 1]),
        ("€" * 80, "gsm-7", [80]),
        ("€" * 81, "gsm-7", [76, 5]),  # 152 septets: the pair does not fit in the last one
        ("a" + "€" * 80, "gsm-7", [77, 4]),
        ("ß" * 160, "gsm-7", [160]),
        ("ç" * 70, "ucs-2", [70]),  # the capital is in the table, the small one is not
        ("a" * 159 + "ç", "ucs-2", [67, 67, 26]),
        ("ж" * 71, "ucs-2", [67, 4]),
        ("🍵" * 35, "ucs-2", [35]),
        ("🍵" * 36, "ucs-2", [33, 3]),  # 66 units: half a surrogate pair is no character
        ("a" * 159 + "🍵", "ucs-2", [67, 67, 26]),
    ],
)
def test_known_texts(text, encoding, lengths):
    found = split(text)
    assert (found.encoding, [len(each) for each in found.parts]) == (encoding, lengths)


def test_it_says_what_made_it_dear():
    assert split("Tea “now” – 5 €").outside == "“”–"


TEXTS = st.text(st.sampled_from("ab€[ç🍵ж\n"), max_size=400) | st.text(max_size=400)


@given(TEXTS)
def test_nothing_is_lost_and_every_part_fits(text):
    found = split(text)
    assert "".join(found.parts) == text
    most = {"gsm-7": (160, 153), "ucs-2": (70, 67)}[found.encoding][len(found.parts) > 1]
    for part in found.parts:
        if found.encoding == "ucs-2":
            assert len(part.encode("utf-16-le", "surrogatepass")) // 2 <= most
        else:
            assert len(part) + sum(c in EXTENSION for c in part) <= most
