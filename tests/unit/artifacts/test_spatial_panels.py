"""T14, T15, F11 and F12 on made-up spatial panels: rules of reading, reasons for blanks, what is drawn."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.artifacts.figures.reach import draw_reach, reach_marks
from evenfield.artifacts.figures.spatial_effects import draw_spatial_effects, effect_marks
from evenfield.artifacts.table import Table, grid
from evenfield.artifacts.tables.spatial_effects import tabulate_spatial_effects
from evenfield.artifacts.tables.spatial_selection import tabulate_spatial_selection
from evenfield.contracts.errors import ArtifactError
from evenfield.contracts.estimates import Estimate, estimates_frame

INFERENCE = {"conf_level": 0.95, "permutations": 999, "seed": 7}
MAIN: dict[str, Any] = {"id": "sp", "outcome": "log_income", "regressors": ["x"], "years": [1990, 2000],
                        "sample": "all", "effects": "two_way", "approach": "lee_yu", "model": "SDM", "weights": "near",
                        "role": "exploratory"}  # fmt: skip
FIT: dict[str, Any] = {
    "specifications": [MAIN, {**MAIN, "id": "short", "years": [1995, 2000], "approach": "direct"}],
    "regressors": {"x": "zones in force"}, "effective_neighbours": {"near": 2.5, "dense": 6.25}, "seed": 7,
}  # fmt: skip
SHARED: dict[str, Any] = {"family": "spatial_panel", "outcome": "log_income", "unit_scheme": "all", "n_units": 8,
                          "n_periods": 11, "output_basis": "official", "warning": "GRADE C: 3 of 88 unit-years; AR(1)",
                          "conf_level": 0.95}  # fmt: skip


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def row(spec: str, estimator: str, term: str, kind: str, weights: str, value: float, **more: Any) -> Estimate:
    return Estimate(**{**SHARED, "spec_id": spec, "estimator": estimator, "term": term, "effect_type": kind,
                       "w_id": weights, "estimate": value, **more})  # fmt: skip


def effects(spec: str, estimator: str, weights: str, base: float) -> list[Estimate]:
    return [row(spec, estimator, "x", kind, weights, base * k, conf_low=base * k - 1, conf_high=base * k + 1,
                g_star=5.5, unit_of_measure="log points")
            for k, kind in enumerate(("direct", "indirect", "total"), start=1)]  # fmt: skip


@pytest.fixture
def estimates() -> pd.DataFrame:
    rows = [*effects("sp", "slx", "near", 0.1), *effects("sp", "slx", "dense", 0.2), *effects("sp", "sdm", "near", 0.3),
            *effects("sp", "sdem", "near", -0.2), *effects("short", "sdm", "near", 0.4)]  # fmt: skip
    for weights in ("near", "dense"):
        rows += [row("sp", "test", "LM lag", "test", weights, 12.34, p_value=0.0004),
                 row("sp", "slx", "residual autocorrelation", "stat", weights, 0.81),
                 row("sp", "slx", "residual Moran", "stat", weights, 0.25, p_value=0.004),
                 row("sp", "sdm", "SDM", "probability", weights, 0.5),
                 row("sp", "sdm", "AIC", "stat", weights, -1234.0)]  # fmt: skip
    rows += [row("sp", "sdm", "residual autocorrelation", "stat", "near", 0.8),
             row("sp", "sdm", "rho", "coef", "near", 0.53, conf_low=0.2, conf_high=0.9),
             row("sp", "sdm", "rho", "coef", "dense", 1.0),
             row("sp", "sdm_factors_1", "rho", "coef", "near", 0.24, conf_low=-0.1, conf_high=0.6),
             row("sp", "test", "Wald SDM -> SAR, by unit", "test", "near", 0.2, p_value=0.6)]  # fmt: skip
    return estimates_frame(rows)


def lines(table: Table) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in grid(table).lines if line.cells]


def note(table: Table) -> str:
    return " ".join(grid(table).note)


def rules_are_told(text: str) -> bool:
    rules = ("(i) SAR forces one ratio", "(ii) A rho apart from zero", "(iii) With few units", "(iv) Time effects come")
    return all(rule in text for rule in rules)


def test_effects_by_weights_with_intervals_and_reasons(estimates, description, study) -> None:
    table = tabulate_spatial_effects(estimates, FIT, description, inference=INFERENCE, study=study)
    found = {(line[0], i): line for i, line in enumerate(lines(table))}
    assert found["near", 0][1:5] == ["0.1000", "[\u22120.900, 1.100]", "0.2000", "[\u22120.800, 1.200]"]
    assert found["near", 2][7:] == ["5.5", "0.80", "2.5", "8", "11"]
    assert found["dense", 3][1:4] == ["(a)", "(a)", "(a)"]
    assert ("log income, 1995\u20132000, direct approach: zones in force", 6) in found
    text = note(table)
    assert rules_are_told(text) and "edge of its range" in text and "GRADE C: 3 of 88 unit-years." in text
    assert "effective neighbours: near 2.5 and dense 6.3" in text or "near 2.5 and dense 6.2" in text
    assert "seed 7" in text and "Lee-Yu" in text and "no row decides a hypothesis" in text and "log points" in text


def test_selection_shows_each_statistic_in_its_form(estimates, description, study) -> None:
    table = tabulate_spatial_selection(estimates, FIT, description, inference=INFERENCE, study=study)
    found = {}
    for line in grid(table).lines:
        if line.cells:
            found[line.group, line.cells[0].text] = [cell.text for cell in line.cells[1:]]
    assert found["From the model without spatial terms up", "LM lag"] == ["12.3 (< .001)"] * 2
    assert found["From the SDM down", "Wald SDM to SAR, by unit"] == ["0.2 (.600)", "(a)"]
    assert found["Posterior probability of model and weights", "SDM"] == ["0.50", "0.50"]
    assert found["AIC", "SDM"] == ["\u22121,234", "\u22121,234"]
    assert found["Moran's I of residuals over all years", "SLX"] == ["0.25 (.004)"] * 2
    assert found["Dependence between neighbours", "rho, SDM"][0] == "0.53 [0.20, 0.90]"
    assert found["Dependence between neighbours", "rho, SDM, 1 common factor out"][0] == "0.24 [\u22120.10, 0.60]"
    assert rules_are_told(note(table)) and "(AR(1) below)" in note(table)


def test_forest_names_models_at_the_end_of_their_range(estimates) -> None:
    rows = effect_marks(estimates, FIT)
    art = draw_spatial_effects(rows, FIT)
    assert len(rows) == 2 * 3 * 2 and rows["estimate"].notna().sum() == 8
    assert "8 of 12 effects" in art.alt and "SDM with near weights: direct 0.3000" in art.alt
    texts = [text.get_text() for axes in art.figure.axes for text in axes.texts]
    assert sorted({text.strip() for text in texts}) == ["SDEM: end of range", "SDM: end of range"]


def made_reach() -> pd.DataFrame:
    return pd.DataFrame({"spec_id": "sp", "w_id": "near", "estimator": "sdm", "term": "x", "unit": ["XX-AA", "XX-AB"],
                         "own": [0.3, 0.31], "received": [0.1, 0.2], "sent": [0.05, -0.4]})  # fmt: skip


def test_senders_are_sorted_by_size_and_named(units) -> None:
    rows = reach_marks(made_reach(), FIT, units.head(2))
    art = draw_reach(rows, FIT)
    assert rows["unit"].tolist() == ["XX-AB", "XX-AA"]
    assert [label.get_text() for label in art.figure.axes[0].get_yticklabels()] == ["Region AB", "Region AA"]
    assert "Largest sent: Region AB \u22120.4000" in art.alt


def test_what_is_not_there_is_said(estimates, description, study, units) -> None:
    nothing = estimates.iloc[:0]
    for make in (tabulate_spatial_effects, tabulate_spatial_selection):
        with pytest.raises(ArtifactError, match="no estimates of specification sp"):
            make(nothing, FIT, description, inference=INFERENCE, study=study)
    with pytest.raises(ArtifactError, match="no effects of specification sp"):
        effect_marks(nothing, FIT)
    with pytest.raises(ArtifactError, match="no effects by unit"):
        reach_marks(made_reach().assign(w_id="dense"), FIT, units)
