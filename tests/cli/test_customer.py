import json

import pytest

from tests.cli.conftest import enable


def data(done):
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_list_pages_by_id_and_says_how_to_go_on(shop):
    done = shop("customer", "list", "--size", "1")
    assert "Ana Kowalska" in done.stdout
    assert done.stderr == "Next page: crmkit customer list --after 1\n"
    assert "Bo Lindqvist" in shop("customer", "list", "--after", "1").stdout


def test_list_shows_fifty_active_customers_unless_told_otherwise(shop):
    shop("customer", "edit", "2", "--status", "archived")
    assert [row["id"] for row in data(shop("customer", "list", "--format", "json"))] == [1]
    archived = shop("customer", "list", "--status", "archived", "--format", "json")
    assert [row["id"] for row in data(archived)] == [2]
    assert "[default: 50" in shop("customer", "list", "--help").stdout


@pytest.mark.parametrize("reference", ["1", "ana@example.com", "ANA@example.com", "shop:42"])
def test_a_customer_is_named_by_id_address_or_identity(shop, reference):
    assert data(shop("customer", "show", reference, "--format", "json"))["name"] == "Ana Kowalska"


@pytest.mark.parametrize(
    ("reference", "code", "told"),
    [
        ("99", 3, "no customer 99"),
        ("nobody@example.com", 3, "no customer 'nobody@example.com'"),
        ("ana", 2, "expected an id, an e-mail address or namespace:external_id"),
    ],
)
def test_a_customer_that_cannot_be_named_is_one_line(shop, reference, code, told):
    for command in (["show"], ["timeline"], ["edit", "--name", "X"], ["erase", "--yes"]):
        done = shop("customer", command[0], reference, *command[1:])
        assert done.exit_code == code
        (line,) = done.stderr.splitlines()
        assert told in line


def test_an_address_that_two_share_is_refused_naming_both(shop):
    shop("customer", "add", "Ann Kowalska", "--email", "ana@example.com")
    done = shop("customer", "show", "ana@example.com")
    assert done.exit_code == 2
    assert "belongs to customers 1, 3" in done.stderr


def test_show_has_open_offers_and_the_latest_interactions(shop):
    shop("interaction", "log", "1", "purchase.order", "--amount", "5 EUR", "--at", "2026-01-05")
    shop("offer", "new", "1", "A gift")
    done = shop("customer", "show", "1")
    assert "open offers  1: A gift (proposed)" in done.stdout
    assert "latest       2026-01-05 purchase.order 5.00 EUR" in done.stdout


def test_find_takes_part_of_a_name_or_number(shop):
    for text in ("kowal", "KOWAL", "22 123", "ana@example.com"):
        assert [row["id"] for row in data(shop("customer", "find", text, "--format", "json"))] == [
            1
        ]
    assert shop("customer", "find", "nobody").stderr == "(nothing)\n"


def test_csv_of_customers_keeps_telephone_numbers_and_disarms_formulas(shop):
    shop("customer", "add", '=HYPERLINK("http://evil/")')
    lines = shop("customer", "list", "--format", "csv").stdout.splitlines()
    assert lines[1] == "1,Ana Kowalska,ana@example.com,+48 22 123 45 67,shop:42,active"
    assert lines[3] == '3,"\'=HYPERLINK(""http://evil/"")",,,,active'


def test_control_bytes_in_a_name_never_reach_the_terminal(shop):
    done = shop("customer", "add", "\x1b]0;pwned\x07")
    assert done.exit_code == 2
    assert "\x1b" not in done.output
    shop("customer", "add", "right \u202eto left")
    for form in ("table", "json", "jsonl"):
        assert "\u202e" not in shop("customer", "list", "--format", form).stdout


def test_add_stores_everything_it_is_given(shop, configuration):
    enable(configuration, more='[attributes.tier]\ntype = "choice"\nchoices = ["gold"]\n')
    shop(
        "customer", "add", "Harbour Ltd", "--kind", "organisation", "--email", "a@harbour.example",
        "--email", "b@harbour.example", "--phone", "+44 20 7946 0000", "--identity", "shop:77",
        "--identity", "erp:H1", "--locale", "en-GB", "--time-zone", "Europe/London",
        "--set", "tier=gold",
    )  # fmt: skip
    found = data(shop("customer", "show", "shop:77", "--format", "json"))
    assert [point["value"] for point in found["contacts"]] == [
        "a@harbour.example",
        "b@harbour.example",
        "+44 20 7946 0000",
    ]
    assert found["identities"] == ["erp:H1", "shop:77"]
    assert (found["kind"], found["locale"], found["time_zone"]) == (
        "organisation",
        "en-GB",
        "Europe/London",
    )
    assert found["attributes"] == {"tier": "gold"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--email", "nobody"], "email: 'nobody' is not accepted"),
        (["--phone", "none"], "phone: 'none' is not accepted"),
        (["--identity", "42"], "namespace: '42' is not accepted"),
        (["--identity", "shop:42"], "an identity nobody has; customer 1 has it"),
        (["--time-zone", "Mars/Base"], "time_zone: 'Mars/Base' is not accepted"),
        (["--locale", "english!"], "locale: 'english!' is not accepted"),
        (["--set", "tier"], "'tier' is not NAME=VALUE"),
        (["--set", "tier=gold"], "a defined attribute"),
        (["--kind", "robot"], "'robot' is not one of"),
    ],
)
def test_add_refuses_what_does_not_fit_and_writes_nothing(shop, options, told):
    done = shop("customer", "add", "Cy", *options)
    assert done.exit_code == 2
    assert told in done.stderr
    assert len(data(shop("customer", "list", "--format", "json"))) == 2


