"""Runs, memberships with their history, and names, on SQLite and PostgreSQL."""

import random
from datetime import timedelta

import attrs
import pytest

from crmkit import Customer, Interaction, InvalidValueError, RecordNotFoundError, Ref, Turn, ask
from crmkit.plugins.analytical import communities
from crmkit.plugins.analytical.communities import plots, queries, turning
from crmkit.plugins.analytical.communities.tables import communities_inbox
from crmkit.plugins.foundation import policy, scoring
from crmkit.sql import insert_many
from tests.plugins.analytical.communities.conftest import (
    GROUPS,
    NOW,
    SETTINGS,
    baskets,
    fill,
    order,
)

AUDIENCE = 'segment = "communities.party_people"'


@pytest.fixture
def run(shop):
    crm, _ = shop
    with crm.unit() as unit:
        return communities.run(unit)


def homes(unit):
    """Names of the communities by the customers who belong."""
    return {
        each.name: {member.customer_id for member in communities.members_of(unit, each.id)}
        for each in communities.communities(unit)
    }


def of_group(unit, ids):
    """The name of the community of each group."""
    found = homes(unit)
    return {group: max(found, key=lambda name: len(found[name] & set(ids[group]))) for group in ids}


def test_the_planted_groups_are_found_named_and_described(shop, run):
    crm, ids = shop
    assert (run.state, run.customers, run.fitted) == ("done", 60, 60)
    assert [event.kind for event in run.events] == ["born"] * 3
    assert run.modularity > run.chance + 0.02
    with crm.unit(write=False) as unit:
        found, named = homes(unit), of_group(unit, ids)
        described = {each.name: each for each in communities.communities(unit)}
        assert communities.sizes(unit) == {
            each.id: len(found[each.name]) for each in described.values()
        }
    assert len(found) == 3
    for group, word in GROUPS.items():
        assert found[named[group]] == set(ids[group])
        assert named[group].startswith(word.lower())
        marks = described[named[group]].marks
        assert {mark.key.partition("-")[0] for mark in marks} == {group}
        assert len(marks) >= 5
        assert all(mark.others == 0 and mark.lift == pytest.approx(3) for mark in marks)


def test_strengths_are_shares_and_the_why_is_in_their_own_products(shop, run):
    crm, ids = shop
    with crm.unit(write=False) as unit:
        drawn = communities.memberships_of_many(unit, [each for g in ids for each in ids[g]])
    for memberships in drawn.values():
        assert 0.99 <= sum(each.strength for each in memberships) <= 1 + 1e-9
        assert memberships[0].strength == max(each.strength for each in memberships)
        assert memberships[0].belongs
    (mine, *_) = drawn[ids["tea"][0]]
    with crm.unit(write=False) as unit:
        marks = communities.community(unit, mine.name).marks
        _, skus = next(baskets())
        theirs = [mark.name for mark in marks if mark.key in skus]
    told = f"bought {len(theirs)} of its {len(marks)} marks: {', '.join(theirs[:3])}"
    assert mine.why.startswith(told)


def test_a_second_run_changes_nothing_and_the_history_says_so(shop, run, clock):
    crm, ids = shop
    clock.move(days=1)
    with crm.unit() as unit:
        before = homes(unit)
        again = communities.run(unit)
        assert homes(unit) == before
        (stay,) = scoring.memberships_of(unit, ids["party"][3])
    assert [(each.kind, each.overlap) for each in again.events] == [("kept", 1.0)] * 3
    assert (stay.since, stay.until) == (NOW, None)
    assert stay.segment.startswith("communities.balloon")
    assert stay.why.startswith("bought ")


