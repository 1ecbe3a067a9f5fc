from crmkit.testing import PluginSuite


class TestCelery(PluginSuite):
    plugin = "celery"
    also = ("email",)
