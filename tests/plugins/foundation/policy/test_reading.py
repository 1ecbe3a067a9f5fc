from datetime import time

import pytest

from crmkit.plugins.foundation import policy

VALID = policy.EXAMPLE.read_text(encoding="utf-8")


def problems(text):
    with pytest.raises(policy.PolicyInvalidError) as refused:
        policy.parse(text)
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)
    return refused.value.problems


def test_the_example_that_ships_can_be_adopted():
    example = policy.parse(VALID)
    assert example.currency == "GBP"
    assert example.holdout_share == 0.1
    assert example.purposes["win_back"].lawful_bases == ("consent",)
    assert example.quiet_hours == policy.QuietHours(
        since=time(20), until=time(8), unknown_zone=("Europe/London",)
    )
    assert [str(limit) for limit in example.limits] == [
        "at most 2 per 14 days",
        "at most 1 per 30 days for win_back",
    ]


def test_every_problem_is_told_at_once_with_the_nearest_known_word():
    found = problems(
        """
name = "shop"
curency = "EUR"
holdout_share = 1
offer_window_days = 0
[purposes.news]
summary = "News"
kind = "marketting"
lawful_bases = ["consent"]
channels = []
[purposes."Big News"]
summary = "x"
kind = "service"
lawful_bases = ["because"]
channels = ["email"]
[[limits]]
at_most = "two"
days = 7
purpose = "olds"
[quiet_hours]
since = "21:00"
until = "25:00"
unknown_zone = ["Europe/Lodnon"]
"""
    )
    assert found == (
        "curency is not known, did you mean 'currency'?",
        "currency is missing",
        "purposes.news: kind 'marketting' is none of marketing, service, did you mean 'marketing'?",
        "purposes.news: channels must not be empty",
        "purposes.Big News must be named by a lower-case word such as win_back",
        (
            "purposes.Big News: lawful_bases 'because' is none of those service may rest on: "
            "consent, contract, legitimate_interest, legal_obligation, vital_interest, public_task"
        ),
        "limits 1: at_most must be a whole number of at least 0",
        'quiet_hours: until must be a time of day such as "21:00"',
        "quiet_hours: unknown_zone 'Europe/Lodnon' is no IANA time zone such as Europe/Warsaw",
        "holdout_share must be a share of at least 0 and below 1",
        "offer_window_days must be a whole number of at least 1",
        "limits 1: purpose 'olds' is not among purposes",
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("name = ", "name ="), None),
        (('currency = "GBP"', 'currency = "GBX"'), "expected an ISO 4217 code"),
        (('kind = "discount"', 'kind = "Dis count"'), "offers 1 kind: 'Dis count'"),
        (('purpose = "care"', 'purpose = "gifts"'), "offers 2: purpose 'gifts'"),
        (('channel = "email"', 'channel = "sms"'), "offers 1: channel 'sms' is not among"),
        (('["consent"]', '["contract"]'), "'contract' is none of those marketing may rest on"),
        (("[quiet_hours]", "[quiet]"), "quiet is not known, did you mean 'quiet_hours'?"),
        (("[[limits]]", "[limits]"), "not TOML"),
        (("at_most = 2", "at_most = true"), "limits 1: at_most must be a whole number"),
        (("holdout_share = 0.1", "holdout_share = nan"), "holdout_share must be a share"),
        (('until = "08:00"', 'until = "20:00"'), "until must differ from since"),
    ],
)
def test_one_wrong_line_is_one_clear_problem(change, told):
    text = VALID.replace(*change, 1)
    if told is None:
        assert policy.parse(text).name == "corner shop"
    else:
        assert told in "; ".join(problems(text))


def test_text_that_is_no_table_is_refused():
    assert problems("purposes = 3\nlimits = 4\nquiet_hours = 5")[0] == "purposes must be a table"
    assert "must be written as [[limits]]" in "; ".join(problems("limits = 4"))
