"""The dynamic spatial panel: rows, the rule that withholds numbers, invariance, named
errors.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.spatial_panel.dynamic import fit_dynamic
from evenfield.numerics.spatial_panel.dynamic_effects import dynamic_monte_carlo
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EvenfieldError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.dynamic_spatial.estimate import (
    Section,
    controlled,
    estimate,
    withheld_reason,
)
from made_study import MadeStudy, row, same_numbers
from numerics.spatial_panel.test_dynamic import simulated

PANEL, NET = simulated(n=16, t=9, seed=13)
UNITS = list(NET.units)
RING = SpatialWeights(tuple(UNITS), NET.matrix.toarray(), {"weights": "ring"})
VARIABLES = {name: {"expression": name, "label": name} for name in ("a", "b")}
SPEC = {"id": "main", "years": [2000, 2009], "regressors": ["a", "b"]}
SETTINGS = {"draws": 300, "replications": 40, "max_bias": 0.2}


def make_study(change=None, **spec):
    n, t = PANEL.values.shape[:2]
    frame = pd.DataFrame(
        {"unit": np.repeat(UNITS, t), "year": np.tile(np.arange(2000, 2000 + t), n)}
    )
    values = {
        name: PANEL.values[..., i].ravel()
        for i, name in enumerate(("log_income", "a", "b"))
    }
    frame = frame.assign(basis="official", **values)
    doses = pd.DataFrame(
        {"unit": [], "year": [], "zone_type": [], "zones": [], "zones_dated": []}
    )
    section = {"variables": VARIABLES, "specifications": [{**SPEC, **spec}], **SETTINGS}
    tables = {"panel": change(frame) if change else frame, "doses": doses}
    return MadeStudy(
        {"estimates": {"dynamic_spatial": section}},
        tables,
        {"ring": RING},
        samples={"all": UNITS},
    )


def section(**changes):
    return Section(
        variables=VARIABLES, specifications=[SPEC], **{**SETTINGS, **changes}
    )


@pytest.fixture(scope="module")
def results():
    return estimate(make_study())


def test_rows_and_series_hold_the_numbers_of_the_numerics(results):
    fit = fit_dynamic(PANEL, NET)
    for i, name in enumerate(fit.names):
        found = row(results, estimator="dynamic_sdm", effect_type="coef", term=name)
        assert found.estimate == pytest.approx(fit.estimates[i])
        assert found.std_error == pytest.approx(fit.std_errors[i])
        assert found.conf_high == pytest.approx(
            fit.estimates[i] + 1.959964 * fit.std_errors[i]
        )
    likelihood = row(results, estimator="dynamic_sdm_likelihood", term="tau")
    assert (likelihood.estimate, likelihood.role) == (
        pytest.approx(fit.likelihood[1]),
        "ladder",
    )
    assert (likelihood.period, likelihood.n_obs, likelihood.n_periods) == (
        "2001-2009",
        144,
        9,
    )
    assert row(results, effect_type="radius").estimate < 1
    effects = {e.effect_type for e in results.estimates}
    assert {
        "short_run_direct",
        "after_1_indirect",
        "after_10_total",
        "long_run_total",
    } <= effects
    series = results.series["series"]
    adjusted = series[series["estimator"].eq("adjusted")]
    assert (len(series), len(adjusted)) == (9, 3)
    assert (
        adjusted["coverage"].between(0, 1).all() and adjusted["controlled"].eq(1).all()
    )
    assert series.loc[series["estimator"].ne("adjusted"), "coverage"].isna().all()


def test_numbers_are_withheld_where_the_bias_or_the_root_is_not_controlled():
    study = make_study()
    study.config["estimates"]["dynamic_spatial"] |= {
        "max_bias": 1e-9,
        "max_bias_in_sd": 1e-9,
    }
    strict = estimate(study)
    rows = estimates_frame(strict.estimates)
    assert (
        rows[["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]]
        .isna()
        .all(axis=None)
    )
    assert (
        rows["warning"].str.contains("WITHHELD: the Monte Carlo finds a bias of").all()
    )
    assert strict.series["series"]["bias"].notna().any()
    assert strict.fit["specifications"]["main"]["withheld"].startswith("WITHHELD")
    fit = fit_dynamic(PANEL, NET)
    check = dynamic_monte_carlo(PANEL, fit, np.random.default_rng(1), 40)
    assert withheld_reason(fit, check, section()) == ""
    assert "no root" in withheld_reason(replace(fit, found=False), check, section())
    edge = replace(
        fit, estimates=np.array([NET.logdet.domain[1] - 1e-5, *fit.estimates[1:]])
    )
    assert "rho at the edge of its range" in withheld_reason(edge, check, section())
    few = replace(check, estimated=np.array([40, 40, 30]))
    assert (
        "only 75% of" in withheld_reason(fit, few, section())
        and not controlled(few, section())[-1].any()
    )
    small = replace(check, bias=np.full((3, 3), 0.1), sd=np.full((3, 3), 0.3))
    assert controlled(small, section(max_bias=0.02)).all()
    assert not controlled(small, section(max_bias=0.02, max_bias_in_sd=0.2)).any()


def test_order_of_rows_and_weights_and_names_of_units_change_no_number(results):
    same_numbers(results, estimate(make_study().shuffled(1)))
    same_numbers(
        results, estimate(make_study().renamed({unit: f"z{unit}" for unit in UNITS}))
    )


@pytest.mark.parametrize(
    ("made", "text"),
    [
        ({"weights": "nowhere"}, "weights of main names 1 that is unknown"),
        ({"regressors": ["gold"]}, "regressor gold of main is not one of a, b"),
        ({"years": [2009, 2000]}, "run from 2009 to 2000"),
        ({"outcome": "a"}, "specifications.0.outcome"),
        (
            {"change": lambda f: f.assign(a=f["a"].where(f.index != 5))},
            "is blank 1 times",
        ),
        ({"years": [2000, 2003]}, "too few: at least 4"),
    ],
)
def test_bad_config_and_data_are_named(made, text):
    with pytest.raises(EvenfieldError, match=text):
        estimate(make_study(**made))
