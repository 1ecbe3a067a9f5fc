"""What crmkit asks of every plugin."""

from crmkit.testing import PluginSuite

MAPPING = """
kind = "customers"
source = "suite"
[columns]
id = "external_id"
"""


class TestExchange(PluginSuite):
    plugin = "exchange"
