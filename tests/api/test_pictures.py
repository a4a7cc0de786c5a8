"""What the pictures of results show: the numbers of their fit, in the style of the pages, on
axes of anyone's.
"""

import json
from functools import partial

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

import evenfield as ef
from api.calls import CALLS, fit_of
from evenfield.api.figures import MAP, PICTURES
from made_panel import DATA, KEYS, RING, refused

UNITS = sorted(DATA["unit"].unique())


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def square(west, unit):
    ring = [[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"unit": unit}, "geometry": shape}


OUTLINES = {
    "type": "FeatureCollection",
    "features": [square(i, unit) for i, unit in enumerate(UNITS)],
}


@pytest.mark.parametrize("page", CALLS)
def test_every_fit_draws_its_field_and_says_what_it_drew(page):
    fit = fit_of(page)
    kinds = {"estimates": None, **PICTURES.get(page, {})}
    for kind, drawing in kinds.items():
        held = {*fit.tables, *fit._drawn, ""}
        if kind == MAP or (drawing and drawing.needs not in held):
            continue
        figure, ax = plt.subplots()
        assert fit.plot(ax, kind=kind) is ax
        assert ax.alt_text == fit.alt_text(kind) and len(ax.alt_text) > 30
        assert len(ax.alt_text) < 500 and ax.alt_text.endswith(".")
        figure.canvas.draw()
    assert fit.plot().alt_text == fit.alt_text()


def test_growth_on_initial_level_is_the_line_and_band_of_the_regression():
    fit = ef.beta_convergence("rich ~ x", DATA, **KEYS)
    ax = fit.plot()
    points, line = ax.lines
    ends = DATA.pivot(index="unit", columns="year", values="rich")
    first = DATA[DATA["year"] == 1990].set_index("unit")["x"]
    growth = (ends[2005] - ends[1990]) / 15
    assert points.get_xdata() == pytest.approx(ends[1990])
    held = fit.params["x"] * (first - first.mean())
    assert points.get_ydata() == pytest.approx(growth - held)
    slope = np.diff(line.get_ydata()) / np.diff(line.get_xdata())
    assert slope == pytest.approx(fit.params["initial"])
    [band] = [one for one in ax.collections if isinstance(one, PolyCollection)]
    corners = band.get_paths()[0].vertices
    at_start = corners[np.isclose(corners[:, 0], line.get_xdata()[0]), 1]
    g = np.array([1, line.get_xdata()[0], first.mean()])
    half = np.sqrt(g @ fit.cov.to_numpy() @ g) * 2.2621571627  # t(9) at 0.975
    assert np.ptp(at_start) == pytest.approx(2 * half)


def test_the_band_is_of_the_first_inference_and_lacks_where_there_is_no_covariance():
    fit = ef.beta_convergence(
        "rich ~ 1", DATA, inference=["HC3", "wild"], draws=99, **KEYS
    )
    assert "HC3" in fit.plot().get_legend().get_texts()[0].get_text()
    assert not fit.vcov("wild").plot().collections


def test_the_slope_of_the_scatter_is_morans_i():
    fit = fit_of("moran")
    line = fit.plot(kind="scatter").lines[-1]
    slope = np.diff(line.get_ydata())[0] / np.diff(line.get_xdata())[0]
    assert slope == pytest.approx(fit.params.iloc[-1])
    pair = ef.bivariate_moran(
        "y", CALLS["ols"].data.query("year == 1990"), RING, neighbours="x", unit="unit"
    )
    z = pair._drawn["scatter"]
    assert z["value"] @ z["neighbours"] / len(z) == pytest.approx(pair.params["I"])


def test_paths_of_clubs_are_drawn_in_the_mark_of_their_club():
    fit = fit_of("clubs")
    ax = fit.plot()
    means = [line for line in ax.lines if line.get_linewidth() > 2]
    assert [line.get_label() for line in means] == ["club 1: 12 units"]
    assert means[0].get_ydata() == pytest.approx(fit.tables["over time"]["club 1"])
    assert len(ax.lines) == 1 + len(UNITS) + len(means)


def test_choices_below_a_specification_curve_are_those_of_the_estimate_above():
    fit = fit_of("specification-curve")
    ax = fit.plot()
    drawn = np.asarray(ax.collections[1].get_offsets())[:, 1]
    assert drawn == pytest.approx(sorted(fit.params))
    [below] = ax.child_axes
    names = [tick.get_text() for tick in below.get_yticklabels()]
    lowest = fit.params.idxmin().split(" | ")[0]
    marks = {names[int(line.get_ydata()[0])]: line for line in below.lines}
    assert 0 in list(marks[lowest].get_xdata())


