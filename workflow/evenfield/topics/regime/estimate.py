"""Convergence by regime: whether initial income matters more for growth near clusters
than near SEZs.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import RegressionResults

from evenfield.numerics.convergence import speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import effective_clusters, partial_leverage
from evenfield.numerics.ols import contrast_inference, cov_cr3
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.scpc import (
    SpatialComponents,
    scpc_inference,
    spatial_components,
)
from evenfield.numerics.spatial import haversine_km
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.regression import fit_robust, kernel_fit, t_fields
from evenfield.shared.rows import Results
from evenfield.shared.samples import inference_fields, joined, underpowered
from evenfield.shared.spec import read
from evenfield.study.study import Study
from evenfield.topics.regime.estimate_panel import (
    DIFFERENCE,
    UNIT,
    decides,
    panel_rows,
    sesoi_of,
)
from evenfield.topics.regime.estimate_section import (
    EXPOSURES,
    INITIAL,
    INTERACTIONS,
    OUTCOME,
    OWN,
    CrossSection,
    RegimeSpec,
    income_support,
    sections,
    support_rows,
    within_rows,
)

Section = list[RegimeSpec]
Components = Callable[[float], SpatialComponents]
# ASSUME: the average pairwise correlation of growth shocks is at most 0.03 (primary
# SCPC) or 0.06 (ladder).
CORRELATIONS = {"scpc": 0.03, "scpc_06": 0.06}
METHODS = ("scpc", "scpc_06", "cr3", "hc1")
SHORT_METHODS = ("scpc", "cr3")
SE_TYPES = {
    "scpc": "SCPC avc 0.03",
    "scpc_06": "SCPC avc 0.06",
    "cr3": "CR3",
    "hc1": "HC1",
}
P_TYPES = dict.fromkeys(CORRELATIONS, "SCPC, largest over the correlations allowed")
P_TYPES |= {"cr3": "t(G* - 1)", "hc1": "t(N - K)"}
FEWEST_TREATED = 4
TIE_DIGITS = 10
PATH = [
    "spec_id",
    "treatment_def",
    "w_id",
    "period",
    "label",
    "start_year",
    "end_year",
    "output_basis",
    "term",
]
PATH += [
    "contrast",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "se_type",
    "sesoi",
    "mde",
    "warning",
]
POINTS = [
    "spec_id",
    "period",
    "unit",
    OUTCOME,
    INITIAL,
    *OWN,
    *EXPOSURES,
    *INTERACTIONS,
    "fitted",
    "residual",
]
SUPPORT = [
    "spec_id",
    "period",
    "exposure",
    "tercile",
    "units",
    "exposure_low",
    "exposure_high",
]
SUPPORT += ["income_low", "income_mean", "income_high"]


def check_data(study: Study, _: Section, spec: RegimeSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    sections(study, spec)


def estimate(study: Study) -> Results:
    """Estimate convergence by regime in every period.

    Notes
    -----
    G_i = a - b r_i0 - d_C r_i0 E^C_i - d_S r_i0 E^S_i + f_C E^C_i + f_S E^S_i + e_i on
    long differences, one row a unit; r_i0 initial log income less its mean. H11: d_C -
    d_S > 0.
    """
    level = study.config["inference"]["conf_level"]
    out = Results()
    components = _components(study.table("units"), level)
    specs = read(Section, study.config, "regime")
    path: list[dict[str, Any]] = []
    points = list[pd.DataFrame]()
    thirds = list[pd.DataFrame]()
    for spec in specs:
        cross_sections = sections(study, spec)
        for section in cross_sections:
            fit = None if section.undefined else fit_robust(section.y, section.X)
            deciding = [
                *_interaction_rows(section, fit, study, components),
                _gap_row(section, fit),
            ]
            path += [
                _path_row(row, section) for row in deciding if row.estimator == "regime"
            ]
            out.estimates += [*deciding, *within_rows(section)]
            supports = [income_support(section, exposure) for exposure in EXPOSURES]
            out.estimates += [
                row for support in supports for row in support_rows(section, support)
            ]
            thirds += supports
            fitted = np.full(len(section.y), NAN) if fit is None else fit.fittedvalues
            table = section.table.assign(
                spec_id=spec.id, period=section.name, fitted=fitted
            )
            points.append(
                table.assign(residual=section.y - fitted)
                .rename_axis("unit")
                .reset_index()
            )
        out.estimates += _split_rows(cross_sections, study) + panel_rows(
            cross_sections, study
        )
    out.series["series"] = pd.DataFrame(path, columns=PATH)
    out.series["points"] = pd.concat(points, ignore_index=True)[POINTS]
    out.series["support"] = pd.concat(thirds, ignore_index=True)[SUPPORT]
    equation = (
        "G = a - b r - d_C r E^C - d_S r E^S + f_C E^C + f_S E^S + e; r initial log"
        " income less its mean"
    )
    deciding_row = (
        "d_C - d_S, the slope of growth on initial income, pp a year per exposure 0 to"
        " 1; an association"
    )
    out.fit = {
        "equation": equation,
        "deciding": deciding_row,
        "within_group": "description only: a handful of units",
    }
    out.fit |= {"conf_level": level, "power": study.power, "sesoi": sesoi_of(study)}
    out.fit["specs"] = [spec.id for spec in specs]
    return out


def _components(units: pd.DataFrame, level: float) -> Components:
    """Return the spatial components of the units by average correlation, made when
    first needed.
    """
    coordinates = units.set_index("unit").sort_index()[["lat", "lon"]].astype(float)
    lat, lon = (coordinates[name].to_numpy() for name in ("lat", "lon"))
    return cache(
        lambda correlation: spatial_components(
            haversine_km(lat, lon), correlation, level
        )
    )


def combinations(columns: Sequence[str]) -> dict[tuple[str, str], np.ndarray]:
    """Return the reported combinations of coefficients; signs make a faster speed
    positive; shape (K,).
    """
    slope_weights = {name: -np.eye(len(columns))[j] for j, name in enumerate(columns)}
    singles = {(name, ""): slope_weights[name] for name in (INITIAL, *INTERACTIONS)}
    return {
        **singles,
        (INTERACTIONS[0], DIFFERENCE): slope_weights[INTERACTIONS[0]]
        - slope_weights[INTERACTIONS[1]],
    }


def _interaction_rows(
    section: CrossSection,
    fit: RegressionResults | None,
    study: Study,
    components: Components,
) -> list[Estimate]:
    spec = section.spec
    rows = []
    for (term, contrast), c in combinations(section.columns).items():
        labels: dict[str, Any] = {
            **section.shared,
            **decides(spec, contrast),
            "term": term,
            "contrast": contrast,
        }
        labels |= {"unit_of_measure": UNIT if term != INITIAL else "% per year"}
        labels |= {
            "n_treated": section.exposed(term, contrast),
            "sesoi": sesoi_of(study),
        }
        labels |= {"conf_level": study.config["inference"]["conf_level"]}
        if fit is not None:
            units, shares = partial_leverage(
                section.X, section.table.index.to_numpy(str), c
            )
            largest = int(
                np.argmax(np.round(shares, TIE_DIGITS))
            )  # ties go to the first unit by id
            labels |= {
                "g_star": effective_clusters(section.X, units, c),
                "max_leverage_unit": str(units[largest]),
            }
        for method in METHODS if spec.role == "primary" else SHORT_METHODS:
            fields: dict[str, Any] = {
                "estimate": NAN,
                "warning": f"not defined: {section.undefined}",
            }
            if fit is not None and labels["n_treated"] < FEWEST_TREATED:
                few = f"fewer than {FEWEST_TREATED} exposed units: no interval"
                fields = {"estimate": float(c @ fit.params), "warning": few}
            elif fit is not None:
                fields = _tested(method, fit, c, study, components)
            fields["warning"] = joined(section.note, fields["warning"])
            estimator = "regime" if method == "scpc" else f"regime_{method}"
            rows.append(
                Estimate(
                    **{**labels, **fields},
                    estimator=estimator,
                    role=_role(section, contrast, method),
                )
            )
    return rows


def _role(section: CrossSection, contrast: str, method: str) -> str:
    if method != "scpc":
        return "ladder"
    if section.spec.role != "primary":
        return section.spec.role
    if not contrast:
        return "exploratory"
    return "primary" if section.period["role"] == "main" else "robustness"


def _tested(
    method: str,
    fit: RegressionResults,
    c: np.ndarray,
    study: Study,
    components: Components,
) -> dict[str, Any]:
    """Test c'beta by one method of the ladder, as fields of an estimate; c (K,)."""
    kernel = kernel_fit(fit)
    level = study.config["inference"]["conf_level"]
    units = np.arange(len(fit.resid))
    try:
        if method in CORRELATIONS:
            space = components(CORRELATIONS[method])
            test = scpc_inference(kernel, c, space)
            names = (
                "estimate",
                "std_error",
                "statistic",
                "p_value",
                "conf_low",
                "conf_high",
            )
            fields = {name: getattr(test, name) for name in names}
        else:
            fields = (
                t_fields(fit, c, level)
                if method == "hc1"
                else _cr3(fit, units, c, level)
            )
    except NumericsError as error:
        return {"estimate": float(c @ fit.params), "warning": f"no interval: {error}"}
    mde = smallest_visible(
        fields["conf_low"], fields["conf_high"], fields["std_error"], study.power, level
    )
    labels = {"mde": mde, "se_type": SE_TYPES[method], "p_type": P_TYPES[method]}
    return fields | labels | {"warning": underpowered(mde, sesoi_of(study), "pp/yr")}


