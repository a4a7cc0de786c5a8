"""From a panel and weights to the demeaned columns [y, W y, W W y, X, W X] of a model."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.likelihood import RESPONSES, check_regressors
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel, demeaned

FORMS = {
    "OLS": ("none", "none", "own"),
    "SLX": ("none", "none", "durbin"),
    "SAR": ("free", "none", "own"),
    "SEM": ("none", "free", "own"),
    "SDM": ("free", "none", "durbin"),
    "SDEM": ("none", "free", "durbin"),
    "SAC": ("free", "free", "own"),
}


class ModelForm(NamedTuple):
    """Which spatial terms a model has."""

    lag: str  # ``free`` or ``none`` for rho and for lambda
    error: str
    lagged: tuple[int, ...]  # positions of the regressors whose spatial lag enters


@dataclass(frozen=True)
class ModelColumns:
    """Demeaned columns of a model; seen from outside, regressors have unit length."""

    # (..., N, T, P) used columns only, not scaled; one block for each of several
    # samples
    values: Array
    positions: np.ndarray  # (P,) their places among [y, W y, W W y, X, W X]
    scales: Array  # (K,) what the regressors (own, then lagged) are divided by

    def combine(self, weights: Array) -> Array:
        """Return linear combinations of the columns; weights (..., 3 + 2K, Q) -> (...,
        N, T, Q).
        """
        return (
            self.values
            @ (weights[..., self.positions, :] / self.lengths[:, None])[..., None, :, :]
        )

    @cached_property
    def lengths(self) -> Array:
        """What each used column is divided by, shape (P,): the spatial lag of a
        regressor as the regressor.
        """
        out = np.ones(len(self.positions))
        regressors = self.positions >= RESPONSES
        out[regressors] = self.scales[
            (self.positions[regressors] - RESPONSES) % len(self.scales)
        ]
        return out

    def gram(self) -> Array:
        """Return the cross-products of all columns, zero for unused ones."""
        size = RESPONSES + 2 * len(self.scales)
        *samples, n, t, used = self.values.shape
        flat = self.values.reshape(*samples, n * t, used)
        out = np.zeros((*samples, size, size))
        out[..., self.positions[:, None], self.positions] = (flat.mT @ flat) / np.outer(
            self.lengths, self.lengths
        )
        return out


def with_outcomes(
    columns: ModelColumns, outcomes: Array, network: Network, effects: str
) -> ModelColumns:
    """Return the columns with other outcomes, one of each of B samples; outcomes (N, T,
    B).
    """
    parts = [outcomes]
    while len(parts) < np.searchsorted(columns.positions, RESPONSES):
        parts.append(network.lag(parts[-1]))
    values = np.repeat(columns.values[None], outcomes.shape[2], axis=0)
    values[..., : len(parts)] = np.moveaxis(
        demeaned(np.stack(parts, axis=3), effects), 2, 0
    )
    return replace(columns, values=values)


def model_form(
    model: str, names: tuple[str, ...], lagged: tuple[str, ...] | None
) -> ModelForm:
    """Look up a model by name."""
    if model not in FORMS:
        raise NumericsError(
            f"unknown model {model!r}, expected one of {', '.join(FORMS)}"
        )
    unknown = [name for name in lagged or () if name not in names]
    if unknown:
        raise NumericsError(f"the lagged regressor {unknown[0]!r} is not a regressor")
    lag, error, regressors = FORMS[model]
    wanted = names if lagged is None else lagged
    return ModelForm(
        lag,
        error,
        tuple(
            i
            for i, name in enumerate(names)
            if name in wanted and regressors == "durbin"
        ),
    )


def model_columns(
    values: Array,
    network: Network,
    form: ModelForm,
    effects: str,
    names: tuple[str, ...],
) -> ModelColumns:
    """Lag first, then demean; values (N, T, 1 + K)."""
    raw, positions = _raw_columns(values, network, form)
    own = slice(
        int(np.searchsorted(positions, RESPONSES)),
        int(np.searchsorted(positions, RESPONSES + len(names))),
    )
    squares = np.einsum("itp,itp->p", raw[..., own], raw[..., own])
    within = demeaned(raw, effects)
    flat = within.reshape(-1, within.shape[-1])[:, own]
    gram = flat.T @ flat
    check_regressors(gram, squares, names)
    return ModelColumns(within, positions, np.sqrt(np.diag(gram)))


def _raw_columns(
    values: Array, network: Network, form: ModelForm
) -> tuple[Array, Array]:
    lagged = list(form.lagged)
    k = values.shape[2] - 1
    total = k + len(lagged)
    first = (
        network.lag(values)
        if form.error == "free" or lagged
        else network.lag(values[..., :1])
    )
    own = [
        values[..., :1],
        values[..., 1:],
        *([first[..., 1:][..., lagged]] if lagged else []),
    ]
    parts = [own[0]]
    positions = [np.array([0])]
    if "free" in (form.lag, form.error):
        parts.append(first[..., :1])
        positions.append(np.array([1]))
    if form.lag == form.error == "free":
        parts.append(network.lag(first[..., :1]))
        positions.append(np.array([2]))
    parts += own[1:]
    positions.append(RESPONSES + np.arange(total))
    if form.error == "free":
        parts += [
            first[..., 1:],
            *([network.lag(first[..., 1:][..., lagged])] if lagged else []),
        ]
        positions.append(RESPONSES + total + np.arange(total))
    return np.concatenate(parts, axis=2), np.concatenate(positions)


def check_identified(panel: BalancedPanel, effects: str) -> None:
    """Refuse regressors of a panel that vanish with the effects or are collinear beside
    them, before any model is fitted.
    """
    regressors = panel.values[..., 1:]
    squares = np.einsum("itk,itk->k", regressors, regressors)
    within = demeaned(regressors, effects).reshape(-1, len(panel.names))
    check_regressors(within.T @ within, squares, panel.names)
