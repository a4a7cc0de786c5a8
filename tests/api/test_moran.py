"""Moran's I on a DataFrame."""

import numpy as np
from pandas.testing import assert_frame_equal

import evenfield as ef
from made_panel import DATA, KEYS, RING, N, refused
from tolerances import close

ONE = DATA[DATA["year"] == 1990]
W = ef.weights(RING).matrix.toarray()


def test_it_is_the_formula_at_every_date():
    fit = ef.moran("y", DATA, RING, draws=99, **KEYS)
    for year, group in DATA.groupby("year"):
        z = group["y"].to_numpy() - group["y"].mean()
        close(fit.params[f"I {year}"], z @ W @ z / (z @ z))


def test_like_neighbours_have_a_small_p_and_unlike_ones_a_negative_statistic():
    wave = ONE.assign(y=np.sin(2 * np.pi * np.arange(N) / N))
    fit = ef.moran("y", wave, RING, unit="unit", draws=999)
    assert fit.pvalues["I"] < 0.01
    assert fit.params["I"] > 0.8
    board = ONE.assign(y=np.arange(N) % 2)
    assert ef.moran("y", board, RING, unit="unit", draws=99).tstats["I"] < 0


def test_the_mean_of_its_permutations_is_that_without_dependence():
    fit = ef.moran("y", ONE, RING, unit="unit", draws=9999)
    z = (fit.params["I"] + 1 / (N - 1)) / fit.std_errors["I"]
    close(fit.tstats["I"], z, atol=0.05)


def test_local_values_average_to_the_whole():
    fit = ef.moran("y", ONE, RING, unit="unit", draws=99)
    local = fit.tables["local"]
    close(local["local I"].sum(), (N - 1) * fit.params["I"])
    assert set(local["quadrant"]) <= {"HH", "LL", "HL", "LH"}


def test_rows_and_weights_in_any_order_give_the_same_numbers():
    want = ef.moran("y", DATA, RING, draws=99, **KEYS).to_frame()
    shuffled = DATA.sample(frac=1, random_state=1)
    backwards = dict(reversed(RING.items()))
    result = ef.moran(shuffled, "y", backwards, draws=99, **KEYS).to_frame()
    assert_frame_equal(result, want)


def test_units_on_one_side_only_are_named():
    refused(
        "1 unit on one side only, first u03",
        ef.moran,
        "y",
        ONE[ONE["unit"] != "u03"],
        RING,
        unit="unit",
    )


def test_values_that_are_all_the_same_are_refused():
    refused("constant", ef.moran, "y", ONE.assign(y=1.0), RING, unit="unit")
