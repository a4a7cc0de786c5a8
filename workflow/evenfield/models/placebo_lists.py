"""Placebo lists: how often each method of inference rejects when the labels of a contrast
are dealt to other units that hang together on the map.

Outcome and covariates stay with their units, so that the labels of a placebo list have no
effect. A method of the right size rejects for 1 - level of the lists, one of twenty at 95
percent; one that rejects for more is too sure of itself on this map. Its p is corrected:
the rank of the |t| of the data among those of the lists.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from evenfield.models.labels import Dealing
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Design
from evenfield.numerics.inference.many_designs import (
    ManyFits,
    Verdicts,
    fit_many,
    rejects,
)
from evenfield.numerics.inference.methods import METHODS, infer, verdicts
from evenfield.numerics.label_permutation import (
    FEWEST_DRAWS,
    LabelDraws,
    LabelRegression,
    connected_label_draws,
    every_connected_list,
    group_of,
    label_permutation,
    share_as_extreme,
)
from evenfield.numerics.spatial import Weights

# All placebo lists are tried where they are no more: that takes a second or two, and
# leaves no error of simulation in sizes and corrected p-values.
MOST_LISTS = 5_000
# Of each list: the error of a p near .05 is sqrt(.05 * .95 / 999) = .007.
WILD_DRAWS = 999
CELLS_AT_ONCE = 20_000  # of lists, units and regressors
EVERY = "exact"  # scheme of lists that are all there are
# Permutations of labels that are sampled, and their schemes.
SAMPLED = {
    name: method.scheme
    for name, method in METHODS.items()
    if method.scheme not in ("", EVERY)
}
NAN = float("nan")


class Size(NamedTuple):
    """What placebo lists say of one method; NaN where it is not defined."""

    statistic: float  # t of the data by the method
    size: float  # share of lists for which the method rejects
    std_error: float  # of that share, where lists are drawn
    p_value: float  # corrected: the rank of |t| among the lists
    lists: int  # that the method is defined for
    undefined: int  # lists that it is not defined for


@dataclass(frozen=True)
class Sizes:
    """Every method on all lists, or on those that are drawn."""

    different: int  # lists
    tried: int  # lists, those that are drawn twice counted twice
    every: bool  # whether all lists there are were tried
    of_method: Mapping[str, Size]


def placebo_lists(
    labels: np.ndarray, touching: Weights, count: int, rng: np.random.Generator
) -> LabelDraws:
    """Return every placebo list of some labels, or as many as are drawn where there are
    too many; labels (N, L), of which a group that hangs together has the first.
    """
    inside = group_of(labels)
    every = every_connected_list(labels, inside, touching, MOST_LISTS)
    if every is not None:
        return every
    return connected_label_draws(inside, touching, count, rng, spaced=True)


@dataclass(frozen=True, kw_only=True)
class PlaceboCase:
    """A contrast whose labels are dealt out, with all that methods of inference need."""

    regression: LabelRegression
    design: Design  # of the contrast; its fit plays no part
    dealt: Callable[[str], LabelDraws]  # permutations of the labels, by scheme
    strata: Callable[[], np.ndarray]  # of the units, (N,), or refused
    level: float

    def sizes(self, lists: LabelDraws, methods: Sequence[str]) -> Sizes:
        """Return the size of each method on placebo lists, with its corrected p.

        Notes
        -----
        A list is a set of as many units that hang together, the rows of labels dealt
        anew inside and outside of it. Where all are there, sizes and corrected p are
        exact; elsewhere each set has equal odds.
        """
        of_data = self.regression.labels
        permuted, list_of_draw = np.unique(
            of_data[lists.source], axis=0, return_inverse=True
        )
        if len(permuted) < FEWEST_DRAWS:
            there_are = "exist" if lists.scheme == EVERY else "were drawn"
            raise NumericsError(f"only {len(permuted)} different ones {there_are}")
        # The labels of the data come first: connected draws move the group of the data,
        # and the first list has its permuted statistics kept for all others.
        labels = np.concatenate([of_data[None], permuted])
        tests = _Tester(self).tests(labels, methods)
        # Where each draw stands in the tests, which begin with the data.
        place = 1 + list_of_draw.ravel()
        every = lists.scheme == EVERY
        of_method = {}
        for name, (statistic, rejected) in tests.items():
            of_lists = Verdicts(statistic[place], rejected[place])
            of_method[name] = _size(float(statistic[0]), of_lists, every=every)
        return Sizes(len(permuted), len(lists.source), every, of_method)

    def own_p(self, method: str) -> float:
        """Return the p of a method by itself, NaN where it is not defined."""
        if method not in SAMPLED:
            c = self.regression.combination
            return infer(method, self.design, c, self.level).p_value
        try:
            draws = self.dealt(SAMPLED[method])
            return label_permutation(self.regression, draws).p_value
        except NumericsError:
            return NAN


def dealt_out(
    labels: np.ndarray,
    dealing: Dealing,
    strata: np.ndarray,
    seeds: Mapping[str, Any],
    own: LabelDraws,
) -> Callable[[str], LabelDraws]:
    """Return permutations of labels (N, L) by scheme, as many as of a test: ``own`` are
    its draws of places that hang together.
    """

    @cache
    def dealt(scheme: str) -> LabelDraws:
        if scheme == own.scheme:
            return own
        within = strata if scheme == "stratified" else None
        other = Dealing(strata=within, draws=dealing.draws)
        return other.drawn(labels, np.random.default_rng(seeds[scheme]))

    return dealt


def rejecting(p_values: Mapping[str, float], level: float) -> int:
    """Count the methods that reject."""
    return sum(bool(rejects(p, level)) for p in p_values.values())


def agreed(
    own: Mapping[str, float], corrected: Mapping[str, float]
) -> dict[str, float]:
    """Return the p by which each method is counted: the corrected one where there is
    one, else its own. ``corrected`` holds no NaN, which would replace a p.
    """
    # ASSUME: methods agree by their corrected p, since a method that rejects too often
    # on this map would otherwise count as one more voice.
    return {name: corrected.get(name, p) for name, p in own.items()}


def _size(statistic: float, of_lists: Verdicts, *, every: bool) -> Size:
    """Return what lists say of a method whose t of the data is ``statistic``.

    Notes
    -----
    Corrected p of B lists, t by the method itself: #{|t_b| >= |t|} / B where all lists
    are tried, the data among them; (1 + #{|t_b| >= |t|}) / (1 + B) where they are drawn,
    the data counted as one more.
    """
    defined = np.isfinite(of_lists.statistic)
    count = int(defined.sum())
    undefined = len(defined) - count
    if count == 0 or not np.isfinite(statistic):
        return Size(statistic, NAN, NAN, NAN, count, undefined)
    size = float(of_lists.rejected[defined].mean())
    p_value = share_as_extreme(of_lists.statistic, statistic, data_included=every)
    # sqrt(s (1 - s) / B), as if lists were independent: spaced ones err by less.
    error = NAN if every else float(np.sqrt(size * (1 - size) / count))
    return Size(statistic, size, error, float(p_value), count, undefined)


class _Tester:
    """Methods of inference for any labels of a contrast; what they share is drawn once."""

    def __init__(self, case: PlaceboCase) -> None:
        self._case = case
        plain = replace(case.design, draws=WILD_DRAWS, intervals=False)
        self._design = replace(plain, common_draws=plain.bootstrap_weights)
        # permuted statistics by scheme and by what that scheme leaves as it is
        self._permuted: dict[tuple[str, bytes], np.ndarray] = {}

    @cached_property
    def _strata(self) -> np.ndarray:
        return self._case.strata()

    def tests(self, labels: np.ndarray, names: Sequence[str]) -> dict[str, Verdicts]:
        """Return what each method says of all lists; labels (B, N, L)."""
        at_once = max(1, CELLS_AT_ONCE // self._case.regression.X.size)
        starts = range(0, len(labels), at_once)
        blocks = [
            self._block(labels[i : i + at_once], names)
            for i in told(starts, "blocks of lists")
        ]
        return {
            name: Verdicts(
                statistic=np.concatenate([block[name].statistic for block in blocks]),
                rejected=np.concatenate([block[name].rejected for block in blocks]),
            )
            for name in names
        }

    def _block(self, labels: np.ndarray, names: Sequence[str]) -> dict[str, Verdicts]:
        """Return what each method says of a block of lists that are fitted at once."""
        regression = self._case.regression
        regressors = regression.label_design.regressors(labels)
        controls = np.broadcast_to(
            regression.controls, (len(labels), *regression.controls.shape)
        )
        X = np.concatenate([regressors, controls], axis=2)
        fits, regular = fit_many(regression.y, X, regression.combination)
        found = {}
        for name in names:
            tested = (
                self._sampled(labels[regular], fits, SAMPLED[name])
                if name in SAMPLED
                else verdicts(name, fits, self._design, self._case.level)
            )
            # Labels that are collinear, with controls for example, have no test.
            statistic = np.full(len(labels), NAN)
            statistic[regular] = tested.statistic
            rejected = np.zeros(len(labels), dtype=bool)
            rejected[regular] = tested.rejected
            found[name] = Verdicts(statistic, rejected)
        return found

    def _sampled(self, labels: np.ndarray, fits: ManyFits, scheme: str) -> Verdicts:
        """Rank statistics among permuted ones, which are the same for all lists that
        have as many labels of each kind in each stratum, if the scheme has strata.
        """
        statistic = verdicts(
            "classical", fits, self._design, self._case.level
        ).statistic
        p_values = np.full(len(labels), NAN)
        with suppress(NumericsError):  # no strata
            for kept, alike in self._alike(labels, scheme).items():
                with suppress(NumericsError):  # no such permutation of these labels
                    permuted = self._statistics(labels[alike[0]], scheme, kept)
                    p_values[alike] = share_as_extreme(permuted, statistic[alike])
        return Verdicts.of(statistic, p_values, self._case.level)

    def _alike(self, labels: np.ndarray, scheme: str) -> dict[bytes, list[int]]:
        """Return the positions of lists by what the scheme leaves as it is: nothing, or
        how many units of each stratum have each row of labels.
        """
        if scheme != "stratified":
            return {b"": list(range(len(labels)))}
        stratum = np.unique(self._strata, return_inverse=True)[1]
        rows_of_labels = labels.reshape(-1, labels.shape[2])
        kinds, kind = np.unique(rows_of_labels, axis=0, return_inverse=True)
        # (B, N) stratum and kind of each unit in one number.
        cells = stratum * len(kinds) + kind.reshape(labels.shape[:2])
        alike: dict[bytes, list[int]] = {}
        for position, cells_of_list in enumerate(cells):
            counts = np.bincount(cells_of_list, minlength=cells.max() + 1)
            kept = counts.tobytes()
            alike.setdefault(kept, []).append(position)
        return alike

    def _statistics(self, labels: np.ndarray, scheme: str, kept: bytes) -> np.ndarray:
        """Return the permuted statistics of one list, which serve all that are alike: for
        connected draws of the data, which come first, since their group is what moves.
        """
        if (scheme, kept) not in self._permuted:
            regression = replace(self._case.regression, labels=labels)
            draws = self._case.dealt(scheme)
            test = label_permutation(regression, draws)
            self._permuted[scheme, kept] = test.statistics
        return self._permuted[scheme, kept]
