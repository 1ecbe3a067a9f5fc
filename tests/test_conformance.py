"""Every bundled plugin passes the suite that everybody's plugins run."""

from importlib.metadata import entry_points
from pathlib import Path

import attrs

import crmkit
from crmkit import ContactPoint, Customer, Interaction
from crmkit.sql import insert_many
from crmkit.testing import PluginSuite

NAMES = sorted(
    entry.name
    for entry in entry_points(group="crmkit.plugins")
    if entry.value.startswith("crmkit.plugins.")
)


def populate_consent(unit, customer):
    from crmkit.plugins.foundation import consent

    words = f"{customer.name} said so on the telephone"
    consent.grant(
        unit,
        customer.id,
        purpose="news",
        channel="email",
        basis="consent",
        evidence=words,
        source=f"call with {customer.name}",
    )
    consent.suppress(unit, "email", customer.contact("email"), f"{customer.name} moved")


def populate_counter(unit, customer):
    from crmkit.plugins.collaborative import counter

    words = f"{customer.name} had a hard week"
    counter.hear(unit, customer.id, counter.Heard(text=words, sku="A-7", likes=True))


def populate_scoring(unit, customer):
    from crmkit.plugins.foundation.scoring import tables

    (run,) = unit.new_ids(tables.scoring_run, 1)
    fitted = (run, "orders", "1", "full", "done", "", unit.now, None, 0.0, {}, run, 1, 1)
    insert_many(unit.connection, tables.scoring_run, [(*fitted, unit.now, unit.now, "suite")])
    why = f"{customer.name} bought"
    insert_many(
        unit.connection,
        tables.scoring_score,
        [("orders", customer.id, 1.0, None, None, "A", f'{{"{why}":1.0}}', run)],
    )
    insert_many(unit.connection, tables.scoring_due, [("orders", customer.id)])
    insert_many(
        unit.connection,
        tables.scoring_membership,
        [(customer.id, "regulars", unit.now, why, unit.now, why)],
    )


def populate_delivery(unit, customer):
    from crmkit.plugins.foundation import delivery
    from crmkit.plugins.foundation.delivery.tables import attempt

    intent = delivery.Intent(
        run="suite",
        step=f"letter to {customer.id}",
        customer_id=customer.id,
        channel="email",
        address=customer.contact("email"),
        purpose="news",
        subject=f"For {customer.name}",
        text=f"Dear {customer.name}",
    )
    (intent_id,) = delivery.intend_many(unit, [intent]).ids
    (new,) = unit.new_ids(attempt, 1)
    told = f"mailbox of {customer.name} is full"
    insert_many(unit.connection, attempt, [(new, intent_id, customer.id, unit.now, "retry", told)])


def populate_decisions(unit, customer):
    from crmkit.plugins.foundation import decisions, policy
    from crmkit.plugins.foundation.decisions import tables

    policy.adopt(unit, policy.EXAMPLE.read_text(encoding="utf-8"))
    decisions.decide(unit, run=f"run {customer.id}", customer_ids=[customer.id])
    table = tables.decisions_decision
    words = {"what": f"A cup for {customer.name}", "why": f"{customer.name} has none"}
    unit.connection.execute(table.update().where(table.c.customer_id == customer.id).values(words))
    held_out = ("suite", customer.id, "control", unit.now)
    insert_many(unit.connection, tables.decisions_assignment, [held_out])


def populate_communities(unit, customer):
    from crmkit.plugins.analytical.communities import tables

    (found,) = unit.new_ids(tables.communities_community, 1)
    told, name = f"bought what {customer.name} likes", f"group_{customer.id}"
    stored = (found, name, [], False, "Cups", 1, [], [], unit.now, None)
    insert_many(unit.connection, tables.communities_community, [stored])
    drawn = (customer.id, found, 0.5, True, told)
    insert_many(unit.connection, tables.communities_membership, [drawn])
    insert_many(unit.connection, tables.communities_anchor, [(customer.id, found, [0], [])])
    insert_many(unit.connection, tables.communities_inbox, [(customer.id, 0, 0)])
    already = unit.connection.execute(tables.communities_run.select()).first()
    if already is None:
        (run,) = unit.new_ids(tables.communities_run, 1)
        counts = (1, 1, 0, 0.0, 0.0, [], unit.now, unit.now, "suite")
        items = {"names": ["Cup"], "habits": []}
        ran = (run, "done", "", unit.now, {}, items, *counts)
        insert_many(unit.connection, tables.communities_run, [ran])


