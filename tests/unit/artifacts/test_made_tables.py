"""Each table of the study on made-up frames: what must be said is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.tables.markup import table_html
from evenfield.shared.tables.table import Table, grid
from evenfield.shared.tables.warnings import reason
from evenfield.study.errors import ArtifactError
from evenfield.topics.beta.table import tabulate_beta
from evenfield.topics.design.table import tabulate_design
from evenfield.topics.exposure.table import tabulate_exposure
from evenfield.topics.exposure.table_ranges import tabulate_exposure_ranges
from evenfield.topics.groups.table import first_year, tabulate_taxonomy
from evenfield.topics.groups.table_sources import columns_in_use, tabulate_sources
from evenfield.topics.relative_income.table import tabulate_summary
from evenfield.topics.statements.table import tabulate_exploratory

INFERENCE = {"conf_level": 0.95, "permutations": 999, "seed": 7}
NAN = float("nan")


def lines(table: Table) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in grid(table).lines if line.cells]


def said(table: Table) -> str:
    return " ".join(grid(table).note)


def test_beta_table_marks_proxy_and_says_unbounded(beta_frames, description, periods, study) -> None:
    table = tabulate_beta(
        beta_frames[1], empty_sigma(), description, specs=[{"id": "absolute"}], shown=["P1", "P2", "S"],
        periods=periods, controls={}, inference=INFERENCE, weights="contiguity", study=study,
    )  # fmt: skip
    rows = lines(table)
    assert [row[0] for row in rows] == ["1980\u201390 PROXY", "1990\u20132000", "1980\u20132000 spliced PROXY"]
    assert rows[0][1:6] == ["\u22122.00 (0.40)", "2.20", "[\u22121.00, 3.50]", "(a)", "[20, unbounded]"]
    note = said(table)
    for part in ("N = 8 regions", "T = 21 years", "unit scheme all", "HC3", "contiguity", "999 permutations",
                 "Data 0123456789ab, seed 7", "PROXY: real output of 1980\u20131989", "no causal claim",
                 "(a) half-life unbounded."):  # fmt: skip
        assert part in note


def empty_sigma() -> pd.DataFrame:
    return pd.DataFrame(columns=["estimator", "sample_id", "unit_scheme", "period", "p_value"])


def test_a_study_without_proxy_does_not_mention_one(beta_frames, description, periods, study) -> None:
    clean = {**description, "basis_years": {"official": [1980, 2000]}}
    frame = beta_frames[1].assign(output_basis="official")
    table = tabulate_beta(frame, empty_sigma(), clean, specs=[{"id": "absolute"}], shown=["P1"], periods=periods,
                          controls={}, inference=INFERENCE, weights="w", study=study)  # fmt: skip
    assert "PROXY" not in table_html(table)


MAIN_SPEC = {"id": "main", "taxonomy": "t", "weights": "contiguity"}


def test_exposure_table_shows_every_term_and_warns_of_power(exposure_series, description, periods, study) -> None:
    difference = exposure_series["contrast"].eq("exposure_cluster - exposure_sez")
    estimates = pd.concat([
        exposure_series, exposure_series[difference].assign(estimator="slx_recentred"),
        exposure_series[difference].assign(estimator="slx_recentred_permutation_stratified", p_value=0.7),
        exposure_series.assign(spec_id="other", treatment_def="u"),
    ])  # fmt: skip
    table = tabulate_exposure(estimates, description, spec=MAIN_SPEC, shown=["P1", "P2", "S"], periods=periods,
                              inference=INFERENCE, power=0.8, study=study)  # fmt: skip
    rows = lines(table)
    assert len(rows) == 3 * 7 + 2 + 2
    assert rows[5][0] == "neighbours' clusters minus neighbours' SEZs"
    assert rows[5][5:7] == ["4.0", "1.00"]
    assert [rows[6][0], rows[6][4]] == ["the same, recentred by stratum", ".700"]
    assert rows[7][0] == "neighbours' SEZs, per s.d.: equivalence to zero"
    assert "UNDERPOWERED" in said(table)
    assert "no evidence of no effect" in said(table)


def test_ranges_of_the_exposure_difference(description, periods, study) -> None:
    ranges = pd.DataFrame([
        {"spec_id": "main", "period": period, "output_basis": "official", "over": over, "estimates": 9, "undefined": 2,
         "lowest": -4.0, "median": 1.0, "highest": 6.0, "same_sign": 5, "off_zero": 1, "smallest_mde": 8.1}
        for period in ("P2", "P1") for over in ("weights", "taxonomies", "taxonomies and weights")
    ])  # fmt: skip
    table = tabulate_exposure_ranges(ranges, description, spec="main", periods=periods, study=study)
    rows = lines(table)
    assert [row[0] for row in rows[:3]] == ["other taxonomies", "other weights", "other taxonomies and weights"]
    assert rows[0][1:] == ["9", "2", "1.00", "[\u22124.00, 6.00]", "5", "1", "8.1"]
    with pytest.raises(ArtifactError, match="no ranges of specification other"):
        tabulate_exposure_ranges(ranges, description, spec="other", periods=periods, study=study)


def test_design_table_holds_all_blocks(design_series, description, periods, study) -> None:
    estimates = pd.DataFrame([
        {"spec_id": "alone", "term": "own_cluster", "contrast": "", "w_id": "", "treatment_def": "t", "period": period,
         "unit_of_measure": unit, "estimator": "mde_t", "estimate": value, "warning": ""}
        for period, unit, value in (("", "s", 1.42), ("P1", "pp/yr", 2.7), ("P2", "pp/yr", 1.9))
    ])  # fmt: skip
    table = tabulate_design(design_series, estimates, description, taxonomy="t", weights="contiguity", power=0.8,
                            periods=periods, study=study)  # fmt: skip
    groups = [line.group for line in grid(table).lines if not line.cells]
    assert groups == ["Cells of t", "Correlation of the two regimes", "Spatial weights: neighbours per unit",
                      "Cohort support: regions not yet treated", "Spread of growth: s",
                      "Smallest detectable effect, alone"]  # fmt: skip
    assert lines(table)[-1] == ["own cluster", "1.42 s", "pp/yr (t): 1980\u201390 2.70, 1990\u20132000 1.90"]
    assert lines(table)[0] == ["both", "2", "AA AB"]


def test_taxonomy_table_groups_by_cell_and_marks_memory_dates(cells, units, doses, description, periods, study) -> None:
    first = pd.DataFrame({"unit": ["XX-AA", "XX-AB"], "zone_type": "hidz", "first_year": [1984, 1986],
                          "first_year_dated": [1990, NAN]})  # fmt: skip
    taxonomies = pd.DataFrame({"taxonomy": "t", "unit": units["unit"], "source": "S1", "confidence": "B"})
    chosen = cells[cells["period"].eq("P2")]
    table = tabulate_taxonomy(chosen, taxonomies, units, first, doses, description, taxonomy="t", period="P2",
                              periods=periods, study=study)  # fmt: skip
    row = next(row for row in lines(table) if row[0] == "Region AA")
    assert row[1:4] == ["yes", "yes", "yes"]
    assert row[6] == "1984* (1990)"
    assert first_year(1986, NAN) == "1986*"
    assert first_year(1986, 1986) == "1986"
    assert next(line.group for line in grid(table).lines if not line.cells) == "both (2)"


def test_taxonomy_table_lives_without_zones(units, description, periods, study) -> None:
    none = pd.DataFrame({"unit": units["unit"], "cell": "neither", "cluster": 0, "sez": 0})
    empty = pd.DataFrame(columns=["unit", "year", "zone_type", "zones", "first_year", "first_year_dated"])
    taxonomies = pd.DataFrame({"taxonomy": "none", "unit": units["unit"], "source": "", "confidence": ""})
    table = tabulate_taxonomy(none, taxonomies, units, empty, empty, description, taxonomy="none", period="P1",
                              periods=periods, study=study)  # fmt: skip
    assert len(lines(table)) == 8


def test_sources_table_counts_gaps_within_spans(study) -> None:
    panel = pd.DataFrame({"unit": ["A", "A", "B", "B"], "year": [2000, 2001] * 2, "gdp": [1.0, np.nan, 2.0, 3.0]})
    provenance = pd.DataFrame({"variable": ["gdp", "other"], "units": "all", "first_year": [1990, 2000],
                               "last_year": 2001, "grade": ["C", "A"], "flag": ["proxy", "official"],
                               "source": ["X", "Y"]})  # fmt: skip
    sources = pd.DataFrame({"source": ["X", "Y", "Z"], "vintage": ["v1", "", ""], "licence": ["CC0", "MIT", "MIT"]})
    table = tabulate_sources(panel, provenance, sources, "f" * 64, columns=["gdp"], years=(2000, 2001), study=study)
    rows = lines(table)
    assert rows[0] == ["gdp", "2000\u20132001", "all", "C", "PROXY", "1 of 4", "X", "v1", "CC0"]
    assert [row[6] for row in rows] == ["X", "Y", "Z"]
    assert "ffffffffffff." in said(table)


def test_columns_in_use_come_from_the_config() -> None:
    panel = {"income": {"output": "gdp", "population": "pop", "unit": "x"}}
    controls = {"coast": {"kind": "unit", "column": "coastal"},
                "open": {"kind": "initial_ratio", "numerator": "trade", "denominator": "gdp"}}  # fmt: skip
    assert columns_in_use(panel, controls) == ["gdp", "pop", "trade"]


def test_summary_table_has_a_column_per_cell(profile_series, description, periods, study) -> None:
    table = tabulate_summary(profile_series, description, taxonomy="t", shown=["P1", "P2"], periods=periods,
                             controls={"coast": {"label": "at the sea"}}, study=study)  # fmt: skip
    assert [column.header for column in table.columns][2:] == ["both", "cluster only", "SEZ only", "neither"]
    assert lines(table)[0] == ["number of units", "8", "2", "2", "2", "2"]
    assert lines(table)[2][0] == "at the sea"
    alone = profile_series[profile_series["cell"].isin(["all", "neither"])]
    table = tabulate_summary(alone, description, taxonomy="t", shown=["P1"], periods=periods, controls={}, study=study)
    assert [column.header for column in table.columns] == ["Variable", "all"]


def test_reasons_leave_out_what_other_columns_say() -> None:
    assert reason("PROXY: x; UNDERPOWERED: y; own_sez is 1 for all units") == "own SEZ is 1 for all units"


def made_statements() -> pd.DataFrame:
    base = {"role": "exploratory", "term": "cluster", "contrast": "", "outcome": "y", "sample_id": "all",
            "unit_of_measure": "points", "output_basis": "proxy", "p_type": "", "warning": "", "n_units": 8,
            "conf_low": NAN, "conf_high": NAN, "p_value": NAN, "mde": NAN, "sesoi": NAN, "n_treated": 4}  # fmt: skip
    return pd.DataFrame([
        {**base, "spec_id": "a", "estimator": "exploratory_contrast", "period": "P1", "estimate": 1.5, "conf_low": -1.0,
         "conf_high": 4.0, "p_value": 0.2, "mde": 3.0, "sesoi": 0.5, "warning": "PROXY: rests on proxy output"},
        {**base, "spec_id": "b", "estimator": "exploratory_accounting", "period": "P2", "output_basis": "",
         "estimate": 9.0, "warning": "figures of 1991 to 1995; shares are exact: no test"},
        {**base, "spec_id": "c", "estimator": "exploratory_panel", "period": "S", "term": "dose_lag3", "estimate": 0.1},
        {**base, "spec_id": "a", "estimator": "leave_one_out", "role": "robustness", "period": "P1", "estimate": 0.0},
    ])  # fmt: skip


def test_exploratory_table_groups_by_claim_and_says_what_is_not_carried(description, periods, study) -> None:
    specs = [{"id": "c", "claim": "L02", "kind": "panel", "predicted": "+"},
             {"id": "a", "claim": "L01", "kind": "contrast", "predicted": "-", "label": "what is said"},
             {"id": "b", "claim": "L01", "kind": "accounting", "predicted": "+"},
             {"id": "d", "claim": "L03", "kind": "not_carried"}]  # fmt: skip
    refused = pd.DataFrame({"claim": ["L03"], "spec_id": ["d"], "period": [NAN], "reason_code": ["R7"],
                            "reason": ["no loans"]})  # fmt: skip
    claims = pd.DataFrame({"claim_id": ["L01"], "claim": ["Something holds."]})
    table = tabulate_exploratory(made_statements(), refused, claims, description, specs=specs, periods=periods,
                                 inference=INFERENCE, power=0.8, study=study)  # fmt: skip
    assert [line.group for line in grid(table).lines if not line.cells] == ["L01: Something holds.", "L02", "L03"]
    first, shares, lagged, refusal = lines(table)
    assert first[:4] == ["what is said", "1980–90 PROXY", "−", "1.50"]
    assert first[-1] == "UNDERPOWERED"
    assert shares[5] == "(a)" and shares[-1] == "figures of 1991 to 1995"
    assert lagged[0] == "y: dose_lag3, 3 years before"
    assert refusal[-1] == "not carried (R7): no loans"
    assert "No correction is made" in said(table)
