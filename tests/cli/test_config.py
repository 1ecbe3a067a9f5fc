import json

from tests.cli.conftest import enable


def values(done):
    return {row["key"]: (row["value"], row.get("origin")) for row in json.loads(done.stdout)}


def test_config_show_tells_where_each_value_comes_from(shop, configuration, monkeypatch):
    monkeypatch.setenv("CRMKIT_DB", "sqlite:///crm.db")
    done = shop("--format", "json", "--as", "maria", "config", "show", "--origin")
    found = values(done)
    assert found["actor"] == ("maria", "--as")
    assert found["database"] == ("sqlite:///crm.db", "environment CRMKIT_DB")
    assert found["durability"] == ("full", str(configuration))
    enable(configuration)
    assert values(shop("--format", "json", "config", "show", "--origin"))["strict"] == (
        False,
        "default",
    )


def test_config_masks_secrets_but_not_where_they_are_kept(shop, configuration):
    configuration.write_text(
        '[crmkit]\ndatabase = "postgresql://me:sesame@host/x"\n'
        '[email]\npassword = "sesame"\napi_token = { env = "TOKEN" }\n'
    )
    done = shop("--format", "json", "config", "show")
    assert "sesame" not in done.stdout
    assert values(done)["email.api_token"][0] == {"env": "TOKEN"}


def test_config_get_prints_the_bare_value(shop):
    assert shop("config", "get", "durability").stdout == "full\n"
    assert json.loads(shop("config", "get", "plugins", "--format", "json").stdout) == {
        "key": "plugins",
        "value": [],
    }


def test_config_get_refuses_an_unknown_key_with_the_nearest(shop):
    done = shop("config", "get", "databse")
    assert done.exit_code == 3
    assert "did you mean 'database'?" in done.stderr


def test_config_path_prints_the_file_that_is_read(shop, configuration, tmp_path, monkeypatch):
    assert shop("config", "path").stdout == f"{configuration}\n"
    configuration.unlink()
    assert shop("config", "path").exit_code == 3


SETTINGS = """
import attrs
from crmkit import Plugin

@attrs.frozen
class Settings:
    '''
    Where parcels go.

    Attributes:
        depot: Town of the
            depot.
        days: How long it takes.
    '''

    depot: str
    days: int = 3

plugin = Plugin(name="acme", summary="Parcels.", hooks=object(), settings=Settings)
"""


def test_config_schema_lists_core_keys_and_settings_of_enabled_plugins(
    install, shop, configuration
):
    install("acme", SETTINGS)
    enable(configuration, "acme", "gone")
    done = shop("--format", "json", "config", "schema")
    assert done.exit_code == 0
    rows = {row["key"]: row for row in json.loads(done.stdout)}
    assert rows["strict"]["default"] is False
    assert rows["acme.depot"] == {
        "key": "acme.depot",
        "type": "str",
        "default": "(required)",
        "meaning": "Town of the depot.",
    }
    assert rows["acme.days"]["default"] == 3
    assert "plugin gone: not installed" in done.stderr


def test_a_mistyped_key_is_one_line_with_the_nearest(shop, configuration):
    configuration.write_text('[crmkit]\nplugin = ["consent"]\n')
    done = shop("customer", "list")
    assert done.exit_code == 2
    assert "[crmkit] has no 'plugin', did you mean 'plugins'?" in done.stderr
