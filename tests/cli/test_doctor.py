import json

from tests.cli.conftest import enable, plugin_code


def findings(done):
    return {row["subject"]: row for row in json.loads(done.stdout)}


def test_doctor_finds_a_healthy_crm_healthy(shop):
    done = shop("--format", "json", "doctor")
    found = findings(done)
    assert done.exit_code == 0
    assert {row["level"] for row in found.values()} <= {"OK", "WARN"}
    assert found["journal_mode"]["text"] == "wal"
    assert found["foreign_keys"]["text"] == "1"
    assert found["synchronous"]["text"] == "full: survives a power cut"
    assert found["tables of core"]["text"] == "up to date"


def test_doctor_without_anything_says_to_init(cli, tmp_path):
    done = cli("--format", "json", "doctor")
    assert done.exit_code == 0
    assert findings(done)["config"]["mend"] == "run `crmkit init`"
    assert list(tmp_path.iterdir()) == []


def test_doctor_works_with_a_database_that_is_none(shop, tmp_path):
    for path in tmp_path.glob("crm.db*"):
        path.unlink()
    missing = shop("--format", "json", "doctor")
    assert missing.exit_code == 1
    assert findings(missing)["database"]["mend"] == "run `crmkit db upgrade`"
    (tmp_path / "crm.db").write_text("Dear Ana, this is a letter and no database at all.\n" * 9)
    broken = shop("--format", "json", "doctor")
    assert broken.exit_code == 1
    assert findings(broken)["database"]["text"] == "the file is not a SQLite database"


def test_doctor_finds_pages_that_are_damaged(shop, tmp_path):
    path = tmp_path / "crm.db"
    damaged = bytearray(path.read_bytes())
    damaged[8192:80000] = b"\xff" * (80000 - 8192)
    path.write_bytes(damaged)
    done = shop("--format", "json", "doctor")
    assert done.exit_code == 1
    assert "FAIL" in {findings(done)[each]["level"] for each in ("integrity", "database")
                      if each in findings(done)}  # fmt: skip


def test_doctor_says_which_plugin_fails_and_exits_with_7(shop, configuration):
    enable(configuration, "gone")
    done = shop("--format", "json", "doctor")
    assert done.exit_code == 7
    assert findings(done)["plugin gone"]["mend"].endswith("run `crmkit plugins disable gone`")


def test_doctor_says_that_an_upgrade_is_pending(shop):
    shop("plugins", "enable", "consent")
    done = shop("--format", "json", "doctor")
    assert done.exit_code == 6
    assert findings(done)["tables of consent"]["mend"] == "run `crmkit db upgrade`"


def test_doctor_warns_of_a_configuration_anybody_can_change(shop, configuration):
    configuration.chmod(0o666)
    done = shop("--format", "json", "doctor")
    assert done.exit_code == 0
    assert findings(done)["config"]["level"] == "WARN"
    assert findings(done)["config"]["mend"].startswith("chmod o-w ")


def test_doctor_says_what_is_wrong_with_settings(shop, configuration):
    enable(configuration, more="[nowhere]\nx = 1\n")
    done = shop("--format", "json", "doctor")
    assert done.exit_code == 1
    assert "[nowhere] is no enabled plugin" in findings(done)["settings"]["text"]
    configuration.write_text("plugins = [")
    assert shop("doctor").exit_code == 1


def test_doctor_warns_of_relaxed_durability(shop, configuration):
    enable(configuration, more='durability = "relaxed"\n')
    assert findings(shop("--format", "json", "doctor"))["synchronous"]["level"] == "WARN"


DIAGNOSE = """
from crmkit import Finding, Plugin, hookimpl

class Hooks:
    @hookimpl
    def crmkit_diagnose(self, unit):
        yield Finding(level="fail", subject="acme depot", text="is shut", mend="open it")

plugin = Plugin(name="acme", summary="Parcels.", hooks=Hooks())
"""


def test_doctor_asks_the_plugins(install, shop, configuration):
    install("acme", DIAGNOSE)
    enable(configuration, "acme")
    done = shop("--format", "json", "doctor")
    assert done.exit_code == 1
    assert findings(done)["acme depot"]["mend"] == "open it"


def test_doctor_names_both_plugins_of_a_conflict(install, shop, configuration):
    install("acme", plugin_code("acme"), commands={"go": "acme:go"})
    install("bolt", plugin_code("bolt"), commands={"go": "bolt:go"})
    enable(configuration, "acme", "bolt")
    done = shop("--format", "json", "doctor")
    assert done.exit_code == 7
    assert "acme and bolt both have a command 'go'" in findings(done)["commands"]["text"]
