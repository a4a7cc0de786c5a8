"""Stochastic kernels, ergodic densities and modes of relative income, also given the neighbours and the cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.kernel_dynamics import StochasticKernel, ergodic_density, stochastic_kernel
from evenfield.numerics.kernel_modes import count_prominent_modes, silverman_test
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import joined, not_defined
from evenfield.shared.windows import grouping
from evenfield.topics.distribution.estimate_movement import Movement, labelled

GRID = 60
MODE_DRAWS = 999
PROMINENCE = 0.05
NEGLIGIBLE = 1e-6


def kernel_parts(
    move: Movement, cells: pd.DataFrame, W: np.ndarray | None, where: str
) -> tuple[list[Estimate], list[pd.DataFrame]]:
    """Estimate the kernels that a specification asks for and count modes in its first and last year; W (N, N)."""
    if not move.spec.kernel_steps:
        return [], []
    rows, frames = _mode_rows(move), []
    for years in move.spec.kernel_steps:
        more, frame = _moving(move, years)
        rows += more
        frames.append(frame)
    frames += [_conditioned(move, name, other) for name, other in _conditions(move, cells, W, where)]
    return rows, frames


def _grid(values: np.ndarray) -> np.ndarray:
    # ASSUME: income stays inside the range that was seen: kernels are reflected at its ends and never extrapolated.
    return np.linspace(float(values.min()), float(values.max()), GRID)


def _moving(move: Movement, years: int) -> tuple[list[Estimate], pd.DataFrame]:
    # ASSUME: kernels are estimated in logs of relative income, so that no mass lies below zero income.
    values = np.log(move.values)
    label = {**move.base, "estimator": "stochastic_kernel", "term": "ergodic_modes", "effect_type": "stat",
             "role": "description", "contrast": f"{years} years", "unit_of_measure": "modes"}  # fmt: skip
    try:
        step = move.lag(years)
        if step >= values.shape[1]:
            raise NumericsError(f"the period is shorter than {years} years")
        kernel = stochastic_kernel(values[:, :-step].ravel(), values[:, step:].ravel(), _grid(values))
        ergodic = ergodic_density(kernel)
    except NumericsError as error:
        return not_defined([label], move.window.note, error), labelled(move, [], years)
    row = _modes_row(ergodic, label, values[:, step:].size, move.window.note)
    # The solution of a linear system knows its small entries only to 1e-16 of the large ones.
    seen = np.where(ergodic > NEGLIGIBLE * ergodic.max(), ergodic, 0.0)
    density = zip(kernel.grid, seen, strict=True)
    points = [{"kind": "ergodic_density", "x": x, "value": value} for x, value in density]
    return [row], labelled(move, [*_surface(kernel, "kernel", ""), *points], years)


def _modes_row(ergodic: np.ndarray, label: dict[str, Any], pairs: int, note: str) -> Estimate:
    # ASSUME: a mode of an ergodic density rises above the ground around it by a twentieth of the highest mode.
    modes = float(count_prominent_modes(ergodic, PROMINENCE))
    edge = "the highest at an end of the range seen" if ergodic.argmax() in (0, len(ergodic) - 1) else ""
    return Estimate(**label, estimate=modes, n_obs=pairs, warning=joined(note, edge))


def _conditions(move: Movement, cells: pd.DataFrame, W: np.ndarray | None, where: str) -> list[tuple[str, np.ndarray]]:
    out = []
    if W is not None:
        average = W @ move.values
        out.append((f"relative to neighbours ({move.spec.weights})", np.where(average > 0, average, np.nan)))
    if move.spec.taxonomy:
        chosen = cells[(cells["taxonomy"] == move.spec.taxonomy) & (cells["period"] == move.spec.period)]
        codes, _ = grouping(dict(zip(chosen["unit"], chosen["cell"], strict=True)), move.window.units,
                            f"cell of {move.spec.taxonomy}", where)  # fmt: skip
        member = (codes[:, None] == np.arange(codes.max() + 1)).astype(float)
        means = (member.T @ move.values) / member.sum(axis=0)[:, None]
        out.append((f"relative to own cell ({move.spec.taxonomy})", means[codes]))
    return out


def _conditioned(move: Movement, name: str, other: np.ndarray) -> pd.DataFrame:
    values, given = np.log(move.values).ravel(), np.log(move.values / other).ravel()
    kept = np.isfinite(given)
    try:
        kernel = stochastic_kernel(values[kept], given[kept], _grid(np.concatenate([values, given[kept]])))
    except NumericsError:
        return labelled(move, [], 0)
    return labelled(move, _surface(kernel, "conditioned", name), 0)


def _surface(kernel: StochasticKernel, kind: str, group: str) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "group": group, "x": x, "y": y, "value": value}
        for x, row in zip(kernel.grid, kernel.density, strict=True)
        for y, value in zip(kernel.grid, row, strict=True)
    ]


def _mode_rows(move: Movement) -> list[Estimate]:
    rows = []
    for place in (0, -1):
        year, values = move.window.years[place], np.log(move.values[:, place])
        draw_id = move.draw_id(f"modes:{year}", 0)
        label = {**move.base, "estimator": "silverman", "term": "one_mode", "contrast": str(year),
                 "effect_type": "stat", "role": "description",
                 "unit_of_measure": "critical bandwidth, log points",
                 "n_obs": len(values),
                 "n_periods": 1, "seed": f"{move.inference.seed}:{draw_id}"}  # fmt: skip
        try:
            rng = generator_for(move.inference.seed, draw_id)
            test = silverman_test(values, 1, rng, min(move.inference.permutations, MODE_DRAWS))
        except NumericsError as error:
            rows += not_defined([label], move.window.note, error)
            continue
        rows.append(Estimate(**label, estimate=test.bandwidth, p_value=test.p_value,
                             p_type=f"smoothed bootstrap, more than one mode, {test.draws} draws",
                             warning=joined(move.window.note, "conservative test")))  # fmt: skip
    return rows
