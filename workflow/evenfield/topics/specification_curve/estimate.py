"""Specification curves of the data, with spatially robust intervals, and their joint
tests, a chunk at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.models.specification_curve import (
    COLLINEAR,
    SUMMARIES,
    curve_summaries,
    drawn_keys,
    joint_tests,
    permutations_among,
    permutations_from_keys,
)
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Locations
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.scpc import scpc_inference
from evenfield.shared.estimates import Estimate, Fields
from evenfield.shared.few_units import located
from evenfield.shared.rows import Kind, Results, Rows, gathered
from evenfield.shared.spec import Id, Spec, read
from evenfield.shared.tables.rows import only
from evenfield.shared.tables.units import main_periods
from evenfield.study.rounding import round_frame
from evenfield.study.study import Study
from evenfield.study.study_config import (
    ControlName,
    HypothesisName,
    PeriodName,
    SampleName,
    SchemeName,
    TaxonomyName,
    WeightsName,
)
from evenfield.topics.specification_curve.estimate_regressions import (
    Point,
    Regression,
    Scheme,
    label_regressors,
    regression,
)

Regressions = list[tuple[Point, Regression | str]]
# Largest average pairwise correlation of shocks that SCPC intervals allow for.
AVERAGE_CORRELATION = 0.03
ALL = "all"
AXES = """
    curve hypothesis period outcome unit_scheme sample weights taxonomy controls
""".split()
NUMBERS = """
    estimate std_error statistic df conf_low conf_high p_value n_units reason
""".split()
# Effect type and unit of each summary of a curve, in the order of SUMMARIES.
KINDS = (
    ("median", "pp/yr"),
    ("share", "share"),
    ("share_significant", "share"),
    ("mean_statistic", "t"),
)
SUMMARY_OF = {kind[0]: name for name, kind in zip(SUMMARIES, KINDS, strict=True)}
# ASSUME: treatments could have fallen on any unit of the same stratum; overlaps of
# clusters and zones, and what a unit is under the other taxonomies, move with it.


class CurveSpec(Spec):
    """One question; its specifications are the full product of its axes."""

    id: Id
    hypothesis: HypothesisName
    """Hypothesis it belongs to."""
    decides: str = ""
    """Outcome, as named in the estimates, of the deciding rows that the curve is
    compared with; the first of its outcomes by default."""
    kind: Literal["own", "exposure", "regime"]
    """Coefficients of own labels, of neighbours' average labels, or of initial income
    times neighbours' labels."""
    contrast: Literal["cluster", "sez", "cluster - sez", "sez - cluster"]
    """What is estimated."""
    predicted: Literal["+", "-"]
    """Predicted sign."""
    outcomes: list[
        Literal[
            "growth_pct_per_year", "growth_mean3_pct_per_year", "relative_log_income"
        ]
    ] = Field(["growth_pct_per_year"], min_length=1)
    """Growth between end points or between three-year means, or mean relative income.
    """
    periods: list[PeriodName] = []
    """Periods; all main periods when empty."""
    unit_schemes: list[SchemeName] = []
    """Unit schemes; the main one when empty."""
    samples: list[SampleName] = Field(["all"], min_length=1)
    """Samples."""
    weights: list[WeightsName] = []
    """Weights; all when empty."""
    taxonomies: list[TaxonomyName] = []
    """Taxonomies; all when empty."""
    controls: list[list[ControlName]] = Field([[]], min_length=1)
    """Sets of controls; initial income is always there where the outcome is growth."""

    @property
    def sign(self) -> float:
        """The predicted sign."""
        return 1.0 if self.predicted == "+" else -1.0

    def points(self, study: Study) -> list[Point]:
        """Return every specification of the curve, sorted; weights are empty where the
        kind needs none.
        """
        config = study.config
        weights = self.weights or list(config.weights.families)
        axes = (
            self.periods or main_periods(config.periods),
            self.outcomes,
            self.unit_schemes or [study.main],
            self.samples,
            [""] if self.kind == "own" else weights,
            self.taxonomies or config.taxonomy.all,
            map(tuple, self.controls),
        )
        return sorted(
            Point._make((*values, self.kind, self.contrast))
            for values in product(*axes)
        )


class Section(Spec):
    """The curves and their permutations."""

    draws: int = Field(999, ge=99)
    """Permutations of the treatments."""
    curves: list[CurveSpec] = Field(min_length=1)
    """Questions; the specifications of each are the full product of its axes."""


