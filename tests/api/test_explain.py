"""What fits say of themselves: ``explain()`` and ``interpret()``, for results and for
their opposites.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evenfield as ef
from api import calls
from api.calls import CALLS, DATED
from evenfield.api.explain import guide
from evenfield.api.interpret import READERS
from evenfield.numerics.inference.methods import METHODS
from made_panel import DATA, KEYS, RING, long, refused

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "library"
API = ROOT / "workflow" / "evenfield" / "api"
FIRST = DATA.query("year == year.min()")
# The same panel backwards: gaps widen.
APART = DATED.assign(year=-DATED["year"] + 4000)
PAGES = [*CALLS, "impacts", "leave-one-out"]  # the last are of methods of a fit


def fit_of(page):
    if page == "impacts":
        return calls.fit_of("spatial-panel").impacts()
    if page == "leave-one-out":
        return calls.fit_of("ols").leave_one_out()
    return calls.fit_of(page)


def sentences(text):
    """Sentences of a text; a full stop inside a number ends none."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", str(text).strip())


def test_every_estimator_has_a_guide_a_reader_and_a_fit_here():
    texts = [path.read_text("utf-8") for path in sorted(API.glob("*.py"))]
    pages = set(re.findall(r'^@reported\("([a-z-]+)"', "\n".join(texts), re.MULTILINE))
    pages |= {"impacts", "leave-one-out"}  # of methods of a fit
    assert set(guide()["estimator"]) == pages, "api/guide.toml, for explain()"
    assert set(READERS) == pages, "READERS of api/interpret.py, for interpret()"
    assert set(PAGES) == pages, "calls.yaml"
    assert not set(METHODS) & set(guide()["inference"]), "said twice"


@pytest.mark.parametrize("page", PAGES)
def test_a_fit_explains_itself(page):
    fit = fit_of(page)
    text = str(fit.explain())
    assert text.startswith(f"{fit.title}: {fit.model}")
    for head in ("Estimated:", "Rows:", "Inference by", "Assumed:", "When not to use"):
        assert f"\n{head}" in text
    assert f"{fit.nobs:,} observations" in text
    assert text.endswith(f"docs/library/{page}.md")


@pytest.mark.parametrize("page", PAGES)
def test_a_fit_is_read_in_two_sentences(page):
    text = str(fit_of(page).interpret())
    assert len(sentences(text)) == 2, text
    assert "nan" not in text and "significant" not in text


@pytest.mark.parametrize("page", PAGES)
def test_when_not_to_use_an_estimator_is_what_its_page_says(page):
    prose = (DOCS / f"{page}.md").read_text().split("**When not to use it.** ")[1]
    paragraph = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", prose.split("\n\n")[0])
    plain = " ".join(re.sub("[`*]", "", paragraph).split())
    without_links = plain.replace(" ()", "")
    assert without_links == guide()["estimator"][page]["not_for"]


def test_gaps_that_close_and_gaps_that_widen_are_told_apart():
    assert "gaps closed by" in fit_of("beta-convergence").interpret()
    apart = ef.beta_convergence("rich ~ 1", APART, **KEYS).interpret()
    assert "did not grow faster" in apart and "gaps widened" in apart
    assert "log income fell" in fit_of("sigma").interpret()
    assert "log income rose" in ef.sigma("income", APART, **KEYS).interpret()


def test_an_interval_that_holds_zero_leaves_the_sign_open():
    noise = DATA.assign(z=np.random.default_rng(8).normal(size=len(DATA)))
    open_sign = ef.ols("z ~ x", noise, **KEYS).interpret()
    assert "the data cannot tell the sign" in open_sign
    assert "excludes 0" in fit_of("ols").interpret()
    fewer = ef.ols("y ~ less", DATA.assign(less=-DATA["x"]), **KEYS).interpret()
    assert "less of y" in fewer and "excludes 0" in fewer
    apart = ef.beta_convergence("rich ~ 1", APART, **KEYS).interpret()
    assert "% a year, excludes 0." in apart


def test_groups_and_dates_are_named():
    assert re.match(r"y in \w+ is .* all others\.", fit_of("contrasts").interpret())
    inequality = fit_of("inequality").interpret()
    assert "fell" in inequality and "lies between the groups" in inequality
    one = ef.inequality("income", DATED.query("year == 1990"), draws=9, unit="unit")
    assert "The index is" in one.interpret()


def test_neighbours_that_are_alike_and_neighbours_that_are_not():
    ring = FIRST.assign(alike=np.sin(np.arange(12) / 2), checked=[1.0, -1.0] * 6)
    alike = ef.moran("alike", ring, RING, draws=199, unit="unit").interpret()
    assert alike.startswith("Neighbours are similar") and "is rejected" in alike
    apart = ef.moran("checked", ring, RING, draws=199, unit="unit").interpret()
    assert "no more similar" in apart


