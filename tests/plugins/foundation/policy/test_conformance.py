from crmkit.plugins.foundation import policy
from crmkit.testing import PluginSuite


class TestPolicy(PluginSuite):
    plugin = "policy"

    def populate(self, unit, customer):
        policy.adopt(unit, policy.EXAMPLE.read_text(encoding="utf-8"))
