"""Moran's I on a DataFrame."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from esda import Moran_BV
from numpy.random import default_rng
from pandas.testing import assert_frame_equal
from spreg import OLS
from spreg.diagnostics_sp import MoranRes

import evenfield as ef
from libpysal_weights import pysal_weights
from made_panel import DATA, KEYS, RING, N, refused
from refusals import fails
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


def test_with_controls_it_is_that_of_residuals_with_the_moments_of_spreg():
    fit = ef.moran("y", ONE, RING, controls="x", unit="unit", draws=99)
    least_squares = OLS(ONE[["y"]].to_numpy(), ONE[["x"]].to_numpy())
    want = MoranRes(least_squares, pysal_weights(RING, sorted(RING)), z=True)
    line = fit.tables["over time"].iloc[0]
    close(line[["I", "E(I)", "z"]], (want.I, want.eI, want.zI))
    close(line["sd(I)"], np.sqrt(want.vI))
    assert "local" not in fit.tables


def test_residuals_are_regressed_anew_at_each_permutation():
    # Half of y is the regressor: what is left has another law than y.
    fit = ef.moran("y", ONE, RING, controls=["x"], unit="unit", draws=1999, seed=4)
    X = np.column_stack([np.ones(N), ONE["x"]])
    M = np.eye(N) - X @ np.linalg.pinv(X)
    e = M @ ONE["y"].to_numpy()
    rng = default_rng(1)
    drawn = (M @ e[rng.permuted(np.tile(np.arange(N), (4000, 1)), axis=1)].T).T
    values = np.einsum("bi,ij,bj->b", drawn, W, drawn) / (drawn**2).sum(axis=1)
    z = (fit.params["I"] - values.mean()) / values.std()
    close(fit.tstats["I"], z, atol=0.08)


def test_controls_are_regressed_out_at_every_date_and_text_is_groups():
    data = DATA.assign(side=np.where(DATA["unit"] < "u06", "west", "east"))
    fit = ef.moran("y", data, RING, controls=["side", "x"], draws=9, **KEYS)
    for year, group in data.groupby("year"):
        X = np.column_stack([group["side"] == "west", group["side"] == "east"])
        X = np.column_stack([X, group["x"]])
        y = group["y"].to_numpy()
        e = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
        close(fit.params[f"I {year}"], e @ W @ e / (e @ e))
    shuffled = data.sample(frac=1, random_state=1)
    again = ef.moran("y", shuffled, RING, controls=["side", "x"], draws=9, **KEYS)
    assert_frame_equal(again.to_frame(), fit.to_frame())


def test_controls_are_names_of_columns_beside_an_expression_too():
    data = ONE.assign(**{"x-z": ONE["y"] ** 2, "a b": ONE["y"] ** 3, "z": 1.0})
    data = data.rename(columns={"x": "first"}).assign(x=1.5, c=ONE["y"] ** 2)
    options = {"unit": "unit", "draws": 9}
    want = ef.moran("y", data, RING, controls=["c", "a b"], **options)
    found = ef.moran("y + 0", data, RING, controls=["x-z", "a b"], **options)
    close(found.params, want.params)


def test_controls_that_cannot_be_told_apart_are_refused():
    data = ONE.assign(twice=2 * ONE["x"], nothing=0.0)
    options = {"unit": "unit", "draws": 9}
    refused("collinear", ef.moran, "y", data, RING, controls=["x", "twice"], **options)
    refused("zero everywhere", ef.moran, "y", data, RING, controls="nothing", **options)
    refused("discovery rate", ef.moran, "y", data, RING, discovery_rate=5, **options)


def test_units_that_differ_are_those_below_the_rate():
    wave = ONE.assign(y=np.sin(2 * np.pi * np.arange(N) / N))
    options = {"unit": "unit", "draws": 999}
    fit = ef.moran("y", wave, RING, discovery_rate=0.3, **options)
    q = fit.tables["local"]["q"]
    counted = fit.tables["over time"]["units that differ"].iloc[0]
    assert counted == (q <= 0.3).sum() > 0
    none = ef.moran("y", wave, RING, discovery_rate=1e-4, **options)
    assert none.tables["over time"]["units that differ"].iloc[0] == 0


@pytest.mark.filterwarnings("ignore")
def test_with_another_variable_it_is_that_of_esda():
    fit = ef.bivariate_moran("y", ONE, RING, neighbours="x", unit="unit", draws=9999)
    # esda lags its second variable, and divides by N - 1 and N.
    x, y = ONE["y"].to_numpy(), ONE["x"].to_numpy()
    np.random.seed(1)
    want = Moran_BV(x, y, pysal_weights(RING, sorted(RING)), permutations=9999)
    close(fit.params["I"], want.I * (N - 1) / N, rtol=0.1)
    zx, zy = x - x.mean(), y - y.mean()
    close(fit.params["I"], zx @ W @ zy / np.sqrt(zx @ zx * (zy @ zy)))
    close(fit.pvalues["I"], 2 * want.p_sim, atol=0.03)
    shuffled = ONE.sample(frac=1, random_state=1)
    again = ef.bivariate_moran(
        "y", shuffled, RING, neighbours="x", unit="unit", draws=9999
    )
    assert_frame_equal(again.to_frame(), fit.to_frame())


def test_another_variable_in_text_is_refused():
    words = "side with what is no number"
    text = ONE.assign(side="west")
    call = {"neighbours": "side", "unit": "unit", "draws": 9}
    refused(words, ef.bivariate_moran, "y", text, RING, **call)


def test_marks_and_links_are_counted_and_all_placements_tried():
    marked = ONE.assign(mark=[1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0])
    fit = ef.join_count("mark", marked, RING, unit="unit")
    assert dict(fit.params) == {"both": 2, "one": 4, "neither": 6}
    # Of all ways to mark 4 of 12 units of a ring, those with two links or more.
    placements = list(combinations(range(N), 4))
    linked = [sum((i + 1) % N in one for i in one) for one in placements]
    close(fit.pvalues["both"], np.mean(np.array(linked) >= 2))
    close(fit.notes["both by chance"], np.mean(linked))
    shuffled = marked.sample(frac=1, random_state=1)
    again = ef.join_count("mark > 0", shuffled, RING, unit="unit")
    close(again.params, fit.params)


def test_marks_on_all_units_or_of_other_numbers_are_refused():
    refused("12 of 12", ef.join_count, "mark", ONE.assign(mark=1), RING, unit="unit")
    refused("are marked", ef.join_count, "x", ONE, RING, unit="unit")


def test_a_discovery_rate_without_local_values_is_refused():
    call = {"controls": "x", "discovery_rate": 0.05, "draws": 9, "unit": "unit"}
    refused("discovery_rate beside controls", ef.moran, "y", ONE, RING, **call)


def test_an_infinite_value_of_the_neighbours_is_refused():
    infinite = ONE.assign(x=ONE["x"].where(ONE["unit"] != "u03", np.inf))
    call = {"neighbours": "x", "draws": 9, "unit": "unit"}
    words = "1 infinite value of x, first u03"
    refused(words, ef.bivariate_moran, "y", infinite, RING, **call)


LONE = RING | {"u03": [], "u02": ["u01"], "u04": ["u05"]}


def test_units_without_a_neighbour_stay_where_it_is_asked_for():
    words = "1 unit has no neighbour, first u03"
    fails(ef.WeightsError, words, ef.moran, "y", ONE, LONE, unit="unit")
    call = {"controls": "x", "unit": "unit", "draws": 99, "islands": True}
    fit = ef.moran("y", ONE, LONE, **call)
    lone = np.array([[j in LONE[i] for j in sorted(RING)] for i in sorted(RING)])
    lone = lone / np.maximum(lone.sum(axis=1, keepdims=True), 1)
    X = np.column_stack([np.ones(N), ONE["x"]])
    e = ONE["y"].to_numpy() - X @ np.linalg.lstsq(X, ONE["y"])[0]
    scale = N / lone.sum()
    close(fit.params["I"], scale * (e @ lone @ e) / (e @ e))
    # E(I) = (N / S0) tr(M W) / (N - K)
    M = np.eye(N) - X @ np.linalg.pinv(X)
    line = fit.tables["over time"].iloc[0]
    close(line["E(I)"], scale * np.trace(M @ lone) / (N - 2))
    # Links and a square of weights name the same neighbours.
    links = [(unit, other) for unit, others in LONE.items() for other in others]
    edges = pd.DataFrame(links, columns=["unit", "neighbour"])
    square = pd.DataFrame(lone, sorted(RING), sorted(RING))
    for weights in (edges, square):
        again = ef.moran("y", ONE, weights, **call)
        assert_frame_equal(again.to_frame(), fit.to_frame())


def test_an_island_has_no_local_statistic_and_wrong_weights_are_refused():
    fit = ef.moran("y", ONE, LONE, unit="unit", draws=99, islands=True)
    local = fit.tables["local"].set_index("unit").loc["u03"]
    assert local["local I"] == 0 and local["p"] == 1
    call = {"unit": "unit", "islands": True}
    for words, weights in [
        ("negative value", LONE | {"u00": {"u01": -1.0}}),
        ("its own neighbour", LONE | {"u00": ["u00"]}),
    ]:
        fails(ef.WeightsError, words, ef.moran, "y", ONE, weights, **call)
    more = LONE | {"u12": []}
    refused("one side only, first u12 with weights", ef.moran, "y", ONE, more, **call)
