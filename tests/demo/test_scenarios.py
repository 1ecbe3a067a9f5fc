"""The stories on the tables of other systems; the figures are counted from the files by hand."""

import csv
import mailbox
import os
import re
import sqlite3
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from crmkit.demo.scenarios import NAMES, TABLES, Scene, play

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CRMKIT_SHARED", ROOT.parent / "shared"), "data")
HILLSTROM = SHARED / "hillstrom/hillstrom.csv"


def read(system, name):
    with (TABLES / system / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def counts(path):
    with sqlite3.connect(path) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%_search%'"
        ).fetchall()
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()
            for (name,) in tables
        }


def one(path, sql):
    with sqlite3.connect(path) as connection:
        (value,) = connection.execute(sql).fetchone()
    return value


@pytest.fixture
def story(tmp_path):
    """``story(name)`` -> (lines, database)."""

    def told(name, **given):
        scene = Scene(folder=tmp_path / name, tables=TABLES)
        lines = list(play(name, scene, **given))
        scene.crm.close()
        return "\n".join(lines), tmp_path / name / "crm.db"

    return told


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_adds_nothing(story, name):
    _, database = story(name)
    before = counts(database)
    story(name)
    assert counts(database) == before


def test_tickets_become_cases_with_their_history(story):
    told, database = story("service")
    tickets = read("zendesk", "ticket_data")
    kept = {row["id"] for row in tickets if row["status"] != "deleted"}
    comments = read("zendesk", "ticket_comment_data")
    only_said = {row["ticket_id"] for row in comments} - {row["id"] for row in tickets}
    assert one(database, "SELECT count(*) FROM service_case") == len(kept | only_said)
    assert one(database, "SELECT count(*) FROM service_entry") == len(comments)
    history = read("zendesk", "ticket_field_history_data")
    joined = sum(row["ticket_id"] in kept for row in history)
    assert f"{joined} changes; {len(history) - joined} more left out" in told


def test_the_clock_of_a_ticket_stood_still_while_others_had_to_act(story):
    told, _ = story("service")
    (ticket,) = (row for row in read("zendesk", "ticket_data") if row["id"] == "11071")
    opened = datetime.fromisoformat(ticket["created_at"])
    moves = sorted(
        (datetime.fromisoformat(row["updated"]), row["value"])
        for row in read("zendesk", "ticket_field_history_data")
        if (row["ticket_id"], row["field_name"]) == ("11071", "status")
    )
    ours = timedelta()
    for (begin, status), (end, _) in pairwise(moves):
        if status == "open":
            ours += end - max(begin, opened)
    (solved,) = (at for at, status in moves if status == "solved")
    day = timedelta(days=1)
    expected = f"(ticket 11071): {(solved - opened) / day:.1f} days, {ours / day:.1f} days of them"
    assert expected in told


def test_deals_are_won_and_lost_as_they_were(story):
    told, database = story("sales")
    rows = read("salesforce", "sf_opportunity_data")
    for is_won, outcome in (("true", "won"), ("false", "lost")):
        amounts = [
            Decimal(row["amount"] or 0)
            for row in rows
            if (row["is_closed"], row["is_won"]) == ("true", is_won)
        ]
        assert f"{outcome}: {sum(amounts):.2f} USD" in told
        where = f"SELECT count(*) FROM sales_deal WHERE outcome = '{outcome}'"
        assert one(database, where) == len(amounts)
    (open_,) = (row for row in rows if row["is_closed"] == "false")
    expected = Decimal(open_["amount"]) * int(open_["probability"]) / 100
    assert f"{open_['close_date'][:7]}: expected {expected:.2f} USD" in told


def test_contacts_that_were_merged_there_are_one_here(story):
    _, database = story("sales")
    contacts = read("hubspot", "contact_data")
    merged = {i for row in contacts for i in row["property_hs_merged_object_ids"].split(";") if i}
    ids = {row["id"] for row in contacts} | merged
    keys = ", ".join(f"'{each}'" for each in ids)
    found = f"FROM crm_identity WHERE namespace = 'hubspot' AND external_id IN ({keys})"
    assert one(database, f"SELECT count(*) {found}") == len(ids)
    assert one(database, f"SELECT count(DISTINCT customer_id) {found}") == len(ids) - len(merged)


