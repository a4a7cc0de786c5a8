"""Stochastic kernels, ergodic densities and modes of relative income, also given the
neighbours and the cell.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.models.kernels import conditioned, ergodic_kernel, grid_over, one_mode
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.kernel_dynamics import (
    kernel_density,
    plug_in_bandwidth,
)
from evenfield.numerics.spatial import Weights
from evenfield.shared.estimates import Estimate, Fields, asking
from evenfield.shared.rows import Kind, Rows
from evenfield.shared.streams import draw_id_of, stream
from evenfield.shared.tables.rows import only
from evenfield.shared.trajectories import grouping
from evenfield.study.study_config import InferenceSettings

KINDS = {
    "share": Kind("markov", "p_1_1", "share", "share"),
    "index": Kind("markov", "shorrocks", "stat", "index"),
    "half_life": Kind("markov", "half_life", "half_life", "years"),
    "homogeneity": Kind("anderson_goodman", "time", "stat", "likelihood ratio"),
    "q": Kind("spatial_markov", "q", "stat", "Pearson"),
    "lr": Kind("spatial_markov", "lr", "stat", "likelihood ratio"),
    "modes": Kind("stochastic_kernel", "ergodic_modes", "stat", "modes"),
    "one_mode": Kind("silverman", "one_mode", "stat", "critical bandwidth, log points"),
}
WORD = "distribution"  # opens the draw ids
DENSITIES = 5  # years whose densities are drawn
MODE_DRAWS = 999


@dataclass(frozen=True)
class Movement:
    """Relative incomes of one specification, what labels its rows, and the rows and
    series made from them.
    """

    spec: Any
    units: tuple[str, ...]
    years: Array
    values: Array  # (N, T) relative incomes
    step: int  # years between two observations
    spans: dict[str, tuple[int, int]]  # first and last year of the subperiods
    W: Weights | None  # (N, N) weights, None where the specification asks for none
    cut: str  # that the weights were cut to a sample
    labels: Fields
    note: str
    inference: InferenceSettings
    estimates: list[Estimate] = field(default_factory=list)
    series: list[pd.DataFrame] = field(default_factory=list)

    def rows(self, **labels: object) -> Rows:
        """Return a builder of rows of this movement."""
        rows = Rows(KINDS, self.spec.role, self.note, **{**self.labels, **labels})
        rows.estimates = self.estimates
        return rows

    def step_rows(self, years: int, **labels: object) -> Rows:
        """Return a builder of rows of a step of some years."""
        asked = asking(years=years)
        return self.rows(contrast=f"{years} years", asked=asked, **labels)

    def draw(self, rows: Any, years: int) -> None:
        """Add rows to the series."""
        self.series.append(pd.DataFrame(rows).assign(step=years))

    def stream(self, what: str, step: int) -> tuple[np.random.Generator, str]:
        """Return the random stream of one number and its seed in words."""
        spec = self.spec
        return stream(self.inference, WORD, spec, spec.period, step, what)

    def draw_id(self, what: str, step: int) -> str:
        """Return the draw id of the same stream."""
        return draw_id_of(WORD, self.spec, self.spec.period, step, what)

    def lag(self, years: int) -> int:
        """Return a step in observations."""
        if years % self.step:
            raise NumericsError(
                f"observations lie {self.step} years apart, none lie {years} years"
                " apart"
            )
        return years // self.step


def densities(move: Movement) -> None:
    """Add the density of log relative income in five years, evenly spaced from the first
    to the last.
    """
    values = np.log(move.values)
    grid = grid_over(values)
    positions = np.linspace(0, len(move.years) - 1, DENSITIES).round().astype(int)
    for position in np.unique(positions):
        year = values[:, position]
        try:
            density = kernel_density(year, grid, plug_in_bandwidth(year))
        except NumericsError:  # all units alike, or too few
            continue
        cells = {"x": grid, "y": move.years[position], "value": density}
        move.draw({"kind": "density", **cells}, 0)


def kernel_parts(move: Movement, cells: pd.DataFrame) -> None:
    """Estimate the kernels that a specification asks for and count modes in its first
    and last year.
    """
    if not move.spec.kernel_steps:
        return
    for position in (0, -1):
        _add_modes(move, position)
    for years in move.spec.kernel_steps:
        _moving(move, years)
    for name, other in _conditions(move, cells):
        _conditioned(move, name, other)


def _add_modes(move: Movement, position: int) -> None:
    year = move.years[position]
    values = np.log(move.values[:, position])
    draws = min(move.inference.permutations, MODE_DRAWS)
    rng, seed = move.stream(f"modes:{year}", 0)
    rows = move.rows(
        contrast=str(year),
        n_obs=len(values),
        n_periods=1,
        seed=seed,
    )
    try:
        test = one_mode(values, rng, draws)
    except NumericsError as error:
        return rows.undefined(["one_mode"], error)
    return rows.add(
        "one_mode",
        "conservative test",
        estimate=test.bandwidth,
        p_value=test.p_value,
        p_type=f"smoothed bootstrap, more than one mode, {test.draws} draws",
    )


def _moving(move: Movement, years: int) -> None:
    """Add the kernel f(y|x) of one step and the density f(y) = integral f(y|x) f(x) dx
    that it settles into.
    """
    rows = move.step_rows(years)
    try:
        step = move.lag(years)
        if step >= len(move.years):
            raise NumericsError(f"the period is shorter than {years} years")
        found = ergodic_kernel(np.log(move.values), step)
    except NumericsError as error:
        return rows.undefined(["modes"], error)
    edge = "the highest at an end of the range seen" if found.at_an_end else ""
    rows.add("modes", edge, estimate=float(found.modes), n_obs=found.pairs)
    move.draw(
        _surface(found.kernel.grid, found.kernel.density).assign(kind="kernel"), years
    )
    return move.draw(
        {
            "kind": "ergodic_density",
            "x": found.kernel.grid,
            "value": found.ergodic_density,
        },
        years,
    )


def _conditions(move: Movement, cells: pd.DataFrame) -> Iterator[tuple[str, Array]]:
    """Yield what income is taken relative to, with its name; (N, T)."""
    spec = move.spec
    if move.W is not None:
        average = move.W @ move.values
        name = f"relative to neighbours ({spec.weights})"
        # A unit without neighbours has no average.
        yield name, np.where(average > 0, average, np.nan)
    if spec.taxonomy:
        where = f"estimates.distribution.{spec.id} {spec.taxonomy}"
        chosen = only(cells, taxonomy=spec.taxonomy, period=spec.period)
        codes, names = grouping(chosen, "cell", move.units, where)
        # (N, G) membership: member' Y sums the incomes of each cell.
        member = np.eye(len(names))[codes]
        means = (member.T @ move.values) / member.sum(axis=0)[:, None]
        yield f"relative to own cell ({spec.taxonomy})", means[codes]


def _conditioned(move: Movement, name: str, other: Array) -> None:
    values = np.log(move.values).ravel()
    # A ridge on the diagonal: the condition explains nothing; at zero: everything.
    given = np.log(move.values / other).ravel()
    defined = np.isfinite(given)
    try:
        kernel = conditioned(values, given, defined)
    except NumericsError:
        return
    move.draw(
        _surface(kernel.grid, kernel.density).assign(kind="conditioned", group=name), 0
    )


def _surface(grid: Array, density: Array) -> pd.DataFrame:
    x, y = np.meshgrid(grid, grid, indexing="ij")
    values = np.asarray(density).ravel()
    return pd.DataFrame(
        {
            "x": x.ravel(),
            "y": y.ravel(),
            "value": values,
        }
    )
