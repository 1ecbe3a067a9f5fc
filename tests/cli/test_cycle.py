import json

import pytest

from tests.cli.conftest import enable

STEPS = """
from crmkit import Cause, CrmkitError, Plugin, Ref, RefusedError, Step, hookimpl

class Hooks:
    @hookimpl
    def crmkit_cycle_steps(self):
        yield Step(phase="act", name="{name}.send", summary="Sends.", run=send)
        yield Step(phase="listen", name="{name}.hear", summary="Hears.", run=hear)

    @hookimpl
    def crmkit_explain(self, unit, refs):
        for ref in refs:
            if ref == Ref("offer", 1):
                yield Cause(ref=ref, at=None, text="chosen", because=(Ref("{name}", 8),))
            if ref.noun == "{name}":
                behind = (Ref("offer", 1), Ref("nobody", 3)) if ref.id == 8 else ()
                yield Cause(ref=ref, at=None, text="a decision", because=behind)
            if ref.noun == "endless":
                yield Cause(ref=ref, at=None, text="more", because=(Ref("endless", ref.id + 1),))

def send(crm, turn):
    {act}

def hear(crm, turn):
    with crm.unit() as unit:
        found = unit.customers.page()
    return f"{{len(found)}} heard as of {{turn.as_of:%Y-%m-%d}}"

plugin = Plugin(name="{name}", summary="Steps.", hooks=Hooks())
"""


def steps(name, act='return "sent" if not turn.dry_run else "would send"'):
    return STEPS.format(name=name, act=act)


def rows(done):
    return [(row["phase"], row["step"], row["result"]) for row in json.loads(done.stdout)]


def test_run_goes_through_the_phases_and_within_one_in_plugin_order(install, shop, configuration):
    install("acme", steps("acme"))
    install("bolt", steps("bolt"))
    enable(configuration, "bolt", "acme")
    shop("interaction", "log", "1", "note.heard", "--text", "prefers mornings")
    done = shop("--format", "json", "cycle", "run", "--as-of", "2026-03-01")
    assert done.exit_code == 0
    assert rows(done) == [
        ("listen", "bolt.hear", "2 heard as of 2026-03-01"),
        ("listen", "acme.hear", "2 heard as of 2026-03-01"),
        ("listen", "crmkit.texts", "1 texts became searchable"),
        ("act", "bolt.send", "sent"),
        ("act", "acme.send", "sent"),
    ]


def test_run_prints_a_line_per_step(shop):
    done = shop("cycle", "run")
    assert done.stdout == "listen  crmkit.texts             0 texts became searchable\n"


def test_run_can_be_one_phase_and_dry(install, shop, configuration):
    install("acme", steps("acme"))
    enable(configuration, "acme")
    done = shop("--format", "json", "cycle", "run", "--phase", "act", "--dry-run")
    assert rows(done) == [("act", "acme.send", "would send")]
    assert done.stderr == "Dry run: nothing was written.\n"
    assert "crmkit.texts" not in shop("cycle", "run", "--dry-run").stdout


def test_a_step_that_fails_stops_the_run_naming_its_plugin(install, shop, configuration):
    install("acme", steps("acme", 'raise KeyError("depot")'))
    install("bolt", steps("bolt"))
    enable(configuration, "acme", "bolt")
    done = shop("cycle", "run")
    assert done.exit_code == 7
    assert "Error: plugin acme: cycle step acme.send failed: KeyError: 'depot'" in done.stderr
    assert "bolt.hear" in done.stdout
    assert "bolt.send" not in done.stdout


def test_a_step_that_refuses_keeps_its_exit_code_and_names_its_plugin(install, shop, configuration):
    install("acme", steps("acme", 'raise RefusedError("no policy")'))
    enable(configuration, "acme")
    done = shop("cycle", "run")
    assert done.exit_code == 5
    assert done.stderr.splitlines() == [
        "Warning: the cycle stops at step acme.send (act) of plugin acme",
        "Error: no policy",
    ]


@pytest.fixture
def thread(install, shop, configuration):
    install("acme", steps("acme"))
    enable(configuration, "acme")
    shop("offer", "new", "1", "Ten off", "--why", "you bought knives")
    shop("interaction", "log", "1", "purchase.order", "--amount", "5 EUR", "--channel", "shop",
         "--at", "2026-01-05T09:30Z")  # fmt: skip
    shop("offer", "accept", "1", "--interaction", "1")
    return shop


def test_explain_walks_backwards_across_core_and_plugins_without_loops(thread):
    lines = thread("cycle", "explain", "interaction:1").stdout.splitlines()
    assert lines[0] == (
        "interaction:1  2026-01-05 09:30  purchase.order 5.00 EUR of customer 1 via shop"
    )
    assert lines[1].startswith("  offer:1")
    assert lines[1].endswith("'Ten off' to customer 1, accepted: you bought knives; chosen")
    assert lines[2:] == [
        "    acme:8  a decision",
        "      offer:1  (see above)",
        "      nobody:3  (nobody knows it; is its plugin enabled?)",
    ]


def test_explain_as_json_gives_nodes_and_edges(thread):
    found = json.loads(thread("--format", "json", "cycle", "explain", "interaction:1").stdout)
    assert [node["ref"] for node in found["nodes"]] == [
        "interaction:1",
        "offer:1",
        "acme:8",
        "nobody:3",
    ]
    assert {"from": "acme:8", "to": "offer:1"} in found["edges"]


def test_explain_ends_at_a_depth_and_says_so(thread):
    done = thread("cycle", "explain", "endless:1")
    assert len(done.stdout.splitlines()) == 12
    assert "There is more behind the last ones" in done.stderr


@pytest.mark.parametrize("ref", ["interaction:99", "offer:99", "nobody:1"])
def test_explain_of_what_nobody_knows_is_not_found(thread, ref):
    done = thread("cycle", "explain", ref)
    assert done.exit_code == 3
    assert done.stderr == f"Error: no {ref.replace(':', ' ')}\n"


@pytest.mark.parametrize("ref", ["12", "interaction", "interaction:x", ""])
def test_explain_refuses_what_is_no_reference(thread, ref):
    done = thread("cycle", "explain", ref)
    assert done.exit_code == 2
    assert "expected noun:id such as interaction:12" in done.stderr
