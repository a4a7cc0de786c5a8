"""Fixed effects taken out of a regression, however they nest or cross: by demeaning by
one effect and by least squares on the dummies of the others beside it. What counts is
the rank of the whole set of effects, and their leverages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError

NOTHING = 1e-10  # of the length of a column: less is left of it by rounding only
ROUNDING = 1e-13
DENSE_CELLS = 4  # pairs of levels a row up to which their counts are a dense table
BLOCK_OF_ROWS = 20_000
MOST_LEVELS = 10_000  # of effects beside the largest, in a dense matrix of 0.8 GB
MOST_CELLS = 200_000_000  # of dummies among the regressors, 1.6 GB


@dataclass(frozen=True)
class EffectSpan:
    """The span of the dummies of some effects: of one, ``home``, and of what the others
    add to it.
    """

    home: np.ndarray  # (N,) codes of the effect with the most levels
    others: tuple[Array, ...]  # (N,) codes of the other effects

    @cached_property
    def counts(self) -> np.ndarray:
        """Rows of each level of ``home``, shape (H,)."""
        return np.bincount(self.home)

    @cached_property
    def levels(self) -> list[int]:
        """Number of levels of each other effect."""
        return [int(codes.max()) + 1 for codes in self.others]

    @property
    def starts(self) -> Array:
        """Place of the first level of each other effect among all of them."""
        return np.cumsum([0, *self.levels[:-1]])

    @cached_property
    def shares(self) -> Array | csr_array:
        """Shares of the levels of the other effects in each level of ``home``; (H, L)."""
        tables = [_cross_table(self.home, codes) for codes in self.others]
        if any(isinstance(cells, csr_array) for cells in tables):
            pairs = hstack([csr_array(cells) for cells in tables])
            return csr_array(diags_array(1.0 / self.counts) @ pairs)
        return np.asarray(np.hstack(tables) / self.counts[:, None])

    @cached_property
    def weights(self) -> Array:
        """Weights A of the other dummies Z, demeaned by ``home``, so that Z A is an
        orthonormal basis of what they add; shape (L, R).

        Notes
        -----
        Z'Z = V diag(r) V' and A = V r^(-1/2), without the roots that are zero: those of
        levels that the other effects determine.
        """
        if not self.others:
            return np.zeros((0, 0))
        if sum(self.levels) > MOST_LEVELS:
            raise NumericsError(
                f"{sum(self.levels)} levels of effects beside the largest one are more"
                f" than {MOST_LEVELS}: take coarser effects, or a program that"
                " iterates, pyfixest for example"
            )
        blocks = []
        for one in self.others:
            blocks.append([_dense(_cross_table(one, two)) for two in self.others])
        products = np.block(blocks)
        pairs = diags_array(self.counts.astype(float)) @ self.shares
        beside_home = products - _dense(pairs.T @ self.shares)
        return orthonormal_weights(beside_home, float(np.diag(products).max()))

    @property
    def rank(self) -> int:
        """Number of independent dummies."""
        return len(self.counts) + int(self.weights.shape[1])

    def take_out(self, values: Array) -> None:
        """Replace rows in place by their residuals on the dummies; values (R, N)."""
        for row in values:
            row[:] -= (np.bincount(self.home, row) / self.counts)[self.home]
        if not self.weights.size:
            return
        for row in values:
            sums = [
                np.bincount(codes, row, minlength=count)
                for codes, count in zip(self.others, self.levels, strict=True)
            ]
            effects = self.weights @ (np.concatenate(sums) @ self.weights)
            row[:] += (self.shares @ effects)[self.home]
            for codes, start in zip(self.others, self.starts, strict=True):
                row[:] -= effects[start + codes]

    def leverage(self) -> Array:
        """Diagonal of the projection on the dummies, shape (N,)."""
        # Leverages of orthogonal spans add up.
        leverage = 1.0 / self.counts[self.home]
        for start in range(0, len(leverage), BLOCK_OF_ROWS):
            rows = slice(start, start + BLOCK_OF_ROWS)
            leverage[rows] += (self._basis(rows) ** 2).sum(axis=1)
        return np.asarray(leverage)

    def _basis(self, rows: slice) -> Array:
        if not self.others:
            return np.zeros((len(self.home[rows]), 0))
        basis = -np.asarray(self.shares[self.home[rows]] @ self.weights)
        for codes, start in zip(self.others, self.starts, strict=True):
            basis += self.weights[start + codes[rows]]
        return basis


class WithoutEffects(NamedTuple):
    """An outcome and its regressors without effects."""

    y: Array  # (N,) outcome
    # (N, K) regressors, and an orthonormal basis of effects that were not taken out
    X: Array
    rank: int  # of all effects, the constant included
    nested: int  # of those nested in the clusters, but for the constant that they span
    taken: EffectSpan | None = None  # the effects that were taken out


def effect_span(effects: Mapping[str, Array]) -> EffectSpan:
    """Return the span of effects, codes from zero without a gap, (N,) each."""
    by_size = sorted(effects.values(), key=lambda codes: -int(codes.max()))
    return EffectSpan(by_size[0], tuple(by_size[1:]))


Dummies = Literal["none", "crossed", "all"]


def without_effects(
    values: Array,
    names: Sequence[str],
    effects: Mapping[str, Array],
    clusters: np.ndarray,
    *,
    dummies: Dummies,
) -> WithoutEffects:
    """Take effects out of an outcome and regressors in place; a basis of those that
    stay ``dummies`` (none, those that cross the clusters, all) becomes regressors.

    Notes
    -----
    Values are (1 + K, N), the outcome first; effects and clusters are codes from zero,
    (N,). Partialling out is Frisch and Waugh's; leverages add up: those of the effects
    and those of the regressors without them. CR2 and CR3 are those of the regression
    with all dummies as long as what is taken out is nested in the clusters
    (Pustejovsky and Tipton 2018).
    """
    if not effects:
        return WithoutEffects(values[0], values[1:].T, 0, 0)
    # What counts as nothing left is measured before anything is taken out.
    scale = np.einsum("rn,rn->r", values, values)
    values -= values.mean(axis=1, keepdims=True)  # spares the digits of the rest
    size = np.einsum("rn,rn->r", values, values)
    negligible = np.maximum(NOTHING**2 * size, ROUNDING**2 * scale)
    inner = {name: codes for name, codes in effects.items() if _nests(codes, clusters)}
    # K of CR1 leaves out nested effects but for the constant, which counts whatever
    # spans it (Stata's areg, xtreg and reghdfe; fixest).
    nested = effect_span(inner).rank - 1 if inner else 0
    taken = {
        "none": effects,
        "crossed": inner,
        "all": {},
    }[dummies]
    span = effect_span(taken) if taken else None
    rank = 0
    if span is not None:
        span.take_out(values)
        rank = span.rank
    rest = {name: codes for name, codes in effects.items() if name not in taken}
    basis = np.zeros((0, values.shape[1]))
    if rest:
        basis = _basis_beside(rest, taken)
        values -= (values @ basis.T) @ basis
        rank += len(basis)
    _refuse_absorbed(values, negligible, names, list(effects))
    X = np.vstack([values[1:], basis]).T
    return WithoutEffects(values[0], X, rank, nested, span)


def _basis_beside(effects: Mapping[str, Array], taken: Mapping[str, Array]) -> Array:
    """Return an orthonormal basis of what effects add to those taken out; (R, N)."""
    levels = sum(int(codes.max()) + 1 for codes in effects.values())
    rows = len(next(iter(effects.values())))
    if levels > MOST_LEVELS or levels * rows > MOST_CELLS:
        raise NumericsError(
            f"{levels} dummies of {rows} rows are too many for an inference with"
            " leverages of clusters: take CR1 or HC3, or cluster by what they nest in"
        )
    dummies = [
        codes == np.arange(codes.max() + 1)[:, None] for codes in effects.values()
    ]
    columns = np.vstack(dummies).astype(float)
    largest = float(columns.sum(axis=1).max())
    if taken:
        effect_span(taken).take_out(columns)
    weights = orthonormal_weights(columns @ columns.T, largest)
    return np.asarray(weights.T @ columns)


def orthonormal_weights(gram: Array, size: float) -> Array:
    """Return A (L, R) with A' gram A the identity, for columns that may depend on one
    another; ``size`` is the largest sum of squares of a column at first.
    """
    roots, vectors = np.linalg.eigh(gram)
    independent = roots > NOTHING * size
    return np.asarray(vectors[:, independent] / np.sqrt(roots[independent]))


def _cross_table(one: Array, two: Array) -> Any:
    """Count the rows of each pair of levels, sparse where most pairs have none."""
    shape = (int(one.max()) + 1, int(two.max()) + 1)
    size = shape[0] * shape[1]
    if size <= DENSE_CELLS * len(one):
        cells = np.bincount(one * shape[1] + two, minlength=size)
        return cells.reshape(shape)
    return csr_array((np.ones(len(one)), (one, two)), shape=shape)


def _dense(table: Any) -> Array:
    return table if isinstance(table, np.ndarray) else table.toarray()


def _nests(inner: Array, outer: Array) -> bool:
    home = np.zeros(inner.max() + 1, dtype=int)
    home[inner] = outer
    return bool((home[inner] == outer).all())


def _refuse_absorbed(
    values: Array, negligible: np.ndarray, names: Sequence[str], effects: Sequence[str]
) -> None:
    """Refuse regressors, or an outcome, of which the effects leave nothing; values (1 +
    K, N), sums of squares that count as nothing (1 + K,).
    """
    absorbed = np.einsum("rn,rn->r", values, values) <= negligible
    beside = " and ".join(effects)
    what = f"not vary within {beside}"
    if len(effects) > 1:
        what = f"not vary beside the effects of {beside}"
    lost = [name for name, none in zip(names, absorbed[1:], strict=True) if none]
    if len(lost) == 1:
        raise NumericsError(f"{lost[0]} does {what}: leave it out")
    if lost:
        raise NumericsError(f"{', '.join(lost)} do {what}: leave them out")
    if absorbed[0]:
        raise NumericsError(f"the outcome does {what}")
