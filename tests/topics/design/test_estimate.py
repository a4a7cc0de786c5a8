"""Design diagnostics: the numbers of the study's design, and studies without regimes,
coordinates or names.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from china_design import (
    make_cells,
    make_exposures,
    make_periods,
    make_units,
    read_design,
    weights_of,
)
from evenfield.shared.calls import NoCallError
from evenfield.shared.estimates import estimates_frame
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.design.call import GROWTH, call
from evenfield.topics.design.estimate import estimate
from fits_of_rows import assert_rows_are_fits
from made_study import (
    MadeStudy,
    order_and_names_do_not_matter,
    row,
)
from tolerances import close

UNITS, A, DISTANCE, C, S = read_design()
NONE = np.zeros(31)
W = {name: weights_of(A, DISTANCE)[name] for name in ("contiguity", "nearest_4")}
FIRST = pd.DataFrame(
    {
        "unit": UNITS,
        "zone_type": "state",
        "first_year": np.nan,
        "first_year_dated": np.nan,
    }
)
SEED = make_cells("seed", C, S)
DIFFERENCE = "exposure_cluster - exposure_sez"


def make_study(cells=SEED, taxonomy="seed", section=None, **tables):
    facts = {
        "kind": "contiguity",
        "links": 69,
        "rho_low": None,
        "rho_high": 1.0,
    }
    weights = {}
    for k, matrix in W.items():
        weights[k] = SpatialWeights(tuple(UNITS), matrix, {"weights": k, **facts})
    base = {
        "units": make_units(),
        "periods": make_periods(),
        "cells": cells,
        "exposures": make_exposures(cells, W),
    }
    config = {
        "estimates": {"design": section or {"weights": list(W)}},
        "taxonomy": {"primary": taxonomy},
    }
    about = {"data_hash": "abc", "years": list(range(1978, 2020)), "samples": {}}
    return MadeStudy(config, {**base, "first_years": FIRST, **tables}, weights, **about)


def run(*args, **estimates):
    return estimate(make_study(*args, **estimates))


@pytest.fixture(scope="module")
def results():
    return run()


def block(results, name, **where):
    rows = results.series["series"].query("block == @name")
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


@pytest.mark.parametrize(
    ("spec_id", "term", "contrast", "printed"),
    [
        ("alone", "own_cluster", "", 1.42),
        ("joint", "own_cluster", "own_cluster - own_sez", 2.90),
        ("exposures", "own_cluster", "", 1.91),
        ("exposures", "own_sez", "", 1.85),
        ("exposures", "exposure_cluster", "", 2.94),
        ("exposures", "exposure_cluster per s.d.", "", 0.86),
        ("exposures", "exposure_sez per s.d.", "", 0.69),
        ("exposures", "exposure_cluster", DIFFERENCE, 5.30),
    ],
)
def test_effects_in_units_of_s(results, spec_id, term, contrast, printed):
    where = {
        "spec_id": spec_id,
        "term": term,
        "contrast": contrast,
        "unit_of_measure": "s",
    }
    result = row(
        results,
        estimator="mde_t",
        w_id="contiguity" if spec_id == "exposures" else "",
        **where,
    )
    close(result.mde, printed, atol=0.005)
    assert (result.role, result.effect_type) == ("design", "stat")


def test_effects_in_points_scale_with_the_spread_and_need_coordinates_for_scpc(results):
    where = {
        "estimator": "mde_scpc_03",
        "spec_id": "exposures",
        "contrast": DIFFERENCE,
        "w_id": "contiguity",
    }
    in_s = row(results, **where, unit_of_measure="s").mde
    growth = make_periods().query("period == 'P2'")["growth_pct_per_year"]
    in_points = row(
        results,
        **where,
        unit_of_measure="pp/yr",
        period="P2",
    ).mde
    close(in_points, in_s * growth.std(ddof=1))
    close(in_s, 7.42, atol=0.005)
    rows = estimates_frame(run(units=make_units().assign(lat=np.nan)).estimates)
    assert set(rows["estimator"]) == {"mde_t"}
    primary = rows[rows["treatment_def"].eq("seed")]
    assert primary["warning"].eq("no SCPC power point: coordinates are missing").all()


def test_what_the_taxonomy_cannot_tell_is_left_out_with_a_sentence():
    result = run(make_cells("none", NONE, NONE), taxonomy="none")
    assert result.estimates == []
    assert result.fit["switched_off"][0].startswith(
        "Taxonomy none has no cluster and no SEZ"
    )
    assert block(result, "cells").set_index("term")["value"]["neither"] == 31
    assert block(result, "correlation")["value"].isna().all()
    assert block(result, "support").empty
    result = run(pd.concat([SEED, make_cells("full", C, np.ones(31))]))
    rows = [
        e
        for e in result.estimates
        if e.treatment_def == "full" and e.spec_id == "exposures"
    ]
    assert np.isnan([e.mde for e in rows]).all()
    reason = "not defined: constant, own_sez, exposure_sez are collinear"
    assert {e.warning for e in rows} == {reason}
    late = np.isin(UNITS, "CN-FJ CN-GD CN-HI CN-SH CN-TJ CN-BJ CN-LN".split()).astype(
        float
    )
    result = run(pd.concat([SEED, make_cells("dated", C, [S, late, S])]))
    cells = block(result, "cells", taxonomy="dated", term="SEZ only").set_index(
        "period"
    )["value"]
    assert cells.to_dict() == {"P1": 2, "P2": 4}


def test_shuffled_rows_permuted_weights_and_renamed_units_change_nothing(results):
    order = default_rng(3).permutation(31)
    names = {unit: f"U{k:02d}" for unit, k in zip(UNITS, order, strict=True)}
    order_and_names_do_not_matter(estimate, make_study(), results, names)


def test_rows_are_fits_of_the_library(results):
    defined = [each for each in results.estimates if np.isfinite(each.estimate)]
    counts = assert_rows_are_fits(make_study(), "design", results.estimates)
    assert counts.total() == len(defined)
    assert {name for name, _ in counts} == {"mde_t", "mde_scpc_03", "mde_scpc_06"}


def test_a_unit_without_growth_is_no_unit_of_ols(results):
    study = make_study()
    periods = make_periods()
    first = periods["unit"] == UNITS[0]
    lacking = make_study(
        periods=periods.assign(growth_pct_per_year=periods[GROWTH].mask(first))
    )
    line = estimates_frame(results.estimates).to_dict("records")[0]
    assert call(study, line).function == "ols"
    with pytest.raises(NoCallError, match=f"{UNITS[0]} has no growth"):
        call(lacking, line)
