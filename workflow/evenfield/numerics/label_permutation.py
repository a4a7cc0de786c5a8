"""Permutation of whole group labels: every unit keeps its outcome and controls, only
the rows of labels move.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import chain, combinations, combinations_with_replacement
from typing import NamedTuple

import numpy as np

from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import dependent_columns
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols
from evenfield.numerics.spatial import Weights, connected_sets, hangs_together, lagged

TIE = 1e-9
EXACT = 1e-13  # share of the squares of an outcome that is rounding
MOST_SETS = 50_000
FEWEST_DRAWS = 20
AT_ONCE = 1000  # draws that fit a processor's cache


@dataclass(frozen=True)
class LabelDraws:
    """Which unit's labels each unit gets, one row a draw."""

    # (B, N) positions; row b gives unit i the labels of unit ``source[b, i]``
    source: np.ndarray
    scheme: str  # ``"free"``, ``"stratified"``, ``"connected"`` or ``"exact"``
    # (N,) groups of units whose labels are interchangeable, 0 to G - 1
    group: np.ndarray
    odds: np.ndarray  # (N, G) probability that a unit gets a label of each group
    _distinct: dict[bytes, int] = field(default_factory=dict, init=False, compare=False)

    def distinct(self, labels: np.ndarray) -> int:
        """Count the different patterns that the draws make of labels; labels (N, L)."""
        kinds = np.unique(labels, axis=0, return_inverse=True)[1].ravel()
        kinds = kinds.astype(np.min_scalar_type(len(labels)))
        key = kinds.tobytes()
        if key not in self._distinct:
            patterns = kinds[self.source]
            rows = patterns.view(f"V{patterns[0].nbytes}").ravel()
            self._distinct[key] = len(set(rows.tolist()))
        return self._distinct[key]


class PermutationTest(NamedTuple):
    """A contrast against its distribution under permuted labels."""

    estimate: float  # of the data
    # (1 + number of draws at least as extreme) / (1 + draws), two-sided; their share where
    # the draws are all that there are
    p_value: float
    statistics: np.ndarray  # (B,) studentised statistic of each draw
    statistic: float  # studentised statistic of the data
    distinct: int  # different label patterns among the draws


