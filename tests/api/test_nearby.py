"""Growth on lists and nearby on a DataFrame: against statsmodels, refits without each
parent and the numerics; rows, names and what is refused.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from pandas.testing import assert_frame_equal

import evenfield as ef
from evenfield.models.nearby import Nearby
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.spatial import haversine_km
from evenfield.shared.places import NUMBERS
from made_panel import refused
from tolerances import CLOSED_FORM, close

N = 150
RADIUS = 45.0
KEYS = {"unit": "city", "lists": ["cluster", "zone"], "radius": RADIUS, "draws": 99}
FORMULA = "growth ~ start + size | province"


def made_cities(provinces=12):
    """Cities of provinces, of which the last holds one alone."""
    rng = default_rng(7)
    province = rng.integers(0, provinces - 1, N)
    province[-1] = provinces - 1
    data = pd.DataFrame(
        {
            "city": [f"c{i:03d}" for i in rng.permutation(N)],
            "province": [f"P{p:02d}" for p in province],
            "cluster": (rng.random(N) < 0.12).astype(int),
            "zone": rng.random(N) < 0.15,  # of bool, which is understood
            "lat": 30 + 3 * rng.random(N),
            "lon": 110 + 3 * rng.random(N),
            "start": rng.normal(size=N),
            "size": rng.normal(size=N),
            "region": [f"R{p % 5}" for p in province],
        }
    )
    data.loc[N - 1, ["cluster", "zone"]] = [0, False]
    data["growth"] = province / 3 - data["start"] + data["cluster"] + rng.normal(size=N)
    return data


CITIES = made_cities()
FIT = ef.nearby(FORMULA, CITIES, inference=["CR3", "HC3"], **KEYS)
TERMS = [
    "own_cluster",
    "own_zone",
    "own_cluster - own_zone",
    "near_cluster",
    "near_zone",
    "near_cluster - near_zone",
]
COMBINATIONS = ([1.0, 0.0], [0.0, 1.0], [1.0, -1.0])


def by_hand(data=CITIES):
    """The rows of both regressions with who is near whom, found city by city."""
    places = data[["lat", "lon"]].to_numpy().T
    near = haversine_km(*places) <= RADIUS
    np.fill_diagonal(near, val=False)
    found = data.assign(zone=data["zone"].astype(int))
    for name in ("cluster", "zone"):
        on = found[name].to_numpy()
        seen = [on[row] if row.any() else np.zeros(1) for row in near]
        found[f"near_{name}"] = [float(np.max(one)) for one in seen]
        found[f"own_{name}"] = found[name]
    free = found[(found["cluster"] == 0) & (found["zone"] == 0)]
    out = {}
    for prefix, rows in {"own": found, "near": free}.items():
        several = rows.groupby("province")["city"].transform("size") > 1
        out[prefix] = rows[several]
    return out


def case_of(cities=CITIES, sample=None, **changes):
    """The case of the model, cities in the order of their names."""
    cities = cities.sort_values("city", ignore_index=True)
    return Nearby(
        growth=cities["growth"].to_numpy(),
        held=cities[["start", "size"]].to_numpy(),
        lists=cities[["cluster", "zone"]].to_numpy(float),
        distance=haversine_km(*cities[["lat", "lon"]].to_numpy().T),
        radius=RADIUS,
        sample=np.ones(N, dtype=bool) if sample is None else cities[sample] == 1,
        parents=in_order(cities["province"].to_numpy(dtype=str)).codes,
        **changes,
    )


def models_of(case):
    names = ["cluster", "zone"]
    return {"own": case.own_model(names), "near": case.near_model(names)}


# What the model is held against is in tests/models/test_nearby.py.
@pytest.mark.parametrize("share", [False, True])
def test_rows_are_those_of_the_model(share):
    case = case_of(share=share)
    names = np.sort(CITIES["city"])
    asked = ["CR3", "HC3", "wild33", "SCPC"]
    measure = "share" if share else "any"
    result = ef.nearby(FORMULA, CITIES, inference=asked, measure=measure, **KEYS)
    rows = result.to_frame(0.9).set_index(["inference", "term"])
    for prefix, model in models_of(case).items():
        design = model.design(
            names, case.parents, case.permuted_labels(99, default_rng(0)), draws=99
        )
        terms = [term for term in TERMS if term.startswith(prefix)]
        methods = {method: method for method in asked[:3]}
        methods["permuted lists"] = "randomisation_stratified"
        for term, c in zip(terms, COMBINATIONS, strict=True):
            for kind, method in methods.items():
                want = infer(method, design, model.weights(np.array(c)), 0.9)
                got = rows.loc[(kind, term), [*NUMBERS]].to_numpy(float)
                close(got, [getattr(want, number) for number in NUMBERS], CLOSED_FORM)
            assert np.isfinite(rows.loc[("SCPC", term), "p_value"])


def test_rows_stand_by_inference_and_permuted_lists_last():
    rows = FIT.to_frame()
    kinds = rows["inference"].tolist()
    assert kinds == ["CR3"] * 6 + ["HC3"] * 6 + ["permuted lists"] * 6
    assert rows["term"].tolist() == TERMS * 3
    assert rows["law"].iloc[-1] == "99 permutations of lists within parents, HC3 t"
    among_all = ef.nearby("growth ~ start", CITIES, **KEYS).to_frame()
    assert among_all["law"].iloc[-1] == "99 permutations of lists among all, HC3 t"


def test_notes_count_who_is_on_a_list_near_one_and_alone():
    cities = by_hand()
    near = cities["near"]
    # The city alone in its province is in no regression, and counted.
    alone = by_hand(CITIES.assign(province="all"))["near"].iloc[[-1]]
    seen = pd.concat([near, alone])[["near_cluster", "near_zone"]]
    counts = seen.value_counts()
    assert FIT.notes["on cluster"] == CITIES["cluster"].sum()
    assert FIT.notes["on zone"] == CITIES["zone"].sum()
    assert FIT.notes["near cluster only"] == counts.get((1, 0))
    assert FIT.notes["near zone only"] == counts.get((0, 1))
    assert FIT.notes["near both"] == counts.get((1, 1))
    assert FIT.notes["near none"] == counts.get((0, 0))
    assert FIT.notes["on no list"] == len(seen)
    assert FIT.notes["alone in their parent"] == 1
    assert FIT.notes["on no list, alone in their parent"] == 1
    assert FIT.notes["parents"] == 12
    table = FIT.tables["counts"]["units"]
    on = CITIES["cluster"].astype(int) + 2 * CITIES["zone"].astype(int)
    words = ["on none", "on cluster only", "on zone only", "on both"]
    assert [table[word] for word in words] == [(on == code).sum() for code in range(4)]
    assert table[:4].sum() == N and table[4:].sum() == table["on none"]
    assert table["near both"] == FIT.notes["near both"]
    assert FIT.nobs == N - 1


def test_order_of_rows_and_names_of_cities_change_nothing():
    want = FIT.to_frame()
    mixed = CITIES.sample(frac=1, random_state=1)
    again = ef.nearby(FORMULA, mixed, inference=["CR3", "HC3"], **KEYS)
    assert_frame_equal(again.to_frame(), want)
    later = CITIES.assign(city="x" + CITIES["city"])
    renamed = ef.nearby(FORMULA, later, inference=["CR3", "HC3"], **KEYS)
    assert_frame_equal(renamed.to_frame(), want)
    backwards = CITIES.assign(
        city=[f"{999 - int(name[1:])}" for name in CITIES["city"]]
    )
    turned = ef.nearby(FORMULA, backwards, inference=["CR3", "HC3"], **KEYS)
    # Lists are dealt out in another order.
    permuted_labels = want["inference"] == "permuted lists"
    numbers = ["estimate", "std_error", "p_value"]
    close(
        turned.to_frame()[~permuted_labels][numbers],
        want[~permuted_labels][numbers],
        1e-9,
    )


def test_a_table_of_distances_says_who_is_near_as_coordinates_do():
    km = haversine_km(*CITIES[["lat", "lon"]].to_numpy().T)
    square = pd.DataFrame(km, CITIES["city"], CITIES["city"]).sample(
        frac=1, random_state=3
    )
    bare = CITIES.drop(columns=["lat", "lon"])
    fit = ef.nearby(FORMULA, bare, distance=square, inference=["CR3", "HC3"], **KEYS)
    assert_frame_equal(fit.to_frame(), FIT.to_frame())
    with_places = ef.nearby(
        FORMULA, bare, distance=square, inference=["HC3", "conley_400"], **KEYS
    )
    reasons = with_places.to_frame().query("inference == 'conley_400'")["law"]
    assert reasons.unique().tolist() == ["none: the units have no coordinates"]


def test_cities_outside_the_sample_are_neighbours_and_their_growth_may_be_blank():
    inside = default_rng(4).random(N) < 0.8
    cities = CITIES.assign(
        counted=inside.astype(int), growth=CITIES["growth"].where(inside)
    )
    fit = ef.nearby(FORMULA, cities, sample="counted", inference="HC3", **KEYS)
    for prefix, model in models_of(case_of(cities, "counted")).items():
        want = model.design(np.sort(cities["city"])).fit.beta[0]
        close(fit.params[f"{prefix}_cluster"], want, CLOSED_FORM)
    assert fit.notes["units"] == inside.sum()
    assert fit.notes["neighbours only"] == N - inside.sum()
    refused(
        "units? of the sample without growth",
        ef.nearby,
        FORMULA,
        cities.assign(counted=1),
        sample="counted",
        **KEYS,
    )


def test_errors_are_by_parent_from_ten_on_or_by_what_is_asked_for():
    def kind(data, formula=FORMULA, **options):
        return ef.nearby(formula, data, **KEYS, **options).to_frame()["inference"][0]

    assert kind(CITIES) == "CR3"
    assert kind(made_cities(6)) == "HC3"
    assert kind(CITIES, "growth ~ start") == "HC3"
    assert kind(CITIES, cluster="region") == "CR3"
    by_region = ef.nearby(FORMULA, CITIES, cluster="region", **KEYS)
    assert (by_region.std_errors != FIT.std_errors).all()
    close(by_region.params, FIT.params)


def test_one_list_has_no_difference_and_three_have_three():
    one = ef.nearby(FORMULA, CITIES, **{**KEYS, "lists": "zone"})
    assert list(one.params.index) == ["own_zone", "near_zone"]
    assert {"near zone", "near none"} <= set(one.notes)
    port = CITIES.assign(port=(default_rng(9).random(N) < 0.1).astype(int))
    three = ef.nearby(FORMULA, port, **{**KEYS, "lists": ["cluster", "zone", "port"]})
    near = three.params.filter(like="near_")
    close(near["near_cluster - near_port"], near["near_cluster"] - near["near_port"])
    assert len(three.params) == 12
    assert three.notes["near several"] > 0


def test_a_fit_says_where_growth_is_higher():
    text = FIT.interpret()
    side = "higher" if FIT.params.iloc[-1] > 0 else "lower"
    assert (
        f"{side} where some unit within reach is on cluster rather than on zone" in text
    )
    turned = ef.nearby(
        FORMULA, CITIES, measure="share", **{**KEYS, "lists": ["zone", "cluster"]}
    ).interpret()
    assert "all units within reach are on zone rather than on cluster" in turned
    one = ef.nearby(FORMULA, CITIES, **{**KEYS, "lists": "zone"}).interpret()
    assert "is on zone rather than none" in one


TWICE = pd.concat([CITIES.assign(year=2000), CITIES.assign(year=2010)])


@pytest.mark.parametrize(
    ("words", "data", "options"),
    [
        (
            "values of zone beside 0 and 1, first 2 of c",
            CITIES.assign(zone=CITIES["zone"] * 2),
            {},
        ),
        ("values of zone beside 0 and 1", CITIES.assign(zone="no"), {}),
        ("missing values of zone", CITIES.assign(zone=np.nan), {}),
        ("no unit on the list zone", CITIES.assign(zone=0), {}),
        ("every unit on the list zone", CITIES.assign(zone=1), {}),
        ("no column 'port'", CITIES, {"lists": ["port"]}),
        (r"lists=\[\]; expected different names", CITIES, {"lists": []}),
        ("lists=3; expected different names", CITIES, {"lists": 3}),
        ("lists=.*; expected different names", CITIES, {"lists": ["zone", "zone"]}),
        ("no unit near cluster: within 0.1 of one on it", CITIES, {"radius": 0.1}),
        ("radius=-1; expected a positive number", CITIES, {"radius": -1}),
        ("radius='far'", CITIES, {"radius": "far"}),
        ("radius=nan", CITIES, {"radius": np.nan}),
        ("radius=inf", CITIES, {"radius": np.inf}),
        ("no measure 'shares'; .*mean 'share'", CITIES, {"measure": "shares"}),
        ("rows of units that have another one, .*keep one year", TWICE, {}),
        (
            "several rows of a unit, first c000; .*keep one year",
            TWICE.set_index(["city", "year"]),
            {"unit": None},
        ),
        (
            "1 missing values of lat, first c",
            CITIES.assign(lat=CITIES["lat"].mask(CITIES.index == 3)),
            {},
        ),
        ("no column 'latitude'", CITIES, {"coords": ("latitude", "lon")}),
        ("148 units without a distance", CITIES, {"distance": {"c000": ["c001"]}}),
        ("nearby has no argument 'radii'.*mean 'radius'", CITIES, {"radii": 3}),
        ("no inference 'two_way'", CITIES, {"inference": "two_way"}),
        ("no inference 'randomisation'", CITIES, {"inference": "randomisation"}),
        ("no column 'state'", CITIES, {"cluster": "state"}),
        ("draws=0; expected", CITIES, {"draws": 0}),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_line(words, data, options):
    refused(words, ef.nearby, FORMULA, data, **{**KEYS, **options})


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("growth ~ start | province + region", "2 effects behind the bar"),
        ("growth ~ 0 + start", "growth without a constant"),
        ("growth ~ start | city", "no two units .*of one parent; expected parents"),
        ("growth ~ start + area | province", "area.*leave one of them out"),
        ("growth ~ zone | province", "own_zone.*leave one of them out"),
    ],
)
def test_formulas_that_leave_nothing_to_compare_are_refused(formula, words):
    area = CITIES.assign(
        area=CITIES["province"].str[1:].astype(int), zone=CITIES["zone"].astype(int)
    )
    refused(words, ef.nearby, formula, area, **KEYS)


def test_a_pair_of_columns_behind_the_bar_is_one_group_of_parents():
    pair = ef.nearby("growth ~ start | province^region", CITIES, **KEYS)
    plain = ef.nearby("growth ~ start | province", CITIES, **KEYS)
    close(pair.params, plain.params)


@pytest.mark.parametrize(
    ("words", "changes", "options"),
    [
        (r"coords=\('lat',\)", {}, {"coords": ("lat",)}),
        ("coords='lat'", {}, {"coords": "lat"}),
        ("lat with what is no number", {"lat": "north"}, {}),
    ],
)
def test_places_are_two_columns_of_numbers(words, changes, options):
    cities = CITIES.assign(**changes)
    refused(words, ef.nearby, FORMULA, cities, **{**KEYS, **options})
    dated = pd.concat([cities.assign(year=year) for year in (2000, 2001, 2002)])
    dated["first"] = np.where(dated["cluster"] == 1, 2001, 0)
    call = {"first": "first", "unit": "city", "time": "year", **options}
    refused(words, ef.rings, "growth ~ 1", dated, rings=[50], **call)
    refused(words, ef.event_study, "growth ~ 1", dated, conley=100, **call)
