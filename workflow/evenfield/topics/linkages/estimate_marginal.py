"""Marginal effects of the neighbours' intensity by moderator: the straight line that the
interaction draws, terciles that need not lie on it, and where the units are.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import OlsFit
from evenfield.shared.estimates import NAN, Fields, what_is_asked
from evenfield.topics.linkages.estimate_inference import (
    Setting,
    fields_of_each,
    tested_fields,
)
from evenfield.topics.linkages.estimate_panel import (
    NEIGHBOURS,
    NEIGHBOURS_X,
    LinkagePanel,
    fit_panel,
)

BINS = ("low", "middle", "high")
GRID = 21
SERIES = """
    kind label moderator moderator_raw n_units estimate std_error conf_low conf_high
    p_value g_star warning
""".split()


def marginal_effects(setting: Setting) -> pd.DataFrame:
    """Return marginal effects of the neighbours' intensity by moderator: a line,
    terciles, and where the units are.

    Notes
    -----
    Hainmueller, Mummolo and Xu (2019), binning estimator: within each tercile G_j, WF
    G_j and WF (L - L_j) G_j, L_j the tercile's median. Where the line and the terciles
    part, the interaction is not linear.
    """
    return pd.DataFrame(
        [*_line(setting), *_bins(setting), *_support(setting.panel)]
    ).reindex(columns=SERIES)


def tercile_difference(setting: Setting) -> Fields:
    """Test the marginal effect in the highest tercile minus that in the lowest."""
    try:
        fit = _bin_fit(setting.panel)
    except NumericsError as error:
        return {"estimate": NAN, "warning": f"terciles not estimated: {error}"}
    c = np.zeros(fit.X.shape[1])
    # Columns 0, 1, 2: the effect at the median of the low, middle and high tercile.
    c[0] = -1.0
    c[2] = 1.0
    fields = tested_fields(replace(setting, fit=fit, c=c))
    lost = what_is_asked(fields["asked"]).get("untested")
    if lost is None:
        return fields
    return {"estimate": NAN, "warning": f"terciles not estimated: {lost}"}


def bin_members(L: np.ndarray) -> np.ndarray:
    """Return the tercile of each unit: 0, 1, 2; L (N,) -> (N,)."""
    # A unit on a boundary belongs to the tercile below it.
    return np.searchsorted(np.quantile(L, [1 / 3, 2 / 3]), L, side="left")


def bin_columns(panel: LinkagePanel) -> dict[str, np.ndarray]:
    """Return the regressors of the binned regression, each (N, T): effects at the medians
    of the terciles, by their names, come first.
    """
    member = bin_members(panel.L)
    levels = {}
    slopes = {}
    for j, name in enumerate(BINS):
        inside = (member == j).astype(float)[:, None]
        # In deviation from the tercile's median, so that its level is the effect there.
        deviation = (panel.L - np.median(panel.L[member == j]))[:, None]
        levels[name] = panel.WF * inside
        slopes[f"{name}_x_moderator"] = panel.WF * inside * deviation
    # Own intensity keeps its straight line: only the neighbours' effect is set free.
    beside = {
        term: values
        for term, values in panel.columns.items()
        if term not in (NEIGHBOURS, NEIGHBOURS_X)
    }
    return levels | slopes | beside


@cache
def _bin_fit(panel: LinkagePanel) -> OlsFit:
    """Return the binned regression."""
    return fit_panel(panel, list(bin_columns(panel).values()))


def _bins(setting: Setting) -> Iterator[Fields]:
    panel = setting.panel
    member = bin_members(panel.L)
    try:
        fit = _bin_fit(panel)
    except NumericsError as error:
        for name in BINS:
            yield {"kind": "bin", "label": name, "warning": f"not estimated: {error}"}
        return
    tests = fields_of_each(replace(setting, fit=fit), np.eye(len(BINS), fit.X.shape[1]))
    for j, (name, fields) in enumerate(zip(BINS, tests, strict=True)):
        yield {
            "kind": "bin",
            "label": name,
            "n_units": int((member == j).sum()),
            "moderator": np.median(panel.L[member == j]),
            "moderator_raw": np.median(panel.raw[member == j]),
            **fields,
        }


def _line(setting: Setting) -> Iterator[Fields]:
    panel = setting.panel
    mean = panel.raw.mean()
    deviation = float(np.std(panel.raw, ddof=1))
    values = np.linspace(panel.raw.min(), panel.raw.max(), GRID)
    places = (values - mean) / deviation
    # The effect of neighbours at L: b + psi L.
    width = setting.fit.X.shape[1]
    combinations = [
        panel.contrast({NEIGHBOURS: 1.0, NEIGHBOURS_X: L}, width) for L in places
    ]
    tests = fields_of_each(setting, combinations)
    for value, L, fields in zip(values, places, tests, strict=True):
        yield {
            "kind": "line",
            "label": "",
            "moderator": L,
            "moderator_raw": value,
            "n_units": len(panel.units),
            **fields,
        }


def _support(panel: LinkagePanel) -> Iterator[Fields]:
    for unit, L, raw in zip(panel.units, panel.L, panel.raw, strict=True):
        yield {
            "kind": "unit",
            "label": unit,
            "moderator": L,
            "moderator_raw": raw,
            "n_units": 1,
        }