@dataclass(frozen=True, slots=True)
class LabelDesign:
    """How labels become regressors: the labels, then their neighbours' averages, less
    their expected exposure over the draws.
    """

    # (N, N) spatial weights W; without them the labels alone are regressors
    neighbours: Weights | None = None
    centre: np.ndarray | None = None  # (N, R) expected regressors, subtracted

    def regressors(self, labels: np.ndarray) -> np.ndarray:
        """Return the regressors of labels; labels (..., N, L) -> (..., N, R)."""
        wide = labels
        if self.neighbours is not None:
            around = lagged(self.neighbours, labels)
            wide = np.concatenate([labels, around], axis=-1)
        return wide if self.centre is None else wide - self.centre

    def drawn(self, labels: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Return the regressors under each draw; labels (N, L), source (B, N) -> (R, B,
        N).
        """
        own = np.take(labels.T, source, axis=1)
        if self.neighbours is not None:
            around = np.asarray(own.reshape(-1, len(labels)) @ self.neighbours.T)
            own = np.concatenate([own, around.reshape(own.shape)])
        return own if self.centre is None else own - self.centre.T[:, None]


LABELS_ALONE = LabelDesign()


@dataclass(frozen=True)
class LabelRegression:
    """A regression of an outcome on labels and controls, and the combination c'beta of
    the labels' coefficients.
    """

    y: np.ndarray  # (N,) outcome
    labels: np.ndarray  # (N, L)
    controls: np.ndarray  # (N, K) constant and controls
    c: np.ndarray  # (R,) weights of the label coefficients
    label_design: LabelDesign = LABELS_ALONE

    @cached_property
    def X(self) -> np.ndarray:
        """Regressors of the labels, then controls, shape (N, R + K)."""
        regressors = self.label_design.regressors(self.labels)
        return np.column_stack([regressors, self.controls])

    @property
    def combination(self) -> np.ndarray:
        """Weights of all coefficients, shape (R + K,)."""
        return np.concatenate([self.c, np.zeros(self.controls.shape[1])])


def label_scale(regressors: np.ndarray) -> np.ndarray:
    """Return the length of each regressor about its mean, one where it does not vary:
    what units of measure do to cross-products; (N, R) -> (R,).
    """
    centred = np.sqrt(((regressors - regressors.mean(axis=0)) ** 2).sum(axis=0))
    length = np.sqrt((regressors**2).sum(axis=0))
    return np.where(centred > RANK_TOLERANCE * length, centred, 1.0)


def expected_regressors(
    labels: np.ndarray, draws: LabelDraws, label_design: LabelDesign = LABELS_ALONE
) -> np.ndarray:
    """Return expected exposure, the mean of the regressors over the draws: what geography
    alone gives each unit; labels (N, L) -> (N, R).

    Notes
    -----
    Borusyak and Hull (2023), "Nonrandom exposure to exogenous shocks". Exact: the noise
    of an average over draws would be a control of its own.
    """
    groups = range(draws.odds.shape[1])
    means = np.array([labels[draws.group == g].mean(axis=0) for g in groups])
    return np.asarray(label_design.regressors(draws.odds @ means))


def without_expectation(
    regression: LabelRegression, use: str, draws: LabelDraws
) -> LabelRegression:
    """Take the expected regressors out of the labels (``subtract``), or add them to the
    controls (``control``).
    """
    mean = expected_regressors(regression.labels, draws, regression.label_design)
    if use == "subtract":
        centred = replace(regression.label_design, centre=mean)
        regression = replace(regression, label_design=centred)
    else:
        controls = regression.controls
        for column in mean.T:
            wider = np.column_stack([controls, column])
            # An expectation that the controls already span would add nothing.
            controls = controls if dependent_columns(wider) else wider
        regression = replace(regression, controls=controls)
    if dependent_columns(regression.X):
        raise NumericsError(
            "nothing is left of the labels once their expectation is removed"
        )
    return regression


def group_of(labels: np.ndarray) -> np.ndarray:
    """Return which units have the first label; labels (N, L) -> (N,)."""
    group = labels[:, 0]
    if not np.isin(group, (0.0, 1.0)).all():
        raise NumericsError("the first label is no indicator, so no contiguous group")
    return np.asarray(group == 1.0)


def free_label_draws(N: int, draws: int, rng: np.random.Generator) -> LabelDraws:
    """Move labels among all units."""
    source = rng.permuted(np.tile(np.arange(N), (draws, 1)), axis=1)
    return LabelDraws(source, "free", np.zeros(N, dtype=int), np.ones((N, 1)))


def stratified_label_draws(
    strata: np.ndarray, draws: int, rng: np.random.Generator
) -> LabelDraws:
    """Move labels among the units of a stratum, the coast for example; strata (N,)."""
    source = np.empty((draws, len(strata)), dtype=np.intp)
    names, group = np.unique(strata, return_inverse=True)
    for g in range(len(names)):
        members = np.flatnonzero(group == g)
        source[:, members] = rng.permuted(np.tile(members, (draws, 1)), axis=1)
    odds = (group[:, None] == np.arange(len(names))).astype(float)
    return LabelDraws(source, "stratified", group, odds)


def connected_label_draws(
    member: np.ndarray,
    neighbours: Weights,
    draws: int,
    rng: np.random.Generator,
    *,
    spaced: bool = False,
) -> LabelDraws:
    """Move the connected group about the map, and the labels inside and outside it at
    random; ``spaced`` places of the group lie apart.

    Notes
    -----
    Every set of places that hangs together has the same odds, whether sets are drawn
    one by one or evenly spaced from a random start in their sorted list. Sets near each
    other there have most places in common, so that spaced ones differ more.
    """
    inside, outside, sets = _connected(member, neighbours)
    if spaced:
        steps = rng.random() + np.arange(draws)
        chosen = sets[np.floor(steps * len(sets) / draws).astype(int)]
    else:
        chosen = sets[rng.integers(0, len(sets), draws)]
    given, rest = (
        rng.permuted(np.tile(part, (draws, 1)), axis=1) for part in (inside, outside)
    )
    return _placed(member, sets, chosen, given, rest, "connected")


def _connected(
    member: np.ndarray, neighbours: Weights
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the places of a connected group, the other places, and every set of as
    many places that hangs together; member (N,) -> (M,), (N - M,), (S, M).
    """
    inside = np.flatnonzero(member)
    outside = np.flatnonzero(~member)
    sets = inside[:0, None]
    if len(inside) and hangs_together(inside, neighbours):
        sets = connected_sets(neighbours, len(inside), MOST_SETS)
    if len(sets) < 2:
        raise NumericsError(
            f"the {len(inside)} units are not contiguous: no connected permutation"
            " exists"
        )
    return inside, outside, sets


def _placed(
    member: np.ndarray,
    sets: np.ndarray,
    chosen: np.ndarray,
    given: np.ndarray,
    rest: np.ndarray,
    scheme: str,
) -> LabelDraws:
    """Give chosen sets of places the labels of the group, and the rest those of the
    others; sets (S, M), chosen and given (B, M), rest (B, N - M).
    """
    source = np.empty((len(chosen), len(member)), dtype=np.intp)
    free = np.ones(source.shape, dtype=bool)
    np.put_along_axis(free, chosen, values=False, axis=1)
    np.put_along_axis(source, chosen, given, axis=1)
    source[free] = rest.ravel()
    held = np.bincount(sets.ravel(), minlength=len(member)) / len(sets)
    return LabelDraws(
        source, scheme, member.astype(int), np.column_stack([1 - held, held])
    )


def every_connected_list(
    labels: np.ndarray, member: np.ndarray, neighbours: Weights, most: int
) -> LabelDraws | None:
    """List every way to deal the rows of labels so that the group's places hang
    together, that of the data included; nothing if there are more than ``most``.
    Labels (N, L), member (N,).

    Notes
    -----
    Every set of places that hangs together, with every order of the different rows of
    labels inside and outside of it: one order each where the group is all there is.
    """
    inside, outside, sets = _connected(member, neighbours)
    kinds = np.unique(labels, axis=0, return_inverse=True)[1].ravel()
    ways = len(sets) * _ways(kinds[inside]) * _ways(kinds[outside])
    if ways > most:
        return None
    within = _permuted_rows(inside, kinds)
    without = _permuted_rows(outside, kinds)
    each = np.indices((len(sets), len(within), len(without))).reshape(3, -1)
    return _placed(
        member, sets, sets[each[0]], within[each[1]], without[each[2]], "exact"
    )


def _ways(kinds: np.ndarray) -> int:
    """Count the different orders of things of some kinds, (P,)."""
    # The factorial of all over the product of those of each kind.
    ways = math.factorial(len(kinds))
    for count in np.bincount(kinds):
        ways //= math.factorial(count)
    return ways


def _permuted_rows(units: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """List the different ways to deal the rows of labels of some units among them, by
    whose labels each gets; units (P,), kinds (N,) -> (A, P).
    """
    order = units[np.argsort(kinds[units], kind="stable")]
    counts = np.unique(kinds[units], return_counts=True)[1]
    first_of_kind = order[np.cumsum(counts) - counts]
    return np.asarray(first_of_kind[_arrangements(counts.tolist())])


def exact_label_draws(labels: np.ndarray, strata: np.ndarray) -> LabelDraws:
    """List every way to deal the rows of labels among the units of a stratum, that of
    the data included; labels (N, L), strata (N,).
    """
    names, group = np.unique(strata, return_inverse=True)
    kinds = np.unique(labels, axis=0, return_inverse=True)[1].ravel()
    members = [np.flatnonzero(group == g) for g in range(len(names))]
    ways = math.prod(_ways(kinds[units]) for units in members)
    if ways > MOST_SETS:
        raise NumericsError(
            f"{ways:,} different relabellings within strata, more than {MOST_SETS:,}:"
            " sample them (stratified)"
        )
    parts = [_permuted_rows(units, kinds) for units in members]
    source = np.empty((ways, len(strata)), dtype=np.intp)
    choices = np.indices([len(part) for part in parts]).reshape(len(parts), -1)
    for units, part, chosen in zip(members, parts, choices, strict=True):
        source[:, units] = part[chosen]
    odds = (group[:, None] == np.arange(len(names))).astype(float)
    return LabelDraws(source, "exact", group, odds)


def _arrangements(counts: list[int]) -> np.ndarray:
    """List the different orders of things of which some are alike; how many there are
    of each kind (P,) -> (A, N) kinds.
    """
    rows = np.full((1, sum(counts)), -1)
    for kind, count in enumerate(counts):
        free = np.nonzero(rows < 0)[1].reshape(len(rows), -1)
        chosen = _choices(free.shape[1], count)
        places = free[:, chosen].reshape(-1, count)
        rows = np.repeat(rows, len(chosen), axis=0)
        np.put_along_axis(rows, places, kind, axis=1)
    return rows


@lru_cache(maxsize=8)
def _choices(places: int, count: int) -> np.ndarray:
    """List the ways to choose some of several places, (A, count)."""
    numbers = chain.from_iterable(combinations(range(places), count))
    ways = math.comb(places, count)
    return np.fromiter(numbers, dtype=np.intp, count=ways * count).reshape(ways, count)


def control_basis(controls: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of controls; (N, K) -> (N, K).

    Raises
    ------
    NumericsError
        If they are collinear: the basis would have a direction that none of them has.
    """
    basis, triangle = np.linalg.qr(controls)
    # What a control adds to those before it: zeros for those beyond the units.
    added = np.zeros(controls.shape[1])
    added[: len(triangle)] = np.abs(triangle.diagonal())
    if (added <= RANK_TOLERANCE * np.sqrt((controls**2).sum(axis=0))).any():
        raise NumericsError("the controls are collinear")
    return basis


def label_permutation(
    regression: LabelRegression, draws: LabelDraws
) -> PermutationTest:
    """Test the combination c'beta of label coefficients by permuting the rows of
    labels.

    Notes
    -----
    The statistic is c'beta over its ordinary least squares standard error; labels and
    outcome are first freed from the controls (Frisch-Waugh), draw by draw. A p-value is
    never below one over the number of different patterns.
    """
    y = regression.y
    labels = regression.labels
    c = regression.c
    basis = control_basis(regression.controls)
    e = y - basis @ (basis.T @ y)
    df = len(y) - regression.controls.shape[1] - len(c)
    scale = label_scale(regression.label_design.regressors(labels))

    def tested(source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        products = []
        sides = []
        parts = np.array_split(source, math.ceil(len(source) / AT_ONCE))
        for part in told(parts, "blocks of draws"):
            drawn = regression.label_design.drawn(labels, part)
            products.append(label_products(drawn, basis))
            sides.append(drawn @ e)
        M = np.concatenate(products, axis=2)
        side = np.concatenate(sides, axis=1)
        return label_statistics(M, side, y, e, c, df, scale)

    return permutation_test(tested, labels, draws)


def permutation_test(
    tested: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    labels: np.ndarray,
    draws: LabelDraws,
) -> PermutationTest:
    """Rank the statistic of the data among those of the draws; ``tested`` gives estimates
    and statistics under B draws (B, N), labels (N, L).
    """
    # In the data each unit has its own labels.
    estimate, statistic = tested(np.arange(len(labels))[None])
    if not np.isfinite(estimate[0]):
        raise NumericsError(
            "the labels are collinear with each other or with the controls"
        )
    if not np.isfinite(statistic[0]):
        raise NumericsError("labels and controls leave nothing of the outcome over")
    distinct = draws.distinct(labels)
    if distinct < FEWEST_DRAWS:
        raise NumericsError(
            f"only {distinct} different label patterns exist: nothing to compare the"
            " data with"
        )
    statistics = tested(draws.source)[1]
    p_value = float(
        share_as_extreme(
            statistics, statistic[0], data_included=draws.scheme == "exact"
        )
    )
    return PermutationTest(
        estimate=float(estimate[0]),
        p_value=max(p_value, 1 / distinct),
        statistics=statistics,
        statistic=float(statistic[0]),
        distinct=distinct,
    )


def share_as_extreme(
    statistics: np.ndarray, observed: np.ndarray | float, *, data_included: bool = False
) -> np.ndarray:
    """Return the two-sided p of observed statistics, (...), among those of draws, (B,);
    the data count as one more draw unless they are included.
    """
    defined = np.abs(statistics[np.isfinite(statistics)])
    bound = np.abs(observed) * (1 - TIE) - TIE
    if np.ndim(bound):
        extreme = len(defined) - np.searchsorted(np.sort(defined), bound)
    else:
        extreme = np.asarray(np.count_nonzero(defined >= bound))
    if data_included:
        return np.asarray(extreme / len(defined))
    return np.asarray((1 + extreme) / (1 + len(defined)))


def label_products(drawn: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return cross-products of regressors freed from controls under many draws; drawn
    (R, B, N), an orthonormal basis of the controls (N, K) -> (R, R, B).

    Notes
    -----
    D'(I - QQ')D = D'D - (Q'D)'(Q'D): the freed regressors themselves are not formed.
    """
    R, B, N = drawn.shape
    projected = (drawn.reshape(-1, N) @ basis).reshape(R, B, -1)
    M = np.empty((R, R, B))
    for r, s in combinations_with_replacement(range(R), 2):
        raw = np.einsum("bn,bn->b", drawn[r], drawn[s])
        M[r, s] = M[s, r] = raw - np.einsum("bk,bk->b", projected[r], projected[s])
    return M


def label_statistics(
    M: np.ndarray,
    side: np.ndarray,
    y: np.ndarray,
    e: np.ndarray,
    c: np.ndarray,
    df: int,
    scale: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return c'beta and its t statistic under many draws; cross-products M (R, R, B),
    with the outcome (R, B), outcome y and what controls leave of it e, (N,), ``scale``
    (R,) of the regressors for their rank.

    Notes
    -----
    Eliminating the regressors from cross-products bordered by their products with the
    outcome and by c leaves the residual sum of squares, -c'beta and minus the variance
    of c'beta over that of the errors. They are symmetric: the lower half is enough.
    """
    R = len(side)
    # Of an outcome that the controls explain rounding is left over.
    squares = float(e @ e) if e @ e > EXACT * (y @ y) else 0.0
    S: list[list[np.ndarray | float]] = [list(M[r, : r + 1]) for r in range(R)]
    S += [[*side, squares], [*c, 0.0, 0.0]]
    det: np.ndarray | float = 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        for p in range(R):
            det = det * S[p][p]
            for i in range(p + 1, R + 2):
                share = S[i][p] / S[p][p]
                for j in range(p + 1, i + 1):
                    S[i][j] = S[i][j] - share * S[j][p]
        estimate = -np.asarray(S[R + 1][R])
        left = np.asarray(S[R][R])
        left = np.where(left > EXACT * squares, left, np.nan)
        statistic = estimate / np.sqrt(left / df * -np.asarray(S[R + 1][R + 1]))
        # The smallest eigenvalue is not below det ((R - 1) / trace)^(R - 1), by the means of
        # the others; only draws that this does not settle need their eigenvalues.
        trace = np.einsum("rrb,r->b", M, scale**-2.0)
        floor = det / np.prod(scale) ** 2 * ((R - 1) / trace) ** (R - 1)
    unsettled = np.flatnonzero(~(floor > 2 * RANK_TOLERANCE))
    if len(unsettled):
        scaled = np.moveaxis(M[..., unsettled], 2, 0) / np.outer(scale, scale)
        smallest = np.linalg.eigvalsh(scaled)[:, 0]
        collinear = unsettled[smallest <= RANK_TOLERANCE]
        estimate[collinear] = statistic[collinear] = np.nan
    return estimate, statistic


def null_spread(y: np.ndarray, controls: np.ndarray) -> float:
    """Return the residual standard deviation of the outcome given its controls alone; y
    (N,), controls (N, K), K zero where the outcome itself is what is left.
    """
    if not controls.shape[1]:
        return float(np.sqrt(np.mean(y**2)))
    return float(np.sqrt(fit_ols(y, controls).sigma2))