def test_one_parameter_is_read_by_its_name():
    two = DATA.assign(z=DATA["x"] ** 2)
    fit = ef.ols("y ~ x + z", two, **KEYS)
    assert "z has the estimate" in fit.interpret("z")
    assert "controlling for the other regressors" in fit.interpret()
    refused("no parameter 'q'", fit.interpret, "q")


def test_clubs_and_paths_that_do_and_do_not_converge():
    year = np.arange(1990, 2020)
    close = 1 + np.linspace(0.1, 0.5, 8)[:, None] * 0.8 ** np.arange(30)
    apart = 1 + np.linspace(0.1, 0.5, 8)[:, None] * np.arange(1, 31)

    def read(function, paths):
        frame = pd.DataFrame(paths.T, index=year).stack().rename("income")
        data = frame.rename_axis(["year", "unit"]).reset_index()
        return str(function("income", data, smoothing=None, **KEYS).interpret())

    assert "is not rejected" in read(ef.log_t, close)
    assert "form one club" in read(ef.clubs, close)
    assert "is rejected" in read(ef.log_t, apart)


def test_what_is_smaller_than_of_interest_is_said_with_its_own_interval():
    fit = ef.ols("y ~ x", DATA, inference="CR1", **KEYS)
    within = fit.equivalence(bound=5.0)
    low, high = fit.conf_int(0.9).loc["x"]
    for said in (within.interpret(), within.interpret("x")):
        assert f"a 90% confidence interval by CR1 from {low:.3g} to {high:.3g}" in said
        assert (
            "its size is at least 5 has p = " in said and "rejected at the 5%" in said
        )
        assert "95%" not in said
    assert "not rejected" in fit.equivalence(bound=0.1).interpret()


def test_of_several_outcomes_the_contrast_and_their_number_are_said():
    one = DATA[DATA["year"] == 1990].assign(group=lambda rows: rows["unit"] < "u04")
    call = {"unit": "unit", "draws": 99}
    said = ef.label_permutation(["y", "rich"], one, "group", **call).interpret()
    assert said.startswith("The contrast group in y is ")
    assert " allowing for 2 outcomes: " in said
    assert (
        " allowing " not in ef.label_permutation("y", one, "group", **call).interpret()
    )


def test_likeness_beside_controls_and_with_another_variable_is_said():
    one = DATA[DATA["year"] == 1990]
    call = {"unit": "unit", "draws": 99}
    said = ef.moran("y", one, RING, controls=["x", "lat"], **call).interpret()
    assert "others given x and lat: I is" in said
    fit = ef.bivariate_moran("y", one, RING, neighbours="x", **call)
    side = (
        "higher" if fit.params["I"] > fit.notes["mean without dependence"] else "lower"
    )
    assert fit.interpret().startswith(
        f"y is {side} where x of the neighbours is higher: "
    )


def test_where_there_is_no_test_no_p_is_said():
    without = ef.ols("y ~ x", DATA, inference="CR1", **KEYS).leave_one_out()
    assert without.interpret("u04").endswith("It has no confidence interval.")


def of_root(rho, units=40, dates=12):
    """A panel whose gaps change by one root from date to date."""
    rng = np.random.default_rng(2)
    y = np.zeros((units, dates))
    y[:, 0] = rng.normal(size=units)
    for t in range(1, dates):
        y[:, t] = rho * y[:, t - 1] + 0.05 * rng.normal(size=units)
    names = [f"u{i:02d}" for i in range(units)]
    data = long(names, np.arange(1990, 1990 + dates), y=y)
    return data.assign(marked=(data["unit"] < "u20").astype(int))


def test_a_root_is_told_by_the_years_that_a_transition_takes():
    fit = ef.dynamic_fe("y", of_root(0.9), every=2, **KEYS)
    assert "is left 2 years later;" in fit.interpret()
    halves = of_root(0.9).assign(year=lambda rows: rows["year"] / 2)
    fit = ef.dynamic_fe("y", halves, every=2, **KEYS)
    assert "is left 1 year later;" in fit.interpret()


def test_a_root_that_depends_on_units_is_told_where_they_are_zero():
    call = {"interact": "marked", "draws": 99, **KEYS}
    said = ef.dynamic_fe("y", of_root(0.6), **call).interpret()
    assert said.startswith("Of a gap where marked is 0, ")


def test_a_root_above_one_or_below_zero_is_told_as_it_is():
    above = ef.dynamic_fe("y", of_root(1.1), **KEYS)
    assert above.conf_int().loc["rho", "lower"] > 1
    assert (
        "gaps do not close" in above.interpret() and "excludes 1" in above.interpret()
    )
    below = ef.dynamic_fe("y", of_root(-0.4), **KEYS).interpret()
    assert "it changes sign" in below and "gaps do not close" not in below


