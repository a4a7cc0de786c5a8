"""Agreement of lists and growth nearby by the list that is right, on DataFrames: planted
growth comes back exactly, two-stage least squares, names and order, what is refused.
"""

import numpy as np
import pandas as pd
import pytest
from linearmodels.iv import IV2SLS
from numpy.random import default_rng
from pandas.testing import assert_frame_equal

import evenfield as ef
from evenfield.numerics.spatial import haversine_km
from made_panel import refused
from tolerances import close

N = 160
RADIUS = 50.0
FORMULA = "growth ~ start | province"


def made_cities():
    """Cities of eight provinces with the right list and one that errs."""
    rng = default_rng(11)
    right = rng.random(N) < 0.2
    data = pd.DataFrame(
        {
            "city": [f"c{i:03d}" for i in rng.permutation(N)],
            "province": [f"P{p}" for p in rng.integers(0, 8, N)],
            "right": right,
            "seen": (right & (rng.random(N) < 0.6)) | (rng.random(N) < 0.02),
            "other": (right & (rng.random(N) < 0.7)).astype(int),
            "zone": (rng.random(N) < 0.1).astype(int),
            "lat": 30 + 3 * rng.random(N),
            "lon": 110 + 3 * rng.random(N),
            "start": rng.normal(size=N),
        }
    )
    km = haversine_km(*data[["lat", "lon"]].to_numpy().T)
    reach = (km <= RADIUS) & ~np.eye(N, dtype=bool)
    for name in ("right", "seen", "zone"):
        data[f"near_{name}"] = (reach @ data[name].astype(float) > 0).astype(float)
    return data.assign(growth=rng.normal(size=N) + data["near_right"] + data["right"])


CITIES = made_cities()
KEYS = {
    "unit": "city",
    "lists": ["seen", "zone"],
    "truths": ["right", "other"],
    "radius": RADIUS,
    "draws": 99,
}
FIT = ef.list_shrinkage(FORMULA, CITIES, inference=["CR3", "HC3"], **KEYS)
AGREED = ef.list_agreement(
    ["seen", "other", "right"],
    CITIES,
    unit="city",
    searches=("seen", "other"),
)


def test_planted_growth_comes_back_exactly():
    own, near = 0.7, -1.3
    planted = CITIES.assign(
        growth=near * CITIES["near_right"] + own * CITIES["right"] - CITIES["start"]
    )
    fit = ef.list_shrinkage(FORMULA, planted, own=own, near=near, **KEYS)
    found = fit.params.filter(like=" if right")
    assert [*found.index] == [
        f"{term} if right"
        for kind in ("own", "near")
        for term in (f"{kind}_seen", f"{kind}_seen - {kind}_zone")
    ]
    close(found, [own, own, near, near], 1e-9)
    # Where something is taken off, the test of the printed row is none of the rest; the
    # list in hand has no unit among those on no list.
    first = fit.vcov("CR3" if "CR3" in [*fit.to_frame()["inference"]] else "HC3")
    assert np.isnan(first.pvalues["near_seen if right"])
    assert np.isfinite(first.pvalues["near_seen if seen"])


def test_a_list_that_is_right_gives_the_rows_of_nearby():
    plain = ef.nearby(
        FORMULA,
        CITIES,
        inference=["CR3", "HC3"],
        **{name: KEYS[name] for name in ("unit", "lists", "radius", "draws")},
    ).to_frame(0.9)
    found = FIT.to_frame(0.9)
    found = found[found["term"].str.endswith(" if seen")]
    found = found.assign(term=found["term"].str.removesuffix(" if seen"))
    want = plain[plain["term"].isin(found["term"])]
    columns = ["term", "inference", "estimate", "std_error", "p_value", "conf_high"]
    assert_frame_equal(
        found[columns].reset_index(drop=True), want[columns].reset_index(drop=True)
    )


def test_rows_are_two_stage_least_squares_with_one_list_for_the_other():
    one = {**KEYS, "lists": "seen"}
    fit = ef.list_shrinkage("growth ~ start", CITIES, **one)
    receivers = CITIES[~CITIES["seen"]].assign(constant=1.0)
    want = IV2SLS(
        receivers["growth"],
        receivers[["constant", "start"]],
        receivers["near_right"],
        receivers["near_seen"],
    ).fit()
    close(fit.params["near_seen if right"], want.params["near_right"], 1e-9)


def test_bounds_are_the_outer_ends_over_all_lists():
    rows = FIT.to_frame()
    bounds = FIT.tables["bounds"].set_index(["term", "inference"])
    for kind in ("CR3", "HC3"):
        for term in ("near_seen", "own_seen - own_zone"):
            own = rows[
                (rows["inference"] == kind) & rows["term"].str.startswith(f"{term} if ")
            ]
            assert len(own) == 3
            close(bounds.loc[(term, kind), "low"], own["conf_low"].min())
            close(bounds.loc[(term, kind), "high"], own["conf_high"].max())
    assert "permuted lists" not in bounds.index.get_level_values(1)
    assert (bounds["nothing if"] == "").all()


