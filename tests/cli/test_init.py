import json
import sqlite3
import tomllib

from crmkit.admin import installed
from tests.cli.conftest import plugin_code


def enabled(path):
    return tomllib.loads(path.read_text())["crmkit"]["plugins"]


def test_init_writes_a_commented_configuration_and_an_upgraded_database(cli, tmp_path):
    done = cli("init", "--plugins", "")
    assert done.exit_code == 0
    text = (tmp_path / "crmkit.toml").read_text()
    assert "# Where everything is stored" in text
    assert tomllib.loads(text)["crmkit"]["database"] == "sqlite:///crm.db"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["crm.db", "crmkit.toml"]
    assert cli("customer", "list").exit_code == 0


def test_init_enables_every_bundled_plugin_and_no_other(cli, configuration, install):
    install("acme")
    assert cli("init").exit_code == 0
    bundled = {
        name for name, (entry, *_) in installed().items() if entry.value.startswith("crmkit.")
    }
    assert set(enabled(configuration)) == bundled


def test_init_never_touches_an_existing_configuration(cli, configuration):
    configuration.write_text("mine")
    done = cli("init")
    assert done.exit_code == 5
    assert "crmkit.toml exists" in done.stderr
    assert configuration.read_text() == "mine"


def test_init_refuses_an_unknown_plugin_with_the_nearest_name_and_changes_nothing(cli, tmp_path):
    done = cli("init", "--plugins", "consnet")
    assert done.exit_code == 3
    assert "no plugin 'consnet', did you mean 'consent'?" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_init_enables_what_a_plugin_requires_too(cli, configuration, install):
    install("acme", plugin_code("acme", requires=("bolt",)))
    install("bolt")
    done = cli("init", "--plugins", "acme")
    assert "acme requires bolt: enabled too." in done.stderr
    assert enabled(configuration) == ["bolt", "acme"]


def test_init_dry_run_shows_the_file_and_writes_nothing(cli, tmp_path):
    done = cli("init", "--plugins", "", "--dry-run")
    assert tomllib.loads(done.stdout)["crmkit"]["plugins"] == []
    assert list(tmp_path.iterdir()) == []


def test_init_that_cannot_make_the_database_leaves_no_configuration(cli, tmp_path):
    (tmp_path / "crm.db").write_text("this is a letter, not a database, and long enough to tell")
    done = cli("init", "--plugins", "")
    assert done.exit_code == 1
    assert "the file is not a SQLite database" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["crm.db"]


def test_init_elsewhere_puts_the_database_beside_the_configuration(cli, tmp_path):
    (tmp_path / "shop").mkdir()
    assert cli("--config", "shop/crmkit.toml", "init", "--plugins", "").exit_code == 0
    assert (tmp_path / "shop" / "crm.db").exists()


def test_init_elsewhere_with_a_database_named_from_here_keeps_it_here(cli, tmp_path):
    (tmp_path / "shop").mkdir()
    database = "sqlite:///here.db"
    done = cli("--config", "shop/crmkit.toml", "--db", database, "init", "--plugins", "")
    assert done.exit_code == 0
    assert (tmp_path / "here.db").exists()
    assert cli("--config", "shop/crmkit.toml", "customer", "list").exit_code == 0


def test_a_configuration_with_a_password_is_for_its_owner_alone(cli, tmp_path, monkeypatch):
    from crmkit import CRM

    monkeypatch.setattr(CRM, "upgrade", lambda self: [])
    url = "postgresql://me:sesame@127.0.0.1/nowhere"
    done = cli("--db", url, "init", "--plugins", "")
    assert done.exit_code == 0
    assert "sesame" not in done.stderr
    assert (tmp_path / "crmkit.toml").stat().st_mode & 0o077 == 0


def test_status_tells_what_is_in_the_crm(shop):
    shop("interaction", "log", "1", "purchase.order", "--at", "2026-01-05", "--amount", "5 EUR")
    shop("offer", "new", "1", "A gift")
    shop("customer", "edit", "2", "--status", "archived")
    told = json.loads(shop("--format", "json", "status").stdout)
    assert told["customers"] == {"active": 1, "archived": 1}
    assert (told["interactions"], told["offers_open"]) == (1, 1)
    assert told["last_interaction"] == "2026-01-05T00:00:00Z"
    assert told["size_bytes"] > 0
    assert told["plugins"] == []


def test_the_actor_of_a_command_is_recorded(shop, tmp_path):
    shop("--as", "maria", "customer", "add", "Cy")
    shop("customer", "add", "Di")
    with sqlite3.connect(tmp_path / "crm.db") as connection:
        rows = connection.execute(
            "SELECT name, changed_by FROM crm_customer WHERE id > 2 ORDER BY id"
        )
        assert rows.fetchall() == [("Cy", "maria"), ("Di", "cli")]
    connection.close()


def test_init_again_says_how_to_complete_the_database(cli, configuration):
    configuration.write_text("[crmkit]\n")
    done = cli("init")
    assert done.exit_code == 5
    assert "run `crmkit db upgrade` to complete the database" in done.stderr
    assert cli("db", "upgrade").exit_code == 0
    assert "complete the database" not in cli("init").stderr
