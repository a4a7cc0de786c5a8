"""Absolute and conditional beta convergence on one cross-section for each period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.errors import EstimateError, first_examples
from evenfield.contracts.estimates import NAN, Estimate
from evenfield.contracts.files import content_hash
from evenfield.contracts.rounding import round_results
from evenfield.contracts.study import SpatialWeights, row_standardised
from evenfield.estimates.convergence.sigma import (
    CONSTANT,
    MIN_UNITS,
    InferenceSpec,
    SchemeInfo,
    basis_warning,
    check_names,
    check_role,
    checked_items,
    inference_fields,
    is_constant,
    joined,
    one_text,
    periods_of,
    sample_rows,
    sample_units,
)
from evenfield.numerics.convergence import (
    UNBOUNDED,
    UNDEFINED,
    Bounds,
    fit_speed,
    half_life,
    half_life_bounds,
    speed_bounds,
    speed_from_slope,
)
from evenfield.numerics.dispersion import sigma
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import partial_leverage
from evenfield.numerics.moran import MoranTest, morans_i_test
from evenfield.numerics.ols import (
    Inference,
    OlsFit,
    contrast_inference,
    cov_hc3,
    fit_ols,
    t_inference,
    t_quantile,
)
from evenfield.numerics.random import generator_for

BETA_KEYS = ("id", "controls", "sample", "end_points", "unit_scheme", "role")
CONTROL = "control_"
GRID_POINTS = 50
SLOPE = 1
END_POINTS = {
    "end": ("log_income_start", "log_income_end", "growth_pct_per_year"),
    "mean3": ("log_income_start_mean3", "log_income_end_mean3", "growth_mean3_pct_per_year"),
}
OUTCOMES = {"end": "growth", "mean3": "growth_mean3"}
GROWTH_TOLERANCE = 1e-8
BETA_SERIES = (
    "spec_id", "sample_id", "unit_scheme", "period", "kind", "unit", "point", "log_income_start",
    "growth_pct_per_year", "fitted", "residual", "conf_low", "conf_high",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BetaSpec:
    """One specification of beta convergence.

    Attributes
    ----------
    id : str
        Name.
    controls : tuple of str
        Controls that enter where the period has them.
    sample : str
        Sample.
    end_points : str
        ``end`` (levels of the first and last year) or ``mean3`` (means of three observations).
    unit_scheme : str
        Unit scheme.
    role : str
        Role in the tables.
    """

    id: str
    controls: tuple[str, ...]
    sample: str
    end_points: str
    unit_scheme: str
    role: str = "robustness"


@dataclass(frozen=True)
class BetaResults:
    """Estimates, drawable series and a summary of the beta family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CrossSection:
    """The rows of one specification in one period, in an order that depends on neither row order nor names.

    Attributes
    ----------
    spec : BetaSpec
        The specification.
    period : str
        The period.
    rows : DataFrame
        ``unit``, ``start``, ``end`` (logs), ``growth`` (per year) and the controls that entered.
    controls : tuple of str
        Controls that entered.
    years : float
        Years T between the end points.
    basis, note : str
        Output basis and warnings so far.
    available : bool
        False when the end points do not exist in this period.
    """

    spec: BetaSpec
    period: str
    rows: pd.DataFrame
    controls: tuple[str, ...]
    years: float
    basis: str
    note: str
    available: bool = True

    @property
    def X(self) -> np.ndarray:
        """Constant, initial log income and controls, shape (N, K)."""
        columns = [self.rows[name].to_numpy(float) for name in ("start", *self.controls)]
        return np.column_stack([np.ones(len(self.rows)), *columns])

    @property
    def growth(self) -> np.ndarray:
        """Average yearly log growth, shape (N,)."""
        return self.rows["growth"].to_numpy(float)

    @property
    def draw_id(self) -> str:
        """Name of the random stream of the residuals' permutation."""
        spec = self.spec
        return f"beta:{spec.id}:{spec.unit_scheme}:{spec.sample}:{self.period}:moran"


