import json
import sys
import tomllib

from tests.cli.conftest import enable, plugin_code


def states(done):
    return {row["name"]: row["state"] for row in json.loads(done.stdout)}


def test_plugins_list_shows_states_and_imports_only_what_is_enabled(install, shop, configuration):
    install("acme")
    install("bolt", "raise RuntimeError('no licence')")
    install("cord", "raise AssertionError('imported')")
    enable(configuration, "acme", "bolt", "gone")
    done = shop("--format", "json", "plugins", "list")
    found = states(done)
    assert done.exit_code == 0
    assert found["acme"] == "enabled"
    assert found["bolt"] == "quarantined: cannot be imported: RuntimeError: no licence"
    assert found["cord"] == "available"
    assert found["gone"].startswith("quarantined: not installed")
    assert "cord" not in sys.modules
    (acme,) = [row for row in json.loads(done.stdout) if row["name"] == "acme"]
    assert acme["distribution"] == "crmkit-acme 2.3"


def test_plugins_list_works_without_a_configuration(cli, install):
    install("acme")
    assert states(cli("--format", "json", "plugins", "list"))["acme"] == "available"


def test_plugins_list_in_safe_mode_loads_nothing(install, shop, configuration):
    install("cord", "raise AssertionError('imported')")
    enable(configuration, "cord")
    done = shop("--safe-mode", "--format", "json", "plugins", "list")
    assert states(done)["cord"] == "enabled (not loaded in safe mode)"


def test_plugins_check_exits_with_7_when_one_is_quarantined(install, shop, configuration):
    install("acme")
    enable(configuration, "acme")
    assert shop("plugins", "check").exit_code == 0
    enable(configuration, "acme", "gone")
    done = shop("plugins", "check")
    assert done.exit_code == 7
    assert done.stderr == "Error: 1 of 2 plugins failed\n"


def test_plugins_info_tells_what_a_plugin_brings(shop):
    found = json.loads(shop("--format", "json", "plugins", "info", "consent").stdout)
    assert found["state"] == "available"
    assert found["tables"] == ["consent_event", "consent_key", "consent_suppression"]
    assert found["commands"] == ["crmkit consent"]
    assert "crmkit_may_contact" in found["hooks"]


def test_plugins_info_refuses_an_unknown_name_with_the_nearest(shop):
    done = shop("plugins", "info", "consnet")
    assert done.exit_code == 3
    assert "did you mean 'consent'?" in done.stderr


def test_enable_adds_to_the_file_says_what_comes_and_what_is_next(shop, configuration):
    before = configuration.read_text()
    done = shop("plugins", "enable", "consent")
    assert done.exit_code == 0
    assert tomllib.loads(configuration.read_text())["crmkit"]["plugins"] == ["consent"]
    assert (
        "Brings tables consent_event, consent_key, consent_suppression (0001_initial)"
        in done.stderr
    )
    assert "Next: crmkit db plan; crmkit db upgrade" in done.stderr
    assert [line for line in before.splitlines() if "#" in line] == [
        line for line in configuration.read_text().splitlines() if "#" in line
    ]
    assert shop("customer", "list").exit_code == 6
    assert shop("db", "upgrade").exit_code == 0
    assert shop("customer", "list").exit_code == 0


def test_enable_brings_what_is_required(install, shop, configuration):
    install("acme", plugin_code("acme", requires=("bolt",)))
    install("bolt")
    done = shop("plugins", "enable", "acme")
    assert "acme requires bolt: enabled too." in done.stderr
    assert tomllib.loads(configuration.read_text())["crmkit"]["plugins"] == ["bolt", "acme"]


def test_enable_refuses_an_unknown_plugin_and_changes_nothing(shop, configuration):
    before = configuration.read_text()
    done = shop("plugins", "enable", "consent", "consnet")
    assert done.exit_code == 3
    assert "no plugin 'consnet', did you mean 'consent'?" in done.stderr
    assert configuration.read_text() == before


def test_enable_refuses_a_plugin_that_cannot_be_imported(install, shop, configuration):
    install("bolt", "raise RuntimeError('no licence')")
    before = configuration.read_text()
    done = shop("plugins", "enable", "bolt")
    assert done.exit_code == 7
    assert configuration.read_text() == before


def test_enable_refuses_a_plugin_whose_command_clashes(install, shop, configuration):
    install("acme", commands={"status": "acme:go"})
    before = configuration.read_text()
    done = shop("plugins", "enable", "acme")
    assert done.exit_code == 7
    assert "crmkit itself and acme both have a command 'status'" in done.stderr
    assert configuration.read_text() == before


def test_enable_dry_run_writes_nothing(shop, configuration):
    before = configuration.read_text()
    assert shop("plugins", "enable", "consent", "--dry-run").exit_code == 0
    assert configuration.read_text() == before


def test_enabling_what_is_enabled_does_nothing(shop, configuration):
    shop("plugins", "enable", "consent")
    before = configuration.read_text()
    done = shop("plugins", "enable", "consent")
    assert (done.exit_code, configuration.read_text()) == (0, before)
    assert "consent is enabled already." in done.stderr


def test_disable_takes_a_plugin_out_and_its_data_stays(shop, configuration):
    shop("plugins", "enable", "consent")
    shop("db", "upgrade")
    assert shop("plugins", "disable", "consent", "--dry-run").exit_code == 0
    assert tomllib.loads(configuration.read_text())["crmkit"]["plugins"] == ["consent"]
    assert shop("plugins", "disable", "consent").exit_code == 0
    assert tomllib.loads(configuration.read_text())["crmkit"]["plugins"] == []


def test_disable_works_for_a_plugin_that_is_broken_or_gone(install, shop, configuration):
    install("bolt", "raise RuntimeError('no licence')")
    enable(configuration, "bolt", "gone")
    assert shop("plugins", "disable", "bolt", "gone").exit_code == 0
    assert tomllib.loads(configuration.read_text())["crmkit"]["plugins"] == []


def test_disable_refuses_what_others_require(install, shop, configuration):
    install("acme", plugin_code("acme", requires=("bolt",)))
    install("bolt")
    enable(configuration, "bolt", "acme")
    done = shop("plugins", "disable", "bolt")
    assert done.exit_code == 5
    assert "acme requires bolt; disable acme too" in done.stderr
    assert shop("plugins", "disable", "bolt", "acme").exit_code == 0


def test_disable_refuses_an_unknown_plugin_with_the_nearest(shop):
    done = shop("plugins", "disable", "consnet")
    assert done.exit_code == 3
    assert "did you mean 'consent'?" in done.stderr


def test_enable_without_a_configuration_says_what_to_do(cli):
    done = cli("plugins", "enable", "consent")
    assert done.exit_code == 3
    assert "run `crmkit init`" in done.stderr


def test_a_file_with_the_name_of_an_enabled_plugin_is_not_enabled(
    shop, install, configuration, tmp_path
):
    install("acme")
    enable(configuration, "acme")
    before = configuration.read_text()
    (tmp_path / "dup.py").write_text(plugin_code("acme"))
    done = shop("plugins", "enable", "dup.py")
    assert done.exit_code == 7
    assert "dup.py has the name of the installed plugin acme" in done.stderr
    assert configuration.read_text() == before
