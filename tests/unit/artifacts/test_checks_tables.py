"""T3b, T6b, T6c and T9b on made-up frames: rows, scales, reasons, the note with break dates, refusals."""

from __future__ import annotations

import pandas as pd
import pytest

from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.shared.tables.table import grid
from evenfield.study.errors import ArtifactError
from evenfield.topics.rolling.table import tabulate_clock, tabulate_spatial_beta, tabulate_weak_sigma
from evenfield.topics.unit_roots.table import tabulate_preflight

NAN = float("nan")
SETTINGS = {"specs": [{"id": "c"}], "inference": {"conf_level": 0.95, "seed": 1}}


def row(**fields):
    base = {"spec_id": "c", "family": "clock", "outcome": "growth", "term": "speed", "unit_scheme": "all", "n_units": 8,
            "output_basis": "official", "period": "P1", "estimate": 1.0}  # fmt: skip
    return Estimate(**{**base, **fields})


def texts(table):
    return [[cell.text for cell in line.cells] for line in grid(table).lines if line.cells]


def test_speeds_are_compared_and_the_break_is_dated(description, periods, study):
    frame = estimates_frame([
        row(estimator="period_contrast", contrast="P2 - P1", estimate=-1.234, p_value=0.03, conf_low=-2.0,
            conf_high=-0.5, output_basis="spliced"),
        row(estimator="period_contrast_wald", term="speeds_equal", estimate=4.2, p_value=0.1),
        row(estimator="slope_break", term="sup_wald", contrast="break after 1990", estimate=17.3, p_value=0.015),
        row(estimator="slope_break", term="speed_before", contrast="break after 1990", estimate=2.4),
        row(estimator="slope_break", term="speed_after", contrast="break after 1990", estimate=0.3),
    ])  # fmt: skip
    made = tabulate_clock(frame, description, periods=periods, study=study, **SETTINGS)
    assert [line[:4] for line in texts(made)] == [
        ["Speed 1990\u20132000 less 1980\u201390 spliced PROXY", "\u22121.23", "[\u22122.00, \u22120.50]", ".030"],
        ["All speeds equal, F", "4.20", "", ".100"], ["One break, Wald, after 1990", "17.30", "", ".015"],
        ["Speed up to 1990", "2.40", "", ""], ["Speed from 1990 on", "0.30", "", ""],
    ]  # fmt: skip


def test_effects_are_printed_times_a_hundred_with_a_reason_for_blanks(description, periods, study):
    model = {"estimator": "sdm_ml", "term": "log_income_start"}
    frame = estimates_frame([
        row(estimator="sdm_ml", term="neighbours_growth", estimate=0.5, std_error=0.25),
        row(**model, effect_type="direct", estimate=-0.012, conf_low=-0.02, conf_high=-0.004),
        row(**model, effect_type="indirect", estimate=-0.008), row(**model, effect_type="total", estimate=-0.02),
        row(estimator="sdm_ml", estimate=NAN, warning="PROXY output before 1990; not defined: too fast"),
        row(estimator="sdm_ml", term="likelihood_ratio", estimate=9.0, p_value=0.01),
    ])  # fmt: skip
    made = tabulate_spatial_beta(frame, description, shown=["P1", "P2"], periods=periods, weights="contiguity",
                                 study=study, **SETTINGS)  # fmt: skip
    assert texts(made) == [["1980\u201390", "0.50 (0.25)", "\u22121.20 [\u22122.00, \u22120.40]", "\u22120.80",
                            "\u22122.00", "(a)", "", ".010", "8"]]  # fmt: skip
    assert "(a) not defined: too fast." in grid(made).note


def test_variance_slope_and_the_dates_of_sigma(description, study):
    cut = {"estimator": "sigma_breaks", "outcome": "log_income", "period": "1980-2000"}
    frame = estimates_frame([
        row(estimator="weak_sigma", outcome="log_income", term="variance_slope", period="1990-2000", estimate=-0.0063,
            std_error=0.0005, p_value=0.03),
        row(**cut, term="break_1", estimate=1987.0), row(**cut, term="break_2", estimate=1994.0),
        row(**cut, term="breaks", estimate=2.0),
    ])  # fmt: skip
    made = tabulate_weak_sigma(frame, description, study=study, **SETTINGS)
    assert texts(made) == [["1990\u20132000", "\u22126.30 (0.50)", ".030", "8"]]
    assert any("best cut after 1987 and 1994" in line for line in made.note)


def checks():
    def one(kind, scope, **fields):
        return {"spec_id": "c", "sample_id": "all", "unit_scheme": "all", "kind": kind, "scope": scope, "check": "",
                "variable": "", "statistic": NAN, "p_value": NAN, "rule": "", "decision": "", **fields}  # fmt: skip

    return pd.DataFrame([
        one("check", "1980-2000", check="cips", variable="log_income"),
        one("check", "1981-2000", check="cd", variable="growth", statistic=20.0, p_value=0.0),
        one("check", "1981-2000", check="cdw_plus", variable="growth less year means", statistic=5.0, p_value=0.001),
        one("check", "1981-2000", check="alpha_of_residuals", variable="growth less year means", statistic=0.6),
        one("check", "P1", check="lfur", variable="growth", statistic=10.0, p_value=0.02),
        one("check", "P1", check="lfst", variable="growth", statistic=1.5, p_value=0.8),
        one("decision", "1980-2000", rule="R1", decision="differences"),
        one("decision", "1981-2000", rule="R2", decision="dependent"),
        one("decision", "P1", rule="R3", decision="as it is"),
    ])  # fmt: skip


def test_checks_in_time_meet_those_of_growth_by_their_last_year(description, periods, study):
    fit = {"rule": {"R2": "two", "R1": "one"}}
    made = tabulate_preflight(checks(), fit, description, shown=["P1", "P2"], periods=periods, study=study, **SETTINGS)
    assert texts(made) == [
        ["1980\u20132000", "20.00 (< .001)", "5.00 (.001)", "0.60", "(a)", "", "", "R1 differences; R2 dependent"],
        ["1980\u201390", "", "", "", "", "10.00 (.020)", "1.50 (.800)", "R3 as it is"],
    ]
    assert "The written rule. R1: one R2: two" in made.note
    assert "(a) too few dates for a unit root test." in grid(made).note


def test_no_rows_is_an_error(description, periods, study):
    empty = estimates_frame([])
    with pytest.raises(ArtifactError, match="no rows for T6b"):
        tabulate_clock(empty, description, periods=periods, study=study, **SETTINGS)
    with pytest.raises(ArtifactError, match="no checks"):
        tabulate_preflight(checks().iloc[:0], {"rule": {}}, description, shown=["P1"], periods=periods, study=study,
                           **SETTINGS)  # fmt: skip
