"""Placebo lists: how often each method of inference rejects when the labels of a contrast
are dealt to other units that hang together on the map.

Outcome and covariates stay with their units. Lists that nobody drew up should differ from
the others in one case of twenty; a method that finds more is too sure of itself on this
map, and its p is corrected by where the data stand among the lists.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.many_designs import (
    ManyFits,
    Verdicts,
    fit_many,
    rejects,
    verdicts,
)
from evenfield.numerics.label_permutation import (
    FEWEST_DRAWS,
    label_permutation,
    share_as_extreme,
)
from evenfield.shared.contrasts.designs import SAMPLED, ContrastDesign
from evenfield.shared.estimates import NAN, Estimate, Fields

ROLE = "design"
SIZE = "stat_size"
NUMBER = "stat_lists"
REJECTING = "stat_rejecting"
EVERY = "exact"  # scheme of lists that are all there are
ALL_LISTS = "all placebo lists"
DRAWN_LISTS = "placebo lists drawn"
CORRECTED_P = "p corrected by placebo lists"
OWN_P = "p of each method"
WILD_DRAWS = 999  # of each list: its p near .05 is off by .007
CELLS_AT_ONCE = 20_000  # of lists, units and regressors


def placebo_rows(
    row: Estimate, design: ContrastDesign, methods: Mapping[str, str]
) -> list[Estimate]:
    """Return the size of each method of a contrast on placebo lists, with its corrected
    p; ``methods`` are names of the registry and what their rows are called.

    Notes
    -----
    A list is a set of as many units that hang together, the rows of labels dealt anew
    inside and outside of it. Every list is tried where there are some thousands, so
    that sizes and corrected p are exact; elsewhere as many as the settings say are drawn,
    each set with equal odds, and those that are drawn twice count twice.
    """
    blank = _about(row, "placebo", NUMBER, "different lists")
    labels_of_data = design.regression.labels
    units = design.units.names
    geographies = design.geographies
    try:
        draws = geographies.lists(units, labels_of_data, design.contrast.draw_id)
    except NumericsError as error:
        return [replace(blank, warning=f"no placebo lists: {error}")]
    permuted_labels, list_of_draw = np.unique(
        labels_of_data[draws.source], axis=0, return_inverse=True
    )
    if len(permuted_labels) < FEWEST_DRAWS:
        reason = f"no placebo lists: only {len(permuted_labels)} different ones exist"
        return [replace(blank, warning=reason)]
    # The labels of the data come first, then every list.
    labels = np.concatenate([labels_of_data[None], permuted_labels])
    tests = _Tester(design).tests(labels, list(methods))
    drawn = 1 + list_of_draw.ravel()
    every = draws.scheme == EVERY
    which = ALL_LISTS if every else DRAWN_LISTS
    counts: Fields = {"estimate": len(permuted_labels), "n_obs": len(draws.source)}
    rows = [replace(blank, **counts, p_type=which)]
    for name, suffix in methods.items():
        statistic, rejected = tests[name]
        of_data = replace(
            blank,
            estimator=f"{blank.estimator}_{suffix}",
            effect_type=SIZE,
            unit_of_measure="share of placebo lists",
            statistic=float(statistic[0]),
        )
        of_lists = Verdicts(statistic[drawn], rejected[drawn])
        rows.append(_calibrated(of_data, of_lists, name, every=every))
    return rows


def agreement_rows(
    row: Estimate,
    p_values: Mapping[str, float],
    tried: Iterable[Estimate],
    level: float,
) -> list[Estimate]:
    """Return how many methods reject for one contrast, of how many that have a p: by
    the corrected p of ``placebo_rows`` where a method has one, and by its own beside
    it; ``p_values`` by what rows of the methods are called.
    """
    ending = f"{row.estimator}_placebo_"
    corrected = {
        one.estimator.removeprefix(ending): one.p_value
        for one in tried
        if one.effect_type == SIZE and np.isfinite(one.p_value)
    }
    own = {name: p for name, p in p_values.items() if np.isfinite(p)}
    # ASSUME: methods agree by their corrected p, since a method that rejects too often
    # on this map would otherwise count as one more voice.
    agreed = {name: corrected.get(name, p) for name, p in own.items()}
    law = CORRECTED_P if corrected else OWN_P
    return [
        _rejecting(row, "methods", agreed.values(), level, law),
        _rejecting(row, "methods_uncorrected", own.values(), level, OWN_P),
    ]


def _rejecting(
    row: Estimate, ending: str, p_values: Collection[float], level: float, law: str
) -> Estimate:
    """Return the row of how many p-values reject."""
    blank = _about(row, ending, REJECTING, "methods")
    count = sum(bool(rejects(p, level)) for p in p_values)
    return replace(blank, estimate=count, n_obs=len(p_values), p_type=law)


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


def _calibrated(
    row: Estimate, of_lists: Verdicts, name: str, *, every: bool
) -> Estimate:
    """Return the row of a method, which holds the t of the data, with the method's size
    and corrected p.

    Notes
    -----
    Size: the share of lists for which the method rejects. Corrected p: the share of
    lists with |t| at least that of the data, t by the method itself; (1 + such lists) /
    (1 + lists) where they are drawn, since every list holds that of the data already.
    """
    defined = np.isfinite(of_lists.statistic)
    count = int(defined.sum())
    if count == 0 or not np.isfinite(row.statistic):
        return replace(row, warning=f"{name} is not defined for these labels")
    size = float(of_lists.rejected[defined].mean())
    undefined = len(defined) - count
    p_value = share_as_extreme(of_lists.statistic, row.statistic, data_included=every)
    # of a share of independent lists; one of spaced lists is nearer to that of all
    error = NAN if every else float(np.sqrt(size * (1 - size) / count))
    return replace(
        row,
        estimate=size,
        std_error=error,
        se_type="" if every else "Monte Carlo",
        p_value=float(p_value),
        p_type=f"rank of |t| among {'all ' if every else ''}placebo lists",
        n_obs=count,
        warning=f"not defined for {undefined} lists" if undefined else "",
    )


class _Tester:
    """Methods of inference for any labels of a contrast; what they share is drawn once."""

    def __init__(self, design: ContrastDesign) -> None:
        plain = replace(design, draws=WILD_DRAWS, intervals=False)
        self._design = replace(plain, common_draws=plain.bootstrap_weights)
        geographies = design.geographies
        self._level = geographies.inference.level
        self._strata = cache(lambda: geographies.strata(design.units.names))
        # permuted statistics by scheme and by what that scheme leaves as it is
        self._permuted: dict[tuple[str, bytes], np.ndarray] = {}

    def tests(self, labels: np.ndarray, names: Sequence[str]) -> dict[str, Verdicts]:
        """Return what each method says of all lists; labels (B, N, L)."""
        at_once = max(1, CELLS_AT_ONCE // self._design.fit.X.size)
        starts = range(0, len(labels), at_once)
        blocks = [self._block(labels[i : i + at_once], names) for i in starts]
        return {
            name: Verdicts(
                statistic=np.concatenate([block[name].statistic for block in blocks]),
                rejected=np.concatenate([block[name].rejected for block in blocks]),
            )
            for name in names
        }

    def _block(self, labels: np.ndarray, names: Sequence[str]) -> dict[str, Verdicts]:
        """Return what each method says of a block of lists that are fitted at once."""
        regression = self._design.regression
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
                else verdicts(name, fits, self._design, self._level)
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
        statistic = verdicts("classical", fits, self._design, self._level).statistic
        p_values = np.full(len(labels), NAN)
        with suppress(NumericsError):  # no strata
            for kept, alike in self._alike(labels, scheme).items():
                with suppress(NumericsError):  # no such permutation of these labels
                    permuted = self._statistics(labels[alike[0]], scheme, kept)
                    p_values[alike] = share_as_extreme(permuted, statistic[alike])
        return Verdicts.of(statistic, p_values, self._level)

    def _alike(self, labels: np.ndarray, scheme: str) -> dict[bytes, list[int]]:
        """Return the positions of lists by what the scheme leaves as it is: nothing, or
        how many units of each stratum have each row of labels.
        """
        if scheme != "stratified":
            return {b"": list(range(len(labels)))}
        stratum = np.unique(self._strata(), return_inverse=True)[1]
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
        """Return the permuted statistics of one list, which serve all that are alike."""
        if (scheme, kept) not in self._permuted:
            regression = replace(self._design.regression, labels=labels)
            draws = self._design.label_draws(scheme)
            test = label_permutation(regression, draws)
            self._permuted[scheme, kept] = test.statistics
        return self._permuted[scheme, kept]