def scheme_names(section: Section, study: Study) -> list[str]:
    """Return the unit schemes of all curves, sorted."""
    names = set[str]()
    for spec in section.curves:
        names.update(spec.unit_schemes or [study.main])
    return sorted(names)


def chunk(study: Study, number: int, of: int) -> Results:
    """Compute one chunk: its share of the specifications on the data, and every curve
    under its share of the draws.

    Notes
    -----
    A draw is named by its number and a specification by its place, so the number of
    chunks changes no result.
    """
    section: Section = read(Section, study.config, "specification_curve")
    inference = study.config.inference
    schemes = {name: Scheme.of(study, name) for name in scheme_names(section, study)}
    # In whole numbers, so that the chunks take draws 1 to B between them, each once.
    first = section.draws * (number - 1) // of
    draws = range(1 + first, 1 + section.draws * number // of)
    drawn = permutations(schemes, inference.seed, draws)
    # The labels as they are come first, then the permuted ones.
    sources = {
        name: np.vstack([np.arange(source.shape[1]), source])
        for name, source in drawn.items()
    }
    rows: dict[str, list[Fields]] = {"specification": [], "draw": []}
    places: dict[tuple[str, str], Locations] = {}
    for spec in told(section.curves, "curves"):
        # Points that differ only in outcome, sample or controls share these.
        regressors = cache(
            lambda *same: label_regressors(
                Point._make(same), schemes[same[2]], sources[same[2]]
            )
        )
        products = dict[Point, np.ndarray]()
        regressions = [
            (point, regression(point, schemes[point.unit_scheme], regressors, products))
            for point in spec.points(study)
        ]
        rows["specification"] += _specifications(
            spec,
            # Intervals are shared out by place; draws need all regressions.
            regressions[number - 1 :: of],
            schemes,
            places,
            inference.level,
        )
        rows["draw"] += _under_permutation(spec, regressions, draws)
    columns = {
        "specification": [*AXES, *NUMBERS],
        "draw": ["curve", "period", "draw", *SUMMARIES],
    }
    return Results(
        series={
            name: round_frame(pd.DataFrame(rows[name], columns=columns[name]))
            for name in rows
        }
    )


def estimate(study: Study, chunks: Sequence[str | Path]) -> Results:
    """Summarise each curve over all its specifications, test it jointly, and hand on
    every specification.
    """
    section: Section = read(Section, study.config, "specification_curve")
    whole = gathered(chunks).series
    table = whole["specification"].sort_values(AXES, ignore_index=True)
    table["n_units"] = table["n_units"].astype("Int64")
    draws = whole["draw"]
    out = Results(series={"series": table})
    for spec in section.curves:
        curve = (only(frame, curve=spec.id) for frame in (table, draws))
        out.estimates += _summary_rows(study, spec, *curve)
    by_curve = table.groupby("curve")["estimate"]
    out.fit = {
        "specifications": by_curve.size().to_dict(),
        "defined": by_curve.count().to_dict(),
        "draws": int(draws["draw"].nunique()),
        "inference": (
            "whole curve under treatments permuted within strata; p is one-sided in the"
            " predicted direction"
        ),
        "intervals": (
            f"SCPC, average correlation of shocks at most {AVERAGE_CORRELATION}"
        ),
    }
    return out


def permutations(
    schemes: Mapping[str, Scheme], seed: int, draws: range
) -> dict[str, np.ndarray]:
    """Return one permutation of units a draw for each unit scheme, the same one for all
    of them; (B, N) each.
    """
    strata = ordered_strata(schemes)
    position = {unit: i for i, unit in enumerate(strata)}
    # Sorting these keys within strata gives one permutation for all unit schemes.
    keys = drawn_keys(seed, draws, len(strata))
    whole = permutations_from_keys(keys, np.array(list(strata.values())))
    return {
        name: permutations_among(
            whole, np.array([position[unit] for unit in scheme.units])
        )
        for name, scheme in schemes.items()
    }


def ordered_strata(schemes: Mapping[str, Scheme]) -> Fields:
    """Return the stratum of each unit in the order of draws: the scheme with most units
    gives it.
    """
    strata: Fields = {}
    for scheme in sorted(schemes.values(), key=lambda scheme: -len(scheme.units)):
        strata |= dict(zip(scheme.units, scheme.strata, strict=True))
    return strata


def _specifications(
    spec: CurveSpec,
    regressions: Regressions,
    schemes: Mapping[str, Scheme],
    places: dict[Any, Locations],
    level: float,
) -> Iterator[Fields]:
    """Describe specifications on the data, with spatially robust intervals."""
    for point, fitted in told(regressions, "specifications"):
        row = {
            **point._asdict(),
            "curve": spec.id,
            "hypothesis": spec.hypothesis,
            "controls": " + ".join(point.controls) or "none",
            "reason": "",
        }
        if isinstance(fitted, str):
            yield row | {"reason": fitted}
            continue
        # SCPC's components follow from where units are, not from outcome or labels.
        key = (point.unit_scheme, point.sample)
        if key not in places:
            scheme = schemes[point.unit_scheme]
            used = np.array(scheme.units)[fitted.units_used].tolist()
            places[key] = located(scheme.coordinates, used)
        yield row | _numbers(fitted, places[key], level)


def _numbers(fitted: Regression, places: Locations, level: float) -> Fields:
    numbers: Fields = {"n_units": len(fitted.y)}
    # Listed with the reason, but counted neither in the median nor in the shares.
    if not np.isfinite(fitted.statistics[0]):
        return numbers | {"reason": COLLINEAR}
    numbers |= {
        "estimate": float(fitted.estimates[0]),
        "statistic": float(fitted.statistics[0]),
        "df": fitted.df,
    }
    try:
        space = places.components(AVERAGE_CORRELATION, level)
        robust = scpc_inference(fit_ols(fitted.y, fitted.X), fitted.c, space)
    except NumericsError as error:
        return numbers | {"reason": f"no interval: {error}"}
    names = ("std_error", "conf_low", "conf_high", "p_value")
    return numbers | {name: getattr(robust, name) for name in names}


def _under_permutation(
    spec: CurveSpec, regressions: Regressions, draws: range
) -> Iterator[Fields]:
    """Summarise a curve, over all periods and by period, under each permutation of the
    treatments.
    """
    estimated = [
        (point.period, fitted)
        for point, fitted in regressions
        if isinstance(fitted, Regression)
    ]
    if not estimated:
        return
    # The first one is that of the data.
    estimates = np.array([fitted.estimates[1:] for _, fitted in estimated])
    statistics = np.array([fitted.statistics[1:] for _, fitted in estimated])
    df = np.array([fitted.df for _, fitted in estimated], float)
    where = np.array([period for period, _ in estimated])
    for period in (ALL, *sorted(set(where))):
        chosen = np.full(len(where), True) if period == ALL else where == period
        summaries = curve_summaries(
            estimates[chosen], statistics[chosen], df[chosen], spec.sign
        )
        for draw, values in zip(draws, summaries.T, strict=True):
            labels = {"curve": spec.id, "period": period, "draw": draw}
            yield labels | dict(zip(SUMMARIES, values.tolist(), strict=True))


def _summary_rows(
    study: Study, spec: CurveSpec, table: pd.DataFrame, draws: pd.DataFrame
) -> list[Estimate]:
    """Return the summaries of a curve over all periods and by period, with the share of
    permutations that reach as far.
    """
    defined = table[table["estimate"].notna()]
    about = study.description()
    bases = {row["period"]: row["basis"] for row in about["periods"]} | {ALL: ""}
    kinds = {
        name: Kind("specification_curve", spec.kind, *kind)
        for name, kind in zip(SUMMARIES, KINDS, strict=True)
    }
    rows: list[Estimate] = []
    for period in (ALL, *sorted(set(defined["period"]))) if len(defined) else ():
        chosen = defined if period == ALL else only(defined, period=period)
        numbers = chosen[["estimate", "statistic", "df"]].to_numpy(float)
        estimates, statistics, df = np.split(numbers, 3, axis=1)
        values = curve_summaries(estimates, statistics, df[:, 0], spec.sign)[:, 0]
        basis = bases.get(period, "")
        summaries = Rows(
            kinds,
            "robustness",
            "PROXY: uses proxy output" if basis == "proxy" else "",
            hypothesis=spec.hypothesis,
            family="specification_curve",
            spec_id=spec.id,
            outcome=spec.decides or spec.outcomes[0],
            contrast=spec.contrast,
            period=period,
            treatment_def="several",
            w_id="several",
            controls_id="several",
            n_obs=len(chosen),
            output_basis=basis,
            data_hash=about["data_hash"],
        )
        under = only(draws, period=period)[list(SUMMARIES)].to_numpy(float).T
        for name, test in joint_tests(values, under, spec.sign).items():
            summaries.add(
                name,
                estimate=test.value,
                p_value=test.p_value,
                p_type=f"joint permutation within strata, {test.draws} draws",
            )
        rows += summaries.estimates
    return rows
