"""Campaigns and journeys that say what a template says."""

from __future__ import annotations

import logging
import mailbox
from email import message_from_bytes, policy
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from crmkit import ContactPoint, Customer, InvalidValueError, RefusedError
from crmkit.plugins.collaborative import email, templates
from crmkit.plugins.collaborative.templates import Template
from crmkit.plugins.foundation import consent, delivery, scoring
from crmkit.plugins.foundation import policy as policy_
from crmkit.plugins.operational import marketing
from crmkit.plugins.operational.marketing import Campaign, Journey, Step, Variant

from .conftest import POLICY

pytest.importorskip("jinja2")
pytest.importorskip("babel")

SECRET = "a secret of more than thirty-two letters"
OUT = "{{ email.unsubscribe_url }}"
WELCOME = Template(
    name="welcome",
    subject="For {{ customer.first_name }}",
    text="Dear {{ customer.first_name }}, {{ message.offer }}: {{ message.code }}. " + OUT,
    html=f'<p>Dear {{{{ customer.first_name }}}}</p><p><a href="{OUT}">No more</a></p>',
)
GERMAN = Template(
    name="welcome",
    language="de",
    subject="Für {{ customer.first_name }}",
    text=f"Hallo {{{{ customer.first_name }}}}. {OUT}",
)


@pytest.fixture
def crm(make_crm, tmp_path):
    crm = make_crm(
        *("scoring", "consent", "policy", "delivery", "email", "templates", "marketing"),
        settings={
            "email": {
                "target": f"maildir:{tmp_path}/out",
                "from_address": "shop@example.com",
                "unsubscribe_url": "https://shop.example/leave",
                "unsubscribe_secret": SECRET,
            },
            "marketing": {"holdout_share": 0.0},
        },
    )
    with crm.unit() as unit:
        policy_.adopt(unit, POLICY)
        scoring.define_segment(unit, "all", "count(purchase.order) >= 0")
        templates.save(unit, WELCOME)
    return crm


@pytest.fixture
def join(crm):
    def join(*names, locale=""):
        with crm.unit() as unit:
            found = unit.customers.add_many(
                Customer(
                    name=name,
                    locale=locale,
                    contact_points=(
                        ContactPoint("email", f"{name.split()[0].lower()}@example.com"),
                    ),
                )
                for name in names
            )
            for each in found:
                consent.grant(
                    unit,
                    each.id,
                    purpose="care",
                    channel="email",
                    basis="consent",
                    evidence="x",
                    source="x",
                )
            scoring.refresh_segments(unit, unit.now)
        return found

    return join


@pytest.fixture
def mails(crm, tmp_path):
    def mails():
        delivery.run_until_empty(crm)
        box = mailbox.Maildir(tmp_path / "out")
        found = [
            message_from_bytes(box.get_bytes(key), policy=policy.default) for key in box.iterkeys()
        ]
        return {each["To"]: each for each in found}

    return mails


def campaign(**variant):
    given = Variant(**({"template": "welcome", "incentive": "A cup"} | variant))
    return Campaign(
        name="spring",
        purpose="care",
        channel="email",
        segment="all",
        unique_codes=True,
        variants=[given],
    )


def launch(crm, given):
    with crm.unit() as unit:
        marketing.save_campaign(unit, given)
        marketing.launch(unit, given.name)
    marketing.fill_all(crm, given.name)


def test_everybody_gets_both_parts_in_their_language_with_a_way_out_that_works(crm, join, mails):
    ana, _ = join("Ana Kowalska", "Bo Lindqvist")
    join("Kai Voss", locale="de-AT")
    with crm.unit() as unit:
        templates.save(unit, GERMAN)
    launch(crm, campaign())
    found = mails()

    mail = found["ana@example.com"]
    assert mail["Subject"] == "For Ana"
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    with crm.unit(write=False) as unit:
        spring = marketing.campaign(unit, "spring")
        (member,) = marketing.members_of(unit, spring.id, [ana.id])
    assert text.get_content().startswith(f"Dear Ana, A cup: {member.code}. https://shop.example")
    assert html.get_content().startswith("<p>Dear Ana</p>")

    link = html.get_content().split('"')[1].replace("&amp;", "&")
    (token,) = parse_qs(urlsplit(link).query)["t"]
    assert f"<{link}>" in mail["List-Unsubscribe"].replace("\r\n", "")
    with crm.unit() as unit:
        assert email.unsubscribe(unit, token)
        assert consent.log(unit, ana.id)[-1].purpose == "care"

    german = found["kai@example.com"]
    assert german["Subject"] == "Für Kai"
    assert german.get_content_type() == "text/plain"


