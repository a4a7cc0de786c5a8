"""The dynamic spatial family: rows, the rule that withholds numbers, alignment, named errors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.spatial_panel.dynamic import fit_dynamic
from evenfield.numerics.spatial_panel.dynamic_effects import dynamic_monte_carlo
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.dynamic_spatial.estimate import (
    SERIES_COLUMNS,
    controlled,
    estimate_dynamic_spatial,
    withheld_reason,
)
from evenfield.topics.dynamic_spatial.estimate_spec import DynamicSettings, parse_dynamic_settings, parse_dynamic_specs
from unit.numerics.spatial_panel.test_dynamic import simulated

PANEL, NET = simulated(n=16, t=9, seed=13)
UNITS = list(NET.units)
WEIGHTS = {"ring": SpatialWeights(tuple(UNITS), NET.matrix.toarray())}
SECTION = {
    "variables": {name: {"kind": "column", "column": name, "label": name} for name in ("a", "b")},
    "specifications": [{"id": "main", "years": [2000, 2009], "regressors": ["a", "b"]}],
}  # fmt: skip
SETTINGS = DynamicSettings(draws=300, replications=40, max_bias=0.2)
DESCRIPTION = {"unit_scheme": "all", "data_hash": "abc", "samples": {"all": UNITS}}
DOSES = pd.DataFrame({"unit": [], "year": [], "zone_type": [], "zones": []})


def rows_of(panel=PANEL):
    n, t = panel.values.shape[:2]
    return pd.DataFrame({
        "unit": np.repeat(panel.units, t), "year": np.tile(np.arange(2000, 2000 + t), n), "basis": "official",
        **{name: panel.values[..., i].ravel() for i, name in enumerate(("log_income", "a", "b"))},
    })  # fmt: skip


def run(rows=None, weights=WEIGHTS, section=SECTION, settings=SETTINGS):
    rows = rows_of() if rows is None else rows
    specs = parse_dynamic_specs(section, "ring")
    return estimate_dynamic_spatial(rows, DOSES, weights, DESCRIPTION, specs, settings)


@pytest.fixture(scope="module")
def results():
    return run()


def one(results, **where):
    rows = estimates_frame(results.estimates)
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_rows_hold_the_numbers_of_the_numerics(results):
    fit = fit_dynamic(PANEL, NET)
    for name in fit.names:
        row = one(results, estimator="dynamic_sdm", effect_type="coef", term=name)
        assert row["estimate"] == pytest.approx(fit.estimates[fit.names.index(name)])
        assert row["std_error"] == pytest.approx(fit.std_errors[fit.names.index(name)])
    likelihood = one(results, estimator="dynamic_sdm_likelihood", term="tau")
    assert (likelihood["estimate"], likelihood["role"]) == (pytest.approx(fit.likelihood[1]), "ladder")
    assert likelihood["period"] == "2001-2009"
    assert one(results, effect_type="radius")["estimate"] < 1
    effects = estimates_frame(results.estimates)["effect_type"]
    assert {"short_run_direct", "after_1_indirect", "after_10_total", "long_run_total"} <= set(effects)


def test_series_is_the_monte_carlo(results):
    assert list(results.series.columns) == SERIES_COLUMNS
    assert len(results.series) == 9
    adjusted = results.series[results.series["estimator"].eq("adjusted")]
    assert adjusted["coverage"].between(0, 1).all()
    assert adjusted["controlled"].eq(1).all()


def test_numbers_are_withheld_where_the_bias_is_not_controlled():
    strict = run(settings=replace(SETTINGS, max_bias=1e-9, max_bias_in_sd=1e-9))
    rows = estimates_frame(strict.estimates)
    assert rows["estimate"].isna().all()
    assert rows["p_value"].isna().all()
    assert rows["warning"].str.contains("WITHHELD: the Monte Carlo finds a bias of").all()
    assert strict.series["bias"].notna().any()
    assert strict.fit["specifications"]["main"]["withheld"].startswith("WITHHELD")


def test_rule_needs_a_root_and_enough_panels():
    fit = fit_dynamic(PANEL, NET)
    check = dynamic_monte_carlo(PANEL, fit, np.random.default_rng(1), 40)
    assert withheld_reason(fit, check, SETTINGS) == ""
    assert "no root" in withheld_reason(replace(fit, found=False), check, SETTINGS)
    edge = replace(fit, estimates=np.array([NET.logdet.domain[1] - 1e-5, *fit.estimates[1:]]))
    assert "rho at the edge of its range" in withheld_reason(edge, check, SETTINGS)
    few = replace(check, estimated=np.array([40, 40, 30]))
    assert "only 75% of" in withheld_reason(fit, few, SETTINGS)
    assert not controlled(few, SETTINGS)[-1].any()
    small = replace(check, bias=np.full((3, 3), 0.1), sd=np.full((3, 3), 0.3))
    assert controlled(small, replace(SETTINGS, max_bias=0.02)).all()
    assert not controlled(small, replace(SETTINGS, max_bias=0.02, max_bias_in_sd=0.2)).any()


def test_order_of_rows_and_weights_does_not_matter(results):
    order = np.random.default_rng(4).permutation(len(UNITS))
    mixed = SpatialWeights(tuple(UNITS[i] for i in order), WEIGHTS["ring"].matrix[np.ix_(order, order)])
    again = run(rows_of().sample(frac=1, random_state=1), {"ring": mixed})
    first, second = (estimates_frame(r.estimates).set_index("estimate_id") for r in (results, again))
    coefficients = first["effect_type"].isin(["coef", "radius", "short_run_direct", "long_run_total"])
    kept = first.index[coefficients]
    gap = second.loc[kept, "estimate"].to_numpy() - first.loc[kept, "estimate"].to_numpy()
    assert np.nanmax(np.abs(gap)) < 1e-8


def test_bad_config_and_data_are_named():
    def changed(**change):
        return {**SECTION, "specifications": [{**SECTION["specifications"][0], **change}]}

    with pytest.raises(EstimateError, match="names weights nowhere"):
        run(section=changed(weights="nowhere"))
    with pytest.raises(EstimateError, match="is not a variable"):
        run(section=changed(regressors=["gold"]))
    with pytest.raises(EstimateError, match="run from 2009 to 2000"):
        run(section=changed(years=[2009, 2000]))
    with pytest.raises(EstimateError, match="used twice"):
        run(section={**SECTION, "specifications": SECTION["specifications"] * 2})
    with pytest.raises(EstimateError, match="is blank 1 times"):
        run(rows_of().assign(a=lambda d: d["a"].where(d.index != 5)))
    with pytest.raises(EstimateError, match="too few: at least 4"):
        run(section=changed(years=[2000, 2003]))


def test_settings_read_the_config():
    found = parse_dynamic_settings({"draws": 200, "horizons": [2]}, {"conf_level": 0.9, "seed": 5})
    assert (found.level, found.seed, found.draws, found.horizons, found.replications) == (0.9, 5, 200, (2,), 400)