def test_add_dry_run_shows_the_customer_and_writes_nothing(shop):
    done = shop("customer", "add", "Cy", "--dry-run")
    assert "Cy" in done.stdout
    assert done.stderr == "Dry run: nothing was written.\n"
    assert len(data(shop("customer", "list", "--format", "json"))) == 2


def test_edit_changes_what_is_named_and_leaves_the_rest(shop):
    done = shop(
        "customer", "edit", "1", "--name", "Ana Nowak", "--email", "ana@work.example.com",
        "--remove-contact", "+48 22 123 45 67", "--identity", "erp:9", "--format", "json",
    )  # fmt: skip
    (row,) = data(done)
    assert (row["name"], row["version"]) == ("Ana Nowak", 2)
    assert [point["value"] for point in row["contacts"]] == [
        "ana@example.com",
        "ana@work.example.com",
    ]
    assert row["identities"] == ["erp:9", "shop:42"]


def test_edit_that_changes_nothing_keeps_the_version(shop):
    (row,) = data(shop("customer", "edit", "1", "--name", "Ana Kowalska", "--format", "json"))
    assert row["version"] == 1


def test_edit_dry_run_writes_nothing(shop):
    assert "Ana Nowak" in shop("customer", "edit", "1", "--name", "Ana Nowak", "--dry-run").stdout
    assert "Ana Kowalska" in shop("customer", "show", "1").stdout


def test_edit_of_an_old_version_is_refused_with_75(shop):
    assert shop("customer", "edit", "1", "--name", "Ana N", "--if-version", "1").exit_code == 0
    done = shop("customer", "edit", "1", "--name", "Ana M", "--if-version", "1")
    assert done.exit_code == 75
    assert "changed since it was read (stale version)" in done.stderr
    assert "Ana N " in shop("customer", "list").stdout


def test_edit_refuses_to_remove_a_contact_that_is_not_there(shop):
    done = shop("customer", "edit", "1", "--remove-contact", "x@example.com")
    assert (done.exit_code, done.stderr) == (3, "Error: no contact point 'x@example.com'\n")


def test_timeline_is_latest_first_and_goes_on(shop):
    for day in ("2026-01-01", "2026-01-03", "2026-01-02"):
        shop("interaction", "log", "1", "note.heard", "--at", day, "--text", day)
    done = shop("customer", "timeline", "1", "--size", "2", "--format", "json")
    assert [row["text"] for row in data(done)] == ["2026-01-03", "2026-01-02"]
    assert done.stderr == "Older ones: crmkit customer timeline 1 --before 3\n"
    rest = shop("customer", "timeline", "1", "--before", "3", "--format", "json")
    assert [row["text"] for row in data(rest)] == ["2026-01-01"]


def test_export_is_one_document_with_everything(shop, tmp_path):
    shop("interaction", "log", "1", "note.heard", "--text", "likes tea")
    shop("offer", "new", "1", "A gift")
    document = data(shop("customer", "export", "ana@example.com"))
    assert document["customer"]["name"] == "Ana Kowalska"
    assert [each["text"] for each in document["interactions"]] == ["likes tea"]
    assert [each["what"] for each in document["offers"]] == ["A gift"]
    assert shop("customer", "export", "1", "--output", "ana.json").exit_code == 0
    assert json.loads((tmp_path / "ana.json").read_text()) == document
    assert (tmp_path / "ana.json").stat().st_mode & 0o077 == 0
    assert shop("customer", "export", "1", "-o", "ana.json").exit_code == 5


def test_erase_needs_a_confirmation_and_does_nothing_without(shop):
    done = shop("customer", "erase", "1", stdin="1\n")
    assert (done.exit_code, done.stderr) == (5, "Error: nothing was erased: confirm with --yes\n")
    assert "Ana Kowalska" in shop("customer", "show", "1").stdout


def test_erase_on_a_terminal_asks_for_the_id(shop, monkeypatch):
    from crmkit.cli import privacy

    monkeypatch.setattr(privacy, "is_terminal", lambda: True)
    wrong = shop("customer", "erase", "1", stdin="2\n")
    assert wrong.exit_code == 5
    assert "Ana Kowalska" in shop("customer", "show", "1").stdout
    right = shop("customer", "erase", "1", stdin="1\n")
    assert right.exit_code == 0
    assert data(shop("customer", "show", "1", "--format", "json"))["status"] == "erased"


def test_erase_dry_run_writes_nothing(shop):
    done = shop("customer", "erase", "1", "--dry-run")
    assert done.exit_code == 0
    assert "Ana Kowalska" in shop("customer", "show", "1").stdout


def test_after_erasure_nothing_finds_the_person(shop):
    shop("interaction", "log", "1", "note.heard", "--text", "likes Oolong")
    assert shop("customer", "erase", "shop:42", "--yes").exit_code == 0
    assert data(shop("customer", "find", "kowalska", "--format", "json")) == []
    assert data(shop("interaction", "search", "oolong", "--format", "json")) == []
    assert shop("customer", "show", "ana@example.com").exit_code == 3


def test_erase_and_export_refuse_while_a_plugin_that_holds_data_does_not_run(shop, configuration):
    shop("plugins", "enable", "consent")
    shop("db", "upgrade")
    shop("plugins", "disable", "consent")
    for command in (["erase", "1", "--yes"], ["export", "1"]):
        done = shop("customer", *command)
        assert done.exit_code == 5
        assert "consent may hold data about this customer" in done.stderr
    assert "Ana Kowalska" in shop("customer", "show", "1").stdout