def test_who_changes_moves_and_is_told_where_to(shop, run, clock):
    crm, ids = shop
    mover = ids["tea"][0]
    clock.move(days=800)  # what they bought is too long ago to count
    with crm.unit() as unit:
        named = of_group(unit, ids)
        skus = [f"garden-{n}" for n in range(6)]
        unit.interactions.add_many([order(mover, skus, days=-790, channel="shop")])
    with crm.unit() as unit:
        assert communities.place(unit) == communities.Placed(customers=1, belonging=1)
        left, joined = sorted(scoring.memberships_of(unit, mover), key=lambda each: each.since)
        assert left.segment == f"communities.{named['tea']}"
        assert left.until == joined.since == unit.now
        assert left.ended_why == f"now communities.{named['garden']}: {joined.why}"
        assert joined.why.startswith("bought ")
        assert communities.place(unit).customers == 0


def test_placing_equals_running(shop, run):
    """Who is placed again without having changed gets, to the bit, what the run gave them."""
    crm, ids = shop
    everybody = [each for group in ids.values() for each in group]
    with crm.unit() as unit:
        before = communities.memberships_of_many(unit, everybody)
        insert_many(unit.connection, communities_inbox, [(each, 0, 0) for each in everybody])
    with crm.unit() as unit:
        communities.place(unit)
        assert communities.memberships_of_many(unit, everybody) == before


def test_a_new_customer_joins_by_the_vote_of_the_most_alike(shop, run):
    crm, ids = shop
    with crm.unit() as unit:
        named = of_group(unit, ids)
        new, odd, poor = unit.customers.add_many(Customer(name=f"New {n}") for n in range(3))
        both = [f"tea-{n}" for n in range(4)] + [f"party-{n}" for n in range(4)]
        unit.interactions.add_many(
            [order(new.id, both), order(odd.id, ["new-1", "new-2"]), order(poor.id, ["tea-1"])]
        )
    with crm.unit() as unit:
        assert communities.place(unit).customers == 3
        drawn = communities.memberships_of_many(unit, [new.id, odd.id, poor.id])
    assert {each.name for each in drawn[new.id] if each.belongs} == {named["tea"], named["party"]}
    assert sum(each.strength for each in drawn[new.id]) == pytest.approx(1)
    assert drawn[odd.id] == drawn[poor.id] == []


def test_an_operators_name_stays_and_members_go_with_it(shop, run, clock):
    crm, ids = shop
    with crm.unit() as unit:
        old = of_group(unit, ids)["garden"]
        clock.move(hours=1)
    with crm.unit() as unit:
        found = communities.rename(unit, f"communities.{old}", "garden_party")
        assert (found.segment, found.renamed) == ("communities.garden_party", True)
        stays = scoring.memberships_of(unit, ids["garden"][0])
        assert [(each.segment, each.until) for each in stays] == [
            (f"communities.{old}", unit.now),
            ("communities.garden_party", None),
        ]
        with pytest.raises(communities.NameTakenError):
            communities.rename(unit, "garden_party", old)
        for wrong in ("Garden", "a-b", "", "x.y"):
            with pytest.raises(communities.CommunityNameError, match="garden_party"):
                communities.rename(unit, "garden_party", wrong)
        with pytest.raises(RecordNotFoundError):
            communities.rename(unit, "nobody", "x")
    clock.move(days=40)
    with crm.unit() as unit:
        communities.run(unit)
        assert of_group(unit, ids)["garden"] == "garden_party"


def test_a_group_that_goes_ends_and_its_members_leave(shop, run, clock):
    crm, ids = shop
    clock.move(days=725)  # now 735 days after the purchases: only who bought again counts
    rng, fresh = random.Random(5), []
    for group in ("tea", "garden"):
        for customer_id in ids[group]:
            skus = [f"{group}-{n}" for n in rng.sample(range(10), 6)] + [f"any-{rng.randrange(8)}"]
            fresh.append(order(customer_id, skus, days=-700))
    with crm.unit() as unit:
        gone = of_group(unit, ids)["party"]
        unit.interactions.add_many(fresh)
    with crm.unit() as unit:
        done = communities.run(unit)
        assert {each.kind for each in done.events if each.name == gone} == {"died"}
        assert gone not in homes(unit)
        assert communities.community(unit, gone).ended_at == unit.now
        (stay,) = scoring.memberships_of(unit, ids["party"][0])
        assert (stay.until, stay.ended_why) == (unit.now, "the definition no longer fits")


