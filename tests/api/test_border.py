"""Neighbours on two sides of a line, against loops over pairs."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

import evenfield as ef
from made_panel import DATA, RING, N, refused
from tolerances import close

UNITS = sorted(RING)
ONE = DATA[DATA["year"] == 1990].assign(
    inside=lambda d: d["unit"].isin(UNITS[0::2]).astype(int)
)


def by_hand():
    """Differences of the pairs, and who is in them."""
    y = ONE.set_index("unit")["y"]
    inside = ONE.set_index("unit")["inside"]
    return [
        (i, j, y[i] - y[j])
        for i in UNITS
        for j in RING[i]
        if inside[i] and not inside[j]
    ]


def test_it_is_the_mean_over_pairs_with_errors_by_the_units_of_both_sides():
    fit = ef.border_difference("y", ONE, RING, "inside", unit="unit", draws=99)
    pairs = pd.DataFrame(by_hand(), columns=["inside", "outside", "difference"])
    assert len(pairs) == N
    found = fit.tables["pairs"].sort_values(["inside", "outside"], ignore_index=True)
    pd.testing.assert_frame_equal(
        found,
        pairs.sort_values(["inside", "outside"], ignore_index=True),
        check_dtype=False,
    )
    mean = pairs["difference"].mean()
    u = pairs.assign(u=pairs["difference"] - mean)
    sums = [u.groupby(side)["u"].sum() for side in ("inside", "outside")]
    error = np.sqrt(sum((one**2).sum() for one in sums)) / len(pairs)
    line = fit.to_frame().iloc[0]
    df = N // 2 - 1
    close(line["estimate"], mean)
    close(line["std_error"], error)
    close(line["df"], df)
    close(line["p_value"], 2 * student.sf(abs(mean / error), df))
    close(line["conf_high"], mean + student.ppf(0.975, df) * error)


def test_its_permutation_is_that_of_all_dealings_of_the_outcomes():
    few = ONE[ONE["unit"].isin(UNITS[:8])].assign(inside=[1, 0, 1, 0, 1, 0, 1, 0])
    chain = {unit: [] for unit in UNITS[:8]} | {
        UNITS[i]: [UNITS[i + 1]] for i in range(7)
    }
    fit = ef.border_difference("y", few, chain, "inside", unit="unit", draws=4999)
    weights = np.zeros(8)
    for i in range(7):
        inner, outer = (i, i + 1) if i % 2 == 0 else (i + 1, i)
        weights[inner] += 1 / 7
        weights[outer] -= 1 / 7
    y = few["y"].to_numpy()
    drawn = np.array(list(permutations(y))) @ weights
    exact = np.mean(np.abs(drawn) >= abs(weights @ y) - 1e-12)
    assert fit.to_frame().iloc[1]["p_value"] == pytest.approx(exact, abs=0.03)
    close(fit.params["difference"], weights @ y)


def test_rows_in_any_order_and_units_without_a_neighbour_give_the_same():
    call = {"unit": "unit", "draws": 99}
    want = ef.border_difference("y", ONE, RING, "inside", **call).to_frame()
    shuffled = ONE.sample(frac=1, random_state=1)
    more = pd.concat([shuffled, ONE.tail(1).assign(unit="z", inside=0)])
    again = ef.border_difference("y", shuffled, RING, "inside", **call).to_frame()
    pd.testing.assert_frame_equal(again, want)
    island = ef.border_difference("y", more, RING | {"z": []}, "inside", **call)
    close(island.std_errors, want.head(1)["std_error"])


def test_what_has_no_line_is_refused():
    for words, data in [
        ("no two neighbours lie on different sides", ONE.assign(inside=0)),
        ("a group of 2, in inside; expected zero or one", ONE.assign(inside=2)),
        (
            "only 1 unit stands on one side",
            ONE.assign(inside=lambda d: d["unit"].eq("u00")),
        ),
    ]:
        refused(words, ef.border_difference, "y", data, RING, "inside", unit="unit")
