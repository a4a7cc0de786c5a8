"""The spatial pattern on frames: against esda, invariance, studies without policy parts, refusals."""

from dataclasses import replace

import esda
import numpy as np
import pandas as pd
import pytest
from libpysal.weights import full2W

from evenfield.shared.estimates import estimates_frame
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.moran.estimate import PatternStudy, estimate_pattern
from evenfield.topics.moran.estimate_spec import PATTERN_SERIES, PatternSpec, parse_pattern_specs
from tolerances import CLOSED_FORM

INFERENCE = InferenceSpec(permutations=199)
SPEC = PatternSpec("p", "all", "s", regions="region", taxonomies=("t",))
NUMBERS = ["estimate", "std_error", "statistic", "p_value", "p_adjusted"]
YEARS = (2000, 2001, 2002, 2003)


def make_study(n=16, marks=(0, 1, 2, 3), years=YEARS):
    rng, units = np.random.default_rng(7), [f"U{i:02d}" for i in range(n)]
    links = np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)
    W = links / links.sum(axis=1, keepdims=True)
    y = np.cumsum(np.column_stack([np.linalg.solve(np.eye(n) - 0.8 * W, rng.standard_normal(n)) + 9,
                                   0.05 + 0.02 * rng.standard_normal((n, len(years) - 1))]), axis=1)  # fmt: skip
    panel = pd.concat([pd.DataFrame({"unit": units, "year": year, "basis": "official", "log_income": y[:, t],
                                     "growth_pct": 100 * (y[:, t] - y[:, t - 1]) if t else np.nan})
                       for t, year in enumerate(years)], ignore_index=True)  # fmt: skip
    growth = 100 * (y[:, -1] - y[:, 0]) / (years[-1] - years[0])
    periods = pd.DataFrame({"unit": units, "period": "A", "start_year": years[0], "end_year": years[-1],
                            "basis": "official", "growth_pct_per_year": growth})  # fmt: skip
    cells = pd.DataFrame({"taxonomy": "t", "unit": units, "period": "A", "cluster": 0, "sez": 0})
    cells.loc[list(marks), "cluster"] = 1
    described = pd.DataFrame({"unit": units, "region": ["East"] * (n // 2) + ["West"] * (n - n // 2)})
    scheme = SchemeInfo("s", {"all": tuple(units), "small": tuple(units[2:]), "two": tuple(units[:2])}, 1, years[0])
    return PatternStudy(panel, periods, cells, described, SpatialWeights(tuple(units), W, {"weights": "ring"}), scheme)


def run(study, *specs):
    return estimate_pattern({"s": study}, specs or (SPEC,), INFERENCE)


def rows(results, estimator, **wanted):
    return [e for e in results.estimates if e.estimator == estimator
            and all(getattr(e, name) == value for name, value in wanted.items())]  # fmt: skip


def test_moran_and_geary_of_a_year_equal_esda():
    study = make_study()
    results = run(study)
    y = study.panel[study.panel["year"] == 2002].set_index("unit")["log_income"].loc[list(study.weights.units)]
    w = full2W(np.array(study.weights.matrix))
    w.transform = "r"
    moran = rows(results, "moran", outcome="log_income", controls_id="none", period="2002")[0]
    geary = rows(results, "geary", outcome="log_income", controls_id="none", period="2002")[0]
    assert moran.estimate == pytest.approx(esda.Moran(y.to_numpy(), w, permutations=0).I, rel=CLOSED_FORM)
    assert geary.estimate == pytest.approx(esda.Geary(y.to_numpy(), w, permutations=0).C, rel=CLOSED_FORM)
    assert moran.p_adjusted <= 0.1


def test_variables_and_what_is_taken_out():
    study = make_study()
    results = run(study)
    kinds = {(e.outcome, e.controls_id) for e in rows(results, "moran")}
    assert kinds == {("log_income", "none"), ("log_income", "region"), ("growth", "none"), ("growth", "region"),
                     ("growth", "log_income_start")}  # fmt: skip
    frame = study.panel.pivot(index="unit", columns="year", values="log_income")
    g = 100 * (frame[2001] - frame[2000])
    line = np.polyfit(frame[2000], g, 1)
    e = (g - np.polyval(line, frame[2000])).to_numpy()
    expected = e @ np.array(study.weights.matrix) @ e / (e @ e)
    found = rows(results, "moran", outcome="growth", controls_id="log_income_start", period="2001")[0]
    assert found.estimate == pytest.approx(expected, rel=CLOSED_FORM)


def test_strip_and_its_counts_agree():
    results = run(make_study())
    strip = results.series[(results.series["kind"] == "local") & (results.series["variable"] == "log_income")]
    assert list(results.series.columns) == list(PATTERN_SERIES)
    assert len(strip) == 16 * 4
    counts = (strip["q_value"] <= 0.05).groupby(strip["year"]).sum()
    for row in rows(results, "local_moran", outcome="log_income"):
        assert row.estimate == counts[int(row.period)]
    assert (strip["q_value"] >= strip["p_value"]).all()


def test_joins_of_neighbouring_clusters():
    row = rows(run(make_study()), "join_count", contrast="cluster")[0]
    assert row.estimate == 3
    assert row.p_value == pytest.approx(16 / 1820)  # 16 of the 1,820 placements of 4 on a ring of 16 are one run
    assert row.n_treated == 4
    assert row.seed == ""


def test_no_zone_and_no_taxonomy_are_said():
    results = run(make_study())
    none = [*rows(results, "join_count", contrast="sez"), *rows(results, "bivariate_moran", contrast="sez")]
    assert len(none) == 2
    assert all(np.isnan(e.estimate) and "not defined" in e.warning for e in none)
    plain = run(make_study(), replace(SPEC, taxonomies=(), regions=""))
    assert {e.estimator for e in plain.estimates} == {"moran", "geary", "local_moran"}


def test_shuffled_rows_and_permuted_weights_change_nothing():
    study, specs = make_study(), (SPEC, replace(SPEC, id="q", sample="small"))
    order = np.random.default_rng(1).permutation(16)
    units = tuple(np.array(study.weights.units)[order])
    moved = SpatialWeights(units, study.weights.matrix[np.ix_(order, order)], study.weights.spec)
    frames = {name: getattr(study, name).sample(frac=1, random_state=5)
              for name in ("panel", "periods", "cells", "units")}  # fmt: skip
    one, two = run(study, *specs), run(replace(study, weights=moved, **frames), *specs)
    pd.testing.assert_frame_equal(estimates_frame(one.estimates), estimates_frame(two.estimates))
    pd.testing.assert_frame_equal(one.series, two.series)


def test_renamed_units_change_no_number():
    study = make_study()
    names = {unit: f"Z{99 - i}" for i, unit in enumerate(study.weights.units)}
    frames = {name: getattr(study, name).assign(unit=getattr(study, name)["unit"].map(names))
              for name in ("panel", "periods", "cells", "units")}  # fmt: skip
    other = replace(study, weights=SpatialWeights(tuple(names.values()), study.weights.matrix, study.weights.spec),
                    scheme=SchemeInfo("s", {"all": tuple(sorted(names.values()))}, 1, 2000), **frames)  # fmt: skip
    one, two = (estimates_frame(run(s).estimates)[NUMBERS] for s in (study, other))
    pd.testing.assert_frame_equal(one, two, rtol=1e-8)


def test_panels_without_growth_keep_income_only():
    results = run(replace(make_study(), panel=make_study().panel.drop(columns="growth_pct")))
    assert {e.outcome for e in rows(results, "moran")} == {"log_income"}


def test_small_and_constant_samples_are_not_defined():
    two = rows(run(make_study(), replace(SPEC, sample="two", regions="")), "local_moran")
    assert all(np.isnan(e.estimate) for e in two)
    flat = make_study()
    flat = replace(flat, panel=flat.panel.assign(log_income=9.0))
    assert all("constant" in e.warning for e in rows(run(flat), "moran", outcome="log_income"))


def test_refusals():
    study = make_study()
    with pytest.raises(EstimateError, match="which the units do not have"):
        run(study, replace(SPEC, regions="province"))
    with pytest.raises(EstimateError, match="taxonomies"):
        run(study, replace(SPEC, taxonomies=("other",)))
    blank = study.units.assign(region=study.units["region"].where(study.units.index > 0))
    with pytest.raises(EstimateError, match="1 units have no region"):
        run(replace(study, units=blank))
    hole = study.panel.copy()
    hole.loc[20, "growth_pct"] = np.nan
    with pytest.raises(EstimateError, match="growth_pct is missing"):
        run(replace(study, panel=hole))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"id": "p", "map": 1}, "unknown key"),
        ({"id": "p", "taxonomies": "t"}, "a list"),
        ({"id": "p", "discovery_rate": 2.0}, "discovery_rate"),
        ({"id": "p", "sample": "nobody"}, "sample"),
    ],
)
def test_bad_config(item, words):
    with pytest.raises(EstimateError, match=words):
        parse_pattern_specs([item], {"s": make_study().scheme}, "s")
