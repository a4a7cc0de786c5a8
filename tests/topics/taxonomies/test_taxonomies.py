"""Comparison of taxonomies: closed forms, a planted interaction wins, no interaction
does not, alignment.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from statsmodels.regression.linear_model import OLS

from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.study.errors import EvenfieldError
from evenfield.topics.taxonomies.estimate import TaxonomiesSpec, check_data, estimate
from fits_of_rows import assert_rows_are_fits
from made_study import MadeStudy, grid, of_units, same_results, unit_names
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

N = 30
NAMES = unit_names(N, "u")
POSITION = np.arange(N)
CLUSTER = POSITION < 6
SEZ = (POSITION > 2) & (POSITION < 9)
PERIODS = from_yaml("""
    - {period: P1, start: 1990, end: 1999, role: main, basis: proxy}
    - {period: P2, start: 2000, end: 2010, role: main, basis: official}
    """)
SPEC = from_yaml("""
    id: growth
    role: primary
    endogenous: count
    exogenous: state
    plane_hypothesis: L47
    """)


def make_study(both=1.0, sez=SEZ, clusters=True, **changes):
    rng = default_rng(8)
    periods = []
    cells = []
    cell = np.select(
        [CLUSTER & sez, CLUSTER, sez], ["both", "cluster only", "SEZ only"], "neither"
    )
    for item in PERIODS:
        growth = (
            5 + CLUSTER + 0.5 * SEZ + both * (CLUSTER & SEZ) + 0.5 * rng.normal(size=N)
        )
        own = {"period": item["period"]}
        periods.append(of_units(NAMES, **own, growth_pct_per_year=growth))
        lists = {"cluster": CLUSTER * 1, "sez": sez * 1, "cell": cell}
        cells.append(of_units(NAMES, **own, taxonomy="main", **lists))
        moved = {name: np.roll(values, 3) for name, values in lists.items()}
        cells.append(of_units(NAMES, **own, taxonomy="other", **moved))
    units, links = grid(NAMES)
    # No shift of one period into the other, which would leave the plane the same fit.
    doses = [
        {"unit": u, "year": y, "zones": i % 4 + (y > 1999) * (i % 3)}
        for i, u in enumerate(NAMES)
        for y in (1995, 2005)
    ]
    tables = {
        "periods": pd.concat(periods),
        "cells": pd.concat(cells),
        "units": units.assign(coastal=(POSITION % 6 < 3) * 1),
        "adjacency": links,
        "doses": pd.concat(
            [
                pd.DataFrame(doses).assign(zone_type="state"),
                pd.DataFrame(doses).assign(zone_type="port", zones=POSITION[0] + 9),
            ]
        ),
        "clusters": of_units(NAMES, measure="count", value=POSITION % 7).head(
            N if clusters else 0
        ),
    }
    config = {
        "estimates": {"taxonomies": [{**SPEC, **changes}]},
        "weights": {"join": []},
    }
    config["taxonomy"] = {"primary": "main", "all": ["main", "other"]}
    return MadeStudy(
        config,
        tables,
        data_hash="abc",
        periods=PERIODS,
        samples={"all": NAMES, "few": NAMES[:20]},
    )


def test_a_planted_interaction_wins_and_its_absence_does_not():
    planted, plain = (
        [e for e in estimate(make_study(b)).estimates if e.role == "primary"]
        for b in (6.0, 0.0)
    )
    assert len(planted) == 4
    assert all(e.estimate > 0 and e.p_value < 0.05 for e in planted)
    assert all(e.p_value > 0.05 / len(plain) for e in plain)
    assert all(e.estimate < 2 for e in plain if e.estimator == "bic_gain")


def test_shuffled_rows_and_renamed_units_change_nothing():
    study = make_study()
    expected = estimate(study)
    same_results(estimate(study.shuffled(4)), expected)
    renamed = estimate(study.renamed())
    for one, two in zip(renamed.estimates, expected.estimates, strict=True):
        assert (one.estimate, one.p_value) == pytest.approx(
            (two.estimate, two.p_value), rel=1e-8, nan_ok=True
        )


def test_a_plane_that_is_missing_is_said():
    reasons = (
        "30 units lack count or zones of type state",
        "no continuous measures named in the config",
    )
    for estimates, reason in zip(
        ({"clusters": False}, {"endogenous": ""}), reasons, strict=True
    ):
        results = estimate(make_study(**estimates))
        assert results.fit["left_out"][0] == {
            "part": "growth, P1, plane",
            "reason": reason,
        }
        assert "plane" not in {e.term for e in results.estimates}


def designs(period):
    """Return growth and the regressors of every grouping, by hand."""
    study = make_study()
    growth = study.tables["periods"].query(f"period == '{period}'")
    y = growth["growth_pct_per_year"].to_numpy()
    one = np.ones(N)
    zones = POSITION % 4 + (period == "P2") * (POSITION % 3)
    models = {
        "no groups": one[:, None],
        "dichotomy": np.column_stack([one, CLUSTER, SEZ]),
        "four cells": np.column_stack([one, CLUSTER, SEZ, CLUSTER & SEZ]),
        "plane": np.column_stack([one, POSITION % 7, zones, (POSITION % 7) * zones]),
    }
    return y, models


def squared_error(y, X):
    errors = OLS(y, X).fit().get_influence().resid_press
    return np.mean(errors**2)


def found_rows(**wanted):
    results = estimate(make_study())
    return {
        (e.term, e.estimator): e
        for e in results.estimates
        if all(getattr(e, key) == value for key, value in wanted.items())
    }


@pytest.mark.parametrize("period", ["P1", "P2"])
def test_scores_and_gains_are_those_of_regressions_without_each_unit(period):
    y, models = designs(period)
    result = found_rows(period=period, role="exploratory")
    for name, X in models.items():
        mse = result[name, "loo_mse"]
        close(mse.estimate, squared_error(y, X))
        fit = OLS(y, X).fit()
        bic = N * np.log(fit.ssr / N) + X.shape[1] * np.log(N)
        close(result[name, "bic"].estimate, bic)
        assert result[name, "bic"].df == X.shape[1]
    deciding = found_rows(period=period, role="primary")
    for name, rows in (("four cells", deciding), ("plane", result)):
        share = 1 - squared_error(y, models[name]) / squared_error(
            y, models["dichotomy"]
        )
        close(rows[name, "loo_gain"].estimate, share)
        points = OLS(y, models["dichotomy"]).fit().bic - OLS(y, models[name]).fit().bic
        close(rows[name, "bic_gain"].estimate, points)
    assert deciding["four cells", "loo_gain"].n_treated == 3
    assert result["plane", "loo_gain"].hypothesis == "L47"


def test_labels_of_one_permutation_move_over_the_outcome_of_both_groupings():
    y, models = designs("P1")
    study = make_study()
    geographies = study_geographies(study)
    labels = np.zeros((N, 1))
    source = geographies.draws("free", np.array(NAMES), labels, "s:all").source
    gains = []
    for order in source:
        small, large = (
            squared_error(y, models[name][order])
            for name in ("dichotomy", "four cells")
        )
        gains.append(1 - large / small)
    result = found_rows(period="P1", role="primary")["four cells", "loo_gain"]
    beyond = sum(gain >= result.estimate - 1e-9 for gain in gains)
    close(result.p_value, (1 + beyond) / 200)


def test_other_taxonomies_are_robustness_and_samples_leave_units_out():
    rows = found_rows(period="P1", role="robustness", estimator="loo_gain")
    assert rows["four cells", "loo_gain"].treatment_def == "other"
    few = estimate(make_study(sample="few")).estimates
    assert {e.n_units for e in few} == {20}
    assert {e.sample_id for e in few} == {"few"}


def test_a_grouping_with_a_unit_alone_is_not_defined_and_says_so():
    alone = np.where(POSITION == 29, 1, 0) == 1  # one zone unit, in no cluster
    rows = estimate(make_study(sez=alone)).estimates
    deciding = [e for e in rows if e.role == "primary"]
    assert deciding
    assert all(
        np.isnan(e.estimate) and "not defined: u29 is alone in its group" in e.warning
        for e in deciding
    )


@pytest.mark.parametrize(
    ("name", "known"), [("endogenous", "count"), ("exogenous", "state")]
)
def test_an_axis_must_be_in_the_tables_if_it_is_named(name, known):
    study = make_study()
    spec = TaxonomiesSpec(**SPEC)
    for axis in ("", known):
        check_data(study, [spec], spec.model_copy(update={name: axis}))
    fails(
        EvenfieldError,
        f"estimates.taxonomies.growth.{name}",
        check_data,
        study,
        [spec],
        spec.model_copy(update={name: "nowhere"}),
    )


def test_rows_are_fits_of_the_library():
    study = make_study()
    counts = assert_rows_are_fits(study, "taxonomies", estimate(study).estimates)
    # No groups, two labels, four cells and the plane, in two periods.
    assert counts["bic", "stat"] == counts["loo_mse", "stat"] == 8
    # Four cells of two taxonomies and the plane.
    assert counts["bic_gain", "stat"] == counts["loo_gain", "stat"] == 6
    for name in ("stratified", "connected"):
        assert counts[f"loo_gain_{name}", "stat"] == 2
