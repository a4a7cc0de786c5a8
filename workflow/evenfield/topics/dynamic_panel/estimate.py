"""Dynamic panel convergence: the bias-corrected speed between pooled least squares and
fixed effects.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.models.dynamic_panel import (
    CORRECTED,
    HEADLINE,
    Root,
    lies_between,
    roots,
)
from evenfield.models.gmm import GmmRoots, gmm_roots
from evenfield.models.rows import scaled
from evenfield.numerics.at_work import told
from evenfield.numerics.convergence import UNBOUNDED
from evenfield.shared.estimates import NAN, Fields, finite_or_nan
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import basis_warning, joined, underpowered
from evenfield.shared.settings import SchemeInfo, scheme_info
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.streams import stream
from evenfield.shared.trajectories import Trajectories, trajectories
from evenfield.study.errors import EstimateError
from evenfield.study.files import Record
from evenfield.study.study import Study
from evenfield.study.study_config import PeriodName

# Effects that each estimator removes, in the order of the table.
EFFECTS = {
    "pooled": "year",
    **dict.fromkeys(("fe", *CORRECTED), "unit and year"),
    "half_panel_jackknife": "unit and year",
    "anderson_hsiao": "year, differences",
    "gmm_difference": "year, differences",
    "gmm_system": "year, differences and levels",
}
# Estimators whose half-life has a row.
LIFE_OF = ("pooled", "fe", HEADLINE)
UNITS = {
    "residual_ar1": "coefficient",
    "residual_ar1_net": "coefficient",
    "residual_sd_first_half": "pp",
    "residual_sd_second_half": "pp",
    "no_root_share": "share of draws",
    "bracket": "1 if it holds",
    "speed_other_offsets_low": "% per year",
    "speed_other_offsets_high": "% per year",
}
# In the order of the fit: two tests of instruments, serial correlation of order 1, 2.
GMM_TESTS = {
    "hansen": "chi-squared",
    "sargan": "chi-squared",
    "serial_1": "normal",
    "serial_2": "normal",
}
SERIES = (
    "spec_id sample_id unit_scheme span period label start_year end_year"
    " order estimator rho speed speed_low speed_high unbounded_low"
    " unbounded_high half_life output_basis warning"
).split()
KEY = ["spec_id", "unit_scheme", "start_year", "end_year", "period", "order"]


class DynamicPanelSpec(UnitsSpec):
    """One specification of the dynamic panel."""

    span: int | None = Field(None, ge=1, le=1_000)
    """Years between two dates; the step of the panel by default."""
    periods: list[PeriodName] = []
    """Periods; all when empty."""
    gmm_last_lag: int = Field(3, ge=2, le=100)
    """Last lag of the level that instruments differences in GMM."""
    draws: int = Field(1999, ge=99)
    """Draws of units for the intervals."""


Section = list[DynamicPanelSpec]


class Window(NamedTuple):
    """One period of a specification."""

    period: Record  # as the description holds it
    data: Trajectories  # log incomes
    info: SchemeInfo


def check_data(study: Study, _: Section, spec: DynamicPanelSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    list(windows(study, spec))


def estimate(study: Study) -> Results:
    """Estimate the speed of convergence from yearly or longer transitions within
    periods.

    Notes
    -----
    y_it = rho y_i,t-D + mu_i + tau_t + e_it, lambda = -ln(rho)/D. The headline is the
    bias-corrected estimate with shock variances free by year.
    """
    out = Results()
    points: list[Fields] = []
    fits: list[Fields] = []
    for spec in told(read(Section, study.config, "dynamic_panel"), "specifications"):
        for window in windows(study, spec):
            rows, drawn, fit = _estimated(study, spec, window)
            out.estimates += rows.estimates
            points += drawn
            fits.append(fit)
    series = pd.DataFrame(points, columns=SERIES)
    out.series["series"] = series.sort_values(KEY, ignore_index=True)
    inference = study.config.inference
    out.fit = {
        "seed": inference.seed,
        "conf_level": inference.level,
        "headline": HEADLINE,
        "windows": fits,
    }
    return out


def windows(study: Study, spec: DynamicPanelSpec) -> Iterator[Window]:
    """Yield the periods of a specification by their years."""
    where = f"estimates.dynamic_panel.{spec.id}"
    described = study.description(spec.unit_scheme)
    periods = {str(item["period"]): item for item in described["periods"]}
    info = scheme_info(described)
    if spec.span and spec.span % info.step:
        raise EstimateError(
            f"{where}.span is {spec.span} years",
            f"a multiple of the step of {info.step} years",
            "correct the span in config.yaml",
        )
    units = info.samples[spec.sample]
    panel = study.table("panel", spec.unit_scheme)
    chosen = [periods[name] for name in dict.fromkeys(spec.periods or periods)]
    for item in sorted(chosen, key=lambda item: (item["start"], item["end"])):
        years = list(range(int(item["start"]), int(item["end"]) + 1, info.step))
        at = f"{where} {item['period']}"
        data = trajectories(panel, "log_income", units, at, years)
        yield Window(item, data, info)


def _estimated(
    study: Study, spec: DynamicPanelSpec, window: Window
) -> tuple[Rows, list[Fields], Fields]:
    """Estimate one specification in one period: rows, points of the series, summary."""
    item, data, info = window
    inference = study.config.inference
    span = spec.span or info.step
    period = str(item["period"])
    first, last = data.years[[0, -1]].tolist()
    basis = data.basis_between(first, last)
    # ASSUME: the dates end in the last year; the headline on dates that end some
    # observations earlier stands beside it.
    ends = range(last, last - span, -info.step)
    # Counted back from each last year and turned round; dates[0] is the main grid.
    dates = [list(range(end, first - 1, -span))[::-1] for end in ends]
    rng, seed = stream(inference, "dynamic", spec, period, "units")
    grids = [data.values[:, np.searchsorted(data.years, years)] for years in dates]
    found = roots(grids, spec.draws, rng, inference.level)
    gmm = gmm_roots(grids[0], spec.gmm_last_lag, inference.level)
    root_of = found.by_name | gmm.roots
    n = len(data.units)
    # T transitions between T + 1 dates: the first income serves as a lag alone.
    steps = len(dates[0]) - 1
    labels = {
        **spec.labels,
        "period": period,
        "output_basis": basis,
    }
    rows = Rows(
        {},
        spec.role,
        basis_warning(basis, info.first_official),
        **labels,
        family="dynamic_panel",
        outcome="log_income",
        n_obs=n * steps,
        n_units=n,
        n_periods=steps,
        data_hash=data.data_hash,
    )
    # The row names its draws by their id alone, as it was first published.
    draw_id = seed.partition(":")[2]
    points = []
    for order, (name, effects) in enumerate(EFFECTS.items(), start=1):
        kinds = {
            "root": Kind(name, "log_income_lag", "coef", f"per {span} years"),
            "speed": Kind(name, "speed", "lambda", "% per year"),
        }
        if name in LIFE_OF:
            kinds["half_life"] = Kind(name, "half_life", "half_life", "years")
        own = _builder(
            rows,
            kinds,
            fe_id=effects,
            seed=draw_id if name == "bc_fe_bootstrap_t" else "",
        )
        own.role = spec.role if name == HEADLINE else "ladder"
        _add_root(own, root_of[name], span, study)
        points.append(
            {
                **labels,
                "label": str(item.get("label", period)),
                "start_year": int(item["start"]),
                "end_year": int(item["end"]),
                "span": span,
                "order": order,
                "estimator": name,
                **_point(root_of[name], span, rows.note),
            }
        )
    _add_described(rows, root_of, found.described, span)
    _add_gmm(rows, gmm)
    head = root_of[HEADLINE]
    fit = {
        "spec_id": spec.id,
        "period": period,
        "span": span,
        "dates": dates[0],
        "n_units": n,
        "flags": _said(head),
        "instruments": {name: one.n_instruments for name, one in gmm.fits.items()},
        "level_rows": {
            name: one.level_rows for name, one in gmm.fits.items() if one.level_rows
        },
    }
    return rows, points, fit


def _builder(
    rows: Rows, kinds: dict[str, Kind], note: str = "", **labels: object
) -> Rows:
    """Return a builder of rows of other kinds that adds to the same rows."""
    own = Rows(
        kinds, "description", joined(rows.note, note), **{**rows.shared, **labels}
    )
    own.estimates = rows.estimates
    return own


def _add_root(rows: Rows, root: Root, span: int, study: Study) -> None:
    """Add the rows of a root, its speed in percent a year and its half-life."""
    level = study.config.inference.level
    sesoi = study.config.sesoi.speed_pp
    own: Fields = {"converged": root.converged}
    labels = dict.fromkeys(rows.kinds, own)
    tests = []
    for row in root.rows(span, level, study.power):
        if row.term == "speed" and not root.reason:
            labels["speed"] = own | {"sesoi": sesoi}
            percent = scaled(row, 100)
            weak = underpowered(percent.test.mde, sesoi, "% a year")
            tests.append(percent._replace(notes=(*row.notes, weak)))
        elif row.term in rows.kinds:
            tests.append(row)
    rows.add_tests(tests, level, labels)


def _said(root: Root) -> str:
    """Return what warns of a root, or why there is none."""
    return f"not defined: {root.reason}" if root.reason else joined(*root.notes)


def _point(root: Root, span: int, note: str) -> Fields:
    """Return the numbers of a root for the series."""
    bounds = root.bounds(span)
    speed = root.speed(span)
    return {
        "rho": root.rho,
        "speed": 100 * speed.value,
        "speed_low": finite_or_nan(100 * bounds.low),
        "speed_high": 100 * bounds.high,
        "unbounded_low": int(np.isneginf(bounds.low)),
        "unbounded_high": int(bounds.note == UNBOUNDED),
        "half_life": speed.half_life,
        "warning": joined(note, _said(root)),
    }


def _add_described(
    rows: Rows, root_of: Mapping[str, Root], described: dict[str, float], span: int
) -> None:
    """Add the diagnostics of the headline, and whether its speed lies between pooled
    and fixed effects.
    """
    numbers = dict(described)
    if "lowest_other_root" in numbers:
        low = numbers.pop("lowest_other_root")
        high = numbers.pop("highest_other_root")
        # The speed falls in the root: the highest root is the lowest speed.
        numbers["speed_other_offsets_low"] = -100 * float(np.log(high)) / span
        numbers["speed_other_offsets_high"] = -100 * float(np.log(low)) / span
    ordered = [root_of[name] for name in ("fe", HEADLINE, "pooled")]
    numbers["bracket"] = NAN
    if not any(root.reason for root in ordered):
        # Speeds pooled <= corrected <= fixed effects are roots in the opposite order.
        numbers["bracket"] = lies_between(*(root.rho for root in ordered))
    kinds = {name: Kind(HEADLINE, name, "stat", UNITS[name]) for name in numbers}
    own = _builder(rows, kinds, fe_id=EFFECTS[HEADLINE])
    for name, value in numbers.items():
        warning = "" if np.isfinite(value) else "not defined"
        if name == "bracket" and value == 0:
            warning = "pooled <= bias-corrected <= fixed effects does not hold here"
        own.add(name, warning, estimate=value)


def _add_gmm(rows: Rows, gmm: GmmRoots) -> None:
    """Add the tests of the GMM estimators and their number of instruments."""
    for name, fit in gmm.fits.items():
        kinds = {
            term: Kind(name, term, "stat", kind) for term, kind in GMM_TESTS.items()
        }
        kinds["instruments"] = Kind(name, "instruments", "stat", "count")
        own = _builder(
            rows,
            kinds,
            f"level rows: {fit.level_rows}" if fit.level_rows else "",
            fe_id=EFFECTS[name],
            n_obs=fit.n_rows,
            n_units=fit.n_units,
        )
        tests = (fit.hansen, fit.sargan, *fit.serial[:2])
        for (term, kind), test in zip(GMM_TESTS.items(), tests, strict=True):
            own.add(
                term,
                "" if np.isfinite(test.statistic) else "not defined",
                estimate=test.statistic,
                statistic=test.statistic,
                df=test.df,
                p_value=test.p_value,
                p_type=kind,
            )
        own.add("instruments", estimate=float(fit.n_instruments))