def test_who_cannot_be_told_keeps_the_arm_and_gets_neither_message_nor_offer(crm, join, mails):
    ana, bo = join("Ana Kowalska", "Bo")
    launch(crm, campaign())
    assert set(mails()) == {"ana@example.com"}
    with crm.unit(write=False) as unit:
        spring = marketing.campaign(unit, "spring")
        told, untold = marketing.members_of(unit, spring.id, [ana.id, bo.id])
        assert (told.arm, untold.arm) == ("a", "a")
        assert told.message_id
        assert untold.message_id is None
        assert "first_name is missing for this person" in untold.why
        assert (len(unit.offers.open_of(ana.id)), unit.offers.open_of(bo.id)) == (1, [])
        done = marketing.progress(unit, spring)
    assert (done.members, done.messages, done.left) == (2, 1, 0)


def test_a_launch_that_would_reach_nobody_is_refused(crm, join):
    join("Ana", "Bo")
    with crm.unit() as unit:
        marketing.save_campaign(unit, campaign())
        with pytest.raises(RefusedError, match="none of the first 2 people can be written to"):
            marketing.launch(unit, "spring")
        assert marketing.campaign(unit, "spring").status == "draft"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"text": "Dear {{ customer.nme }}" + OUT}, "'customer.nme' is not known"),
        ({"html": "<p>Hi</p>"}, r"\(html\): marketing needs a link that ends it"),
        ({"text": "Hi"}, r"\(text\): marketing needs a link that ends it"),
    ],
)
def test_a_template_with_an_error_is_not_launched(crm, join, changes, why):
    """Rows B-16 and B-24."""
    join("Ana Kowalska")
    with crm.unit() as unit:
        templates.save(unit, attrs.evolve(WELCOME, **changes))
        marketing.save_campaign(unit, campaign())
        with pytest.raises(RefusedError, match=why):
            marketing.launch(unit, "spring")


def test_what_was_launched_stays_as_it_was(crm, join, mails, clock):
    """Row B-32: a later version is not what was looked at."""
    join("Ana Kowalska")
    with crm.unit() as unit:
        marketing.save_campaign(unit, campaign())
        marketing.launch(unit, "spring")
    clock.move(hours=1)
    with crm.unit() as unit:
        templates.save(unit, attrs.evolve(WELCOME, subject="Something else"))
    marketing.fill_all(crm, "spring")
    assert mails()["ana@example.com"]["Subject"] == "For Ana"


def test_a_template_that_is_not_there_is_refused_with_the_draft(crm, join):
    with crm.unit() as unit, pytest.raises(InvalidValueError, match="did you mean 'welcome'"):
        marketing.save_campaign(unit, campaign(template="welcom"))


def test_without_the_plugin_a_template_is_refused(make_team):
    with make_team().unit() as unit:
        with pytest.raises(InvalidValueError, match="the plugin templates is not enabled"):
            marketing.save_campaign(unit, campaign())


@pytest.mark.parametrize(
    "given",
    [
        {"template": "welcome", "text": "x"},
        {"template": "welcome", "subject": "x"},
        {"template": "", "text": "x"},
        {"template": ""},
    ],
)
def test_a_message_says_it_in_one_way(given):
    with pytest.raises(InvalidValueError, match="a subject and a text, or a template and neither"):
        Variant(**given)


def test_a_journey_says_it_too_and_tells_who_it_could_not(crm, join, mails, caplog):
    join("Ana Kowalska", "Bo")
    hello = Step(name="hello", kind="message", channel="email", purpose="care", template="welcome")
    with crm.unit() as unit:
        templates.save(
            unit, attrs.evolve(WELCOME, text=f"Dear {{{{ customer.first_name }}}} {OUT}")
        )
        marketing.save_journey(unit, Journey(name="w", segment="all", steps=[hello]))
        assert marketing.journey(unit, "w").steps[0].template == "welcome"
    with caplog.at_level(logging.WARNING, "crmkit.marketing"):
        assert marketing.walk_all(crm, "w") == 1
    assert "journey w, step hello: no message to 2: template welcome" in caplog.text
    assert mails()["ana@example.com"]["Subject"] == "For Ana"


def test_a_journey_with_an_error_in_a_template_is_not_saved(crm, join):
    join("Ana Kowalska")
    hello = Step(name="hello", kind="message", channel="email", purpose="care", template="welcome")
    with crm.unit() as unit:
        templates.save(unit, attrs.evolve(WELCOME, html="<p>x</p>"))
        with pytest.raises(RefusedError, match="marketing needs a link that ends it"):
            marketing.save_journey(unit, Journey(name="w", segment="all", steps=[hello]))
