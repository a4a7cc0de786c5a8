"""A policy with dates: who is under it when, and mean effects with their tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

import numpy as np

from evenfield.models.rows import NAN, Row, tested
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.inference import (
    Clustered,
    Clusterings,
    clustered,
    joint_half,
    joint_test,
)
from evenfield.numerics.event_study.panel import (
    NEVER,
    EventPanel,
    Span,
    checked,
    determined_control,
)
from evenfield.numerics.inference.conley import spatial_kernel
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.ols import t_inference
from evenfield.numerics.power import smallest_visible
from evenfield.study.errors import EstimateError, first_examples

# ASSUME: groups have shocks of their own, and errors are clustered by them; fewer groups
# tell too little of how far such shocks go.
FEWEST_CLUSTERS = 10
CLUSTERED = "clustered"
PERMUTED = "permuted dates"
NOT_PREDICTED = "nothing to predict from"


class Groups(NamedTuple):
    """Groups of units."""

    name: str  # of the column, empty where all units are one group
    codes: np.ndarray  # (N,) from zero on


@dataclass(frozen=True)
class PolicyPanel(EventPanel):
    """Outcomes of units by date, who gets a policy when, and what errors are clustered
    by.
    """

    # "unit", and what else errors are clustered by: codes (N,) by name
    clusterings: Clusterings = field(default_factory=dict)

    def without(self, units: np.ndarray, undated: np.ndarray) -> Self:
        """Return the panel without the outcomes of some units, and without the policies
        of others; (N,) of bool each.
        """
        return replace(
            self,
            Y=np.where(units[:, None], np.nan, self.Y),
            first=np.where(undated, NEVER, self.first),
        )


def policy_panel(
    Y: Array,
    first: Array,
    units: np.ndarray,
    *,
    effects: Groups,
    cluster: Groups | None = None,
    controls: Mapping[str, Array] | None = None,
) -> PolicyPanel:
    """Return the panel of outcomes and dates of a policy, or refuse one that can show no
    effect.

    Parameters
    ----------
    Y, first : (N, T), (N,)
        Outcomes, NaN where there are none; positions of the first date under the policy,
        NaN where it never comes. A policy between two dates counts from the later one.
    units : ids, (N,)
    effects : Groups
        Groups that have effects of dates of their own.
    cluster : Groups, optional
        Clusters of errors beside units; by default the groups of the effects, if there
        are ten or more.
    controls : predetermined numbers of units by name, (N,) each, optional

    Raises
    ------
    EstimateError
        If nobody is seen before the policy or under it, all get it at one date, or a
        control is blank or determined by groups and other controls.
    """
    clusterings = {"unit": np.arange(len(Y))}
    group_count = effects.codes.max() + 1
    if cluster is not None:
        clusterings[cluster.name] = cluster.codes
    elif group_count >= FEWEST_CLUSTERS:
        clusterings[effects.name] = effects.codes
    controls = controls or {}
    first_or_never = np.where(np.isnan(first), NEVER, np.ceil(first))
    panel = PolicyPanel(
        Y=Y,
        first=first_or_never.astype(int),
        groups=effects.codes,
        controls=np.column_stack(list(controls.values())) if controls else None,
        clusterings=clusterings,
    )
    try:
        checked(panel)
    except NumericsError as error:
        raise EstimateError(
            str(error),
            "units with dates before and under their policy, and others without it",
            "correct the dates of the policy, or take other units or dates",
        ) from error
    _refuse_blank(panel, controls, units)
    _refuse_determined(panel, list(controls), effects.name)
    return panel


def _refuse_blank(
    panel: PolicyPanel, controls: Mapping[str, Array], units: np.ndarray
) -> None:
    """Refuse controls that units with an outcome lack; each (N,)."""
    with_outcome = panel.observed.any(axis=1)
    for name, values in controls.items():
        blank = np.flatnonzero(with_outcome & ~np.isfinite(values))
        if len(blank):
            examples = first_examples([str(unit) for unit in units[blank]])
            raise EstimateError(
                f"{name} of {counted(len(blank), 'unit')} is blank or infinite"
                f" ({examples})",
                "a number for every unit with an outcome",
                "take another control, or leave the units out",
            )


def _refuse_determined(
    panel: PolicyPanel, names: Sequence[str], group_name: str
) -> None:
    """Refuse a control that is a linear combination of dummies of groups and of the
    controls before it, so that its slopes by date are not identified.
    """
    k = determined_control(panel)
    if k is not None:
        among = f"units of one {group_name}" if group_name else "units"
        others = f", given {', '.join(names[:k])}" if k else ""
        raise EstimateError(
            f"{names[k]} does not differ among {among}{others}",
            "a control that effects of dates and other controls do not hold already",
            "leave it out",
        )


class Bands(NamedTuple):
    """Ends of intervals, (K,) each."""

    conf_low: Array  # of an interval that holds for each effect by itself
    conf_high: Array
    joint_low: Array  # of intervals that hold for all effects at once
    joint_high: Array


class Effects(NamedTuple):
    """Mean effects, each over some cells (a cell is a unit at a date), or the reason why
    there are none.
    """

    names: list[str]  # horizon such as "3", span such as "0 to 5", distance or part
    estimate: Array  # (K,) NaN where no cell could be imputed
    fits: dict[str, Clustered]  # estimates with their errors, by clustering
    cells: np.ndarray  # (K,) cells that a mean is over
    units: np.ndarray  # (K,) units with such a cell
    lost: np.ndarray  # (K,) cells that could not be imputed
    reason: str = ""  # why there are none

    def rows(self, level: float, power: float = NAN) -> list[Row]:
        """Return a row for each effect: of all clusterings the one whose interval is the
        widest, with the smallest effect that it detects with a given power.
        """
        half_widths = {name: fit.half(level) for name, fit in self.fits.items()}
        rows = []
        for k, name in enumerate(self.names):
            test = self._widest(k, half_widths, level, power)
            rows.append(Row(name, test, CLUSTERED))
        return rows

    def _widest(
        self, k: int, half_widths: Mapping[str, Array], level: float, power: float
    ) -> Tested:
        """Test effect k with the widest of its intervals, whose half widths by clustering
        are (K,) each.
        """
        estimate = float(self.estimate[k])
        if np.isnan(estimate):
            return Tested(estimate=NAN, reason=NOT_PREDICTED)
        # Less than any width: an interval that is not defined is never the widest.
        widths = {
            name: np.nan_to_num(half[k], nan=-1.0) for name, half in half_widths.items()
        }
        by = max(widths, key=lambda name: widths[name])
        half = float(half_widths[by][k])
        if np.isnan(half):
            too_few = "fewer than two clusters have the policy"
            return Tested(estimate=estimate, reason=too_few)
        fit = self.fits[by]
        std_error = float(fit.std_error[k])
        return tested(
            t_inference(estimate, std_error, float(fit.df[k]), level),
            mde=smallest_visible(-half, half, std_error, power, level),
            se_type=f"imputation, by {by}",
            p_type="t(clusters with the policy - 1)",
            law=f"t({fit.df[k]:g}), by {by}",
        )

    def bands(self, rng: np.random.Generator, draws: int, level: float) -> Bands:
        """Return the widest intervals over clusterings, of each effect by itself and of
        all at once; the latter take draws of normal weights.
        """
        fits = self.fits.values()
        # fmax: an interval that is not defined gives way to one that is.
        half = np.fmax.reduce([fit.half(level) for fit in fits])
        joint = np.fmax.reduce([joint_half(fit, rng, draws, level) for fit in fits])
        return Bands(
            conf_low=self.estimate - half,
            conf_high=self.estimate + half,
            joint_low=self.estimate - joint,
            joint_high=self.estimate + joint,
        )

    def joint(self) -> Tested:
        """Test that all effects are zero, by the clustering with the largest p-value.

        Notes
        -----
        Hotelling (1931): F = W (df - K + 1) / (df K) with W = g'V^-1 g, the K effects g
        and their covariance V, and df the clusters with the policy less one, of the
        effect with the fewest.
        """
        tests = []
        reasons = [self.reason] if self.reason else []
        for fit in self.fits.values():
            try:
                tests.append(joint_test(fit))
            except NumericsError as error:
                reasons.append(str(error))
        if not tests:
            return Tested(estimate=NAN, reason=reasons[0])
        test = max(tests, key=lambda test: test.p_value)
        K = test.df
        return Tested(
            estimate=test.statistic,
            statistic=test.statistic,
            df=test.df_denominator,
            p_value=test.p_value,
            p_type=f"Hotelling, F({K:g}, clusters with the policy - {K:g})",
            law=f"F({K:g}, {test.df_denominator:g})",
        )

    def conley(
        self, lat: Array, lon: Array, cutoff_km: float, level: float
    ) -> list[Row]:
        """Return a row for each effect where units near each other have shocks in
        common; places of the units in degrees (N,).

        Notes
        -----
        Conley (1999): the variance is sum_ij w(d_ij) s_i s_j, with s_i what unit i adds
        to the error, d_ij the distance of i and j, and Bartlett's kernel
        w(d) = max(1 - d / cut-off, 0).
        """
        by_unit = self.fits["unit"]
        # The kernel sorts units by name: with numbers for names they keep the order of
        # the scores.
        kernel = spatial_kernel(np.arange(len(lat)), lat, lon, cutoff_km)
        scores = by_unit.scores.T  # (N, K)
        variance = ((kernel.weights @ scores) * scores).sum(axis=0)
        std_errors = np.sqrt(np.where(variance > 0, variance, np.nan))
        rows = []
        for k, name in enumerate(self.names):
            estimate = float(self.estimate[k])
            std_error = float(std_errors[k])
            df = float(by_unit.df[k])
            too_few = "fewer than two units have the policy"
            test = Tested(estimate=estimate, reason=too_few)
            if np.isfinite(std_error) and df >= 1:
                test = tested(
                    t_inference(estimate, std_error, df, level),
                    se_type=f"conley, bartlett, {cutoff_km:g} km",
                    p_type="t(units with the policy - 1)",
                    law=f"t({df:g}), {cutoff_km:g} km",
                )
            rows.append(Row(name, test, "conley"))
        return rows


def no_effects(reason: object) -> Effects:
    """Return effects that cannot be estimated, with the reason."""
    nothing = np.empty(0)
    return Effects(
        names=[],
        estimate=nothing,
        fits={},
        cells=nothing,
        units=nothing,
        lost=nothing,
        reason=str(reason),
    )


def span_name(span: tuple[float, float]) -> str:
    """Return a span of horizons or distances as text."""
    low, high = span
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def span_cells(panel: EventPanel, spans: Sequence[Span]) -> np.ndarray:
    """Return cells under the policy by span of horizons, which are dates since it came;
    (K, N, T) of bool.
    """
    within = []
    for low, high in spans:
        within.append((panel.horizon >= low) & (panel.horizon <= high))
    return np.asarray(panel.treated & np.array(within))


def policy_effects(
    panel: PolicyPanel, spans: Sequence[Span], clean: np.ndarray | None = None
) -> Effects:
    """Return mean effects over spans of horizons; predictions without the policy are
    fitted to the cells ``clean``, bool (N, T), by default those before the policy.
    """
    return mean_effects(
        names=[span_name(span) for span in spans],
        fit=Imputation.of(panel, clean),
        targets=span_cells(panel, spans),
        cohorts=panel.first,
        clusterings=panel.clusterings,
    )


def mean_effects(
    names: list[str],
    fit: Imputation,
    targets: np.ndarray,
    cohorts: np.ndarray,
    clusterings: Clusterings,
) -> Effects:
    """Return mean gaps over the cells of each target with their errors; targets (K, N,
    T) of bool, cohorts (N,) the dates at which the policy came, or came near.

    Notes
    -----
    Borusyak, Jaravel and Spiess (2024): effect k is sum_it w_kit (Y_it - Y_it(0)), where
    Y_it(0) is what effects fitted to clean cells predict, and w_kit one over the number
    of cells of the target with a prediction. Unit i adds s_ki = sum_t v_kit e_it to its
    error, v_kit the weight of each outcome in the effect and e_it its residual; the
    variance is sum_c (sum_{i in c} s_ki)^2 over clusters c.
    """
    means = fit.averages(targets)
    cohort_codes = np.unique(cohorts, return_inverse=True)[1]
    clean_scores = fit.clean_scores(means.weights)
    scores = {}
    for name, clusters in clusterings.items():
        # A treated cell's residual is its gap less the mean of its cohort and date in
        # other clusters, so that scores differ by clustering.
        treated_scores = fit.treated_scores(means.weights, clusters, cohort_codes)
        scores[name] = clean_scores + treated_scores
    effects = clustered_effects(
        names=names,
        estimate=means.estimate,
        by_unit=scores,
        with_policy=np.asarray((means.weights > 0).any(axis=2)),
        clusterings=clusterings,
    )
    # A unit may have several cells in one mean.
    return effects._replace(cells=means.cells, lost=means.lost)


def clustered_effects(
    names: list[str],
    estimate: Array,
    by_unit: Mapping[str, Array],
    with_policy: np.ndarray,
    clusterings: Clusterings,
) -> Effects:
    """Return effects over one cell of each unit that has the policy in them, bool (K, N);
    ``by_unit`` is what units add to the errors by clustering, (K, N) each.
    """
    fits = {}
    for name, clusters in clusterings.items():
        fits[name] = clustered(estimate, by_unit[name], clusters, with_policy)
    units = with_policy.sum(axis=1)
    return Effects(
        names=names,
        estimate=estimate,
        fits=fits,
        cells=units,
        units=units,
        lost=np.zeros_like(units),
    )


def permuted_rows(effects: Effects, p_values: Array, draws: int) -> list[Row]:
    """Return a row for each effect with its p-value (K,) among effects of policy dates
    that were dealt out again.
    """
    rows = []
    for name, estimate, p in zip(
        effects.names, effects.estimate, p_values, strict=True
    ):
        test = Tested(
            estimate=float(estimate),
            p_value=float(p),
            se_type="none: permutation",
            p_type=f"{draws} permutations of dates in groups",
            law=f"{draws} permutations",
        )
        if np.isnan(p):
            test = Tested(estimate=NAN, reason=NOT_PREDICTED)
        rows.append(Row(name, test, PERMUTED))
    return rows
