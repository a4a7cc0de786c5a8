"""Log t tests and convergence clubs of Phillips and Sul, with the sensitivities that decide how to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.clubs.crosstab import MOST_TABLES, association_test
from evenfield.numerics.clubs.groups import Club, Clubs
from evenfield.numerics.clubs.membership import shared_membership
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.logt import (
    CRITICAL_VALUE,
    discarded_periods,
    fit_logt,
    one_sided_p,
    regression_periods,
    slope_interval,
    transition_variance,
)
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN, Estimate, finite_or_nan
from evenfield.shared.samples import joined
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.windows import Span, Window, grouping, panel_window, span_named
from evenfield.topics.clubs.estimate_clustering import Clustering, cluster, variant_labels
from evenfield.topics.clubs.estimate_series import CLUBS_SERIES, clubs_series
from evenfield.topics.clubs.estimate_spec import ClubsSpec, trend_of

LEVELS, LOGS = "relative_income", "log_income"
UNIT_ROWS = {LOGS: 1.0, f"{LOGS}_x100": 100.0, f"{LOGS}_/10000": 1e-4}


@dataclass(frozen=True)
class ClubsResults:
    """Estimates, drawable series and a summary of the clubs family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


def estimate_clubs(
    panels: Mapping[str, pd.DataFrame],
    cells: Mapping[str, pd.DataFrame],
    schemes: Mapping[str, SchemeInfo],
    spans: Mapping[str, Mapping[str, Span]],
    specs: Sequence[ClubsSpec],
    inference: InferenceSpec,
) -> ClubsResults:
    """Test convergence by log t and sort units into clubs."""
    estimates: list[Estimate] = []
    parts: list[pd.DataFrame] = []
    fits: dict[str, Any] = {}
    for spec in specs:
        scheme = schemes[spec.unit_scheme]
        where = f"estimates.clubs.{spec.id}"
        span = span_named(spans[spec.unit_scheme], spec.period, where)
        window = panel_window(panels[spec.unit_scheme], "log_income", span, scheme, spec.sample, where)
        base = _base(spec, window)
        estimates += _logt_rows(spec, window, base, inference.conf_level)
        try:
            own = cluster(window.values, spec, window.step)
        except NumericsError as error:
            estimates += [_undefined(base, term, window.note, error) for term in ("clubs", "divergent")]
            fits[spec.id] = {"not_defined": str(error)}
            continue
        variants = list(variant_labels(window.values, spec, window.step))
        shared = shared_membership([labels for _, labels in variants])
        estimates += _club_rows(spec, window, own, base, inference.conf_level)
        tables, rows = _cross_rows(spec, window, own, cells[spec.unit_scheme], base, inference)
        estimates += rows
        parts.append(clubs_series(spec, window, own.levels, own.found, own.merged, shared, tables))
        fits[spec.id] = _summary(window, own, [name for name, _ in variants])
    keys = [name for name in CLUBS_SERIES if name != "value"]
    empty = pd.DataFrame(columns=list(CLUBS_SERIES))
    series = pd.concat(parts).sort_values(keys, ignore_index=True) if parts else empty
    return ClubsResults(estimates, series, fits)


def _base(spec: ClubsSpec, window: Window) -> dict[str, Any]:
    return {
        "family": "clubs",
        "spec_id": spec.id,
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": spec.period,
        "outcome": LEVELS,
        "n_obs": len(window.units) * len(window.years),
        "n_units": len(window.units),
        "n_periods": len(window.years),
        "output_basis": window.basis,
        "data_hash": window.data_hash,
    }


def _logt_rows(spec: ClubsSpec, window: Window, base: dict[str, Any], level: float) -> list[Estimate]:
    rows = []
    try:
        trend = trend_of(window.values, spec, window.step)
    except NumericsError as error:
        return [_undefined(base, "b", window.note, error)]
    m = discarded_periods(trend.shape[1], spec.discard)
    for discard in (m - 1, m, m + 1):
        role = spec.role if discard == m else "robustness"
        levels = np.exp(trend - trend.mean())
        rows.append(_logt_row(spec, base, (levels, discard, LEVELS, ""), role, window.note, level))
    for name, factor in UNIT_ROWS.items():
        why = "logs: the answer depends on the currency unit"
        rows.append(_logt_row(spec, base, (trend + np.log(factor), m, name, why), "robustness", window.note, level))
    return rows


def _logt_row(
    spec: ClubsSpec, base: dict[str, Any], test: tuple[np.ndarray, int, str, str], role: str, note: str, level: float
) -> Estimate:
    x, discard, outcome, why = test
    labels = {**base, "outcome": outcome, "estimator": f"logt_{spec.variance}", "term": "b", "role": role,
              "contrast": f"first {discard} periods discarded", "unit_of_measure": "slope"}  # fmt: skip
    try:
        periods = regression_periods(x.shape[1], discard)
        H = transition_variance(x)
        if not (H[[0, *(periods - 1)]] > 1e-20).all():
            raise NumericsError("all units are alike in some period, nothing is left to converge")
        fit = fit_logt(H, periods, spec.variance)
    except NumericsError as error:
        return Estimate(**labels, estimate=NAN, warning=joined(note, why, f"not defined: {error}"))
    labels = {**labels, "n_obs": base["n_units"] * len(periods), "n_periods": len(periods)}
    return Estimate(**labels, **_test_fields(float(fit.b[0]), float(fit.std_error[0]), float(fit.t[0]), level),
                    se_type=f"long-run variance {spec.variance.upper()}", warning=joined(note, why))  # fmt: skip