def test_too_few_customers_are_refused_in_words(make_crm, clock):
    clock.now = NOW
    crm = make_crm("scoring", "communities", settings={"communities": SETTINGS})
    fill(crm, [("tea", [f"tea-{n}" for n in range(6)])] * 8)
    with crm.unit() as unit:
        done = communities.run(unit)
        assert done.state == "refused"
        assert done.reason == (
            "8 customers bought at least 2 of the products; communities need 30 (settings "
            "min_customers and min_products)"
        )
        assert communities.run(unit) == done  # not recorded twice
        assert communities.runs(unit) == [done]
        assert homes(unit) == {}
        assert queries.waiting(unit) == 8
        assert communities.place(unit).customers == 0
        assert queries.waiting(unit) == 0


def test_baskets_without_structure_are_refused_in_words(make_crm, clock):
    clock.now = NOW
    crm = make_crm("scoring", "communities", settings={"communities": SETTINGS})
    rng = random.Random(1)
    fill(crm, [("tea", [f"tea-{n}" for n in rng.sample(range(40), 6)]) for _ in range(80)])
    with crm.unit() as unit:
        done = communities.run(unit)
    assert done.state == "refused"
    assert done.reason.startswith("no structure: modularity 0.")


def test_groups_that_are_too_small_are_refused_in_words(make_crm, clock):
    clock.now = NOW
    settings = {**SETTINGS, "min_size": 50}
    crm = make_crm("scoring", "communities", settings={"communities": settings})
    fill(crm, list(baskets()))
    with crm.unit() as unit:
        assert "a community needs 50 (setting min_size)" in communities.run(unit).reason


def test_a_sample_is_enough_and_the_others_are_placed(make_crm, clock):
    clock.now = NOW
    settings = {**SETTINGS, "largest_fit": 45}
    crm = make_crm("scoring", "communities", settings={"communities": settings})
    ids = fill(crm, list(baskets()))
    with crm.unit() as unit:
        done = communities.run(unit)
        assert (done.customers, done.fitted) == (60, 45)
        assert sorted(map(sorted, homes(unit).values())) == sorted(ids.values())


def test_the_cycle_runs_when_due_and_places_between(shop, clock):
    crm, ids = shop
    plan = Turn(as_of=clock.now, dry_run=True)
    assert turning.value(crm, plan) == "would find communities anew"
    told = turning.value(crm, Turn(as_of=clock.now))
    assert told.startswith("60 customers, modularity 0.")
    assert told.endswith("; 3 born")
    with crm.unit() as unit:
        unit.interactions.add_many([order(ids["tea"][0], ["tea-9"])])
    assert turning.value(crm, plan) == "would place 1 customers"
    told = turning.value(crm, Turn(as_of=clock.now))
    assert told == "1 customers placed, 1 of them in a community"
    clock.move(days=30)
    assert turning.value(crm, Turn(as_of=clock.now)).endswith("; 3 kept")


