"""From a panel and weights to the demeaned columns [y, W y, W W y, X, W X] of a model.

Columns are lagged first and demeaned then. A column that a model does not use is not
formed; its place in the cross-products stays zero.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.effects import demeaned
from evenfield.numerics.spatial_panel.likelihood import RESPONSES
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel

MODELS = ("OLS", "SLX", "SAR", "SEM", "SDM", "SDEM", "SAC")
LAG = ("SAR", "SDM", "SAC")
ERROR = ("SEM", "SDEM", "SAC")
DURBIN = ("SLX", "SDM", "SDEM")
SAME = 1e-10


class ModelForm(NamedTuple):
    """Which spatial terms a model has."""

    lag: bool  # whether rho is free
    error: bool  # whether lambda is free
    lagged: tuple[int, ...]  # positions of the regressors whose spatial lag enters


def model_form(
    model: str, names: tuple[str, ...], lagged: tuple[str, ...] | None
) -> ModelForm:
    """Look up a model by name."""
    if model not in MODELS:
        raise NumericsError(
            f"unknown model {model!r}, expected one of {', '.join(MODELS)}"
        )
    unknown = [name for name in lagged or () if name not in names]
    if unknown:
        raise NumericsError(f"the lagged regressor {unknown[0]!r} is not a regressor")
    wanted = names if lagged is None else lagged
    positions = [i for i, name in enumerate(names) if name in wanted]
    return ModelForm(
        lag=model in LAG,
        error=model in ERROR,
        lagged=tuple(positions) if model in DURBIN else (),
    )


def with_lags(names: tuple[str, ...], lagged: tuple[int, ...]) -> tuple[str, ...]:
    """Return the names of regressors and of those spatial lags of them that enter."""
    return (*names, *(f"W {names[i]}" for i in lagged))


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
        scaled = weights[..., self.positions, :] / self.lengths[:, None]
        return np.asarray(self.values @ scaled[..., None, :, :])

    @property
    def responses(self) -> int:
        """How many of the columns are y and its spatial lags."""
        return int((self.positions < RESPONSES).sum())

    @cached_property
    def lengths(self) -> Array:
        """What each used column is divided by, shape (P,): the spatial lag of a
        regressor as the regressor.
        """
        regressors = self.positions[self.responses :] - RESPONSES
        return np.append(
            np.ones(self.responses), self.scales[regressors % len(self.scales)]
        )

    def gram(self) -> Array:
        """Return the cross-products of all columns, zero for unused ones."""
        size = RESPONSES + 2 * len(self.scales)
        *samples, n, t, used = self.values.shape
        flat = self.values.reshape(*samples, n * t, used)
        products = (flat.mT @ flat) / np.outer(self.lengths, self.lengths)
        out = np.zeros((*samples, size, size))
        out[..., self.positions[:, None], self.positions] = products
        return out


def with_outcomes(
    columns: ModelColumns, outcomes: Array, network: Network, effects: str
) -> ModelColumns:
    """Return the columns with other outcomes, one of each of B samples; outcomes (N, T,
    B).
    """
    parts = [outcomes]
    while len(parts) < columns.responses:
        parts.append(network.lag(parts[-1]))
    drawn = demeaned(np.stack(parts, axis=3), effects)
    values = np.repeat(columns.values[None], outcomes.shape[2], axis=0)
    values[..., : len(parts)] = np.moveaxis(drawn, 2, 0)
    return replace(columns, values=values)


def model_columns(
    values: Array,
    network: Network,
    form: ModelForm,
    effects: str,
    names: tuple[str, ...],
) -> ModelColumns:
    """Lag first, then demean; values (N, T, 1 + K)."""
    raw, positions = _raw_columns(values, network, form)
    responses = int((positions < RESPONSES).sum())
    own = slice(responses, responses + len(names))
    squares = np.einsum("itp,itp->p", raw[..., own], raw[..., own])
    within = demeaned(raw, effects)
    if np.linalg.norm(within[..., 0]) <= SAME * np.linalg.norm(raw[..., 0]):
        raise NumericsError("the outcome does not vary once the effects are removed")
    flat = within.reshape(-1, within.shape[-1])[:, own]
    gram = flat.T @ flat
    _check_regressors(gram, squares, names)
    return ModelColumns(within, positions, np.sqrt(np.diag(gram)))


def _raw_columns(
    values: Array, network: Network, form: ModelForm
) -> tuple[Array, np.ndarray]:
    lagged = list(form.lagged)
    own = values.shape[2] - 1 + len(lagged)
    first = network.lag(values if form.error or lagged else values[..., :1])
    regressors = [values[..., 1:], first[..., 1:][..., lagged]]
    responses = [values[..., :1]]
    if form.lag or form.error:
        responses.append(first[..., :1])
    if form.lag and form.error:
        responses.append(network.lag(first[..., :1]))
    if form.error:
        # The filter I - lambda W needs the spatial lag of every regressor as well.
        lags = first[..., 1:]
        regressors += [lags, network.lag(lags[..., lagged])]
    last = RESPONSES + own * (2 if form.error else 1)
    positions = np.array([*range(len(responses)), *range(RESPONSES, last)])
    return np.concatenate([*responses, *regressors], axis=2), positions


def check_identified(panel: BalancedPanel, effects: str) -> None:
    """Refuse regressors of a panel that vanish with the effects or are collinear beside
    them, before any model is fitted.
    """
    regressors = panel.values[..., 1:]
    squares = np.einsum("itk,itk->k", regressors, regressors)
    within = demeaned(regressors, effects).reshape(-1, len(panel.names))
    _check_regressors(within.T @ within, squares, panel.names)


def _check_regressors(gram: Array, raw_squares: Array, names: tuple[str, ...]) -> None:
    """Refuse regressors that vanish with the effects or are collinear; gram (K, K),
    raw_squares (K,).
    """
    squares = np.diag(gram)
    flat = np.flatnonzero(squares <= SAME**2 * raw_squares)
    if len(flat):
        verb = "regressor does" if len(flat) == 1 else "regressors do"
        raise NumericsError(
            f"{len(flat)} {verb} not vary once the effects are removed, first"
            f" {names[flat[0]]}"
        )
    root = np.sqrt(squares)
    values, vectors = np.linalg.eigh(gram / np.outer(root, root))
    if values[0] < SAME:
        # The combination that vanishes: name the two that carry most of it.
        order = np.argsort(-np.abs(vectors[:, 0]))
        worst = [names[i] for i in order[:2]]
        raise NumericsError(
            "the regressors are collinear once the effects are removed, see"
            f" {' and '.join(worst)}"
        )
