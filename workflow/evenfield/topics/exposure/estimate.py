"""Spillovers by group: growth on own and neighbours' clusters and zones, one
cross-section per period (SLX).
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.sparse import csr_array
from statsmodels.regression.linear_model import OLS

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import partial_leverage
from evenfield.numerics.label_permutation import expected_regressors
from evenfield.numerics.scpc import AVERAGE_CORRELATION
from evenfield.numerics.spatial import multiplier
from evenfield.shared.contrasts.contrasts import parse_contrast_settings, rows_at
from evenfield.shared.contrasts.geographies import Geographies, joined_links
from evenfield.shared.contrasts.prepared_contrasts import (
    Expectation,
    GroupContrast,
    lag_name,
    prepare_contrast,
)
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.rows import Results, stacked
from evenfield.shared.spec import Id, Inference, Role, Spec, read
from evenfield.shared.tables.rows import records
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.spatial_weights import SpatialWeights, row_standardised
from evenfield.study.study import Study
from evenfield.topics.exposure.estimate_evidence import (
    ALL,
    SIMULATED,
    equivalence_rows,
    range_rows,
    ranges,
    reach_rows,
    two_regime_row,
)

OUTSIDERS = "outsiders"
DECIDING = "primary"
OUTCOME = "growth_pct_per_year"
START = "log_income_start"
PER_EXPOSURE = "pp/yr per exposure 0 to 1"
PER_SD = "pp/yr per s.d. of exposure"
OWN_UNIT = "pp/yr"
TESTED = ["cluster", "sez"]
ZONE_COLUMNS = {"sez": "zones_sez", "park": "zones_hidz", "zone": "zones_state"}
PRESENT = 0.5
# Estimator and what it does with the exposure that permuted lists let expect.
EXPECTATIONS = {
    "slx_recentred": Expectation("stratified", "subtract"),
    "slx_expected_control": Expectation("stratified", "control"),
    "slx_recentred_connected": Expectation("connected", "subtract"),
}
KEYS = [
    "spec_id",
    "treatment_def",
    "w_id",
    "sample_id",
    "start_year",
    "period",
    "term",
    "contrast",
    "estimator",
]
PATH = [
    "spec_id",
    "sample_id",
    "treatment_def",
    "w_id",
    "period",
    "label",
    "start_year",
    "end_year",
    "output_basis",
]
PATH += [
    "estimator",
    "effect_type",
    "term",
    "contrast",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "conf_level",
]
PATH += ["p_value", "se_type", "sesoi", "mde", "unit_of_measure", "warning"]


class ExposureSpec(Spec):
    """One specification; the primary one is repeated under every taxonomy and all
    weights.
    """

    id: Id
    taxonomy: str
    """Taxonomy of clusters and zones."""
    weights: str
    """Spatial weights."""
    role: Role = "robustness"
    """Role in the tables."""
    inference: Inference = ()
    regimes: list[Literal["cluster", "sez", "park", "zone"]] = Field(
        ["cluster", "sez"], min_length=2
    )
    """Regimes on the right-hand side (park: science parks; zone: any national zone);
    the contrast is the first minus the second."""
    zones: Literal["list", "number", "documented"] = "list"
    """How zones are measured: a list (parks and any zone: at least half a zone in force
    on average), the mean number in force, or that without years of grade C."""
    neighbours: Literal["equal", "population"] = "equal"
    """Whether the weights are multiplied by the neighbours' population at the period's
    start."""

    hypothesis: str = ""
    """Hypothesis or claim that the difference of the neighbours' regimes speaks to."""
    zones_hypothesis: str = ""
    """The same for the coefficients of zones, own and of neighbours."""

    @property
    def own(self) -> tuple[str, ...]:
        """Columns of the own regimes."""
        return tuple(f"own_{regime}" for regime in self.regimes)

    @property
    def exposures(self) -> tuple[str, ...]:
        """Names of the neighbours' regimes."""
        return tuple(f"exposure_{regime}" for regime in self.regimes)

    @property
    def counted(self) -> bool:
        """Whether zones are counted, so that coefficients are comparable per standard
        deviation only.
        """
        return self.zones != "list"