def parse_beta_specs(
    section: Any, controls: Sequence[str], schemes: Mapping[str, SchemeInfo], default_scheme: str
) -> tuple[BetaSpec, ...]:
    """Read ``estimates.beta`` of the config.

    Parameters
    ----------
    section : list of mapping
        Keys ``id``, ``controls``, ``sample``, ``end_points``, ``unit_scheme``, ``role``.
    controls : sequence of str
        Controls that the periods have (see ``controls_of``).
    schemes : mapping of str to SchemeInfo
        Unit schemes with their samples.
    default_scheme : str
        Unit scheme of specifications that name none.

    Returns
    -------
    tuple of BetaSpec

    Raises
    ------
    EstimateError
        If a key, control, sample, kind of end points or unit scheme is unknown, or an id is used twice.
    """
    return tuple(
        _parsed(item, controls, schemes, default_scheme) for item in checked_items(section, BETA_KEYS, "estimates.beta")
    )


def _parsed(
    item: Mapping[str, Any], controls: Sequence[str], schemes: Mapping[str, SchemeInfo], default_scheme: str
) -> BetaSpec:
    where = f"estimates.beta.{item['id']}"
    scheme, sample = item.get("unit_scheme", default_scheme), item.get("sample", "all")
    ends, chosen = item.get("end_points", "end"), item.get("controls", [])
    if isinstance(chosen, str):
        raise EstimateError(f"{where}.controls holds the text '{chosen}'", "a list of controls", "put it in brackets")
    check_names(chosen, controls, f"{where}.controls")
    check_names([ends], END_POINTS, f"{where}.end_points")
    check_names([scheme], schemes, f"{where}.unit_scheme")
    check_names([sample], schemes[scheme].samples, f"{where}.sample")
    role = check_role(item.get("role", "robustness"), where)
    return BetaSpec(item["id"], tuple(chosen), sample, ends, scheme, role)


