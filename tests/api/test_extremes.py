"""Numbers at the ends of what float64 holds, and places off the globe: right, or one
line.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

import evenfield as ef
from api.calls import CALLS
from made_panel import DATA as PANEL
from made_panel import KEYS, refused
from tolerances import close

RNG = default_rng(6)
N = 60
FAR = pd.DataFrame(RNG.normal(size=(N, 3)), columns=["x", "z", "e"])
FAR["y"] = FAR["x"] + FAR["z"] + FAR["e"] * (1 + FAR["x"] ** 2)
FAR["unit"] = [f"u{i:02d}" for i in range(N)]
FAR["group"] = [f"g{i % 13:02d}" for i in range(N)]
FAR["lat"], FAR["lon"] = RNG.uniform(30, 40, N), RNG.uniform(0, 9, N)
KINDS = "classical HC1 HC3 CR1 CR2 CR3 SCPC conley_400 wild wild33"


@pytest.mark.parametrize("mean", [1e6, 1e7, 1e8])
@pytest.mark.parametrize("kind", KINDS.split())
def test_a_regressor_far_from_zero_keeps_its_errors(kind, mean):
    by_group = {"cluster": "group"} if kind.startswith(("CR", "wild")) else {}
    options = {"unit": "unit", "inference": kind, "draws": 199, **by_group}
    data = FAR.assign(x=FAR["x"] + mean)
    near = ef.ols("y ~ x + z", data.assign(x=data["x"] - mean), **options)
    far = ef.ols("y ~ x + z", data, **options)
    for term in ("x", "z"):
        columns = ["estimate", "std_error", "p_value", "conf_low"]
        found, want = (
            fit.rows(0.95).set_index("term").loc[term, columns] for fit in (far, near)
        )
        close(found.to_numpy(float), want.to_numpy(float), rtol=1e-6)
    assert far.prediction_error == pytest.approx(near.prediction_error, rel=1e-7)


def test_a_regressor_that_float64_cannot_tell_from_the_constant_is_refused():
    data = FAR.assign(x=FAR["x"] + 1e12)
    refused("are collinear", ef.ols, "y ~ x + z", data, inference="HC3")


@pytest.mark.parametrize("factor", [1e155, 1e-170, 1e300, 1e-300])
@pytest.mark.parametrize("page", sorted({*CALLS} - {"join-count", "list-agreement"}))
def test_outcomes_that_cannot_be_squared_are_refused(page, factor):
    call = CALLS[page]
    outcomes = ["rich", "y", "income"]
    with np.errstate(all="ignore"):
        data = call.data.assign(**{name: call.data[name] * factor for name in outcomes})
        refused("to be squared", call, data)


@pytest.mark.parametrize("factor", [1e-50, 1e50])
def test_units_of_measure_change_no_test(factor):
    want = ef.ols("y ~ x", FAR, inference=["HC3", "CR2"], unit="unit")
    found = ef.ols(
        "y ~ x",
        FAR.assign(y=FAR["y"] * factor, x=FAR["x"] / factor),
        inference=["HC3", "CR2"],
        unit="unit",
    )
    close(found.rows(0.95)["p_value"], want.rows(0.95)["p_value"])


FIRST = PANEL[PANEL["year"] == 1990].assign(
    got=lambda rows: rows["unit"].isin(["u00", "u04", "u05"]).astype(int)
)
POLICY = PANEL.assign(start=PANEL["unit"].map({"u00": 1996, "u01": 1999, "u04": 1996}))
PLACED = {
    "SCPC": lambda d, f, **o: ef.ols("y ~ x", f, unit="unit", inference="SCPC", **o),
    "conley": lambda d, f, **o: ef.ols(
        "y ~ x", f, unit="unit", inference="conley_400", **o
    ),
    "contrasts": lambda d, f, **o: ef.contrasts(
        "y", f, "got", unit="unit", inference="SCPC", **o
    ),
    "beta": lambda d, f, **o: ef.beta_convergence(
        "rich ~ 1", d, inference="SCPC", **KEYS, **o
    ),
    "nearby": lambda d, f, **o: ef.nearby(
        "y ~ x", f, unit="unit", lists="got", radius=400, draws=9, **o
    ),
    "nearby by steps": lambda d, f, **o: ef.nearby(
        "y ~ x",
        f,
        unit="unit",
        lists="got",
        radius=1,
        distance=CALLS["nearby"].options["distance"],
        inference="SCPC",
        draws=9,
        **o,
    ),
    "rings": lambda d, f, **o: ef.rings(
        "rich ~ 1", d, first="start", rings=[300], min_controls=0, draws=9, **KEYS, **o
    ),
    "event study": lambda d, f, **o: ef.event_study(
        "rich ~ 1", d, first="start", conley=300, draws=9, **KEYS, **o
    ),
}


@pytest.mark.parametrize("function", PLACED)
def test_places_off_the_globe_are_refused(function):
    call = PLACED[function]
    call(POLICY, FIRST)
    for lat, lon in ((91, 5), (-100, 5), (30, 400), (3e5, 6e6)):
        moved = [
            data.assign(
                lat=data["lat"].where(data["unit"] != "u03", lat),
                lon=data["lon"].where(data["unit"] != "u03", lon),
            )
            for data in (POLICY, FIRST)
        ]
        refused("1 unit off the globe, first u03", call, *moved)


@pytest.mark.parametrize("function", PLACED)
def test_a_longitude_for_a_latitude_is_refused(function):
    words = r"longitude first.*coords=\('lat', 'lon'\)"
    refused(words, PLACED[function], POLICY, FIRST, coords=("lon", "lat"))
    east = [data.assign(a=data["lon"] + 100, b=data["lat"]) for data in (POLICY, FIRST)]
    words = r"12 units off the globe.*coords=\('b', 'a'\)"
    refused(words, PLACED[function], *east, coords=("a", "b"))


SELF = {
    "y ~ y + x": "outcome y",
    "np.log(rich) ~ np.log(rich) + x": "outcome",
    "y ~ I(y)": "outcome y",
    "y ~ x | y": "outcome y",
}


@pytest.mark.parametrize("formula", SELF)
def test_an_outcome_that_explains_itself_is_refused(formula):
    refused(SELF[formula], ef.ols, formula, PANEL, **KEYS)
    refused("outcome x", ef.ols, PANEL, y="x", x=["y", "x"], **KEYS)