def test_units_that_end_above_did_grow_faster():
    rng = np.random.default_rng(0)
    start = rng.normal(size=20)
    end = -0.3 * start + 0.1 * rng.normal(size=20)
    names = [f"u{i:02d}" for i in range(20)]
    data = long(names, [1990, 2000], log_y=np.column_stack([start, end]))
    said = str(ef.beta_convergence("log_y ~ 1", data, **KEYS).interpret())
    assert "did not grow" not in said and "nan" not in said
    assert "they ended above" in said and len(sentences(said)) == 2


def test_a_speed_is_told_by_the_inference_in_front():
    both = {"inference": ["HC3", "classical"], **KEYS}
    fit = ef.beta_convergence("rich ~ 1", DATA, **both).vcov("classical")
    alone = ef.beta_convergence("rich ~ 1", DATA, inference="classical", **KEYS)
    pd.testing.assert_frame_equal(fit.tables["speed"], alone.tables["speed"])
    assert fit.interpret() == alone.interpret()


def test_what_a_total_that_falls_loses_is_no_growth():
    fall = DATED.assign(income=1 / DATED["income"])
    first = fall["year"] == fall["year"].min()
    fall["income"] *= np.where(first, 100, 1)
    fit = ef.growth_contributions("income", fall, groups="group", **KEYS)
    assert fit.tables["groups"]["points"].sum() < 0
    said = fit.interpret()
    assert "% of the fall" in said and "growth" not in said and "outgrew" not in said


def test_a_model_without_effects_on_others_leaves_no_sign_open():
    fit = ef.spatial_panel("y ~ x", DATA, RING, model="SEM", **KEYS)
    said = fit.impacts().interpret()
    assert "no effect on others" in said and "cannot tell" not in said
    alone = ef.spatial_panel("y ~ x", DATA, RING, model="OLS", **KEYS)
    assert "controlling for the other regressors" not in alone.interpret()


def test_cells_that_nothing_is_compared_with_are_counted():
    first = DATA["unit"].map(lambda unit: 1995 if unit < "u06" else 1998)
    fit = ef.event_study(
        "y ~ 1", DATA.assign(first=first), first="first", draws=99, **KEYS
    )
    lost = fit.tables["event study"].loc["0 to 5", "not imputed"]
    assert lost > 0
    assert f"{lost} cells with it have none to compare with" in fit.interpret()


@pytest.mark.parametrize("page", CALLS)
def test_each_inference_in_front_is_read_in_two_sentences(page):
    fit = fit_of(page)
    for kind in filter(None, fit.to_frame()["inference"].unique()):
        text = str(fit.vcov(kind).interpret())
        assert len(sentences(text)) == 2 and "nan" not in text, text


def test_horizons_without_a_cell_are_said():
    first = DATA["unit"].map(lambda unit: 1998 if unit < "u06" else 0)
    data = DATA.assign(first=first)
    hole = (data["first"] == 1998) & data["year"].isin([1999, 2000])
    call = {"first": "first", "draws": 99, **KEYS}
    said = ef.event_study("y ~ 1", data[~hole], **call).interpret()
    assert "no cell counts 1 or 2 dates after it" in said
    assert "no cell" not in ef.event_study("y ~ 1", data, **call).interpret()


def test_gaps_that_widen_more_slowly_do_not_close():
    growth = np.where(np.arange(1, 21) <= 10, 1.08, 1.03).cumprod()
    gap = np.linspace(-1, 1, 12)[:, None] * np.append(1.0, growth)
    noise = 0.01 * np.random.default_rng(4).normal(size=gap.shape)
    data = long([f"u{i:02d}" for i in range(12)], np.arange(1980, 2001), y=gap + noise)
    spans = [(1980, 1990), (1990, 2000)]
    fit = ef.beta_changes("y", data, spans=spans, draws=99, **KEYS)
    assert (fit.tables["speed"]["speed"] < 0).all()
    said = fit.interpret()
    assert said.startswith("The speed at which gaps close was higher from 1990")


def test_a_placement_needs_a_policy():
    one = FIRST.assign(marked=[1.0, 0.0] * 6)
    refused("without a policy", ef.placement, "y ~ 1", one, unit="unit")


def test_a_fall_by_another_inference_has_the_deviations_still():
    call = {"inference": ["HC3", "wild"], "draws": 99, **KEYS}
    fit = ef.sigma("income", DATED, **call)
    before = sentences(fit.interpret())[0]
    assert sentences(fit.vcov("wild").interpret())[0] == before
