"""What event studies, rings and placement take besides: errors by distance, parts of a
policy, rings without one unit, and policies that are held.
"""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

import evenfield as ef
from evenfield.models.policies import PolicyPanel, policy_effects
from evenfield.numerics.event_study.panel import NEVER
from evenfield.numerics.spatial import haversine_km
from made_panel import refused
from numerics.event_study.panels import random_panel
from tolerances import close

KEYS = {"unit": "unit", "time": "year", "first": "start", "draws": 19}
PANEL = random_panel(2, 3)
START = 2000
UNIT, DATE = np.nonzero(PANEL.observed)
FIRST = np.where(PANEL.first == NEVER, np.nan, PANEL.first + START)
LAT, LON = 50 + default_rng(0).random((2, len(FIRST)))
ODD = np.arange(len(FIRST)) % 2 == 1
DATA = pd.DataFrame(
    {
        "unit": [f"u{i:03d}" for i in UNIT],
        "year": START + DATE,
        "y": PANEL.Y[UNIT, DATE],
        "start": FIRST[UNIT],
        "lat": LAT[UNIT],
        "lon": LON[UNIT],
        "kind": np.where(ODD, "odd", "even")[UNIT],
    }
)


def test_errors_by_distance_are_a_sum_over_pairs_of_units():
    fit = ef.event_study("y ~ 1", DATA, conley=60.0, **KEYS)
    rows = fit.to_frame().query("inference == 'conley'").set_index("term")
    panel = PolicyPanel(
        PANEL.Y,
        PANEL.first,
        np.zeros_like(PANEL.groups),
        clusterings={"unit": np.arange(len(FIRST))},
    )
    effects = policy_effects(panel, [(0, 5)])
    scores = effects.fits["unit"].scores[0]
    variance = 0.0
    apart = haversine_km(LAT, LON)
    for i, own in enumerate(scores):
        for j, other in enumerate(scores):
            variance += max(1 - apart[i, j] / 60.0, 0.0) * own * other
    close(rows.loc["0 to 5", "std_error"], np.sqrt(variance), rtol=1e-8)
    close(rows.loc["0 to 5", "estimate"], fit.params["0 to 5"])
    assert rows["law"].str.endswith("60 km").all()
    assert set(rows.index) == set(fit.params.index)
    for wrong in (0, -5, "far", True):
        refused("a cut-off in km", ef.event_study, "y ~ 1", DATA, conley=wrong, **KEYS)
    words = "lat with what is no number"
    text = DATA.assign(lat="north")
    refused(words, ef.event_study, "y ~ 1", text, conley=60.0, **KEYS)


def imputed_gaps():
    """Gaps of cells under the policy from a regression on dummies of cells before it."""
    n, t = PANEL.Y.shape
    dummies = np.hstack([np.eye(n)[UNIT], np.eye(t)[DATE]])
    before = ~(DATA["year"] >= DATA["start"]).to_numpy()
    y = DATA["y"].to_numpy()
    beta = np.linalg.lstsq(dummies[before], y[before], rcond=None)[0]
    seen = np.isin(UNIT, UNIT[before]) & np.isin(DATE, DATE[before])
    horizon = (DATA["year"] - DATA["start"]).to_numpy()
    inside = seen & ~before & (horizon >= 0) & (horizon <= 5)
    return pd.Series(y - dummies @ beta)[inside]


def test_parts_are_means_of_gaps_and_differ_from_the_first():
    fit = ef.event_study("y ~ 1", DATA, parts="kind", **KEYS)
    table = fit.tables["parts"]
    assert list(table.index) == ["even", "odd", "odd less even", "alike"]
    gaps = imputed_gaps()
    means = gaps.groupby(DATA["kind"]).mean()
    close(table.loc["even", "estimate"], means["even"], rtol=1e-8)
    close(table.loc["odd", "estimate"], means["odd"], rtol=1e-8)
    close(table.loc["odd less even", "estimate"], means["odd"] - means["even"], 1e-8)
    # One difference: the test of all is the square of its t.
    statistic = table.loc["odd less even", "statistic"] ** 2
    close(table.loc["alike", "statistic"], statistic, rtol=1e-8)
    weights = gaps.groupby(DATA["kind"]).size()
    close(fit.params["0 to 5"], np.average(means, weights=weights), rtol=1e-8)


def test_rows_without_a_part_are_of_none():
    late = DATA["year"] - DATA["start"] > 2
    blank = DATA.assign(kind=DATA["kind"].mask(late))
    table = ef.event_study("y ~ 1", blank, parts="kind", **KEYS).tables["parts"]
    means = imputed_gaps()[~late].groupby(DATA["kind"]).mean()
    close(table.loc["odd", "estimate"], means["odd"], rtol=1e-8)
    one = DATA.assign(kind="all")
    refused(
        "1 part of the policy in kind",
        ef.event_study,
        "y ~ 1",
        one,
        parts="kind",
        **KEYS,
    )


def test_rings_without_one_unit_hold_those_that_are_fitted_without_its_rows():
    call = {"rings": [12.0], "min_controls": 0, **KEYS}
    fit = ef.rings("y ~ 1", DATA, leave_one_out=True, **call)
    row = fit.tables["one unit left out"].loc["0 to 12"]
    assert row["smallest"] < row["estimate"] < row["largest"]
    close(row["estimate"], fit.params["0 to 12"])
    # Units without the policy: without the outcomes of one the others keep their rings.
    entered = fit.raw.entered
    in_ring = np.flatnonzero(np.isnan(FIRST) & (entered < PANEL.Y.shape[1]))
    names = [f"u{i:03d}" for i in in_ring[:4]]
    assert names
    for unit in names:
        rest = ef.rings("y ~ 1", DATA[DATA["unit"] != unit], **call).params["0 to 12"]
        assert row["smallest"] - 1e-9 <= rest <= row["largest"] + 1e-9


def test_policies_that_are_held_stay_where_they_are():
    y = default_rng(5).normal(size=8)
    units = pd.DataFrame(
        {
            "unit": np.arange(8),
            "port": [1] * 3 + [0] * 5,
            "zone": [1, 0, 0, 1, 1, 0, 0, 0],
        }
    ).assign(y=y)
    fit = ef.placement("y ~ zone + port", units, unit="unit", held="port", draws=4999)
    assert list(fit.params.index) == ["zone"]
    plain = ef.ols("y ~ zone + port", units, unit="unit", inference="HC3")
    close(fit.params["zone"], plain.params["zone"])
    close(fit.std_errors["zone"], plain.std_errors["zone"])

    def t_of(zone):
        X = np.column_stack([zone, units["port"], np.ones(8)])
        beta, rss, *_ = np.linalg.lstsq(X, y, rcond=None)
        error = np.sqrt(rss[0] / 5 * np.linalg.inv(X.T @ X)[0, 0])
        return abs(beta[0] / error)

    zone = units["zone"].to_numpy()
    ways = {
        (*first, *last)
        for first in permutations(zone[:3])
        for last in permutations(zone[3:])
    }
    exact = np.mean([t_of(np.array(way)) >= t_of(zone) - 1e-9 for way in ways])
    found = fit.vcov("permuted policies").pvalues["zone"]
    assert found == pytest.approx(exact, abs=0.02)
    words = "no policy in the formula 'road'"
    refused(words, ef.placement, "y ~ zone", units, unit="unit", held="road")
    refused(
        "all policies held", ef.placement, "y ~ zone", units, unit="unit", held="zone"
    )
