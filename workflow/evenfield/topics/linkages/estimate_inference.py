"""Inference with few units behind one coefficient of a linkage regression, and its
marginal effects.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import encoded, in_order
from evenfield.numerics.inference.methods import Design, infer
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN
from evenfield.shared.few_units import (
    PANEL,
    Fields,
    few_unit_design,
    fields_of,
    located,
    method_fields,
)
from evenfield.topics.linkages.estimate_panel import (
    NEIGHBOURS,
    NEIGHBOURS_X,
    OWN_X,
    LinkagePanel,
    fit_long_difference,
    fit_panel,
    regressors,
    within,
)

# ASSUME: errors of units 800 km apart or more are uncorrelated (Conley); within a unit
# for as many years as Newey and West's rule gives.
CONLEY_KM = 800.0
BINS = ("low", "middle", "high")
GRID = 21
SERIES = """
    kind label moderator moderator_raw n_units estimate std_error conf_low conf_high
    p_value g_star warning
""".split()


@dataclass(frozen=True)
class Setting:
    """One regression, the combination of coefficients that is tested, and what
    inference needs beside them.
    """

    panel: LinkagePanel  # arrays
    fit: OlsFit  # its fit
    c: np.ndarray  # (K,) weights of the combination
    coordinates: pd.DataFrame  # ``lat``, ``lon`` by unit
    inference: Mapping[str, Any]  # ``conf_level``, ``permutations``, ``seed``
    power: float  # of the minimum detectable effects
    draws: int  # of the moderator over units
    draw_id: str  # name of the random stream

    @property
    def level(self) -> float:
        """Level of the intervals."""
        return float(self.inference["conf_level"])

    @property
    def estimate(self) -> float:
        """The combination of coefficients."""
        return float(self.c @ self.fit.beta)

    @property
    def design(self) -> Design:
        """The regression with all that methods of the registry need."""
        return few_unit_design(
            self.fit,
            self.panel.members,
            self.inference,
            self.draw_id,
            power=self.power,
            dates=encoded(self.panel.dates),
            locations=located(self.coordinates, self.panel.units),
            cutoff_km=CONLEY_KM,
            **PANEL,
        )

    def fields(self, method: str) -> Fields:
        """Return what a method of the registry says of the combination."""
        return method_fields(method, self.design, self.c, self.level)


def tested_fields(setting: Setting) -> Fields:
    """Test the combination by CR3 with provinces as clusters and t(G* - 1), or say why
    there is no interval.
    """
    return setting.fields("CR3")


def _long_difference(setting: Setting) -> Fields:
    return long_difference_fields(setting, fit_long_difference(setting.panel))


def long_difference_fields(setting: Setting, fit: OlsFit) -> Fields:
    """Test the combination in a regression of long differences by SCPC."""
    terms = len(setting.panel.columns)
    c = np.zeros(fit.X.shape[1])
    c[:terms] = setting.c[:terms]
    units = np.asarray(setting.panel.units)
    design = Design(
        fit=fit,
        units=in_order(units),
        locations=located(setting.coordinates, setting.panel.units),
        power=setting.power,
    )
    test = infer("SCPC", design, c, setting.level)
    if test.reason:
        raise NumericsError(test.reason)
    fields = fields_of(test, setting.level)
    fields["se_type"] += ", last year minus first"
    return fields | {
        "n_obs": len(fit.y),
        "n_periods": 2,
        "g_star": effective_clusters(fit.X, units, c),
    }


def _permutation(setting: Setting) -> Fields:
    seed = setting.inference["seed"]
    draws = permuted_estimates(
        {"": setting.panel}, setting.draws, seed, setting.draw_id
    )[""]
    # A draw as extreme as the estimate up to rounding counts.
    extreme = int((np.abs(draws) >= abs(setting.estimate) * (1 - 1e-9)).sum())
    return {
        "estimate": setting.estimate,
        "p_value": (1 + extreme) / (1 + len(draws)),
        "p_type": f"moderator permuted over units, {len(draws)} draws",
        "seed": f"{seed}:{setting.draw_id}",
    }


# Beside CR3 where a specification decides: methods of the registry, and of this topic.
PRINTED = ("wild33", "driscoll_kraay", "conley", "two_way")
SUFFIXES = {"wild33": "wild_33"}
OWN_METHODS: Mapping[str, Callable[[Setting], Fields]] = {
    "long_difference_scpc": _long_difference,
    "permutation": _permutation,
}


def permuted_estimates(
    panels: Mapping[str, LinkagePanel], draws: int, seed: int, draw_id: str
) -> dict[str, np.ndarray]:
    """Estimate the interaction with the moderator dealt out to the units at random, the
    same deals for every panel.
    """
    rng = generator_for(seed, draw_id)
    size = len(next(iter(panels.values())).units)
    orders = np.array([rng.permutation(size) for _ in range(draws)])
    return {name: _psi_by_order(panel, orders) for name, panel in panels.items()}


def _psi_by_order(panel: LinkagePanel, orders: np.ndarray) -> np.ndarray:
    """Return psi for every order of the moderator: a quadratic form in it, because each
    column is linear in it.
    """
    if panel.trends:
        return np.array([_psi(replace(panel, L=panel.L[order])) for order in orders])
    columns = panel.columns
    fixed = [columns[term] for term in columns if term not in (OWN_X, NEIGHBOURS_X)]
    y = within(panel, panel.y.ravel())
    Q = np.linalg.qr(within(panel, regressors(panel, fixed)))[0]
    # F L = A L and (WF) L = B L; A and B free of all other regressors.
    A = _unit_columns(panel.F)
    B = _unit_columns(panel.WF)
    A = A - Q @ (Q.T @ A)
    B = B - Q @ (Q.T @ B)
    L = panel.L[orders]
    own = L @ (A.T @ y)
    near = L @ (B.T @ y)
    # Two regressors are left: psi by Cramer's rule from their cross-products.
    a = np.einsum("bi,ij,bj->b", L, A.T @ A, L)
    b = np.einsum("bi,ij,bj->b", L, A.T @ B, L)
    d = np.einsum("bi,ij,bj->b", L, B.T @ B, L)
    return np.asarray((a * near - b * own) / (a * d - b**2))


def _psi(panel: LinkagePanel) -> float:
    """Return psi beside trends: every unit's mean, every year's mean and slope on the
    moderator are taken out.
    """
    wide = np.stack([panel.y, *panel.columns.values()])
    wide = wide - wide.mean(axis=2, keepdims=True)
    # Year effects and the moderator by year are a constant and L within each year.
    basis = np.linalg.qr(np.column_stack([np.ones(len(panel.L)), panel.L]))[0]
    free = wide - basis @ (basis.T @ wide)
    y, *columns = free.reshape(len(wide), -1)
    fit = fit_ols(y, np.column_stack(columns))
    return float(fit.beta[list(panel.columns).index(NEIGHBOURS_X)])


def _unit_columns(values: np.ndarray) -> np.ndarray:
    """Return values in deviation from the unit's mean, a column for each unit; values
    (N, T) -> (N T, N).
    """
    N, T = values.shape
    units = np.arange(N)
    out = np.zeros((N, T, N))
    out[units, :, units] = values - values.mean(axis=1, keepdims=True)
    return out.reshape(N * T, N)


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
    c[0] = -1.0
    c[2] = 1.0
    fields = tested_fields(replace(setting, fit=fit, c=c))
    if "warning" not in fields:
        return fields
    lost = fields["warning"].replace("no interval", "terciles not estimated")
    return {"estimate": NAN, "warning": lost}


def bin_members(L: np.ndarray) -> np.ndarray:
    """Return the tercile of each unit: 0, 1, 2; L (N,) -> (N,)."""
    return np.searchsorted(np.quantile(L, [1 / 3, 2 / 3]), L, side="left")


@cache
def _bin_fit(panel: LinkagePanel) -> OlsFit:
    """Return the binned regression: effects at the medians of the terciles come first."""
    member = bin_members(panel.L)
    levels = []
    slopes = []
    for j in range(len(BINS)):
        inside = (member == j).astype(float)[:, None]
        deviation = (panel.L - np.median(panel.L[member == j]))[:, None]
        levels.append(panel.WF * inside)
        slopes.append(panel.WF * inside * deviation)
    columns = panel.columns
    beside = [
        columns[term] for term in columns if term not in (NEIGHBOURS, NEIGHBOURS_X)
    ]
    return fit_panel(panel, [*levels, *slopes, *beside])


def _bins(setting: Setting) -> Iterator[Fields]:
    panel = setting.panel
    member = bin_members(panel.L)
    try:
        fit = _bin_fit(panel)
    except NumericsError as error:
        for name in BINS:
            yield {"kind": "bin", "label": name, "warning": f"not estimated: {error}"}
        return
    for j, name in enumerate(BINS):
        c = np.zeros(fit.X.shape[1])
        c[j] = 1.0
        yield {
            "kind": "bin",
            "label": name,
            "n_units": int((member == j).sum()),
            "moderator": np.median(panel.L[member == j]),
            "moderator_raw": np.median(panel.raw[member == j]),
            **tested_fields(replace(setting, fit=fit, c=c)),
        }


def _line(setting: Setting) -> Iterator[Fields]:
    panel = setting.panel
    mean = panel.raw.mean()
    deviation = float(np.std(panel.raw, ddof=1))
    for value in np.linspace(panel.raw.min(), panel.raw.max(), GRID):
        # The effect of neighbours at L: b + psi L.
        L = (value - mean) / deviation
        c = panel.contrast({NEIGHBOURS: 1.0, NEIGHBOURS_X: L}, setting.fit.X.shape[1])
        yield {
            "kind": "line",
            "label": "",
            "moderator": L,
            "moderator_raw": value,
            "n_units": len(panel.units),
            **tested_fields(replace(setting, c=c)),
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
