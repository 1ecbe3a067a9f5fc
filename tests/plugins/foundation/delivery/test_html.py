"""HTML beside the text: handed to the channel, and kept until it is sent."""

from __future__ import annotations

import pytest

from crmkit import InvalidValueError, Receipt, ask
from crmkit.plugins.foundation import delivery

HTML = "<p>There is tea.</p>"


@pytest.fixture
def stored(crm):
    def stored(number):
        with crm.unit(write=False) as unit:
            return delivery.message(unit, number)

    return stored


def test_the_channel_gets_both(crm, post, intend):
    intend(crm, html=HTML)
    delivery.deliver_due(crm)
    (sent,) = post.sent
    assert (sent.text, sent.html) == ("There is tea.", HTML)


def test_without_html_it_is_empty(crm, post, intend):
    intend(crm)
    delivery.deliver_due(crm)
    assert post.sent[0].html == ""


def test_what_was_sent_keeps_its_text_alone(crm, post, intend, stored):
    """A million mails of 15 kB would be 15 GB; what they said is in the text."""
    (number,) = intend(crm, html=HTML)
    assert stored(number).html == HTML
    delivery.deliver_due(crm)
    assert (stored(number).state, stored(number).text, stored(number).html) == (
        "sent",
        "There is tea.",
        "",
    )


@pytest.mark.parametrize("state", ["failed", "retry", "unknown"])
def test_what_may_go_again_keeps_it(crm, post, intend, stored, state):
    (number,) = intend(crm, html=HTML)
    post.answer = lambda _: Receipt(state=state, detail="x")
    delivery.deliver_due(crm)
    assert stored(number).html == HTML


def test_it_is_exported_and_erased_with_the_text(crm, intend, stored):
    (number,) = intend(crm, html=HTML)
    who = stored(number).customer_id
    with crm.unit() as unit:
        (told,) = ask.export(unit, [who])[who]["delivery"]["messages"]
        assert told["html"] == HTML
        unit.customers.erase([who])
    assert (stored(number).text, stored(number).html) == ("", "")


@pytest.mark.parametrize("html", ["x" * 1_000_001, "a\0b", "\ud800"])
def test_what_is_no_text_is_refused(crm, intend, html):
    with pytest.raises(InvalidValueError, match=r"^html: "):
        intend(crm, html=html)
