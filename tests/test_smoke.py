def test_smoke(make_crm):
    assert make_crm().upgrade() == []
