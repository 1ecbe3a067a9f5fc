"""The commands, in an empty folder; every example of every help runs in tests/cli."""

import json

import pytest

from crmkit import CRM
from crmkit.plugins.analytical import communities
from tests.plugins.analytical.communities.conftest import baskets, fill


@pytest.fixture
def shop(cli, tmp_path):
    """``cli`` in a folder with communities found."""
    assert cli("init", "--plugins", "scoring,communities").exit_code == 0
    config = tmp_path / "crmkit.toml"
    settings = "\n[communities]\nmin_customers = 30\nmin_size = 5\nk = 6\ndays = 36500\n"
    config.write_text(config.read_text() + settings)
    crm = CRM.from_config(config)
    fill(crm, list(baskets()))
    crm.close()
    return cli


def rows(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_found_listed_shown_and_renamed(shop):
    assert shop("communities", "run", "--dry-run").exit_code == 0
    assert rows(shop("--format", "json", "communities", "list")) == []
    found = rows(shop("--format", "json", "communities", "run"))
    assert (found["state"], found["communities"], found["kept"]) == ("done", 3, 0)
    listed = rows(shop("--format", "json", "communities", "list", "--plot", "map.svg"))
    assert [each["customers"] for each in listed] == [20, 20, 20]
    name = listed[0]["name"]
    shown = rows(shop("--format", "json", "communities", "show", name))
    assert {each["others"] for each in shown if each["kind"] == "product"} == {0}
    members = rows(shop("--format", "json", "communities", "members", name))
    assert len(members) == 20
    number = str(members[0]["customer_id"])
    of = rows(shop("--format", "json", "communities", "of", number))
    assert (of[0]["name"], of[0]["belongs"], of[0]["why"]) == (name, True, members[0]["why"])
    done = shop("communities", "rename", name, "good_ones")
    assert "must name communities.good_ones now" in done.output
    assert "good_ones" in shop("segment", "list").output


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("show", "nobody"), 3, "no community 'nobody'"),
        (("members", "nobody"), 3, "no community 'nobody'"),
        (("rename", "nobody", "x"), 3, "no community 'nobody'"),
    ],
)
def test_an_unknown_name_is_one_line(shop, words, code, told):
    done = shop("communities", *words)
    assert (done.exit_code, told in done.output) == (code, True)


def test_a_wrong_or_taken_name_is_one_line(shop):
    shop("communities", "run")
    names = [each["name"] for each in rows(shop("--format", "json", "communities", "list"))]
    wrong = shop("communities", "rename", names[0], "Not This")
    assert wrong.exit_code == communities.CommunityNameError.exit_code
    assert "such as garden_party" in wrong.output
    taken = shop("communities", "rename", names[0], names[1])
    assert taken.exit_code == communities.NameTakenError.exit_code
    assert "choose another name" in taken.output


def test_a_thin_shop_is_told_so(cli):
    cli("init", "--plugins", "scoring,communities")
    done = cli("communities", "run")
    assert done.exit_code == 0
    assert "0 customers bought at least 2 of the products; communities need 100" in done.output
    assert "Traceback" not in done.output
    assert cli("communities", "place").exit_code == 0
