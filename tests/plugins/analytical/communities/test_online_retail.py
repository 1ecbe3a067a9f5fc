"""The UCI Online Retail book (CC BY 4.0): names survive when customers go."""

import numpy as np
import pytest
from scipy import sparse

from crmkit.plugins.analytical.communities import Settings
from crmkit.plugins.analytical.communities.fitting import fit
from crmkit.plugins.analytical.communities.matching import match
from crmkit.plugins.analytical.communities.neighbours import idf, vectors


def found(bought, before=None):
    return fit(bought, vectors([(bought, idf(bought), 1.0)]), Settings(), before)


@pytest.fixture(scope="module")
def whole(online_retail):
    return found(online_retail)


def test_communities_are_far_from_chance(whole):
    assert whole.edges == 49_908
    assert whole.modularity >= 0.50
    assert whole.chance < 0.30
    assert 10 <= whole.communities <= 20


@pytest.mark.parametrize("gone", [0.01, 0.05])
def test_names_survive_when_customers_go(online_retail, whole, gone):
    stays = np.random.default_rng(3).random(online_retail.shape[0]) >= gone
    again = found(sparse.csr_array(online_retail[stays]), whole.homes[stays])
    kept = match(whole.homes[stays], again.homes, whole.communities, again.communities)
    old = np.append(kept.old_of, -1)[again.homes]
    assert (kept.old_of >= 0).sum() >= whole.communities - 2
    assert (old == whole.homes[stays]).mean() >= 0.88
