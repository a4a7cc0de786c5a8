"""The whole curve under permuted treatments, a chunk of draws at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from evenfield.numerics.label_permutation import label_statistics
from evenfield.numerics.random import generator_for
from evenfield.numerics.specification_curve import SUMMARIES, curve_summaries, permutation_from_keys
from evenfield.topics.specification_curve.estimate_data import Regression, SchemeTables, label_regressors, regression
from evenfield.topics.specification_curve.estimate_spec import Curve, Specification, specifications

ALL = "all"
DRAW_COLUMNS = ["curve", "period", "draw", *SUMMARIES]
# ASSUME: treatments could have fallen on any unit of the same stratum (coast or inland); overlaps of clusters and
# zones, and what a unit is under the other taxonomies, move with it.


def chunk_of_draws(draws: int, chunk: str) -> range:
    """Return the draws of a chunk, counted from one."""
    number, chunks = _read_chunk(chunk)
    return range(1 + draws * (number - 1) // chunks, 1 + draws * number // chunks)


def chunk_of_specifications(chunk: str) -> slice:
    """Return the specifications of a chunk."""
    number, chunks = _read_chunk(chunk)
    return slice(number - 1, None, chunks)


def _read_chunk(chunk: str) -> tuple[int, int]:
    number, _, chunks = chunk.partition("-of-")
    return int(number), int(chunks)


def permuted_curves(
    curves: list[Curve], tables: Mapping[str, SchemeTables], samples: Mapping[str, list[str]], seed: int, draws: range
) -> pd.DataFrame:
    """Summarise every curve under each permutation of treatments."""
    sources = {name: permutations(table, seed, draws) for name, table in tables.items()}
    return pd.DataFrame(
        [row for curve in curves for row in _curve_rows(curve, tables, samples, sources, draws)], columns=DRAW_COLUMNS
    )


def permutations(table: SchemeTables, seed: int, draws: range) -> np.ndarray:
    """Return one permutation of units a draw, shape (B, N)."""
    return np.array([
        permutation_from_keys(generator_for(seed, f"curve:{draw}").random(len(table.units)), table.strata)
        for draw in draws
    ])  # fmt: skip


def effects(
    specification: Specification, curve: Curve, tables: SchemeTables, found: Regression, source: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return effect and t statistic of a specification under many permutations, and its degrees of freedom."""
    D = label_regressors(specification, curve, tables, source)[:, found.kept]
    basis = np.linalg.qr(found.controls)[0]
    e = found.y - basis @ (basis.T @ found.y)
    df = len(found.y) - found.controls.shape[1] - D.shape[2]
    estimates, statistics = label_statistics(D, basis, e, found.c, df)
    return estimates, statistics, df


def _curve_rows(
    curve: Curve, tables: Mapping[str, SchemeTables], samples: Mapping[str, list[str]],
    sources: Mapping[str, np.ndarray], draws: range,
) -> Iterator[tuple[object, ...]]:  # fmt: skip
    points = [(point, regression(point, curve, tables[point.unit_scheme], samples)) for point in specifications(curve)]
    kept = [(point, found) for point, found in points if isinstance(found, Regression)]
    if not kept:
        return
    made = [effects(point, curve, tables[point.unit_scheme], found, sources[point.unit_scheme])
            for point, found in kept]  # fmt: skip
    estimates, statistics = (np.array([item[i] for item in made]) for i in (0, 1))
    df, where = np.array([item[2] for item in made], dtype=float), np.array([point.period for point, _ in kept])
    for period in (ALL, *sorted(set(where))):
        chosen = np.ones(len(where), dtype=bool) if period == ALL else where == period
        summaries = curve_summaries(estimates[chosen], statistics[chosen], df[chosen], curve.sign)
        for draw, values in zip(draws, summaries.T, strict=True):
            yield (curve.id, period, draw, *(float(value) for value in values))
