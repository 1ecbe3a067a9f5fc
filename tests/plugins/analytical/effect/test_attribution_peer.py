"""Attribution beside R's ChannelAttribution, in its Python form; skips where that is absent."""

import numpy as np
import pytest

from crmkit.plugins.analytical.effect import attribute, removal_effects

CHANNELS = "abcdefgh"


@pytest.fixture
def peer():
    pytest.importorskip("pandas", reason="ChannelAttribution takes frames of pandas")
    return pytest.importorskip("ChannelAttribution", reason="pip install ChannelAttribution")


@pytest.fixture
def book():
    """10,000 paths, repeats among them; what a and b end converts more often."""
    rng = np.random.default_rng(1)
    letters = np.array(list(CHANNELS))
    paths = [tuple(letters[rng.integers(0, 8, rng.integers(1, 8))].tolist()) for _ in range(10_000)]
    ends_well = np.array([path[-1] in "ab" for path in paths])
    return paths, (rng.random(10_000) < 0.2 + 0.1 * ends_well).tolist()


@pytest.fixture
def frame(peer, book):
    import pandas as pd

    paths, won = book
    conversions = np.array(won, int)
    joined = [" > ".join(path) for path in paths]
    return pd.DataFrame({"path": joined, "conv": conversions, "null": 1 - conversions})


def test_first_last_and_linear_are_the_peers_to_every_digit(peer, book, frame):
    paths, won = book
    shares = attribute(paths, won).shares
    theirs = peer.heuristic_models(frame, "path", "conv", flg_pro=False).set_index("channel_name")
    for rule, column in (
        ("first", "first_touch"),
        ("last", "last_touch"),
        ("linear", "linear_touch"),
    ):
        ours = [shares[rule][channel] * sum(won) for channel in CHANNELS]
        assert ours == pytest.approx(theirs[column].loc[list(CHANNELS)].tolist(), rel=1e-12)


def test_markov_is_where_the_peers_simulation_goes_once_it_does_not_cut_paths_off(
    peer, book, frame
):
    # By default it ends a simulated path after as many steps as the longest one seen has, and its
    # removal effects are then a tenth too small.
    paths, won = book
    theirs = peer.markov_model(
        frame, "path", "conv", var_null="null", out_more=True, seed=2, verbose=False,
        flg_pro=False, nsim_start=1e6, conv_par=0.02, max_step=10_000,
    )  # fmt: skip
    lost = theirs["removal_effects"].set_index("channel_name")["removal_effect"]
    exact = removal_effects(paths, won)
    assert [exact[each] for each in CHANNELS] == pytest.approx(lost[list(CHANNELS)], abs=0.006)
