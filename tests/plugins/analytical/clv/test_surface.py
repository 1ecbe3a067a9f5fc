"""What the package offers, and what it costs those who do not use it."""

import subprocess
import sys

from crmkit.plugins.analytical import clv


def test_all_names_exist_and_are_sorted():
    assert sorted(clv.__all__) == list(clv.__all__)
    for name in clv.__all__:
        assert getattr(clv, name) is not None


def test_importing_crmkit_does_not_import_numpy():
    probe = "import sys, crmkit; sys.exit('numpy' in sys.modules or 'scipy' in sys.modules)"
    subprocess.run([sys.executable, "-c", probe], check=True)


def test_models_are_frozen_plain_numbers(small):
    model = clv.fit_bgnbd(*small.triple)
    assert hash(model) == hash(clv.fit_bgnbd(*small.triple))
    assert all(type(value) is float for value in (model.r, model.log_likelihood, model.customers))
    assert all(type(value) is float for value in model.standard_errors + model.covariance[0])
    assert model.names == ("r", "alpha", "a", "b")
