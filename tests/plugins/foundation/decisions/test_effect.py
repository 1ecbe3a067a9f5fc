from datetime import timedelta

from crmkit.plugins.foundation import decisions, delivery


def test_the_first_purchase_after_an_offer_arrived_answers_it(crm, people, purchase, clock):
    with crm.unit() as unit:
        ana, bo, cy, dee = people(unit, "Ana", "Bo", "Cy", "Dee")
        decisions.decide(unit, run="first")
        unit.interactions.add(purchase(dee, clock.now))
        clock.move(hours=1)
    assert delivery.run_until_empty(crm).sent == 4
    with crm.unit() as unit:
        added = unit.interactions.add_many(
            [
                purchase(ana, clock.now + timedelta(days=2)),
                purchase(ana, clock.now + timedelta(days=1)),
                purchase(bo, clock.now + timedelta(days=31)),
                purchase(cy, clock.now + timedelta(days=1), machine=True),
            ]
        )
        assert decisions.learn(unit, until=clock.now).accepted == 0
        clock.move(days=60)
    with crm.unit() as unit:
        assert decisions.learn(unit).accepted == 1
        assert decisions.learn(unit).accepted == 0
        (offer,) = unit.offers.of(ana.id)
        assert (offer.status, offer.answered_by) == ("accepted", added.ids[1])
        for each in (bo, cy, dee):
            (offer,) = unit.offers.of(each.id)
            assert (offer.status, offer.answered_by) == ("carried", None)


def test_a_purchase_answers_the_offer_that_arrived_last_or_the_one_it_names(
    crm, people, purchase, clock
):
    with crm.unit() as unit:
        ana, bo = people(unit, "Ana", "Bo")
    for run in ("first", "second"):
        with crm.unit() as unit:
            decisions.decide(unit, run=run)
        assert delivery.run_until_empty(crm).sent == 2
        clock.move(days=8)
    with crm.unit() as unit:
        first_of_bo = unit.offers.of(bo.id)[1]
        unit.interactions.add_many(
            [purchase(ana, clock.now), purchase(bo, clock.now, offer_id=first_of_bo.id)]
        )
        clock.move(days=1)
    with crm.unit() as unit:
        assert decisions.learn(unit).accepted == 2
        latest_first = [[o.status for o in unit.offers.of(each.id)] for each in (ana, bo)]
    assert latest_first == [["accepted", "carried"], ["carried", "accepted"]]


def test_the_cycle_learns_and_writes_nothing_on_a_dry_run(crm, people, purchase, clock):
    from crmkit import Turn

    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        decisions.decide(unit, run="first")
    delivery.run_until_empty(crm)
    with crm.unit() as unit:
        unit.interactions.add(purchase(ana, clock.now))
        clock.move(days=1)
    step = crm.contributed.cycle_steps["learn"]
    for dry_run in (True, False):
        turn = Turn(as_of=clock.now, dry_run=dry_run)
        assert step.run(crm, turn) == "1 offers were answered by a purchase"
    assert step.run(crm, turn) == "0 offers were answered by a purchase"