def _cr3(
    fit: RegressionResults, units: np.ndarray, c: np.ndarray, level: float
) -> dict[str, Any]:
    kernel = kernel_fit(fit)
    df = effective_clusters(fit.model.exog, units, c) - 1
    return inference_fields(
        contrast_inference(kernel, cov_cr3(kernel, units), c, df, level)
    )


def _gap_row(section: CrossSection, fit: RegressionResults | None) -> Estimate:
    """Return the difference of speeds that the slopes at exposure one imply, by the
    exact transform and no interval.
    """
    labels: dict[str, Any] = {
        **section.shared,
        "estimator": "regime",
        "term": "speed",
        "contrast": DIFFERENCE,
        "role": "description",
    }
    labels |= {
        "effect_type": "lambda",
        "unit_of_measure": UNIT,
        "n_treated": section.exposed("", DIFFERENCE),
    }
    if fit is None:
        return Estimate(
            **labels,
            estimate=NAN,
            warning=joined(section.note, f"not defined: {section.undefined}"),
        )
    beta = dict(zip(section.columns, fit.params / 100, strict=True))
    near = [
        speed_from_slope(beta[INITIAL] + beta[name], section.years)
        for name in INTERACTIONS
    ]
    gap = 100 * (near[0] - near[1])
    lost = (
        ""
        if np.isfinite(gap)
        else "not defined: 1 + bT is not positive at exposure one"
    )
    return Estimate(
        **labels,
        estimate=gap,
        warning=joined(section.note, "read the interval of the slopes", lost),
    )