def test_a_list_that_prints_next_to_nothing_bounds_nothing():
    # The right list would be that of the cities furthest from all that are seen.
    alone = CITIES["near_seen"].eq(0) & ~CITIES["seen"] & CITIES["near_right"].eq(0)
    away = CITIES.assign(away=alone.astype(int))
    fit = ef.list_shrinkage(FORMULA, away, **{**KEYS, "truths": "away"})
    rows = fit.to_frame().set_index("term")
    row = rows.loc["near_seen if away"].iloc[0]
    assert np.isnan(
        row[["estimate", "conf_low", "conf_high", "p_value"]].tolist()
    ).all()
    assert row["law"].startswith("none: one point prints as -")
    bounds = fit.tables["bounds"].set_index("term")
    assert np.isnan(bounds.loc["near_seen", "high"])
    assert bounds.loc["near_seen", "nothing if"] == "away"
    assert "too little for an estimate" in fit.interpret()
    assert "nan" not in fit.interpret()


def test_errors_at_random_are_a_list_that_may_be_right():
    fit = ef.list_shrinkage(
        FORMULA, CITIES, **{**KEYS, "truths": ()}, missing=0.4, wrong=0.1
    )
    label = "40% missing, 10% wrong"
    factors = fit.tables["factors"].set_index(["truth", "term"])
    own = factors.loc[(label, "near_seen")]
    assert own["factor, low"] < own["factor"] < own["factor, high"] < 1
    close(
        fit.params[f"near_seen if {label}"],
        fit.params["near_seen if seen"] / own["factor"],
    )
    assert abs(fit.notes["missing in draws"] - 0.4) < 0.03
    assert FIT.notes["missing in draws"] == ""
    assert f"If the right list is {label}, one point is estimated as" in fit.interpret()


def test_units_on_the_right_list_among_those_compared_are_counted():
    factors = FIT.tables["factors"].set_index(["truth", "term"])
    receivers = CITIES[~CITIES["seen"] & (CITIES["zone"] == 0)]
    row = factors.loc[("right", "near_seen")]
    assert row["units"] == len(receivers) == FIT.notes["on no list"]
    assert row["on truth"] == receivers["right"].sum() > 0
    assert factors.loc[("seen", "near_seen"), "on truth"] == 0


def test_who_names_whom():
    pairs = AGREED.tables["pairs"].set_index(["first", "second"])
    assert len(pairs) == 6
    both = CITIES["seen"] & (CITIES["other"] == 1)
    row = pairs.loc[("seen", "other")]
    assert row["both"] == both.sum()
    assert row["only first"] == (CITIES["seen"] & ~both).sum()
    close(row["share of first on second"], both.sum() / CITIES["seen"].sum())
    turned = pairs.loc[("other", "seen")]
    close(turned["share of first on second"], both.sum() / CITIES["other"].sum())
    assert turned["only first"] == row["only second"]
    same = ["both", "neither", "agreement", "by chance", "kappa", "kappa, low"]
    close(row[same].astype(float), turned[same].astype(float))
    assert pairs.loc[("other", "right"), "share of first on second"] == 1
    row = AGREED.to_frame(0.9).set_index("term").loc["kappa: seen, other"]
    assert row["conf_low"] > pairs.loc[("seen", "other"), "kappa, low"]
    assert AGREED.params["kappa: seen, other"] == row["estimate"]


def test_searches_are_one_pair_or_several():
    several = ef.list_agreement(
        ["seen", "other", "right"],
        CITIES,
        unit="city",
        searches=[["seen", "other"], ("other", "seen")],
    )
    terms = [*several.params.index]
    assert "recall of seen: other, seen" in terms and "exist: seen, other" in terms
    close(several.params["exist: seen, other"], AGREED.params["exist: seen, other"])
    close(
        AGREED.params["recall of either: seen, other"],
        (CITIES["seen"] | (CITIES["other"] == 1)).sum()
        / AGREED.params["exist: seen, other"],
    )
    assert len(several.tables["searches"]) == 2
    assert "searches" not in ef.list_agreement(["seen", "zone"], CITIES).tables


