"""How far clusters and SEZs can be told apart: the 2x2 table, correlations and variance inflation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.numerics.influence import dependent_columns
from evenfield.numerics.ols import fit_ols
from evenfield.topics.design.estimate_inputs import EXPOSURES, OWN, DesignInputs, DesignSpec, series_row

CELLS = ("both", "cluster only", "SEZ only", "neither")
Rows = list[dict[str, object]]


def cell_rows(data: DesignInputs) -> Rows:
    """Count the units in each cell of the 2x2 table and list them."""
    return [row for taxonomy in data.taxonomies() for label, periods in data.designs(taxonomy).items()
            for row in _cells(data, taxonomy, label, periods)]  # fmt: skip


def _cells(data: DesignInputs, taxonomy: str, label: str, periods: list[str]) -> Rows:
    table = data.cells[(data.cells["taxonomy"] == taxonomy) & (data.cells["period"] == periods[0])]
    members = {cell: sorted(table.loc[table["cell"] == cell, "unit"]) for cell in CELLS}
    return [
        series_row("cells", taxonomy=taxonomy, period=label, term=cell, value=float(len(units)),
                   unit_of_measure="units", units=" ".join(units), note="periods: " + ", ".join(periods))
        for cell, units in members.items()
    ]  # fmt: skip


def correlation_rows(data: DesignInputs, spec: DesignSpec) -> Rows:
    """Correlate clusters with SEZs, themselves and as exposures through each weights matrix."""
    rows: Rows = []
    for taxonomy in data.taxonomies():
        for label, periods in data.designs(taxonomy).items():
            tables = {w: data.regressors(w, taxonomy, periods[0]) for w in spec.weights_examined}
            own = next(iter(tables.values()))
            rows.append(_correlation(own, OWN, taxonomy, "", label))
            rows += [_correlation(table, EXPOSURES, taxonomy, w, label) for w, table in tables.items()]
    return rows


def _correlation(
    table: pd.DataFrame, pair: tuple[str, str], taxonomy: str, weights: str, label: str
) -> dict[str, object]:
    a, b = table[pair[0]].to_numpy(), table[pair[1]].to_numpy()
    constant = [name for name in pair if np.ptp(table[name].to_numpy()) < 1e-12]
    note = f"not defined: {' and '.join(constant)} equal for all units" if constant else ""
    value = np.nan if constant else float(np.corrcoef(a, b)[0, 1])
    return series_row("correlation", taxonomy=taxonomy, weights=weights, period=label, term=" x ".join(pair),
                      value=value, unit_of_measure="correlation", note=note)  # fmt: skip


def vif_rows(data: DesignInputs, spec: DesignSpec) -> Rows:
    """Measure how much of each regressor the others already hold."""
    return [
        row
        for taxonomy in data.taxonomies()
        for label, periods in data.designs(taxonomy).items()
        for weights in spec.weights_examined
        for row in _vifs(data.regressors(weights, taxonomy, periods[0]), taxonomy, weights, label)
    ]


def _vifs(table: pd.DataFrame, taxonomy: str, weights: str, label: str) -> Rows:
    X = np.column_stack([np.ones(len(table)), table.to_numpy()])
    values, note = np.full(X.shape[1], np.nan), undefined_note(["constant", *table.columns], X)
    if not note:
        spread = ((X - X.mean(axis=0)) ** 2).sum(axis=0)
        values = np.diag(fit_ols(np.zeros(len(X)), X).bread) * spread
    return [
        series_row("vif", taxonomy=taxonomy, weights=weights, period=label, term=name, value=float(value),
                   unit_of_measure="ratio", note=note)
        for name, value in zip(table.columns, values[1:], strict=True)
    ]  # fmt: skip


def undefined_note(names: list[str], X: np.ndarray) -> str:
    """Say why the coefficients of a design are not defined; X (N, K)."""
    if X.shape[0] <= X.shape[1]:
        return f"not defined: {X.shape[0]} units for {X.shape[1]} coefficients"
    alike = [names[j] for j in dependent_columns(X)]
    return f"not defined: {', '.join(alike)} cannot be told apart" if alike else ""