def _path_row(row: Estimate, section: CrossSection) -> dict[str, Any]:
    span = {
        "start_year": int(section.period["start"]),
        "end_year": int(section.period["end"]),
    }
    return {
        **{name: getattr(row, name, None) for name in PATH},
        "label": str(section.period["label"]),
        **span,
    }


def _split_rows(cross_sections: list[CrossSection], study: Study) -> list[Estimate]:
    """Compare the mean difference of main periods from a year on with that of earlier
    ones.
    """
    main = [section for section in cross_sections if section.period["role"] == "main"]
    if not main or main[0].spec.split is None:
        return []
    split = main[0].spec.split
    late = np.array(
        [int(section.period["start"]) >= split for section in main], dtype=bool
    )
    sides = [
        "+".join(
            s.name for s, is_late in zip(main, late, strict=True) if is_late == side
        )
        for side in (True, False)
    ]
    labels: dict[str, Any] = {
        **main[0].shared,
        **decides(main[0].spec, DIFFERENCE),
        "period": " less ".join(sides),
        "role": "exploratory",
    }
    labels |= {
        "estimator": "regime_split_cr3",
        "term": INTERACTIONS[0],
        "n_periods": len(main),
    }
    labels |= {
        "contrast": f"({DIFFERENCE}) from {split} less before",
        "unit_of_measure": UNIT,
    }
    labels |= {
        "n_obs": sum(len(section.table) for section in main),
        "sesoi": sesoi_of(study),
    }
    labels |= {
        "output_basis": "+".join(
            sorted({str(section.period["basis"]) for section in main})
        )
    }
    labels |= {"conf_level": study.config["inference"]["conf_level"]}
    lost = next(
        (
            f"{section.name}: {section.undefined}"
            for section in main
            if section.undefined
        ),
        "",
    )
    if late.all() or not late.any():
        lost = f"no main period on one side of {split}"
    try:
        numbers: dict[str, Any] = {"estimate": NAN, "warning": f"not defined: {lost}"}
        numbers = numbers if lost else _stacked(main, late, study)
    except NumericsError as error:
        numbers = {"estimate": NAN, "warning": f"no interval: {error}"}
    return [
        Estimate(
            **{**labels, **numbers, "warning": joined(main[0].note, numbers["warning"])}
        )
    ]


def _stacked(
    main: Sequence[CrossSection], late: np.ndarray, study: Study
) -> dict[str, Any]:
    """Fit all periods together, coefficients free in each, errors clustered by unit."""
    k = len(main[0].columns)
    level = study.config["inference"]["conf_level"]
    share = np.where(late, 1 / late.sum(), -1 / (~late).sum())
    c = np.kron(share, combinations(main[0].columns)[INTERACTIONS[0], DIFFERENCE])
    X = np.zeros((sum(len(section.table) for section in main), k * len(main)))
    row = 0
    for j, section in enumerate(main):
        X[row : row + len(section.table), j * k : (j + 1) * k] = section.X
        row += len(section.table)
    fit = fit_robust(np.concatenate([section.y for section in main]), X)
    inference = _cr3(
        fit,
        np.concatenate([section.table.index.to_numpy(str) for section in main]),
        c,
        level,
    )
    mde = smallest_visible(
        inference["conf_low"],
        inference["conf_high"],
        inference["std_error"],
        study.power,
        level,
    )
    labels = {"mde": mde, "se_type": SE_TYPES["cr3"], "p_type": P_TYPES["cr3"]}
    return inference | labels | {"warning": underpowered(mde, sesoi_of(study), "pp/yr")}