def controls_of(periods: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the controls that the frames of periods have.

    Parameters
    ----------
    periods : mapping of str to DataFrame
        Periods of each unit scheme.

    Returns
    -------
    list of str
        Names without the prefix ``control_``, sorted.
    """
    names = {name for frame in periods.values() for name in frame.columns if name.startswith(CONTROL)}
    return sorted(name.removeprefix(CONTROL) for name in names)


def estimate_beta(
    periods: Mapping[str, pd.DataFrame],
    weights: Mapping[str, SpatialWeights],
    schemes: Mapping[str, SchemeInfo],
    specs: Sequence[BetaSpec],
    inference: InferenceSpec,
) -> BetaResults:
    """Estimate beta convergence for every specification and period.

    Parameters
    ----------
    periods : mapping of str to DataFrame
        Periods of each unit scheme.
    weights : mapping of str to SpatialWeights
        Primary weights of each unit scheme.
    schemes : mapping of str to SchemeInfo
        Samples, step and first official year of each unit scheme.
    specs : sequence of BetaSpec
        Specifications.
    inference : InferenceSpec
        Level, permutations and seed.

    Returns
    -------
    BetaResults
        Slope, speed (from the slope and by nonlinear least squares), half-life, R2, Moran's I of the
        residuals, both sigmas and mean growth; the series holds the points and, without controls, the line
        with its band.

    Raises
    ------
    EstimateError
        If a value is missing or the frames contradict each other.

    Notes
    -----
    (1/T)(y_T - y_0) = a + b y_0 + z'd + u with HC3 and t(N - K); lambda = -ln(1 + bT)/T (Barro and
    Sala-i-Martin 1992).
    """
    estimates: list[Estimate] = []
    series, fits = [], []
    for spec in specs:
        for period in periods_of(periods[spec.unit_scheme]):
            section = cross_section(periods[spec.unit_scheme], spec, period, schemes[spec.unit_scheme])
            rows, fit = _estimates(section, weights[spec.unit_scheme], inference)
            estimates += rows
            series += _series(section, fit, inference.conf_level)
            fits.append(_summary(section, fit))
    summary = {
        "conf_level": inference.conf_level,
        "permutations": inference.permutations,
        "seed": inference.seed,
        "regressions": fits,
    }
    return BetaResults(estimates, _sorted_series(series), summary)


def cross_section(periods: pd.DataFrame, spec: BetaSpec, period: str, scheme: SchemeInfo) -> CrossSection:
    """Assemble the rows of one specification in one period.

    Parameters
    ----------
    periods : DataFrame
        Periods of the unit scheme.
    spec : BetaSpec
        The specification.
    period : str
        The period.
    scheme : SchemeInfo
        Samples and step of the unit scheme.

    Returns
    -------
    CrossSection

    Raises
    ------
    EstimateError
        If a value is missing, a unit has two rows, or growth is not the difference of the end points.
    """
    where = f"estimates.beta.{spec.id} {period}"
    units = sample_units(scheme, spec.sample, where)
    frame = periods[(periods["period"] == period) & periods["unit"].isin(units)]
    start, end, growth = END_POINTS[spec.end_points]
    # ASSUME: a control or end point that is blank for every unit does not exist in the period; a single gap
    # is an error.
    available = spec.end_points == "end" or not frame[[start, end]].isna().all(axis=None)
    controls = tuple(name for name in spec.controls if not frame[CONTROL + name].isna().all())
    needed = [*((start, end, growth) if available else ()), *(CONTROL + name for name in controls)]
    rows = sample_rows(frame, units, needed, where)
    years = float(rows["end_year"].iloc[0] - rows["start_year"].iloc[0]) if len(rows) else NAN
    years -= 2 * scheme.step if spec.end_points == "mean3" else 0
    kept = _arranged(rows, (start, end), controls, years)
    if available:
        _check_growth(kept, rows.set_index("unit")[growth], where)
    basis = one_text(rows["basis"])
    return CrossSection(
        spec, period, kept, controls, years, basis, basis_warning(basis, scheme.first_official), available
    )


def _arranged(rows: pd.DataFrame, ends: tuple[str, str], controls: Sequence[str], years: float) -> pd.DataFrame:
    renamed = rows.rename(columns={ends[0]: "start", ends[1]: "end", **{CONTROL + name: name for name in controls}})
    kept = renamed[["unit", "start", "end", *controls]].copy()
    kept["growth"] = (kept["end"] - kept["start"]) / years
    return kept.sort_values(["start", "end", "unit"], ignore_index=True)


def _check_growth(kept: pd.DataFrame, growth: pd.Series, where: str) -> None:
    told = kept["unit"].map(growth).to_numpy(float) / 100.0
    off = np.abs(kept["growth"].to_numpy(float) - told) > GROWTH_TOLERANCE * np.maximum(1.0, np.abs(told))
    if off.any():
        units = sorted(kept.loc[off, "unit"])
        raise EstimateError(
            f"{where}: growth of {len(units)} units is not the difference of the end points a year "
            f"({first_examples(units)})",
            "growth over the years between the end points",
            "rebuild the panel floor",
        )


# --- estimates ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SlopeFit:
    """The regression, its covariance and the test of its slope."""

    ols: OlsFit
    cov: np.ndarray
    slope: Inference


def _fit(section: CrossSection, level: float) -> SlopeFit:
    rows = section.rows
    if not section.available:
        raise NumericsError("the period is too short for means of three observations at both ends")
    if len(rows) < MIN_UNITS:
        raise NumericsError(f"{len(rows)} units, a regression needs at least {MIN_UNITS}")
    same = [name for name in ("start", *section.controls) if is_constant(rows[name].to_numpy(float))]
    if same:
        raise NumericsError(f"{first_examples(same)} is the same in every unit")
    if is_constant(section.growth):
        raise NumericsError("growth is the same in every unit")
    ols = fit_ols(section.growth, section.X)
    cov = cov_hc3(ols)
    return SlopeFit(ols, cov, contrast_inference(ols, cov, _slope_only(ols), ols.df, level))


def _estimates(
    section: CrossSection, weights: SpatialWeights, inference: InferenceSpec
) -> tuple[list[Estimate], SlopeFit | None]:
    base = _base(section)
    described = _described_rows(section, base)
    try:
        fit = _fit(section, inference.conf_level)
    except NumericsError as error:
        warning = joined(section.note, f"not defined: {error}")
        return [Estimate(**row, estimate=NAN, warning=warning) for row in _undefined(section, base)] + described, None
    base = {**base, "max_leverage_unit": _leader(section, fit)}
    rows = [
        Estimate(
            **_slope_labels(section, base),
            **inference_fields(fit.slope),
            se_type="HC3",
            p_type="t, two-sided",
            warning=section.note,
        ),
        *_speed_rows(section, fit, base),
        _nls_row(section, fit, base, inference.conf_level),
        Estimate(**_stat(base, "r2", "share"), estimate=fit.ols.r_squared, warning=section.note),
        _moran_row(section, fit, weights, base, inference),
    ]
    return rows + described, fit


def _leader(section: CrossSection, fit: SlopeFit) -> str:
    names, shares = partial_leverage(fit.ols.X, section.rows["unit"].to_numpy(str), _slope_only(fit.ols))
    return str(names[shares.argmax()])


def _slope_only(ols: OlsFit) -> np.ndarray:
    return np.asarray(np.eye(ols.X.shape[1])[SLOPE])


def _base(section: CrossSection) -> dict[str, Any]:
    spec = section.spec
    used = section.rows.drop(columns="growth")
    return {
        "family": "beta",
        "spec_id": spec.id,
        "outcome": OUTCOMES[spec.end_points],
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": section.period,
        "controls_id": "+".join(section.controls) or "none",
        "n_obs": len(used),
        "n_units": len(used),
        "output_basis": section.basis,
        "data_hash": content_hash(used),
    }


def _slope_labels(section: CrossSection, base: dict[str, Any]) -> dict[str, Any]:
    return {
        **base,
        "estimator": "ols",
        "term": "log_income_start",
        "effect_type": "coef",
        "role": section.spec.role,
        "unit_of_measure": "per year",
    }


def _speed_labels(section: CrossSection, base: dict[str, Any], estimator: str = "ols") -> dict[str, Any]:
    return {
        **base,
        "estimator": estimator,
        "term": "speed",
        "effect_type": "lambda",
        "role": section.spec.role,
        "unit_of_measure": "% per year",
    }


def _half_life_labels(section: CrossSection, base: dict[str, Any]) -> dict[str, Any]:
    return {
        **base,
        "estimator": "ols",
        "term": "half_life",
        "effect_type": "half_life",
        "role": section.spec.role,
        "unit_of_measure": "years",
    }


def _stat(base: dict[str, Any], term: str, unit: str) -> dict[str, Any]:
    return {**base, "estimator": "ols", "term": term, "effect_type": "stat", "role": "description",
            "unit_of_measure": unit}  # fmt: skip


def _undefined(section: CrossSection, base: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        _slope_labels(section, base),
        _speed_labels(section, base),
        _speed_labels(section, base, "nls"),
        _half_life_labels(section, base),
        _stat(base, "r2", "share"),
        _stat(base, "moran", "index"),
    ]


def _described_rows(section: CrossSection, base: dict[str, Any]) -> list[Estimate]:
    rows = section.rows
    values = {
        "sigma_start": (float(sigma(rows["start"].to_numpy(float))), "log points"),
        "sigma_end": (float(sigma(rows["end"].to_numpy(float))), "log points"),
        "mean_growth": (100.0 * float(np.mean(section.growth)) if len(rows) else NAN, "% per year"),
    }
    return [
        Estimate(**{**_stat(base, term, unit), "estimator": "description"}, estimate=value,
                 warning=joined(section.note, "" if np.isfinite(value) else "not defined in this period"))
        for term, (value, unit) in values.items()
    ]  # fmt: skip


def _speed_rows(section: CrossSection, fit: SlopeFit, base: dict[str, Any]) -> list[Estimate]:
    slope = fit.slope
    speed = speed_from_slope(slope.estimate, section.years)
    bounds = speed_bounds(slope.conf_low, slope.conf_high, section.years)
    life = half_life_bounds(bounds)
    shared: dict[str, Any] = {
        "se_type": "interval of the slope, transformed",
        "conf_level": slope.level,
        "df": slope.df,
    }
    test: dict[str, Any] = {
        "statistic": slope.statistic,
        "p_value": slope.p_value,
        "p_type": "t of the slope, two-sided",
    }
    none = "" if np.isfinite(speed) else "speed not defined: 1 + bT is not positive"
    return [
        Estimate(
            **_speed_labels(section, base),
            **shared,
            **test,
            estimate=100 * speed,
            conf_low=100 * bounds.low,
            conf_high=100 * bounds.high,
            warning=joined(section.note, none, _speed_word(bounds)),
        ),
        Estimate(
            **_half_life_labels(section, base),
            **shared,
            estimate=half_life(speed),
            conf_low=life.low,
            conf_high=life.high,
            warning=joined(section.note, none, _half_life_words(speed, life)),
        ),
    ]


def _speed_word(bounds: Bounds) -> str:
    words = {UNBOUNDED: "speed unbounded above", UNDEFINED: "interval of the speed undefined"}
    return words.get(bounds.note, "")


def _half_life_words(speed: float, life: Bounds) -> str:
    words = {UNBOUNDED: "half-life unbounded", UNDEFINED: "interval of the half-life undefined"}
    return joined("half-life undefined for a speed of zero or less" if speed <= 0 else "", words.get(life.note, ""))


def _nls_row(section: CrossSection, fit: SlopeFit, base: dict[str, Any], level: float) -> Estimate:
    controls = fit.ols.X[:, SLOPE + 1 :]
    speed = fit_speed(section.growth, fit.ols.X[:, SLOPE], section.years, controls)
    labels = _speed_labels(section, base, "nls")
    if not np.isfinite(speed.lam):
        warning = joined(section.note, "not defined: 1 + bT is not positive, the sum of squares has no minimum")
        return Estimate(**labels, estimate=NAN, converged=False, warning=warning)
    result = t_inference(speed.lam, speed.std_error, speed.df, level)
    late = "" if speed.converged else f"no convergence after {speed.steps} steps"
    return Estimate(
        **labels,
        **inference_fields(result, 100.0),
        se_type="HC3 of the Jacobian",
        p_type="t, two-sided",
        converged=speed.converged,
        warning=joined(section.note, late),
    )


def _moran_row(
    section: CrossSection,
    fit: SlopeFit,
    weights: SpatialWeights,
    base: dict[str, Any],
    inference: InferenceSpec,
) -> Estimate:
    matrix, note = cut_weights(weights, list(section.rows["unit"]))
    labels = {**_stat(base, "moran", "index"), "w_id": str(weights.spec.get("weights", "")),
              "seed": f"{inference.seed}:{section.draw_id}"}  # fmt: skip
    rng = generator_for(inference.seed, section.draw_id)
    try:
        _check_residuals(fit.ols)
        test = morans_i_test(fit.ols.u_hat, matrix, rng, inference.permutations, fit.ols.X)
    except NumericsError as error:
        return Estimate(**labels, estimate=NAN, warning=joined(section.note, note, f"not defined: {error}"))
    return Estimate(**labels, **_moran_fields(test), warning=joined(section.note, note))


def _moran_fields(test: MoranTest) -> dict[str, Any]:
    return {
        "estimate": test.statistic, "std_error": test.std_error, "statistic": test.z, "p_value": test.p_value,
        "se_type": "Cliff-Ord, independent normal errors",
        "p_type": f"permutation of residuals re-regressed on X, two-sided, {test.permutations} draws",
    }  # fmt: skip


def _check_residuals(ols: OlsFit) -> None:
    if np.linalg.norm(ols.u_hat) <= CONSTANT * np.linalg.norm(ols.y):
        raise NumericsError("the fit is perfect, no residual is left")


def cut_weights(weights: SpatialWeights, units: Sequence[str]) -> tuple[np.ndarray, str]:
    """Return the weights among some of the units, in their order.

    Parameters
    ----------
    weights : SpatialWeights
        Weights of the unit scheme.
    units : sequence of str
        Units of the sample.

    Returns
    -------
    tuple of ndarray, shape (N, N), and str
        When units were dropped, the sub-matrix with rows standardised again, and a note that says so.

    Raises
    ------
    EstimateError
        If a unit is not in the weights.
    """
    name = str(weights.spec.get("weights", "the weights"))
    place = {unit: i for i, unit in enumerate(weights.units)}
    unknown = sorted(set(units) - set(place))
    if unknown:
        raise EstimateError(
            f"{len(unknown)} units of a sample are not in {name} ({first_examples(unknown)})",
            "weights for every unit of the unit scheme",
            "rebuild the weights floor",
        )
    order = [place[unit] for unit in units]
    matrix = weights.matrix[np.ix_(order, order)]
    if len(units) == len(weights.units):
        return np.asarray(matrix), ""
    # ASSUME: in a smaller sample, weights to units outside it are dropped and the others scaled up to sum to
    # one.
    alone = int((matrix.sum(axis=1) == 0).sum())
    islands = f", {alone} left without neighbour" if alone else ""
    return row_standardised(matrix), f"{name} cut to {len(units)} units and row-standardised again{islands}"


# --- series and summary -------------------------------------------------------------------------------------


def _series(section: CrossSection, fit: SlopeFit | None, level: float) -> list[pd.DataFrame]:
    if not section.available:
        return []
    points = _points(section, fit)
    return [points] if fit is None or section.controls else [points, _line(section, fit, level)]


def _labelled(section: CrossSection, kind: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    spec = section.spec
    frame = pd.DataFrame(dict(columns))
    frame = frame.assign(
        spec_id=spec.id, sample_id=spec.sample, unit_scheme=spec.unit_scheme, period=section.period, kind=kind
    )
    return frame.reindex(columns=list(BETA_SERIES))


def _points(section: CrossSection, fit: SlopeFit | None) -> pd.DataFrame:
    growth = 100.0 * section.growth
    residual = 100.0 * fit.ols.u_hat if fit is not None else np.full(len(growth), NAN)
    return _labelled(section, "unit", {
        "unit": section.rows["unit"], "point": 0, "log_income_start": section.rows["start"],
        "growth_pct_per_year": growth, "fitted": growth - residual, "residual": residual,
    })  # fmt: skip


def _line(section: CrossSection, fit: SlopeFit, level: float) -> pd.DataFrame:
    start = section.rows["start"].to_numpy(float)
    grid = np.linspace(start.min(), start.max(), GRID_POINTS)
    X = np.column_stack([np.ones(GRID_POINTS), grid])
    fitted = X @ fit.ols.beta
    half = t_quantile(0.5 + level / 2, fit.ols.df) * np.sqrt(np.einsum("ij,jk,ik->i", X, fit.cov, X))
    return _labelled(
        section,
        "line",
        {
            "unit": "",
            "point": np.arange(1, GRID_POINTS + 1),
            "log_income_start": grid,
            "fitted": 100.0 * fitted,
            "conf_low": 100.0 * (fitted - half),
            "conf_high": 100.0 * (fitted + half),
        },
    )


def _sorted_series(parts: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [part.astype(dict.fromkeys(BETA_SERIES[7:], float)) for part in parts]
    frame = pd.concat(filled) if filled else pd.DataFrame(columns=list(BETA_SERIES))
    key = ["spec_id", "unit_scheme", "period", "kind", "unit", "point"]
    return frame.sort_values(key, ignore_index=True)


def _summary(section: CrossSection, fit: SlopeFit | None) -> dict[str, Any]:
    spec = section.spec
    out: dict[str, Any] = {
        "spec_id": spec.id,
        "unit_scheme": spec.unit_scheme,
        "sample_id": spec.sample,
        "period": section.period,
        "years": section.years,
        "n_units": len(section.rows),
        "controls": list(section.controls),
        "controls_absent": [name for name in spec.controls if name not in section.controls],
    }
    if fit is None:
        return out
    names = ("constant", "log_income_start", *section.controls)
    numbers = {"coefficients": fit.ols.beta, "std_errors": np.sqrt(np.diag(fit.cov))}
    for key, values in numbers.items():
        out[key] = dict(zip(names, round_results(values, np.abs(values)).tolist(), strict=True))
    return out
