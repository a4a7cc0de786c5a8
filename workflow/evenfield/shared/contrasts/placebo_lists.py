"""Placebo lists: how often each method of inference rejects when the labels of a contrast
are dealt to other units that hang together on the map.

Outcome and covariates stay with their units. Lists that nobody drew up should differ from
the others in one case of twenty; a method that finds more is too sure of itself on this
map, and its p is corrected by where the data stand among the lists.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import Tested, infer
from evenfield.numerics.label_permutation import FEWEST_DRAWS, share_as_extreme
from evenfield.numerics.ols import fit_ols
from evenfield.shared.contrasts.sections import SAMPLED, ContrastDesign, permutation
from evenfield.shared.estimates import NAN, Estimate

ROLE = "design"
SIZE = "stat_size"
NUMBER = "stat_lists"
REJECTING = "stat_rejecting"
WILD_DRAWS = 999  # of each list: its p near .05 is off by .007
ROUNDING = 1e-12


class ListTest(NamedTuple):
    """What a method says of a list."""

    statistic: float
    p_value: float


NOT_DEFINED = ListTest(NAN, NAN)


def placebo_rows(
    row: Estimate,
    design: ContrastDesign,
    methods: Mapping[str, str],
    lists: int,
    level: float,
) -> list[Estimate]:
    """Return the size of each method of a contrast on placebo lists, with its corrected
    p; ``methods`` are names of the registry and what their rows are called.

    Notes
    -----
    A list is a set of as many units that hang together, each such set with equal odds,
    the rows of labels dealt at random inside and outside of it. Lists that are drawn
    twice count twice.
    """
    blank = _about(row, "placebo", NUMBER, "different lists")
    section = design.section
    try:
        source = design.geography.lists(lists).source
    except NumericsError as error:
        return [replace(blank, warning=f"no placebo lists: {error}")]
    dealt, list_of_draw = np.unique(section.labels[source], axis=0, return_inverse=True)
    if len(dealt) < FEWEST_DRAWS:
        reason = f"no placebo lists: only {len(dealt)} different ones exist"
        return [replace(blank, warning=reason)]
    tester = _Tester(design, tuple(methods))
    of_data = tester.tests(section.labels)
    # (lists drawn, methods, statistic and p)
    of_lists = np.array([tester.tests(labels) for labels in dealt])[
        list_of_draw.ravel()
    ]
    rows = [replace(blank, estimate=len(dealt), n_obs=len(source))]
    for number, (name, suffix) in enumerate(methods.items()):
        calibrated = replace(
            blank,
            estimator=f"{blank.estimator}_{suffix}",
            effect_type=SIZE,
            unit_of_measure="share of placebo lists",
            statistic=of_data[number].statistic,
        )
        rows.append(_calibrated(calibrated, of_lists[:, number], name, 1 - level))
    return rows


def agreement_row(row: Estimate, tests: Iterable[Tested], level: float) -> Estimate:
    """Return how many methods reject for one contrast, of how many that have a p."""
    p_values = [test.p_value for test in tests if np.isfinite(test.p_value)]
    blank = _about(row, "methods", REJECTING, "methods")
    rejecting = sum(p <= 1 - level + ROUNDING for p in p_values)
    return replace(blank, estimate=rejecting, n_obs=len(p_values))


def _about(row: Estimate, ending: str, effect_type: str, unit: str) -> Estimate:
    """Return an empty row about the inference of a contrast."""
    return replace(
        row,
        hypothesis="",
        role=ROLE,
        estimator=f"{row.estimator}_{ending}",
        effect_type=effect_type,
        estimate=NAN,
        sesoi=NAN,
        g_star=NAN,
        max_leverage_unit="",
        unit_of_measure=unit,
        warning="",
    )


def _calibrated(row: Estimate, tests: np.ndarray, name: str, size: float) -> Estimate:
    """Return the row of a method with its size and corrected p; tests (B, 2).

    Notes
    -----
    Corrected p: (1 + lists with |t| at least that of the data) / (1 + lists), t by the
    method itself.
    """
    statistics, p_values = tests[np.isfinite(tests).all(axis=1)].T
    count = len(p_values)
    if count == 0 or not np.isfinite(row.statistic):
        return replace(row, warning=f"{name} is not defined for these labels")
    rejected = float((p_values <= size + ROUNDING).mean())
    undefined = len(tests) - count
    return replace(
        row,
        estimate=rejected,
        # of a share of independent lists; spaced ones are nearer to all lists
        std_error=float(np.sqrt(rejected * (1 - rejected) / count)),
        se_type="Monte Carlo",
        p_value=share_as_extreme(statistics, row.statistic),
        p_type="rank of |t| among placebo lists",
        n_obs=count,
        warning=f"not defined for {undefined} lists" if undefined else "",
    )


class _Tester:
    """Methods of inference for any labels of a contrast; what they share is drawn once."""

    def __init__(self, design: ContrastDesign, names: tuple[str, ...]) -> None:
        plain = replace(design, draws=WILD_DRAWS, intervals=False)
        self._design = replace(plain, common_draws=plain.bootstrap_weights)
        self._names = names
        self._strata = cache(design.geography.strata)
        # permuted statistics by scheme and by what that scheme leaves as it is
        self._permuted: dict[tuple[str, bytes], np.ndarray] = {}

    def tests(self, labels: np.ndarray) -> list[ListTest]:
        """Return what each method says of labels (N, L)."""
        section = replace(self._design.section, labels=labels)
        try:
            fit = fit_ols(section.y, section.X)
        except NumericsError:  # labels that are collinear, with controls for example
            return [NOT_DEFINED] * len(self._names)
        design = replace(self._design, section=section, fit=fit)
        return [self._test(design, name) for name in self._names]

    def _test(self, design: ContrastDesign, name: str) -> ListTest:
        c = design.section.contrast
        if name not in SAMPLED:
            test = infer(name, design, c)
            return ListTest(test.statistic, test.p_value)
        try:
            permuted = self._statistics(design, SAMPLED[name])
        except NumericsError:  # no such permutation of these labels
            return NOT_DEFINED
        fit = design.fit
        statistic = float(c @ fit.beta / np.sqrt(fit.sigma2 * c @ fit.bread @ c))
        return ListTest(statistic, share_as_extreme(permuted, statistic))

    def _statistics(self, design: ContrastDesign, scheme: str) -> np.ndarray:
        """Return the permuted statistics of a list: the same for all lists that have as
        many labels of each kind in each stratum, if the scheme has strata.
        """
        reached = b""
        if scheme == "stratified":
            strata = np.unique(self._strata(), return_inverse=True)[1]
            kinds = np.unique(design.section.labels, axis=0, return_inverse=True)[1]
            cells = strata * len(kinds) + kinds.ravel()
            reached = np.bincount(cells).tobytes()
        if (scheme, reached) not in self._permuted:
            test = permutation(design.section, design.geography.draws(scheme))
            self._permuted[scheme, reached] = test.statistics
        return self._permuted[scheme, reached]