def test_explained_described_and_diagnosed(shop, clock):
    crm, ids = shop
    with crm.unit() as unit:
        assert [each.text for each in ask.diagnose(unit) if each.subject == "communities"] == [
            "never run"
        ]
        done = communities.run(unit)
        found = communities.community(unit, of_group(unit, ids)["tea"])
        member = Ref(f"segment.{found.segment}", ids["tea"][0])
        thread, told = [member], list[str]()
        for ref in thread:  # it grows
            for cause in ask.explain(unit, [ref, Ref("other", 1)]):
                thread += cause.because
                told.append(cause.text)
        assert thread == [member, Ref("community", found.id), Ref("communities_run", done.id)]
        assert f"100% of those most like them are in {found.name}" in told
        assert told[-2].startswith(f"{found.segment}, found from 20 customers: Teacup no ")
        assert told[-1] == turning.told(done)
        customer = unit.customers.get(ids["tea"][0])
        remarks = [each.text for name, each in ask.describe(unit, [customer])]
        assert any(each.startswith(f"community {found.name} (") for each in remarks)
        assert found.segment in ask.segments(unit)
        held = ask.export(unit, [customer.id])[customer.id]["communities"]
        _, skus = next(baskets())
        assert len(held["found_among"]) == len(skus) + 1  # and one habit
        assert "baskets of 5-9 products" in held["found_among"]
        assert held["memberships"][0]["why"].startswith("bought ")


def test_only_purchases_and_comings_and_goings_wake(shop, run):
    crm, ids = shop
    first, second, third, _ = ids["tea"][:4]
    with crm.unit() as unit:
        said = Interaction(customer_id=first, kind="note.heard", at=unit.now, text="likes tea")
        unit.interactions.add(said)
        customer = unit.customers.get(first)
        unit.customers.save(attrs.evolve(customer, name="Somebody"))
        assert queries.waiting(unit) == 0
        unit.interactions.add(order(second, ["tea-1"], kind="purchase.return"))
        assert queries.waiting(unit) == 1
        unit.customers.erase([third])
        drawn = communities.memberships_of_many(unit, [third])
        assert drawn == {third: []}
    with crm.unit() as unit:
        communities.place(unit)
        assert third not in set().union(*homes(unit).values())


def test_an_offer_of_the_policy_goes_to_a_community(make_crm, clock):
    clock.now = NOW
    settings = {"communities": SETTINGS}
    crm = make_crm("scoring", "communities", "policy", settings=settings)
    ids = fill(crm, list(baskets()))
    with crm.unit() as unit:
        communities.run(unit)
        communities.rename(unit, of_group(unit, ids)["party"], "party_people")
        text = policy.EXAMPLE.read_text(encoding="utf-8")
        policy.adopt(unit, text.replace('segment = "rfm.loyal"', AUDIENCE))
        people = unit.customers.get_many([*ids["party"][:2], *ids["tea"][:2]])
        found = [proposal for _, proposal in ask.propose_offers(unit, people)]
    assert [each.customer_id for each in found] == ids["party"][:2]
    assert found[0].why.startswith("in communities.party_people: bought ")


def test_the_picture_holds_the_mean_strength_of_every_pair(shop, run):
    crm, ids = shop
    with crm.unit(write=False) as unit:
        found, shares = communities.communities(unit), queries.overlaps(unit)
        drawn = communities.memberships_of_many(unit, ids["tea"])
        named = of_group(unit, ids)
    tea, party = (
        next(each for each in found if each.name == named[group]) for group in ("tea", "party")
    )
    for other in (tea, party):
        strengths = [m.strength for each in drawn.values() for m in each if m.name == other.name]
        assert shares.get((tea.id, other.id), 0) == pytest.approx(sum(strengths) / 20)
    picture = plots.overlap_map(found, shares)
    assert picture.startswith("<svg")
    assert all(each.name[:15] in picture for each in found)
    assert f"{shares[tea.id, tea.id]:.2f}" in picture


def test_an_instant_without_a_zone_is_refused(shop):
    crm, _ = shop
    with crm.unit() as unit:
        for action in (communities.run, communities.place):
            with pytest.raises(InvalidValueError, match="time zone"):
                action(unit, as_of=(NOW - timedelta(days=1)).replace(tzinfo=None))


@pytest.mark.parametrize(
    ("name", "value"), [("k", 0), ("overlap", 0.0), ("habit_share", 1.0), ("min_size", 1)]
)
def test_a_setting_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(InvalidValueError, match=name):
        communities.Settings(**{name: value})
