"""Permutation of group labels: who could have had whose labels, and how often a contrast
as large as that of the data comes up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arguments import check_seed, finite, refuse_controls, whole
from evenfield.api.data import Table, matched_weights, names_of, reported, table
from evenfield.api.formula import Columns
from evenfield.api.policies import of_units
from evenfield.api.regression import TIE_DIGITS, inferences, ols
from evenfield.api.results import Fit, chosen, share, t_rows
from evenfield.models.groupings import tested_gains
from evenfield.models.labels import (
    Dealing,
    LabelTests,
    contrast_name,
    labels_dealt_out,
)
from evenfield.models.placebo_lists import (
    SAMPLED,
    PlaceboCase,
    dealt_out,
    placebo_lists,
)
from evenfield.numerics.inference.many_designs import rejects
from evenfield.numerics.inference.methods import METHODS
from evenfield.numerics.ols import fit_ols
from evenfield.study.errors import EstimateError

USES = ("subtract", "control")


def _tried() -> list[str]:
    """Return the inferences that placebo lists try: of one row a unit, and the
    permutations that are sampled.
    """
    return [
        name
        for name, method in METHODS.items()
        if name in SAMPLED or not (method.dated or method.scheme)
    ]


SET = ("inference", "unit", "time", "draws", "seed")  # arguments of ols
STREAMS = ("lists", "wild", "free", "stratified")  # what is drawn, each with a seed
LAG = "W "  # before the name of a label: the average of it over the neighbours


@dataclass(frozen=True, eq=False, repr=False)
class LabelFit(Fit):
    """A contrast whose labels were dealt out, with which other inferences are tried."""

    rows_of_units: Table | None = None
    names: tuple[str, ...] = ()  # coefficients but the constant
    dealing: Dealing | None = None
    expected: str = ""  # what was done with expected exposure

    @reported("label-permutation", passes_to=ols, sets=SET)
    def sizes(
        self,
        inference: str | Sequence[str] = ("HC1", "CR2", "CR3"),
        *,
        lists: int = 499,
        strata: str | None = None,
        level: float = 0.95,
        seed: int | Sequence[int] = 0,
        seeds: Mapping[str, int | Sequence[int]] | None = None,
        **options: Any,
    ) -> pd.DataFrame:
        """Try inferences on placebo lists: groups of as many units that hang together,
        which nobody drew up.

        Parameters
        ----------
        inference : str or sequence of str
            As for ``ols`` with one row a unit, and ``randomisation``,
            ``randomisation_connected`` (the test itself) and
            ``randomisation_stratified`` of labels, with as many draws as the test.
        lists : int
            How many are drawn, spaced over all; up to 5,000 that exist are all tried.
        strata : str, optional
            Column within which ``randomisation_stratified`` deals labels out.
        level : float
            An inference rejects where p is at most 1 - level.
        seed : optional
            Of all draws.
        seeds : mapping, optional
            Of some draws another one: ``lists``, ``wild`` (bootstraps), and ``free`` and
            ``stratified`` permutations.
        **options
            As for ``ols``: ``few_units``, ``coords``, ``cutoff_km``.

        Returns
        -------
        DataFrame
            A row an inference: ``size``, the share of lists for which it rejects, with
            its ``std_error`` where lists are drawn; ``statistic``, its t of the data;
            ``p_value``, its own, and ``corrected_p``, the rank of |t| among the lists;
            whether it ``rejects`` by the corrected p, and ``rejects_uncorrected``;
            ``lists``, how many different ones there are, and ``undefined``, for how many
            of those that were tried it is not defined. NaN where it is not for the data.

        Raises
        ------
        EstimateError
            Without ``links``, of several outcomes or dates, or if there are fewer than
            20 lists.

        Notes
        -----
        Outcome and controls stay with their units; the rows of labels are dealt anew
        inside and outside of each group. Wild bootstraps of lists have 999 draws.
        """
        kinds = names_of(inference)
        for kind in kinds:
            chosen("inference", kind, _tried())
        level = share("confidence level", level, 0.95)
        whole("lists", lists, lowest=1)
        streams = _streams(seed, seeds)
        case, placebo = self._placebo(kinds, strata, streams, level, options)
        labels = placebo.regression.labels
        touching = case.touching(len(labels))
        rng = np.random.default_rng(streams["lists"])
        drawn = placebo_lists(labels, touching, lists, rng)
        found = placebo.sizes(drawn, kinds)
        own = {kind: placebo.own_p(kind) for kind in kinds}
        lines = {}
        for kind, size in found.of_method.items():
            p = size.p_value if np.isfinite(size.p_value) else own[kind]
            lines[kind] = {
                "size": size.size,
                "std_error": size.std_error,
                "statistic": size.statistic,
                "p_value": own[kind],
                "corrected_p": size.p_value,
                "rejects": bool(rejects(p, level)),
                "rejects_uncorrected": bool(rejects(own[kind], level)),
                "lists": found.different,
                "undefined": size.undefined,
            }
        return pd.DataFrame.from_dict(lines, orient="index")

    @reported("label-permutation")
    def gains(self, against: str | Sequence[str]) -> pd.DataFrame:
        """Test whether the labels tell the outcome better than other columns do: both are
        dealt out together, on the draws of the test.

        Parameters
        ----------
        against : str or sequence of str
            Columns to compare with, such as some of the labels.

        Returns
        -------
        DataFrame
            ``loo_gain``, the share of the mean squared error of predicting each unit from
            all others that the labels save, and ``bic_gain``, by how much they lower the
            Bayesian information criterion: ``estimate`` and ``p_value``, one-sided.

        Raises
        ------
        EstimateError
            With controls, averages over neighbours, ``expected`` or ``exact``, of several
            outcomes or dates, or if a unit is alone in its group.

        Notes
        -----
        Allen (1974); Schwarz (1978).
        """
        tests: Any = self.raw
        rows: Any = self.rows_of_units
        (regression, *later), *others = tests.regressions
        plain = len(self.names) == regression.labels.shape[1]
        if others or later or not plain or self.expected or tests.scheme == "exact":
            raise EstimateError(
                "gains beside controls, neighbours, exact or other outcomes and dates",
                "labels alone, of one outcome at one date, by draws",
                "leave the others out of label_permutation",
            )
        names = names_of(against)
        if not names:
            raise EstimateError("against without a column", "one at least", "name it")
        columns = np.column_stack([rows.numbers(name) for name in names])
        found = tested_gains(
            regression.y,
            _by_date(rows, columns)[0],
            regression.labels,
            rows.units.names,
            tests.drawn.source,
        )
        lines = {name: gain._asdict() for name, gain in found.items()}
        return pd.DataFrame.from_dict(lines, orient="index")

    def _placebo(
        self,
        kinds: Sequence[str],
        strata: str | None,
        seeds: Mapping[str, Any],
        level: float,
        options: Mapping[str, Any],
    ) -> tuple[Dealing, PlaceboCase]:
        """Return the test as a case for placebo lists, with who can have whose labels."""
        tests: Any = self.raw
        rows: Any = self.rows_of_units
        dealing: Any = self.dealing
        (regression, *later), *others = tests.regressions
        if dealing.links is None or others or later:
            raise EstimateError(
                "placebo lists without links, or of several outcomes or dates",
                "one outcome at one date, and pairs of units that touch",
                "give links=[('a', 'b'), ...] to label_permutation",
            )
        if "randomisation_stratified" in kinds and strata is None:
            raise EstimateError(
                "stratified randomisation without strata", "a column", "give strata="
            )
        by_errors = [kind for kind in kinds if kind not in SAMPLED] or ["HC1"]
        given = {"inference": by_errors, "draws": dealing.draws, "seed": seeds["wild"]}
        design_of, _ = inferences(rows, list(self.names), {**given, **options})
        design = design_of(fit_ols(regression.y, regression.X))
        stratum = np.zeros(len(regression.y), dtype=int)
        if strata is not None:
            of_unit = of_units(rows, strata).astype(str)
            stratum = np.unique(of_unit, return_inverse=True)[1]

        placebo = PlaceboCase(
            regression=regression,
            design=replace(design, intervals=False),
            dealt=dealt_out(regression.labels, dealing, stratum, seeds, tests.drawn),
            strata=lambda: stratum,
            level=level,
        )
        return dealing, placebo


def _streams(seed: Any, seeds: Any) -> dict[str, Any]:
    """Return the seed of each thing that is drawn."""
    if not isinstance(seeds, Mapping | None):
        raise EstimateError(
            f"seeds={seeds!r}",
            f"seeds by name, of {', '.join(STREAMS)}",
            "give seeds={'lists': 1}, for example",
        )
    given = dict(seeds or {})
    for name, of_it in given.items():
        chosen("draws with a seed", name, STREAMS)
        check_seed(of_it)
    return dict.fromkeys(STREAMS, seed) | given


@reported("label-permutation")
def label_permutation(
    y: str | Sequence[str],
    data: pd.DataFrame,
    labels: str | Sequence[str],
    *,
    contrast: Mapping[str, float] | None = None,
    controls: str | Sequence[str] = (),
    unit: str | None = None,
    time: str | None = None,
    w: object = None,
    expected: str | None = None,
    strata: str | None = None,
    links: Sequence[tuple[str, str]] | None = None,
    exact: bool = False,
    draws: int = 9999,
    seed: int | Sequence[int] = 0,
) -> LabelFit:
    """Test a contrast of groups by dealing out the rows of their labels to other units,
    which keep their outcome and controls.

    Parameters
    ----------
    y : str or sequence of str
        Outcome; of several each is tested on the same draws, and the first p-values
        allow for their number (Romano and Wolf 2005).
    data : DataFrame
        One row a unit; with ``time`` one at each of two dates: tested is then how much
        the contrast changes, the labels of both dates dealt out together.
    labels : str or sequence of str
        Columns that move together, such as 1 for members of a group and 0 for others.
    contrast : mapping of str to float, optional
        Weights of the coefficients, ``{"cluster": 1, "zone": -1}``; the coefficient of
        the first label by default. With ``w``, ``"W cluster"`` is that of the
        neighbours' average of a label.
    controls : str or sequence of str
        Columns that stay with their unit.
    unit, time : str, optional
        As for ``ols``.
    w : optional
        Weights as for ``weights``: neighbours' averages of the labels are then
        regressors too, formed anew in each draw.
    expected : str, optional
        What is done with expected exposure, the mean of the regressors over the draws:
        ``subtract`` it (recentring), or ``control`` for it (Borusyak and Hull 2023);
        refused without strata, links and w, where it is alike in all units.
    strata, links, exact : optional
        Who can have whose labels. All units by default; those of the same ``strata`` (a
        column, the same at both dates of a unit); or places that hang together as those of the first label do: ``links``
        are pairs of units that touch. ``exact`` takes every way to deal within strata,
        where there are no more than 50,000.
    draws, seed : optional
        Number of draws, one or more, and their seed.

    Returns
    -------
    LabelFit
        The contrast in units of the outcome, named by its weights (``cluster - zone``,
        ``0.5 cluster + 0.5 zone``), its t statistic and two-sided p; no interval.
        ``notes``: how many different patterns were drawn. Of several outcomes a row
        each, ``tables["joint"]`` the largest |t| with the p of all together. With
        ``links`` ``sizes()`` tries inferences on placebo lists.

    Raises
    ------
    EstimateError
        If there are fewer than 20 patterns, labels are collinear with the controls, or
        a unit is in different strata at its two dates.

    Notes
    -----
    The statistic is studentised by least squares (Chung and Romano 2013); p = (1 + draws
    at least as extreme) / (1 + draws), or their share where all are taken. Units are
    dealt out in the order of their names, so that names in another order are other draws.
    """
    whole("draws", draws, lowest=1)
    if expected is not None:
        chosen("use of the expectation", expected, USES)
        if strata is None and links is None and w is None:
            raise EstimateError(
                f"expected={expected!r} where any unit can have any labels: expected"
                " exposure is alike in all",
                "strata, links or w, which make it differ",
                "give one, or leave it out",
            )
    outcomes = names_of(y)
    label_names = names_of(labels)
    for name, columns in {"y": outcomes, "labels": label_names}.items():
        if not columns:
            raise EstimateError(f"{name} without a column", "one at least", "name it")
    control_names = tuple(names_of(controls))
    refuse_controls("label", label_names, control_names)
    tables = [
        table(Columns(name, control_names), data, unit, time, of_one_date=True)
        for name in outcomes
    ]
    # The tables differ in their outcomes alone.
    rows = tables[0]
    regressors = label_names
    neighbours = None
    if w is not None:
        neighbours = matched_weights(w, rows.units.names)
        regressors = [*label_names, *(LAG + name for name in label_names)]
    weights = contrast_weights(contrast, label_names[0])
    for name in weights:
        chosen("coefficient", name, regressors, "name labels")
    label_values = np.column_stack([rows.numbers(name) for name in label_names])
    if w is None:
        label_values = _near_zero(label_values)
    dealing = _dealing(rows, strata, links, exact=exact, draws=draws)
    tests = labels_dealt_out(
        np.array([_by_date(each, each.y)[..., 0] for each in tables]),
        _by_date(rows, label_values),
        _by_date(rows, rows.X),
        np.array([weights.get(name, 0.0) for name in regressors]),
        dealing,
        np.random.default_rng(seed),
        neighbours=neighbours,
        expected=expected or "",
    )
    fit = _fit(tests, outcomes, len(rows.y), contrast_name(weights))
    names = (*regressors, *control_names)
    return replace(
        fit,
        rows_of_units=rows,
        names=names,
        dealing=dealing,
        expected=expected or "",
    )


def contrast_weights(contrast: Any, first: str) -> dict[str, float]:
    """Return the weights of coefficients by name, that of the first label by default."""
    if contrast is None:
        return {first: 1.0}
    if not isinstance(contrast, Mapping) or not any(contrast.values()):
        raise EstimateError(
            f"contrast={contrast!r}",
            "weights by name of the coefficient, one at least that is not 0",
            f"give contrast={{{first!r}: 1}}, for example",
        )
    for name, weight in contrast.items():
        finite(f"contrast of {name}", weight)
    return dict(contrast)


FAR = 1e4  # standard deviations


def _near_zero(labels: np.ndarray) -> np.ndarray:
    """Return labels far from zero less their mean, which the constant takes up: their
    squares would lose digits; (R, L).
    """
    mean = labels.mean(axis=0)
    far = np.abs(mean) > FAR * labels.std(axis=0)
    return np.asarray(labels - np.where(far, mean, 0.0))


def _by_date(rows: Table, columns: object) -> np.ndarray:
    """Arrange columns by date and unit, (R,) or (R, K) -> (T, N, K): one date, or the two
    of a change.
    """
    values = np.asarray(columns, dtype=float).reshape(len(rows.y), -1)
    grid = rows.balanced(values)
    if grid.shape[1] > 2:
        raise EstimateError(
            f"{grid.shape[1]} dates",
            "one, or two for a change",
            "leave out the others",
        )
    return grid.swapaxes(0, 1)


def _dealing(
    rows: Table,
    strata: str | None,
    links: Any,
    *,
    exact: bool,
    draws: int,
) -> Dealing:
    """Return who can have whose labels, by positions of the units."""
    if links is not None and (strata is not None or exact):
        raise EstimateError(
            "strata or exact beside links", "one of them", "leave out the other"
        )
    groups = pairs = None
    if strata is not None:
        stratum = of_units(rows, strata).astype(str)
        groups = np.unique(stratum, return_inverse=True)[1]
    if links is not None:
        given: list[Any] = list(names_of(links))
        # A DataFrame gives the names of its columns, which are no pairs.
        if any(np.shape(pair) != (2,) for pair in given):
            raise EstimateError(
                f"links of type {type(links).__name__} with what is no pair",
                "pairs of units that touch",
                "give [('a', 'b'), ...], of a DataFrame df.to_numpy().tolist()",
            )
        position = {str(name): i for i, name in enumerate(rows.units.names)}
        # Links of other units mean nothing here; each pair counts once, either way.
        known = {
            tuple(sorted((position[str(one)], position[str(other)])))
            for one, other in given
            if str(one) in position and str(other) in position
        }
        pairs = np.array(sorted(known), dtype=int).reshape(-1, 2)
    return Dealing(strata=groups, links=pairs, exact=exact, draws=draws)


def _fit(tests: LabelTests, outcomes: list[str], nobs: int, contrast: str) -> LabelFit:
    """Return the tests as a result: of one outcome a row named by the contrast, of several
    a row each, with the p-values that are adjusted for their number first.
    """
    p_values = {"permuted labels": tests.p_value}
    tables = {}
    names = [contrast]
    if len(outcomes) > 1:
        names = outcomes
        p_values = {"Romano-Wolf": tests.adjusted} | p_values
        # In a step-down the adjusted p of the largest |t| is that of all together.
        largest = int(np.abs(np.round(tests.statistic, TIE_DIGITS)).argmax())
        of_largest = names[largest], tests.statistic[largest], tests.adjusted[largest]
        columns = ["outcome", "statistic", "p_value"]
        tables["joint"] = pd.DataFrame([of_largest], ["largest"], columns)
    no_error = np.full(len(names), np.nan)

    def rows(level: float) -> pd.DataFrame:
        parts = [
            t_rows(
                names,
                tests.estimate,
                no_error,
                kind,
                df=np.nan,
                statistic=tests.statistic,
                p_value=p,
                law=f"{tests.scheme} permutation of labels",
            )(level)
            for kind, p in p_values.items()
        ]
        return pd.concat(parts, ignore_index=True)

    return LabelFit(
        f"{contrast}, labels permuted",
        rows,
        nobs,
        notes={"patterns": tests.patterns},
        tables=tables,
        raw=tests,
    )