def test_order_of_rows_and_names_of_cities_change_nothing():
    mixed = CITIES.sample(frac=1, random_state=1)
    backwards = CITIES.assign(
        city=[f"{999 - int(city[1:])}" for city in CITIES["city"]]
    )
    for data in (mixed, backwards):
        fit = ef.list_shrinkage(FORMULA, data, inference=["CR3", "HC3"], **KEYS)
        close(fit.params, FIT.params, 1e-9)
        close(
            fit.tables["factors"][["factor", "bias"]],
            FIT.tables["factors"][["factor", "bias"]],
            1e-9,
            1e-12,
        )
        lists = ["seen", "other", "right"]
        agreed = ef.list_agreement(lists, data, unit="city", searches=lists[:2])
        assert_frame_equal(agreed.to_frame(), AGREED.to_frame())
    again = ef.list_shrinkage(FORMULA, mixed, missing=0.3, **KEYS)
    first = ef.list_shrinkage(FORMULA, CITIES, missing=0.3, **KEYS)
    assert_frame_equal(again.to_frame(), first.to_frame())


def test_cities_whose_growth_is_blank_are_neighbours_and_may_be_on_the_right_list():
    inside = default_rng(4).random(N) < 0.8
    data = CITIES.assign(
        compared=inside.astype(int), growth=CITIES["growth"].where(inside)
    )
    fit = ef.list_shrinkage(FORMULA, data, sample="compared", **KEYS)
    receivers = data[inside & ~data["seen"] & (data["zone"] == 0)]
    factors = fit.tables["factors"].set_index(["truth", "term"])
    assert factors.loc[("right", "near_seen"), "on truth"] == receivers["right"].sum()


@pytest.mark.parametrize(
    ("words", "data", "options"),
    [
        (
            "values of right beside 0 and 1, first 2 of c",
            CITIES.assign(right=CITIES["right"] * 2),
            {},
        ),
        ("no unit on the list right", CITIES.assign(right=0), {}),
        ("every unit on the list other", CITIES.assign(other=1), {}),
        ("missing values of other", CITIES.assign(other=np.nan), {}),
        ("no column 'rigth'; .*mean 'right'", CITIES, {"truths": "rigth"}),
        ("truths=3; expected different names", CITIES, {"truths": 3}),
        (r"truths=\[\]; expected different", CITIES, {"truths": []}),
        ("truths=.*; expected different", CITIES, {"truths": ["right", "right"]}),
        ("seen among truths, too", CITIES, {"truths": ["right", "seen"]}),
        ("no other list that may be right", CITIES, {"truths": ()}),
        ("missing=1.0; expected a share", CITIES, {"missing": 1.0}),
        ("missing=40; expected a share.*0.2", CITIES, {"missing": 40}),
        ("wrong=-0.1; expected a share", CITIES, {"wrong": -0.1}),
        ("wrong='few'; expected a number", CITIES, {"wrong": "few"}),
        ("own=inf; expected a finite number", CITIES, {"own": np.inf}),
        ("no unit near seen", CITIES, {"radius": 0.1}),
        ("list_shrinkage has no argument 'truth'", CITIES, {"truth": "right"}),
        (
            "own_seen.*leave one of them out",
            CITIES,
            {"lists": ["seen", "zone", "copy"]},
        ),
    ],
)
def test_a_list_that_cannot_be_right_is_refused_in_a_line(words, data, options):
    data = data.assign(copy=data["seen"])
    refused(words, ef.list_shrinkage, FORMULA, data, **{**KEYS, **options})


@pytest.mark.parametrize(
    ("words", "lists", "searches"),
    [
        ("one list, seen; expected two or more", ["seen"], ()),
        ("one list, seen; expected two or more", "seen", ()),
        ("the same .* units on seen and copy", ["seen", "zone", "copy"], ()),
        ("lists=.*; expected different names", ["seen", "seen"], ()),
        ("no column 'sen'; .*mean 'seen'", ["sen", "zone"], ()),
        ("no column 'sen'; .*mean 'seen'", ["zone", "sen"], ()),
        ("values of lat beside 0 and 1", ["seen", "lat"], ()),
        ("values of city beside 0 and 1", ["seen", "city"], ()),
        ("values of city beside 0 and 1|city", ["city", "seen"], ()),
        ("no unit on the list none", ["seen", "none"], ()),
        ("no list 'right'", ["seen", "zone"], ("seen", "right")),
        ("seen twice among searches", ["seen", "zone"], ("seen", "seen")),
        ("searches='seen'; expected two lists", ["seen", "zone"], "seen"),
        (r"searches=\[\('seen',\)\]", ["seen", "zone"], [("seen",)]),
        ("searches=3; expected two lists", ["seen", "zone"], 3),
    ],
)
def test_lists_that_cannot_be_compared_are_refused_in_a_line(words, lists, searches):
    data = CITIES.assign(copy=CITIES["seen"].astype(float), none=0)
    refused(words, ef.list_agreement, lists, data, unit="city", searches=searches)
