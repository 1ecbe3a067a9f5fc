from crmkit.plugins.foundation import consent
from crmkit.testing import PluginSuite


class TestConsent(PluginSuite):
    plugin = "consent"

    def populate(self, unit, customer):
        consent.grant(
            unit,
            customer.id,
            purpose="news",
            channel="email",
            basis="consent",
            evidence=f"{customer.name} said so",
            source=f"a talk with {customer.name}",
        )
        consent.suppress(unit, "email", customer.contact("email"), f"{customer.name} asked for it")
