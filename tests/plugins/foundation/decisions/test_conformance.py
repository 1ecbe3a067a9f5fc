from typing import ClassVar

from crmkit import Money, Offer, Plugin, Proposal, hookimpl
from crmkit.plugins.foundation import consent, decisions, policy
from crmkit.testing import PluginSuite


class Proposer:
    @hookimpl
    def crmkit_propose_offers(self, unit, customers):
        for each in customers:
            yield Proposal(
                customer_id=each.id,
                offer=Offer(
                    customer_id=each.id,
                    what=f"Tea for {each.name}",
                    why=f"{each.name} likes tea",
                    cost=Money(100, "GBP"),
                ),
                purpose="care",
                channel="email",
                value=100,
                why=f"{each.name} bought tea",
            )


class TestDecisions(PluginSuite):
    plugin = "decisions"
    also = ("email",)
    settings: ClassVar = {"email": {"target": "maildir:mail", "from_address": "shop@example.com"}}

    def _open(self, subject, make_crm, *, enabled=True):
        import attrs

        if enabled:
            shop = Plugin(name="shop", summary="proposes", hooks=Proposer())
            subject = attrs.evolve(subject, needs=(*subject.needs, shop))
        return super()._open(subject, make_crm, enabled=enabled)

    def populate(self, unit, customer):
        policy.adopt(unit, policy.EXAMPLE.read_text(encoding="utf-8"))
        consent.grant(
            unit,
            customer.id,
            purpose="care",
            channel="email",
            basis="consent",
            evidence="ticked the box",
            source="shop",
        )
        decisions.decide(unit, run="suite", customer_ids=[customer.id])
