"""Design diagnostics: the numbers of sections 0 and 4 of the design, and a study without regimes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import ConfigError, EstimateError
from evenfield.study.panel.zones import first_years, mapped_zones, zone_doses
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.design.estimate import estimate_design
from evenfield.topics.design.estimate_inputs import SERIES_COLUMNS, DesignInputs, DesignSpec, parse_design_spec
from evenfield.topics.design.estimate_support import support_rows
from tolerances import CLOSED_FORM
from unit.china_design import make_cells, make_exposures, make_periods, make_units, read_design, weights_of

UNITS, A, DISTANCE, C, S = read_design()
NONE = np.zeros(31)
SPEC = DesignSpec("seed", "contiguity", ("contiguity", "nearest_4"), 0.8, 0.95)


def make_inputs(extra=(), spec=SPEC):
    matrices = {name: W for name, W in weights_of(A, DISTANCE).items() if name in spec.weights_examined}
    cells = pd.concat([make_cells("seed", C, S), *extra], ignore_index=True)
    kinds = {"contiguity": "contiguity", "nearest_4": "nearest"}
    weights = {
        name: SpatialWeights(
            tuple(UNITS), W, {"weights": name, "kind": kinds[name], "links": 69, "rho_low": None, "rho_high": 1.0}
        )
        for name, W in matrices.items()
    }
    first = pd.DataFrame({"unit": UNITS, "zone_type": "state", "first_year": np.nan, "first_year_dated": np.nan})
    description = {"unit_scheme": "31", "data_hash": "abc", "years": list(range(1978, 2020))}
    return DesignInputs(
        make_units(), make_periods(), cells, make_exposures(cells, matrices), first, weights, description
    )


@pytest.fixture(scope="module")
def results():
    return estimate_design(make_inputs(), SPEC)


@pytest.fixture(scope="module")
def zoned(china_config, china_tables):
    mapping = {unit: unit for unit in UNITS}
    doses = zone_doses(mapped_zones(china_tables["zones"], mapping), UNITS, list(range(1978, 2020)),
                       china_config["taxonomy"]["national_zones"])  # fmt: skip
    return replace(make_inputs(), first_years=first_years(doses))


def block(results, name, **where):
    rows = results.series[results.series["block"] == name]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def mde(results, **where):
    rows = estimates_frame(results.estimates)
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return float(rows["mde"].iloc[0])


def test_two_by_two_of_section_0(results):
    cells = block(results, "cells").set_index("term")
    assert cells["value"].to_dict() == {"both": 3, "cluster only": 2, "SEZ only": 2, "neither": 24}
    assert cells.loc["both", "units"] == "CN-FJ CN-GD CN-SH"
    assert cells.loc["SEZ only", "units"] == "CN-HI CN-TJ"


def test_correlations_of_section_3(results):
    rows = block(results, "correlation").set_index("weights")["value"]
    assert rows[""] == pytest.approx(0.52, abs=0.005)
    assert rows["contiguity"] == pytest.approx(0.63, abs=0.005)


def test_vif_is_one_over_one_minus_r_squared(results):
    W = weights_of(A, DISTANCE)["contiguity"]
    regressors = {"own_cluster": C, "own_sez": S, "exposure_cluster": W @ C, "exposure_sez": W @ S}
    found = block(results, "vif", weights="contiguity").set_index("term")["value"]
    for name, column in regressors.items():
        others = np.column_stack([np.ones(31), *[v for k, v in regressors.items() if k != name]])
        residual = column - others @ np.linalg.lstsq(others, column, rcond=None)[0]
        expected = ((column - column.mean()) ** 2).sum() / (residual @ residual)
        assert found[name] == pytest.approx(expected, rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("year", "treated"),
    [(1980, 2), (1984, 8), (1986, 9), (1988, 11), (1991, 22), (1992, 28), (1999, 28), (2000, 29), (2001, 31)],
)
def test_cohort_support_of_section_0(zoned, year, treated):
    rows = {row["term"]: row for row in support_rows(zoned) if row["year"] == year}
    assert rows["treated"]["value"] == treated
    assert rows["not_yet_treated"]["value"] == 31 - treated


def test_far_controls_are_those_of_e12(zoned):
    rows = {row["year"]: row for row in support_rows(zoned) if row["term"] == "far_controls"}
    expected = ["HL", "HB", "CQ", "SC", "GZ", "YN", "XZ", "SN", "GS", "QH", "NX", "XJ"]
    assert rows[1986]["units"].split() == sorted(f"CN-{name}" for name in expected)
    assert [rows[year]["value"] for year in (1990, 1991)] == [12, 0]


def test_event_study_rows_compare_each_cohort_with_the_not_yet_treated(zoned):
    series = estimate_design(zoned, SPEC).series
    row = series[(series["block"] == "event_study") & (series["year"] == 1992) & (series["term"] == "5 years")]
    assert row["note"].item() == "6 treated, 3 not yet treated"
    assert row["value"].item() == pytest.approx(15.47, abs=0.01)


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
        ("exposures", "exposure_cluster", "exposure_cluster - exposure_sez", 5.30),
    ],
)
def test_effects_in_units_of_s(results, spec_id, term, contrast, printed):
    w_id = "contiguity" if spec_id == "exposures" else ""
    value = mde(results, estimator="mde_t", spec_id=spec_id, term=term, contrast=contrast, w_id=w_id,
                unit_of_measure="s")  # fmt: skip
    assert value == pytest.approx(printed, abs=0.005)


def test_effects_in_points_scale_with_the_spread_of_the_period(results):
    where = {"estimator": "mde_scpc_03", "spec_id": "exposures", "contrast": "exposure_cluster - exposure_sez",
             "w_id": "contiguity"}  # fmt: skip
    in_s = mde(results, **where, unit_of_measure="s")
    growth = make_periods().query("period == 'P2'")["growth_pct_per_year"]
    in_points = mde(results, **where, unit_of_measure="pp/yr", period="P2")
    assert in_points == pytest.approx(in_s * growth.std(ddof=1), rel=CLOSED_FORM)
    assert in_s == pytest.approx(7.42, abs=0.005)


def test_every_row_is_a_design_statistic(results):
    rows = estimates_frame(results.estimates)
    assert set(rows["role"]) == {"design"}
    assert set(rows["effect_type"]) == {"stat"}
    assert rows["mde"].notna().all()
    assert list(results.series.columns) == list(SERIES_COLUMNS)


def test_no_regimes_switch_the_effects_off_with_a_sentence():
    base = make_inputs()
    cells = make_cells("none", NONE, NONE)
    matrices = {name: w.matrix for name, w in base.weights.items()}
    empty = replace(base, cells=cells, exposures=make_exposures(cells, matrices))
    found = estimate_design(empty, replace(SPEC, taxonomy="none"))
    assert found.estimates == []
    assert found.summary["switched_off"][0].startswith("Taxonomy none has no cluster and no SEZ")
    assert block(found, "cells").set_index("term")["value"]["neither"] == 31
    assert block(found, "correlation")["value"].isna().all()
    assert block(found, "support").empty


def test_saturated_taxonomy_gives_a_reason_instead_of_a_number():
    found = estimate_design(make_inputs([make_cells("full", C, np.ones(31))]), SPEC)
    rows = estimates_frame(found.estimates).query("treatment_def == 'full' and spec_id == 'exposures'")
    assert rows["mde"].isna().all()
    assert rows["warning"].str.startswith("not defined: constant, own_sez, exposure_sez cannot be told apart").all()


def test_dated_taxonomy_has_one_design_per_set_of_cells():
    late = np.isin(UNITS, ["CN-FJ", "CN-GD", "CN-HI", "CN-SH", "CN-TJ", "CN-BJ", "CN-LN"]).astype(float)
    found = estimate_design(make_inputs([make_cells("dated", C, [S, late, S])]), SPEC)
    cells = block(found, "cells", taxonomy="dated", term="SEZ only").set_index("period")["value"]
    assert cells.to_dict() == {"P1": 2, "P2": 4}


def test_order_names_and_weights_permuted_together_change_nothing(results):
    data, rng = make_inputs(), np.random.default_rng(3)
    new = dict(zip(UNITS, [f"U{k:02d}" for k in rng.permutation(31)], strict=True))

    def shuffled(frame):
        return frame.assign(unit=frame["unit"].map(new)).sample(frac=1, random_state=1)

    order = rng.permutation(31)
    weights = {
        name: SpatialWeights(tuple(new[UNITS[k]] for k in order), w.matrix[np.ix_(order, order)], w.spec)
        for name, w in data.weights.items()
    }
    moved = DesignInputs(
        shuffled(data.units), shuffled(data.periods), shuffled(data.cells), shuffled(data.exposures),
        shuffled(data.first_years), weights, data.description,
    )  # fmt: skip
    here, there = (estimates_frame(r.estimates) for r in (results, estimate_design(moved, SPEC)))
    assert list(here["estimate_id"]) == list(there["estimate_id"])
    assert there["mde"].to_numpy() == pytest.approx(here["mde"].to_numpy(), rel=CLOSED_FORM)


def test_without_coordinates_the_scpc_power_point_is_left_out():
    data = make_inputs()
    found = estimate_design(replace(data, units=data.units.assign(lat=np.nan)), SPEC)
    rows = estimates_frame(found.estimates)
    assert set(rows["estimator"]) == {"mde_t"}
    assert (rows["warning"] == "no SCPC power point: coordinates are missing").all()


def test_bad_names_and_missing_exposures_are_one_line():
    data = make_inputs()
    with pytest.raises(ConfigError, match=r"1 weights that were not built \(nearest_9\)"):
        estimate_design(data, replace(SPEC, weights_examined=("nearest_9",)))
    with pytest.raises(ConfigError, match=r"taxonomy\.primary names 'other'"):
        estimate_design(data, replace(SPEC, taxonomy="other"))
    short = replace(data, exposures=data.exposures[data.exposures["unit"] != "CN-XZ"])
    with pytest.raises(EstimateError, match="1 units have no exposure to seed") as caught:
        estimate_design(short, SPEC)
    assert "\n" not in str(caught.value)


def test_spec_is_read_from_the_config(china_config):
    spec = parse_design_spec(china_config["estimates"]["design"], china_config["taxonomy"],
                             china_config["weights"], china_config["inference"])  # fmt: skip
    assert (spec.taxonomy, spec.weights, spec.power) == ("seed2011", "contiguity", 0.8)
    assert "inverse_distance" in spec.weights_examined