def test_settings_of_the_user_stay_as_they_are():
    before = dict(mpl.rcParams)
    with mpl.rc_context({"axes.titlelocation": "right"}):
        inside = dict(mpl.rcParams)
        ax = fit_of("sigma").plot()
        assert dict(mpl.rcParams) == inside
    assert dict(mpl.rcParams) == before
    assert ax.get_title(loc="left") == "Sigma convergence"


def test_a_picture_that_there_is_not_is_answered_with_those_that_there_are():
    fit = fit_of("moran")
    refused("did you mean 'scatter'", lambda: fit.plot(kind="scater"))
    refused("a map without outlines", lambda: fit.plot(kind="map"))
    with_both = partial(fit.plot, kind="scatter", outlines=OUTLINES)
    refused("outlines for 'scatter'", with_both)
    refused("no picture 'map' of this fit", fit_of("ols").plot, outlines=OUTLINES)


def colours_by_unit(ax):
    drawn = [patch.get_facecolor() for patch in ax.patches]
    return dict(zip(UNITS, drawn, strict=True))


def test_a_map_shades_each_unit_by_its_own_value(tmp_path):
    values = pd.Series(range(12), UNITS, dtype=float, name="growth")
    path = tmp_path / "places.geojson"
    path.write_text(json.dumps(OUTLINES))
    ax = ef.map(values.sample(frac=1, random_state=1), path)
    shades = mpl.colormaps["viridis_r"]
    assert colours_by_unit(ax) == {u: shades(values[u] / 11) for u in UNITS}
    assert ax.get_title(loc="left") == "growth"
    assert ax.alt_text == "Map of 12 units, from 0 (u00) to 11 (u11)."
    values["u03"] = np.nan
    assert colours_by_unit(ef.map(values, OUTLINES))["u03"] == mpl.colors.to_rgba(
        "#EEF0F2"
    )


def test_a_map_of_groups_has_a_key_and_of_coordinates_points():
    groups = pd.Series(["south", "north"] * 6, UNITS)
    ax = ef.map(groups, OUTLINES)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "north",
        "south",
    ]
    places = pd.DataFrame({"unit": UNITS, "lat": range(12), "lon": range(12)})
    points = ef.map(groups, places).lines
    assert [line.get_ydata()[0] for line in points] == list(range(12))


def test_local_moran_colours_units_that_differ_from_chance():
    one = DATA[DATA["year"] == 1990].assign(y=np.repeat([0.0, 9.0], 6))
    fit = ef.moran("y", one, RING, unit="unit", draws=999)
    local = fit.tables["local"].set_index("unit")
    colours = colours_by_unit(fit.plot(outlines=OUTLINES))
    for unit in UNITS:
        pale = mpl.colors.to_rgba("#EEF0F2") == colours[unit]
        assert pale == (local["q"][unit] >= 0.05)


def test_places_that_do_not_match_are_refused_in_one_line(tmp_path):
    values = pd.Series(1.0, [*UNITS, "u99"])
    refused("1 unit without a place on the map .u99.", ef.map, values, OUTLINES)
    refused("1 value of a unit that has one", ef.map, values.iloc[[0, 0]], OUTLINES)
    refused("outlines of type int", ef.map, values, 7)
    refused("x.geojson, which is not there", ef.map, values, tmp_path / "x.geojson")
    twice = {**OUTLINES, "features": OUTLINES["features"][:1] * 2}
    refused("two outlines of u00", ef.map, values, twice)
    refused("a Series with units as its index", ef.map, [1.0], OUTLINES)


def test_a_geodataframe_is_taken_by_column_or_index():
    geopandas = pytest.importorskip("geopandas")
    table = geopandas.GeoDataFrame.from_features(OUTLINES)
    values = pd.Series(range(12), UNITS, dtype=float)
    want = colours_by_unit(ef.map(values, OUTLINES))
    assert colours_by_unit(ef.map(values, table)) == want
    assert colours_by_unit(ef.map(values, table.set_index("unit"))) == want
    named = table.rename(columns={"unit": "code"})
    assert colours_by_unit(ef.map(values, named, unit="code")) == want