def populate_lifecycle(unit, customer):
    from crmkit.plugins.analytical import lifecycle
    from crmkit.plugins.analytical.lifecycle import tables

    sender = unit.customers.add(Customer(name="A friend"))
    lifecycle.refer(unit, sender.id, customer.id)
    said = Interaction(
        customer_id=customer.id, kind="feedback.nps", at=unit.now, payload={"score": 9}
    )
    unit.interactions.add(said)
    words = f"Have tea with {customer.name}"
    row = (customer.id, unit.now, "retain", words, "regulars", 1, None, "")
    insert_many(unit.connection, tables.lifecycle_objective, [row])


def populate_billing(unit, customer):
    from crmkit import Money
    from crmkit.plugins.operational import billing
    from crmkit.plugins.operational.billing import tables

    words = f"for {customer.name}"
    account = billing.Account(
        customer_id=customer.id, name=customer.name, street=words, reference=words
    )
    billing.set_account(unit, account)
    item = billing.Item(name=f"Cup {words}", price=Money(900, "EUR"))
    key = f"order of {customer.name}"
    draft = billing.Draft(
        customer_id=customer.id, items=[item], note=words, source="shop", source_key=key
    )
    (bill,) = billing.invoice(unit, [draft])
    payment = billing.Payment(
        customer_id=customer.id, amount=Money(500, "EUR"), method=words, reference=words
    )
    billing.record_payments(unit, [payment])
    cost = billing.ServingCost(
        customer_id=customer.id, activity=words, amount=Money(1, "EUR"), source="x", source_key=key
    )
    billing.book_costs(unit, [cost])
    billing.adjust_points(unit, customer.id, 5, reason=words)
    reminded = (bill.id, 1, customer.id, unit.now, 400, None)
    insert_many(unit.connection, tables.billing_reminder, [reminded])


def populate_marketing(unit, customer):
    from crmkit.plugins.operational import marketing
    from crmkit.plugins.operational.marketing import tables

    words = f"For {customer.name}"
    new = unit.new_ids(tables.marketing_campaign, 1)[0]
    drafted = (new, f"c{new}", "running", {}, unit.now, {}, 1)
    insert_many(unit.connection, tables.marketing_campaign, [drafted])
    member = (new, customer.id, "excluded", "", words, words, None, None, None)
    insert_many(unit.connection, tables.marketing_member, [member])
    said = {"campaign_id": new, "url": "", "agent": ""}
    unit.interactions.add(
        Interaction(customer_id=customer.id, kind="campaign.opened", at=unit.now, payload=said)
    )
    underway = ("welcome", customer.id, "hello", unit.now, unit.now, None)
    insert_many(unit.connection, tables.marketing_traveller, [underway])
    name = f"friends-{customer.id}"
    reward = marketing.Reward(what="A cup")
    marketing.save_programme(unit, marketing.Programme(name=name, referrer=reward))
    sender, sent = unit.customers.add_many([Customer(name="A friend"), Customer(name="Another")])
    marketing.refer_by_code(unit, marketing.referral_code(unit, name, customer.id), sent.id)
    marketing.refer_by_code(unit, marketing.referral_code(unit, name, sender.id), customer.id)