def test_what_was_bought_and_cancelled_adds_up_to_the_cent(story):
    told, _ = story("marketing")
    old = read("shopify", "shopify_order_data")
    new = [
        row
        for row in read("shopify", "shopify_gql_order_data")
        if row["test"] == "FALSE" and row["display_financial_status"] == "PAID"
    ]
    pounds = sum(Decimal(row["total_price"]) for row in old if row["currency"] == "GBP")
    dollars = sum(Decimal(row["total_price"]) for row in old if row["currency"] == "USD")
    dollars += sum(Decimal(row["total_price_set_shop_amount"]) for row in new)
    cancelled = sum(
        Decimal(row["total_price_set_shop_amount"]) for row in new if row["cancelled_at"].strip()
    )
    assert re.search(rf"2020: {pounds} GBP bought by 2, .*; to the cent", told)
    assert re.search(rf"2025: {dollars} USD .* {cancelled} USD of it cancelled; to the cent", told)


def test_only_those_who_said_yes_get_the_letter(story, tmp_path):
    told, _ = story("marketing")
    yes = [
        *(r for r in read("shopify", "shopify_customer_data") if r["accepts_marketing"] == "TRUE"),
        *(
            row
            for row in read("shopify", "shopify_gql_customer_data")
            if row["email_marketing_consent_state"] == "SUBSCRIBED"
        ),
    ]
    mails = mailbox.Maildir(tmp_path / "marketing" / "outbox", create=False)
    to = {mail["To"].strip("<>").split("<")[-1] for mail in mails}
    assert to
    assert to <= {f"customer-{row['id']}@example.com" for row in yes}
    assert f"{len(yes)} said yes" in told
    assert "what it changed: not enough data" in told


@pytest.mark.skipif(not HILLSTROM.exists(), reason="needs shared/data/hillstrom")
def test_the_published_rates_of_the_experiment_come_out(story):
    told, _ = story("marketing", hillstrom=HILLSTROM)
    for share, people in ((18.28, "21,307 mens"), (15.14, "21,387 womens"), (10.62, "21,306 hold")):
        assert re.search(rf"{people}\w*: {share}% visited", told)
    assert "it pays" in told


@pytest.mark.skipif(not (SHARED / "zendesk_fivetran").exists(), reason="needs shared/data")
@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_ones_own_is_read_too(cli, name):
    done = cli("demo", "--scenario", name, "--tables", str(SHARED), "--dry-run")
    assert done.exit_code == 0, done.output
    assert "Try next:" not in done.output


def test_the_command_ends_with_what_to_try_and_it_works(cli, tmp_path):
    done = cli("demo", "--scenario", "sales", "--folder", "tour")
    assert done.exit_code == 0, done.output
    _, _, told = done.output.partition("Try next:")
    for line in told.strip().splitlines():
        arguments = line.split("crmkit.toml ", 1)[1].split()
        again = cli("--config", str(tmp_path / "tour" / "crmkit.toml"), *arguments)
        assert again.exit_code == 0, again.output


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--scenario", "sales", "--book", __file__], "--book goes with --scenario shop"),
        (["--tables", "."], "--tables goes with --scenario service or sales or marketing"),
        (["--scenario", "sales", "--hillstrom", __file__], "goes with --scenario marketing"),
        (["--scenario", "sales", "--tables", "."], "a folder with a folder hubspot"),
        (["--scenario", "marketing", "--hillstrom", __file__], "hillstrom.csv as MineThatData"),
        (["--scenario", "bakery"], "'bakery' is not one of"),
    ],
)
def test_what_does_not_go_together_is_refused(cli, given, told):
    done = cli("demo", "--folder", "tour", *given)
    assert done.exit_code == 2
    assert told in done.output
    assert not Path("tour").exists()