def _test_fields(b: float, std_error: float, t: float, level: float) -> dict[str, Any]:
    low, high = slope_interval(b, std_error, level)
    return {
        "estimate": b, "std_error": std_error, "statistic": finite_or_nan(t), "p_value": one_sided_p(t),
        "p_type": f"normal, one-sided: convergence is rejected where t < {CRITICAL_VALUE}",
        "conf_low": low, "conf_high": high, "conf_level": level,
    }  # fmt: skip


def _undefined(base: dict[str, Any], term: str, note: str, error: NumericsError) -> Estimate:
    warning = joined(note, f"not defined: {error}")
    return Estimate(**base, estimator="phillips_sul", term=term, effect_type="stat", role="description", estimate=NAN,
                    warning=warning)  # fmt: skip


def _club_rows(spec: ClubsSpec, window: Window, own: Clustering, base: dict[str, Any], level: float) -> list[Estimate]:
    rows = []
    for stage, found in (("found", own.found), (f"merged: {spec.merge}", own.merged)):
        shared = {**base, "estimator": "phillips_sul", "contrast": stage, "role": "description"}
        counts = {"clubs": len(found.clubs), "divergent": len(found.divergent)}
        rows += [Estimate(**shared, term=term, effect_type="stat", estimate=float(count), unit_of_measure="number",
                          warning=window.note) for term, count in counts.items()]  # fmt: skip
        for number, club in enumerate(found.clubs, start=1):
            rows.append(_club_row(shared, number, club, spec, window, level))
    return rows


def _club_row(
    shared: dict[str, Any], number: int, club: Club, spec: ClubsSpec, window: Window, level: float
) -> Estimate:
    labels = {**shared, "term": f"club_{number}", "n_units": len(club.members), "unit_of_measure": "slope",
              "n_obs": len(club.members) * len(window.years),
              "se_type": f"long-run variance {spec.variance.upper()}"}  # fmt: skip
    flag = "" if club.converges else "fails its own log t test: it is no club"
    names = [window.units[row] for row in club.members]
    members = "members: " + " ".join(sorted(names))
    return Estimate(**labels, **_test_fields(club.b, club.std_error, club.t, level),
                    warning=joined(window.note, flag, members))  # fmt: skip


def _cross_rows(
    spec: ClubsSpec,
    window: Window,
    own: Clustering,
    cells: pd.DataFrame,
    base: dict[str, Any],
    inference: InferenceSpec,
) -> tuple[dict[str, pd.DataFrame], list[Estimate]]:
    tables: dict[str, pd.DataFrame] = {}
    rows: list[Estimate] = []
    labels = own.merged.labels(len(window.units))
    clubs, codes = np.unique(labels, return_inverse=True)
    for taxonomy in spec.taxonomies:
        chosen = cells[(cells["taxonomy"] == taxonomy) & (cells["period"] == spec.period)]
        cell = dict(zip(chosen["unit"], chosen["cell"], strict=True))
        groups, names = grouping(cell, window.units, f"cell of {taxonomy}", f"estimates.clubs.{spec.id}")
        draw_id = f"clubs:{spec.id}:{spec.unit_scheme}:{spec.sample}:{spec.period}:{taxonomy}"
        shared = {**base, "estimator": "fisher_freeman_halton", "term": "clubs_by_cells", "effect_type": "stat",
                  "treatment_def": taxonomy, "role": "exploratory", "unit_of_measure": "Cramer's V"}  # fmt: skip
        try:
            test = association_test(codes, groups, generator_for(inference.seed, draw_id), inference.permutations)
        except NumericsError as error:
            rows.append(Estimate(**shared, estimate=NAN, warning=joined(window.note, f"not defined: {error}")))
            continue
        tables[taxonomy] = pd.DataFrame(test.table, index=clubs, columns=names)
        note = joined(window.note, "club membership is no policy effect")
        many = "" if np.isfinite(test.exact_p) else f"more than {MOST_TABLES} tables, no exact p"
        rows += [
            Estimate(**shared, contrast="exact", estimate=test.cramers_v, p_value=test.exact_p,
                     p_type="exact, given margins", warning=joined(note, many)),
            Estimate(**shared, contrast="permutation", estimate=test.cramers_v, p_value=test.permutation_p,
                     p_type=f"permutation of labels, {test.draws} draws", seed=f"{inference.seed}:{draw_id}",
                     warning=note),
        ]  # fmt: skip
    return tables, rows


def _summary(window: Window, own: Clustering, variants: list[str]) -> dict[str, Any]:
    def names(found: Clubs) -> list[list[str]]:
        return [sorted(window.units[row] for row in club.members) for club in found.clubs]

    return {
        "years": [window.years[0], window.years[-1]],
        "first_period_of_regression": int(own.periods[0]),
        "found": names(own.found),
        "merged": names(own.merged),
        "divergent": sorted(window.units[row] for row in own.merged.divergent),
        "failing": [number for number, club in enumerate(own.merged.clubs, start=1) if not club.converges],
        "variants": variants,
    }