def populate_sales(unit, customer):
    from crmkit import Money
    from crmkit.plugins.operational import sales

    words = f"A kitchen for {customer.name}"
    draft = sales.LeadDraft(customer_id=customer.id, interest=words, source="web", source_key=words)
    (lead,) = sales.take_in(unit, [draft])
    deal = sales.convert(unit, lead.id)
    sales.set_next(unit, deal.id, words, unit.now)
    item = sales.QuoteItem(name=words, price=Money(900, "EUR"))
    sales.draw_up_quote(unit, deal.id, [item], note=words)
    sales.hear(unit, deal.id, words, words)
    (other,) = sales.take_in(unit, [sales.LeadDraft(customer_id=customer.id)])
    sales.give_up(unit, other.id, words)


def populate_service(unit, customer):
    from crmkit.plugins.operational import service

    words = f"The lamp of {customer.name}"
    draft = service.Draft(
        customer_id=customer.id, subject=words, kind="complaint", source="x", source_key=words
    )
    (case,) = service.open_cases(unit, [draft])
    service.change(unit, [case.id], subject=f"{words} flickers")
    part = service.Participant(case_id=case.id, customer_id=customer.id, role="concerned")
    service.add_participants(unit, [part])
    service.reply(unit, case.id, words)
    said = {"score": 2, "case_id": case.id}
    unit.interactions.add(
        Interaction(customer_id=customer.id, kind="feedback.csat", at=unit.now, payload=said)
    )
    service.make_amends(unit, case.id, words)


def populate_email(unit, customer):
    from crmkit.plugins.collaborative import email

    raw = (
        f"From: {customer.contact('email')}\nMessage-ID: <m{customer.id}@x>\n"
        f"Subject: I am {customer.name}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n'
        f"--b\nContent-Type: text/html\n\n<p>{customer.name}</p>\n"
        f"--b\nContent-Type: text/csv; name={customer.name}.csv\n\n{customer.name}\n--b--\n"
    )
    email.receive(unit, email.parse(raw.encode(), unit.now), unit.now)


def populate_inbox(unit, customer):
    said = Interaction(
        customer_id=customer.id,
        kind="contact.message",
        at=unit.now,
        channel="web",
        text=f"I am {customer.name}",
    )
    unit.interactions.add(said)


def populate_preferences(unit, customer):
    from crmkit.plugins.collaborative.preferences import tables

    (wish,) = unit.new_ids(tables.preferences_wish, 1)
    address = customer.contact("email")
    entered = (wish, customer.id, "email", address, address, ["news"], "Yes", f"by {customer.name}")
    insert_many(unit.connection, tables.preferences_wish, [(*entered, unit.now, unit.now, None)])


def populate_sms(unit, customer):
    from crmkit.plugins.collaborative import sms

    number = f"+4860123{customer.id:04}"
    phone = ContactPoint("phone", number)
    unit.customers.save(attrs.evolve(customer, contact_points=(*customer.contact_points, phone)))
    message = sms.Message(id=f"m{customer.id}", number=number, text="STOP")
    sms.receive_message(unit, message)
    sms.receive_report(unit, sms.Report(id=f"s{customer.id}", number=number, state="delivered"))


def populate_recommend(unit, customer):
    from crmkit.plugins.analytical import recommend

    recommend.avoid(unit, customer.id, "meat", source=f"{customer.name} said so")


def populate_webhook(unit, customer):
    from crmkit.plugins.collaborative import webhook

    if not webhook.endpoints(unit):
        webhook.add(unit, "books", "https://books.example/in")
    unit.customers.save(unit.customers.get(customer.id))


BESIDE = {"delivery": ("email",), "marketing": ("email",)}
"""Enabled too: delivery takes messages only for a channel that is there."""

for _name in NAMES:
    _body = {"plugin": _name, "also": BESIDE.get(_name, ())}
    if f"populate_{_name}" in globals():
        _body["populate"] = staticmethod(globals()[f"populate_{_name}"])
    globals()[f"Test_{_name}"] = type(f"Test_{_name}", (PluginSuite,), _body)


def test_every_bundled_plugin_is_here():
    folders = Path(crmkit.__file__).parent.glob("plugins/*/*/__init__.py")
    assert {path.parent.name for path in folders} <= set(NAMES)
