"""T4 on made-up frames: lists in short, counts, reasons for blanks, the premium first where that family is run."""

from __future__ import annotations

import pandas as pd
import pytest

from evenfield.artifacts.table import grid
from evenfield.artifacts.tables.gradient import tabulate_gradient
from evenfield.contracts.errors import ArtifactError
from evenfield.contracts.estimates import Estimate, estimates_frame

NAN = float("nan")
SPECS = [{"id": "g"}]


def row(**fields):
    return Estimate(**{"spec_id": "g", "family": "gradient", "outcome": "cluster", "role": "robustness", "n_units": 9,
                       "estimate": 0.5, "unit_scheme": "all", **fields})  # fmt: skip


def gradients():
    return [
        row(estimator="fisher_exact", term="east", treatment_def="b"),
        row(estimator="moran", term="morans_i", treatment_def="b"),
        row(estimator="fisher_exact", term="east", treatment_def="a", role="primary", p_value=0.02, n_treated=3,
            mde=0.4, conf_low=0.1, conf_high=0.9),
        row(estimator="moran", term="morans_i", treatment_def="a", p_value=0.2),
        row(estimator="poisson_qml", term="east_degrees", outcome="cluster_count", estimate=NAN,
            warning="not defined: no count"),
    ]  # fmt: skip


def made(rows, description, periods, study):
    frame = pd.concat([estimates_frame(rows)], ignore_index=True)
    return tabulate_gradient(frame, description, specs=SPECS, periods=periods,
                             inference={"conf_level": 0.95, "seed": 1}, power=0.8, study=study)  # fmt: skip


def test_main_list_in_full_others_in_short_and_blanks_with_a_reason(description, periods, study):
    shown = grid(made(gradients(), description, periods, study))
    assert [(line.group, [c.text for c in line.cells][:2]) for line in shown.lines if line.cells] == [
        ("List a", ["Share with clusters, East less the rest", "0.50"]), ("List a", ["Moran's I", "0.50"]),
        ("List b", ["Share with clusters, East less the rest", "0.50"]),
        ("Count cluster count", ["Log count per degree to the East", "(a)"]),
    ]  # fmt: skip
    assert "(a) not defined: no count." in shown.note
    assert [c.text for c in shown.lines[1].cells][2:] == ["[0.10, 0.90]", ".020", "0.40", "3 of 9"]


def test_premium_comes_first_when_it_is_among_the_inputs(description, periods, study):
    premium = row(family="premium", estimator="premium", outcome="growth", term="C", period="P1", role="primary",
                  output_basis="proxy", estimate=1.25, n_treated=3)  # fmt: skip
    beside = row(family="premium", estimator="premium_cr3", outcome="growth", term="C", period="P1", role="ladder")
    shown = grid(made([*gradients(), premium, beside], description, periods, study))
    first = next(line for line in shown.lines if line.cells)
    assert first.group == "Premium of cluster units"
    assert [c.text for c in first.cells][:2] == ["Growth, pp a year, 1980\u201390 PROXY", "1.25"]
    assert sum(line.group == "Premium of cluster units" for line in shown.lines if line.cells) == 1


def test_no_rows_is_an_error(description, periods, study):
    with pytest.raises(ArtifactError, match="no rows of the gradient family"):
        made([], description, periods, study)
