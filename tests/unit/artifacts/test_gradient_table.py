"""T4b on made-up frames: lists in short, counts, reasons for blanks."""

from __future__ import annotations

import pytest

from evenfield.shared.estimates import Estimate, estimates_frame
from evenfield.shared.tables.table import grid
from evenfield.study.errors import ArtifactError
from evenfield.topics.gradient.table import tabulate_gradient

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


def made(rows, description, study):
    return tabulate_gradient(estimates_frame(rows), description, specs=SPECS,
                             inference={"conf_level": 0.95, "seed": 1}, power=0.8, study=study)  # fmt: skip


def test_main_list_in_full_others_in_short_and_blanks_with_a_reason(description, study):
    shown = grid(made(gradients(), description, study))
    assert [(line.group, [c.text for c in line.cells][:2]) for line in shown.lines if line.cells] == [
        ("List a", ["Share with clusters, East less the rest", "0.50"]), ("List a", ["Moran's I", "0.50"]),
        ("List b", ["Share with clusters, East less the rest", "0.50"]),
        ("Count cluster count", ["Log count per degree to the East", "(a)"]),
    ]  # fmt: skip
    assert "(a) not defined: no count." in shown.note
    assert [c.text for c in shown.lines[1].cells][2:] == ["[0.10, 0.90]", ".020", "0.40", "3 of 9"]


def test_no_rows_is_an_error(description, study):
    with pytest.raises(ArtifactError, match="no rows of the gradient family"):
        made([], description, study)