Section = list[ExposureSpec]


@dataclass(frozen=True)
class CrossSection:
    """One specification in one period: growth, starting income, own and neighbours'
    regimes, by unit.
    """

    study: Study
    spec: ExposureSpec
    period: Mapping[str, Any]
    table: pd.DataFrame
    weights: SpatialWeights

    @property
    def decides(self) -> bool:
        """Whether its difference and its own coefficient decide hypotheses."""
        return (
            self.spec.role == DECIDING
            and self.period["role"] == "main"
            and self.spec.regimes[:2] == TESTED
        )

    def standard_deviation(self, name: str) -> float:
        """Return the standard deviation of an exposure (ddof 0)."""
        return float(self.table[name].std(ddof=0))


def check_data(study: Study, _: Section, spec: ExposureSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    for period in study.description()["periods"]:
        _section(study, spec, period)


def estimate(study: Study) -> Results:
    """Estimate every exposure specification in every period.

    Notes
    -----
    G_i = a + sum_k b_k R_ki + sum_k g_k (W R_k)_i + d y_i0 + e_i, one row per unit; g_k
    is the coefficient of the neighbours' average of regime k going from 0 to 1. Halleck
    Vega and Elhorst (2015), SLX; Borusyak and Hull (2023).
    """
    specs = read(Section, study.config, "exposure")
    settings = parse_contrast_settings(study.config["inference"], study.power, specs)
    links = joined_links(
        study.table("adjacency"), study.config["weights"].get("join", [])
    )
    geographies = Geographies(
        study.table("units"), links, settings.permutations, settings.seed
    )
    periods = study.description()["periods"]
    sections = [_section(study, spec, period) for spec in specs for period in periods]
    deciding = [section for section in sections if section.decides]
    variants = [
        _section(study, spec, s.period)
        for s in deciding
        for spec in _variants(study, s.spec)
    ]
    asked = [contrast for section in sections for contrast in _asked(section)]
    asked += [_difference(section) for section in variants]
    rows = [
        row for contrast in asked for row in rows_at(contrast, geographies, settings)
    ]
    weights_by_unit = {}
    for section in deciding:
        second = section.spec.exposures[1]
        rows += reach_rows(_difference(section), geographies, settings)
        rows += equivalence_rows(
            _single(section, second, unit=PER_SD),
            section.standard_deviation(second),
            geographies,
            settings,
        )
        row, weights_by_unit[str(section.period["period"])] = two_regime_row(
            _difference(section), settings.seed
        )
        rows.append(row)
    main = [row for row in rows if row.role == DECIDING and row.contrast]
    units = [
        _unit_table(section, geographies)
        for section in sections
        if section.spec.role == DECIDING
    ]
    residuals = stacked(
        units, ["spec_id", "period", "unit", "regressor"], ["value", "expected"]
    )
    series = {
        "series": _path(rows, periods),
        "residuals": residuals,
        "ranges": ranges(rows, main),
    }
    fit = _summary(study, deciding) | {"two_regime": weights_by_unit}
    return Results([*rows, *range_rows(rows, main)], series, fit)


def _section(
    study: Study, spec: ExposureSpec, period: Mapping[str, Any]
) -> CrossSection:
    """Arrange growth, starting income, own and neighbours' regimes of one period, every
    unit by id.
    """
    units = list(study.table("units")["unit"])
    name = period["period"]
    weights = _weights(study, spec, period)
    prepared = _regimes(study)
    regimes = prepared.get(
        (spec.weights, spec.taxonomy, name), next(iter(prepared.values()))[:0]
    ).reindex(units)
    own = {
        f"own_{regime}": _measured(regimes, regime, spec.zones)
        for regime in spec.regimes
    }
    table = _growth(study, name).reindex(units).assign(**own).astype(float)
    if blank := [str(unit) for unit in table.index[table.isna().any(axis=1)]]:
        which = (
            f"taxonomy {spec.taxonomy}, weights {spec.weights}: {first_examples(blank)}"
        )
        raise EstimateError(
            f"{len(blank)} units have no growth or no exposure in {name} ({which})",
            "growth and exposure of every unit",
            "rebuild panel and exposures for the same units",
        )
    seen = multiplier(weights.aligned(units)) @ table[list(spec.own)].to_numpy(float)
    return CrossSection(
        study,
        spec,
        period,
        table.assign(**dict(zip(spec.exposures, seen.T, strict=True))),
        weights,
    )


@cache
def _growth(study: Study, period: str) -> pd.DataFrame:
    """Return growth and starting income by unit."""
    periods = study.table("periods")
    return periods[periods["period"].eq(period)].set_index("unit")[[OUTCOME, START]]


@cache
def _regimes(study: Study) -> dict[tuple[Any, ...], pd.DataFrame]:
    """Return own and neighbours' regimes by unit, for each weights, taxonomy and
    period.
    """
    return dict(
        iter(
            study.table("exposures")
            .set_index("unit")
            .groupby(["weights", "taxonomy", "period"])
        )
    )


def _measured(rows: pd.DataFrame, regime: str, zones: str) -> pd.Series:
    """Return a regime as a list membership, a presence or a mean number of zones in
    force.
    """
    if regime == "cluster" or (regime == "sez" and zones == "list"):
        return rows[f"own_{regime}"]
    number = rows[
        f"own_{ZONE_COLUMNS[regime]}{'_documented' if zones == 'documented' else ''}"
    ]
    # ASSUME: a unit has science parks, or any zone, in a period when they average at
    # least half a zone in force.
    return number.ge(PRESENT).astype(float) if zones == "list" else number


def _weights(
    study: Study, spec: ExposureSpec, period: Mapping[str, Any]
) -> SpatialWeights:
    weights = study.weights(spec.weights)
    start = int(period["start"])
    if spec.neighbours == "equal":
        return weights
    panel = study.table("panel")
    people = (
        panel[panel["year"].eq(start)]
        .set_index("unit")["population"]
        .reindex(weights.units)
    )
    if people.isna().any():
        blank = first_examples([str(unit) for unit in people.index[people.isna()]])
        raise EstimateError(
            f"{people.isna().sum()} units have no population in {start} ({blank})",
            "population of every unit",
            "drop `neighbours: population` or fill it",
        )
    return replace(
        weights,
        matrix=row_standardised(csr_array(weights.matrix * people.to_numpy(float))),
    )


def _variants(study: Study, spec: ExposureSpec) -> list[ExposureSpec]:
    """Return the primary specification under all other pairs of a taxonomy and weights."""
    names = (
        study.table("exposures")[["taxonomy", "weights"]]
        .drop_duplicates()
        .sort_values(["taxonomy", "weights"])
    )
    variants = [
        spec.model_copy(update={**pair, "role": "robustness"})
        for pair in records(names)
    ]
    return [
        one
        for one in variants
        if (one.taxonomy, one.weights) != (spec.taxonomy, spec.weights)
    ]


def _asked(section: CrossSection) -> list[GroupContrast]:
    """Return all contrasts of a specification in a period."""
    own = section.spec.own
    exposures = section.spec.exposures
    singles = [_single(section, term) for term in (*own, *exposures)]
    if section.spec.counted:
        per_term = [_single(section, term, unit=PER_SD) for term in exposures]
        return [_per_sd(_difference(section), section), *per_term]
    if section.spec.role != DECIDING:
        return [_difference(section), *singles]
    plain = [
        _difference(section),
        _contrast(section, "slx", own[0], own[1], "exploratory"),
        *singles,
    ]
    recentred = [
        _single(section, term, "slx_recentred") for term in exposures if section.decides
    ]
    return [
        *plain,
        *(_difference(section, name) for name in EXPECTATIONS),
        *recentred,
        *_outside(section),
    ]


def _difference(section: CrossSection, estimator: str = "slx") -> GroupContrast:
    """Return the coefficient of the first exposure minus that of the second."""
    first, second = section.spec.exposures[:2]
    role = DECIDING if section.decides and estimator == "slx" else "robustness"
    return _contrast(section, estimator, first, second, role)


def _single(
    section: CrossSection, term: str, estimator: str = "slx", unit: str = ""
) -> GroupContrast:
    """Return one coefficient, own or of an exposure."""
    decides = section.decides and term == "own_sez" and estimator == "slx"
    contrast = _contrast(
        section, estimator, term, "", DECIDING if decides else "exploratory"
    )
    return contrast if unit != PER_SD else _per_sd(contrast, section)


def _per_sd(contrast: GroupContrast, section: CrossSection) -> GroupContrast:
    """Express a contrast of exposures per standard deviation of each exposure."""
    names = dict(
        zip(map(lag_name, section.spec.own), section.spec.exposures, strict=True)
    )
    scaled = {
        name: weight * section.standard_deviation(names[name])
        for name, weight in contrast.weights.items()
    }
    sesoi = section.study.config["sesoi"]["spillover_per_sd_pp"]
    return replace(
        contrast,
        row=replace(contrast.row, unit_of_measure=PER_SD, sesoi=sesoi),
        weights=scaled,
    )


def _outside(section: CrossSection) -> list[GroupContrast]:
    """Return the contrasts among units without a regime: exposures are their labels."""
    spec = section.spec
    out = []
    names = dict(zip(map(lag_name, spec.own), spec.exposures, strict=True))
    table = section.table[~section.table[list(spec.own)].astype(bool).any(axis=1)]
    for contrast in (
        _difference(section),
        *(_single(section, term) for term in spec.exposures),
    ):
        row = replace(
            contrast.row,
            sample_id=OUTSIDERS,
            role="robustness" if contrast.row.contrast else "exploratory",
        )
        weights = {names[name]: weight for name, weight in contrast.weights.items()}
        out.append(
            replace(
                contrast,
                row=row,
                table=table,
                labels=spec.exposures,
                neighbours=None,
                weights=weights,
            )
        )
    return out


def _contrast(
    section: CrossSection, estimator: str, term: str, minus: str, role: str
) -> GroupContrast:
    spec = section.spec
    study = section.study.description()
    own = term.startswith("own")
    sesoi = section.study.config["sesoi"][
        "growth_premium_pp" if own else "spillover_difference_pp"
    ]
    row = Estimate(
        hypothesis=_hypothesis(spec, term, minus),
        family="exposure",
        role=role,
        estimator=estimator,
        spec_id=spec.id,
        outcome=OUTCOME,
        term=term,
        contrast=f"{term} - {minus}" if minus else "",
        sample_id=ALL,
        unit_scheme=str(study["unit_scheme"]),
        period=str(section.period["period"]),
        treatment_def=spec.taxonomy
        + (f", zones by {spec.zones} in force" if spec.counted else ""),
        w_id=spec.weights + ("" if spec.neighbours == "equal" else " by population"),
        estimate=NAN,
        sesoi=sesoi,
        unit_of_measure=OWN_UNIT if own else PER_EXPOSURE,
        output_basis=str(section.period["basis"]),
        data_hash=str(study["data_hash"]),
    )
    sides = {_regressor(term): 1.0} | ({_regressor(minus): -1.0} if minus else {})
    expected = EXPECTATIONS.get(estimator)
    return GroupContrast(
        row,
        section.table,
        OUTCOME,
        spec.own,
        (START,),
        sides,
        section.weights,
        expected,
    )


def _regressor(name: str) -> str:
    return (
        lag_name(f"own_{name.removeprefix('exposure_')}")
        if name.startswith("exposure")
        else name
    )


def _hypothesis(spec: ExposureSpec, term: str, minus: str) -> str:
    if spec.regimes[:2] != TESTED:
        return ""
    if (term, minus) == ("exposure_cluster", "exposure_sez"):
        return spec.hypothesis
    return (
        spec.zones_hypothesis
        if not minus and term in {"own_sez", "exposure_sez"}
        else ""
    )


def _unit_table(section: CrossSection, geographies: Geographies) -> pd.DataFrame:
    """Return regressors with what permutations let expect, growth, fit and leverage of
    the difference, by unit.
    """
    prepared = prepare_contrast(_difference(section), geographies)
    if prepared.reason:
        return pd.DataFrame()
    arrays = prepared.section
    fit = OLS(arrays.y, arrays.X).fit()
    seen = arrays.label_design.regressors(arrays.labels)
    expected = np.full(seen.shape, np.nan)
    if section.decides:
        with suppress(NumericsError):  # no coast that divides the units
            draws = prepared.geography.draws("stratified")
            expected = expected_regressors(arrays.labels, draws, arrays.label_design)
    leverage = pd.Series(
        *partial_leverage(arrays.X, arrays.units, arrays.contrast)[::-1]
    ).reindex(arrays.units)
    names = (*section.spec.own, *section.spec.exposures)
    columns = {
        "growth": arrays.y,
        "fitted": fit.fittedvalues,
        "residual": fit.resid,
        "partial_leverage": leverage,
    }
    values = {**dict(zip(names, seen.T, strict=True)), **columns}
    means = dict(zip(names, expected.T, strict=True))
    long = pd.DataFrame(values, index=arrays.units).melt(
        var_name="regressor", ignore_index=False
    )
    long["expected"] = (
        pd.DataFrame(means, index=arrays.units, columns=list(values))
        .melt()["value"]
        .to_numpy()
    )
    labels = {
        "spec_id": section.spec.id,
        "period": section.period["period"],
        "unit": long.index,
    }
    return long.assign(**labels)


def _path(rows: Iterable[Estimate], periods: list[Mapping[str, Any]]) -> pd.DataFrame:
    """Return coefficients and equivalence by period."""
    times = {
        str(p["period"]): {
            "label": p["label"],
            "start_year": p["start"],
            "end_year": p["end"],
        }
        for p in periods
    }
    shown = [row for row in rows if row.estimator in ("slx", "equivalence")]
    lines = [
        {name: getattr(row, name, None) for name in PATH} | times[row.period]
        for row in shown
    ]
    return pd.DataFrame(lines, columns=PATH).sort_values(
        [*KEYS, "effect_type"], ignore_index=True
    )


def _summary(study: Study, deciding: list[CrossSection]) -> dict[str, Any]:
    sd = {
        str(s.period["period"]): {
            name: round(s.standard_deviation(name), 6) for name in s.spec.exposures
        }
        for s in deciding
    }
    inference = study.config["inference"]
    sesoi = study.config["sesoi"]
    names = {
        "own": "growth_premium_pp",
        "difference": "spillover_difference_pp",
        "per_sd": "spillover_per_sd_pp",
    }
    return {
        "equation": (
            "growth_i = a + sum_k b_k R_ki + sum_k g_k (W R_k)_i + d log_income_start_i"
            " + e_i"
        ),
        "reading": (
            "g: coefficient of the neighbours' average regime going from 0 to 1, pp a"
            " year; an association"
        ),
        "primary": (
            "SCPC interval, average correlation of shocks at most"
            f" {AVERAGE_CORRELATION}; conditional"
        ),
        "recentred": (
            "regressors minus their mean over permutations of the rows of regimes:"
            " whole rows move, so overlaps stay; stratified by coast, or the first"
            " regime as a connected set; the same draws give the randomisation p-value,"
            " never below one over the number of different patterns"
        ),
        "expectations": {
            name: f"{use.scheme}, {use.use}" for name, use in EXPECTATIONS.items()
        },
        "equivalence": (
            "two one-sided SCPC tests of the second exposure's coefficient per s.d. of"
            " that exposure"
        ),
        "mde": (
            "power point of each row's own test times the residual s.d. of growth on"
            f" starting income alone; simulated ones on {SIMULATED} samples"
        ),
        "exposure_sd": sd,
        "samples": {
            ALL: "all units",
            OUTSIDERS: "units that have none of the regimes; no own terms",
        },
        **{
            "conf_level": inference["conf_level"],
            "power": study.power,
            "permutations": inference["permutations"],
        },
        "sesoi": {name: sesoi[key] for name, key in names.items()},
    }
