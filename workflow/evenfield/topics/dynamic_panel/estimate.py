"""Dynamic panel convergence: the bias-corrected speed between pooled least squares and
fixed effects.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.numerics.convergence import (
    UNBOUNDED,
    UNDEFINED,
    Bounds,
    half_life,
    half_life_bounds,
    speed_bounds,
)
from evenfield.numerics.dynamic_panel.gmm import GmmFit
from evenfield.numerics.power import mde_multiplier
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN, Estimate, finite_or_nan
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import basis_warning, joined, sample_units, underpowered
from evenfield.shared.settings import PROXY, SPLICED, check_names, scheme_infos
from evenfield.shared.spec import UnitsSpec, read
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash
from evenfield.topics.dynamic_panel.estimate_roots import EFFECTS, HEADLINE, Root, roots

LIFE_OF = ("pooled", "fe", HEADLINE)
UNITS = dict.fromkeys(("residual_ar1", "residual_ar1_net"), "coefficient")
UNITS |= dict.fromkeys(("residual_sd_first_half", "residual_sd_second_half"), "pp")
UNITS |= {"no_root_share": "share of draws", "bracket": "1 if it holds"}
UNITS |= dict.fromkeys(
    ("speed_other_offsets_low", "speed_other_offsets_high"), "% per year"
)
GMM_TESTS = {
    "hansen": "chi-squared",
    "sargan": "chi-squared",
    "serial_1": "normal",
    "serial_2": "normal",
}
SERIES = (
    "spec_id sample_id unit_scheme span period label start_year end_year "
    "order estimator rho speed speed_low speed_high unbounded_low "
    "unbounded_high half_life output_basis warning"
).split()


class DynamicPanelSpec(UnitsSpec):
    """One specification of the dynamic panel."""

    span: int | None = Field(
        None,
        ge=1,
        le=1_000,
        description="Years between two dates; the step of the panel by default.",
    )
    periods: list[str] = Field([], description="Periods; all when empty.")
    gmm_last_lag: int = Field(
        3,
        ge=2,
        le=100,
        description="Last lag of the level that instruments differences in GMM.",
    )
    draws: int = Field(1999, ge=99, description="Draws of units for the intervals.")


Section = list[DynamicPanelSpec]
Window = tuple[dict[str, Any], pd.DataFrame, str]


def check_data(study: Study, _: Section, spec: DynamicPanelSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    list(_windows(study, spec))


def estimate(study: Study) -> Results:
    """Estimate the speed of convergence from yearly or longer transitions within
    periods.

    Notes
    -----
    y_it = rho y_i,t-D + mu_i + tau_t + e_it, lambda = -ln(rho)/D. The headline is the
    bias-corrected estimate with shock variances free by year.
    """
    out = Results()
    drawn = list[dict[str, Any]]()
    fits = list[dict[str, Any]]()
    for spec in read(Section, study.config, "dynamic_panel"):
        for window in _windows(study, spec):
            rows, points, fit = _window(study, spec, *window)
            out.estimates += rows
            drawn += points
            fits.append(fit)
    key = "spec_id unit_scheme start_year end_year period order".split()
    out.series["series"] = pd.DataFrame(drawn, columns=SERIES).sort_values(
        key, ignore_index=True
    )
    out.fit = {name: study.config["inference"][name] for name in ("seed", "conf_level")}
    out.fit |= {"headline": HEADLINE, "windows": fits}
    return out


def _windows(study: Study, spec: DynamicPanelSpec) -> Iterator[Window]:
    """Yield each period's entry of the description, its log incomes (units by years)
    and its basis of output.

    Units are sorted by their levels, then by name: draws must not depend on what units
    are called.
    """
    where = f"estimates.dynamic_panel.{spec.id}"
    described = study.description(spec.unit_scheme)
    check_names(
        spec.periods,
        [item["period"] for item in described["periods"]],
        f"{where}.periods",
    )
    scheme = scheme_infos([described])[spec.unit_scheme]
    units = sample_units(scheme, spec.sample, where)
    panel = study.table("panel", spec.unit_scheme, text=("basis",))
    panel = panel[panel["unit"].isin(units)]
    if spec.span and spec.span % scheme.step:
        wanted = f"a multiple of the step of {scheme.step} years"
        raise EstimateError(
            f"{where}.span is {spec.span} years",
            wanted,
            "correct the span in config.yaml",
        )
    if twice := sorted(
        f"{row.unit} {row.year}"
        for row in panel[panel.duplicated(["unit", "year"])].itertuples()
    ):
        duplicates_text = (
            f"{where}: {len(twice)} rows appear twice ({first_examples(twice)})"
        )
        raise EstimateError(
            duplicates_text, "one row for each unit and year", "remove the duplicates"
        )
    wide = panel.pivot(index="unit", columns="year", values="log_income").reindex(
        list(units)
    )
    chosen = [
        item
        for item in described["periods"]
        if not spec.periods or item["period"] in spec.periods
    ]
    for item in sorted(
        chosen, key=lambda item: (item["start"], item["end"], str(item["period"]))
    ):
        years = list(range(int(item["start"]), int(item["end"]) + 1, scheme.step))
        part = wide.reindex(columns=years)
        if gaps := [
            f"{part.index[i]} {years[j]}"
            for i, j in np.argwhere(~np.isfinite(part.to_numpy(float)))
        ]:
            raise EstimateError(
                f"{where} {item['period']}: {len(gaps)} incomes are missing or infinite"
                f" ({first_examples(gaps)})",
                "a balanced panel: one income for every unit and year of the period",
                "supply it, leave the unit out with a sample, or shorten the period in"
                " config.yaml",
            )
        bases = sorted(
            {
                str(value)
                for value in panel.loc[panel["year"].isin(years), "basis"].dropna()
            }
        )
        basis = SPLICED if PROXY in bases and len(bases) > 1 else "+".join(bases)
        order = np.lexsort((part.index.to_numpy(str), *part.to_numpy(float).T[::-1]))
        yield item, part.iloc[order], basis


def _window(
    study: Study,
    spec: DynamicPanelSpec,
    item: Mapping[str, Any],
    wide: pd.DataFrame,
    basis: str,
) -> tuple[list[Estimate], list[dict[str, Any]], dict[str, Any]]:
    """Estimate one specification in one period: rows, points of the series, summary."""
    scheme = scheme_infos([study.description(spec.unit_scheme)])[spec.unit_scheme]
    inference = study.config["inference"]
    span = spec.span or scheme.step
    period = str(item["period"])
    note = basis_warning(basis, scheme.first_official)
    # ASSUME: the dates end in the last year; the headline on dates that end some
    # observations earlier stands beside it.
    last = int(wide.columns[-1])
    ends = range(last, last - span, -scheme.step)
    dates = [sorted(range(end, int(item["start"]) - 1, -span)) for end in ends]
    draw_id = f"dynamic:{spec.id}:{spec.unit_scheme}:{spec.sample}:{period}:units"
    rng = generator_for(inference["seed"], draw_id)
    grids = [wide[years].to_numpy(float) for years in dates]
    root_by_estimator, described, gmm = roots(
        grids, spec.draws, spec.gmm_last_lag, rng, inference["conf_level"]
    )
    n = len(wide)
    steps = len(dates[0]) - 1
    labels = {
        "spec_id": spec.id,
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": period,
    }
    labels["output_basis"] = basis
    hashed = content_hash(wide.rename(columns=str).rename_axis("unit").reset_index())
    shared: dict[str, Any] = {
        **labels,
        "family": "dynamic_panel",
        "outcome": "log_income",
        "data_hash": hashed,
        "n_obs": n * steps,
        "n_units": n,
        "n_periods": steps,
    }
    estimates = list[Estimate]()
    points = list[dict[str, Any]]()
    at = {
        "label": str(item.get("label", period)),
        "start_year": int(item["start"]),
        "end_year": int(item["end"]),
    }
    for order, (name, root) in enumerate(root_by_estimator.items(), start=1):
        kinds = {
            "root": Kind(name, "log_income_lag", "coef", f"per {span} years"),
            "speed": Kind(name, "speed", "lambda", "% per year"),
        }
        kinds |= (
            {"half_life": Kind(name, "half_life", "half_life", "years")}
            if name in LIFE_OF
            else {}
        )
        drawn = {
            "seed": draw_id if name == "bc_fe_bootstrap_t" else "",
            "fe_id": EFFECTS[name],
        }
        rows = Rows(
            kinds, spec.role if name == HEADLINE else "ladder", note, **shared, **drawn
        )
        point = {**labels, **at, "span": span, "order": order, "estimator": name}
        if isinstance(root, Root):
            points.append(point | _add_root(rows, root, span, study))
        else:
            rows.undefined(list(kinds), root, converged=False)
            blank = {
                "unbounded_low": 0,
                "unbounded_high": 0,
                "warning": joined(note, f"not defined: {root}"),
            }
            points.append(point | blank)
        estimates += rows.estimates
    estimates += _described_rows(
        root_by_estimator, described, span, note, shared
    ) + _gmm_rows(gmm, note, shared)
    head = root_by_estimator[HEADLINE]
    fit = {
        "spec_id": spec.id,
        "period": period,
        "span": span,
        "dates": dates[0],
        "n_units": n,
    }
    fit["flags"] = head.warning if isinstance(head, Root) else f"not defined: {head}"
    fit["instruments"] = {name: one.n_instruments for name, one in gmm.items()}
    fit["level_rows"] = {
        name: one.level_rows for name, one in gmm.items() if one.level_rows
    }
    return estimates, points, fit


def _add_root(rows: Rows, root: Root, span: int, study: Study) -> dict[str, Any]:
    """Add the rows of a root, its speed and its half-life; return its numbers for the
    series.
    """
    level = study.config["inference"]["conf_level"]
    sesoi = float((study.config.get("sesoi") or {}).get("speed_pp", 1.0))
    shared = {"df": root.df, "conf_level": level, "converged": root.converged}
    test = {"p_value": root.p_value, "p_type": root.p_type}
    test["statistic"] = (root.rho - 1) / root.std_error if root.std_error > 0 else NAN
    ends = {"conf_low": finite_or_nan(root.low), "conf_high": finite_or_nan(root.high)}
    open_end = (
        "interval reaches the end of the roots looked at"
        if np.isinf([root.low, root.high]).any()
        else ""
    )
    labels = {**shared, **test, "se_type": root.se_type}
    rows.add(
        "root",
        root.warning,
        open_end,
        **labels,
        **ends,
        estimate=root.rho,
        std_error=root.std_error,
    )
    speed = float(-np.log(root.rho) / span) if root.rho > 0 else NAN
    bounds = Bounds(NAN, NAN, UNDEFINED)
    if not np.isnan([root.low, root.high]).any():
        bounds = speed_bounds((root.low - 1) / span, (root.high - 1) / span, span)
    mde = NAN
    if root.std_error > 0 and root.rho > 0:
        mde = (
            mde_multiplier(root.df, study.power, level)
            * 100
            * root.std_error
            / (root.rho * span)
        )
    warnings = (
        root.warning,
        "" if np.isfinite(speed) else "speed not defined: the root is not positive",
        {
            UNBOUNDED: "speed unbounded above",
            UNDEFINED: "interval of the speed undefined",
        }.get(bounds.note, ""),
        "speed unbounded below" if np.isneginf(bounds.low) else "",
        underpowered(mde, sesoi, "% a year"),
    )
    labels["se_type"] = joined(root.se_type, "interval of the root, transformed")
    numbers = {
        "speed": 100 * speed,
        "low": finite_or_nan(100 * bounds.low),
        "high": 100 * bounds.high,
    }
    ends = {"conf_low": numbers["low"], "conf_high": numbers["high"]}
    rows.add(
        "speed", *warnings, **labels, **ends, estimate=100 * speed, sesoi=sesoi, mde=mde
    )
    if "half_life" in rows.kinds:
        life = half_life_bounds(bounds)
        zero = "" if speed > 0 else "half-life undefined for a speed of zero or less"
        word = {
            UNBOUNDED: "half-life unbounded",
            UNDEFINED: "interval of the half-life undefined",
        }.get(life.note, "")
        ends = {"conf_low": life.low, "conf_high": life.high}
        se_type = "interval of the root, transformed"
        rows.add(
            "half_life",
            root.warning,
            zero,
            word,
            **shared,
            **ends,
            estimate=half_life(speed),
            se_type=se_type,
        )
    return {
        "rho": root.rho,
        "speed": numbers["speed"],
        "speed_low": numbers["low"],
        "speed_high": numbers["high"],
        "unbounded_low": int(np.isneginf(bounds.low)),
        "unbounded_high": int(bounds.note == UNBOUNDED),
        "half_life": half_life(speed),
        "warning": joined(rows.note, root.warning),
    }


def _described_rows(
    description: Mapping[str, Any],
    described: Mapping[str, float],
    span: int,
    note: str,
    shared: Mapping[str, Any],
) -> list[Estimate]:
    """Return the diagnostics of the headline, and whether its speed lies between pooled
    and fixed effects.
    """
    numbers = dict(described)
    if "lowest_other_root" in numbers:
        low = numbers.pop("lowest_other_root")
        high = numbers.pop("highest_other_root")
        numbers["speed_other_offsets_low"] = -100 * float(np.log(high)) / span
        numbers["speed_other_offsets_high"] = -100 * float(np.log(low)) / span
    three = [
        root.rho
        for root in (description[name] for name in ("fe", HEADLINE, "pooled"))
        if isinstance(root, Root)
    ]
    numbers["bracket"] = float(three == sorted(three)) if len(three) == 3 else NAN
    kinds = {name: Kind(HEADLINE, name, "stat", UNITS[name]) for name in numbers}
    rows = Rows(kinds, "description", note, **shared, fe_id=EFFECTS[HEADLINE])
    for name, value in numbers.items():
        outside = "pooled <= bias-corrected <= fixed effects does not hold here"
        outside = outside if name == "bracket" and value == 0 else ""
        rows.add(name, outside if np.isfinite(value) else "not defined", estimate=value)
    return rows.estimates


def _gmm_rows(
    gmm: Mapping[str, GmmFit], note: str, shared: Mapping[str, Any]
) -> list[Estimate]:
    """Return the tests of the GMM estimators and their number of instruments."""
    estimates: list[Estimate] = []
    for name, fit in gmm.items():
        kinds = {
            term: Kind(name, term, "stat", kind) for term, kind in GMM_TESTS.items()
        }
        kinds["instruments"] = Kind(name, "instruments", "stat", "count")
        levels = f"level rows: {fit.level_rows}" if fit.level_rows else ""
        counts = {"fe_id": EFFECTS[name], "n_obs": fit.n_rows, "n_units": fit.n_units}
        rows = Rows(kinds, "description", joined(note, levels), **{**shared, **counts})
        tests = (fit.hansen, fit.sargan, *fit.serial[:2])
        for (term, kind), test in zip(GMM_TESTS.items(), tests, strict=True):
            numbers = {
                "estimate": test.statistic,
                "statistic": test.statistic,
                "df": test.df,
                "p_value": test.p_value,
            }
            rows.add(
                term,
                "" if np.isfinite(test.statistic) else "not defined",
                **numbers,
                p_type=kind,
            )
        rows.add("instruments", estimate=float(fit.n_instruments))
        estimates += rows.estimates
    return estimates
