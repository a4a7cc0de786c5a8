"""Marginal effects of the neighbours' intensity by moderator: terciles, the straight line, and where the units are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import OlsFit
from evenfield.shared.estimates import NAN
from evenfield.topics.linkages.estimate_data import NEIGHBOURS, NEIGHBOURS_X, LinkagePanel
from evenfield.topics.linkages.estimate_fit import fit_columns, term_columns
from evenfield.topics.linkages.estimate_inference import Fields, primary_fields
from evenfield.topics.linkages.estimate_spec import LinkageSettings, LinkageSpec

BINS = ("low", "middle", "high")
GRID = 21
SERIES_COLUMNS = [
    "spec_id", "kind", "label", "moderator", "moderator_raw", "n_units", "estimate", "std_error", "conf_low",
    "conf_high", "p_value", "g_star", "warning",
]  # fmt: skip


def marginal_effects(panel: LinkagePanel, fit: OlsFit, spec: LinkageSpec, settings: LinkageSettings) -> pd.DataFrame:
    """Return marginal effects of the neighbours' intensity with the support of the moderator.

    Notes
    -----
    Hainmueller, Mummolo and Xu (2019), binning estimator: within each tercile G_j, WF G_j and WF (L - L_j) G_j, L_j the
    tercile's median. Where the line and the terciles part, the interaction is not linear.
    """
    rows = [*_line(panel, fit, settings), *_bins(panel, settings), *_support(panel)]
    return pd.DataFrame(rows).assign(spec_id=spec.id).reindex(columns=SERIES_COLUMNS)


def tercile_difference(panel: LinkagePanel, settings: LinkageSettings) -> Fields:
    """Test the marginal effect in the highest tercile minus that in the lowest."""
    try:
        fit = _bin_fit(panel)
        c = np.zeros(fit.X.shape[1])
        c[0], c[2] = -1.0, 1.0
        return primary_fields(fit, c, panel, settings)
    except NumericsError as error:
        return {"estimate": NAN, "warning": f"terciles not estimated: {error}"}


def bin_members(L: np.ndarray) -> np.ndarray:
    """Return the tercile of each unit: 0, 1, 2; L (N,) -> (N,)."""
    return np.searchsorted(np.quantile(L, [1 / 3, 2 / 3]), L, side="left")


def _bin_fit(panel: LinkagePanel) -> OlsFit:
    """Return the binned regression: effects at the medians of the terciles come first."""
    member = bin_members(panel.L)
    levels, slopes = [], []
    for j in range(len(BINS)):
        inside = (member == j).astype(float)[:, None]
        levels.append(panel.WF * inside)
        slopes.append(panel.WF * inside * (panel.L - np.median(panel.L[member == j]))[:, None])
    kept = [values for term, values in term_columns(panel).items() if term not in {NEIGHBOURS, NEIGHBOURS_X}]
    return fit_columns(panel, [*levels, *slopes, *kept])


def _bins(panel: LinkagePanel, settings: LinkageSettings) -> list[Fields]:
    member, raw = bin_members(panel.L), panel.raw
    rows = []
    try:
        fit = _bin_fit(panel)
    except NumericsError as error:
        return [{"kind": "bin", "label": name, "warning": f"not estimated: {error}"} for name in BINS]
    for j, name in enumerate(BINS):
        place = {"kind": "bin", "label": name, "moderator": np.median(panel.L[member == j]),
                 "moderator_raw": np.median(raw[member == j]), "n_units": int((member == j).sum())}  # fmt: skip
        rows.append({**place, **_tested(fit, np.eye(fit.X.shape[1])[j], panel, settings)})
    return rows


def _line(panel: LinkagePanel, fit: OlsFit, settings: LinkageSettings) -> list[Fields]:
    raw, scale = np.linspace(panel.raw.min(), panel.raw.max(), GRID), float(np.std(panel.raw, ddof=1))
    rows = []
    for value in raw:
        L = (value - panel.raw.mean()) / scale
        c = panel.contrast({NEIGHBOURS: 1.0, NEIGHBOURS_X: L}, fit.X.shape[1])
        place = {"kind": "line", "label": "", "moderator": L, "moderator_raw": value, "n_units": len(panel.units)}
        rows.append({**place, **_tested(fit, c, panel, settings)})
    return rows


def _tested(fit: OlsFit, c: np.ndarray, panel: LinkagePanel, settings: LinkageSettings) -> Fields:
    try:
        return primary_fields(fit, c, panel, settings)
    except NumericsError as error:
        return {"estimate": float(c @ fit.beta), "warning": f"no interval: {error}"}


def _support(panel: LinkagePanel) -> list[Fields]:
    return [{"kind": "unit", "label": unit, "moderator": L, "moderator_raw": raw, "n_units": 1}
            for unit, L, raw in zip(panel.units, panel.L, panel.raw, strict=True)]  # fmt: skip
