"""Where clusters and zones lie: join counts, and growth against the clusters and zones of the neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.map_pairs import JoinCounts, bivariate_moran_test, join_counts
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import basis_warning, joined, not_defined, one_text, periods_of, sample_rows
from evenfield.shared.settings import InferenceSpec, SchemeInfo, check_names
from evenfield.topics.moran.estimate_spec import PatternSpec

GROUPS = ("cluster", "sez")
NO_EFFECT = "association, not a spillover: the unit's own clusters and zones are not held fixed"


def cell_rows(
    frames: tuple[pd.DataFrame, pd.DataFrame], units: Sequence[str], W: np.ndarray, weights_note: tuple[str, str],
    spec: PatternSpec, scheme: SchemeInfo, inference: InferenceSpec,
) -> list[Estimate]:  # fmt: skip
    """Place the clusters and zones of every taxonomy and period on the map; W (N, N)."""
    cells, periods = frames
    check_names(spec.taxonomies, cells["taxonomy"].unique(), f"estimates.pattern.{spec.id}.taxonomies")
    rows = []
    for taxonomy in spec.taxonomies:
        for period in periods_of(periods):
            where = f"estimates.pattern.{spec.id} {taxonomy} {period}"
            own = cells[(cells["taxonomy"] == taxonomy) & (cells["period"] == period)]
            marks = sample_rows(own, units, GROUPS, where)
            grown = sample_rows(periods[periods["period"] == period], units, ("growth_pct_per_year",), where)
            for group in GROUPS:
                labels, note = _labels(grown, (taxonomy, group, period), spec, scheme, weights_note)
                pair = (marks[group].to_numpy(float), grown["growth_pct_per_year"].to_numpy(float))
                rows += [_join_row(pair[0], W, labels, inference), _pair_row(*pair, W, labels, note, inference)]
    return rows


def _labels(
    grown: pd.DataFrame, which: tuple[str, str, str], spec: PatternSpec, scheme: SchemeInfo,
    weights_note: tuple[str, str],
) -> tuple[dict[str, Any], str]:  # fmt: skip
    taxonomy, group, period = which
    basis = one_text(grown["basis"])
    labels = {
        "family": "pattern", "spec_id": spec.id, "sample_id": spec.sample, "unit_scheme": spec.unit_scheme,
        "period": period, "treatment_def": taxonomy, "n_obs": len(grown), "n_units": len(grown), "effect_type": "stat",
        "role": spec.role, "w_id": weights_note[0], "output_basis": basis, "contrast": group,
    }  # fmt: skip
    return labels, joined(basis_warning(basis, scheme.first_official), weights_note[1])


def _stream(labels: dict[str, Any], what: str) -> str:
    names = ("spec_id", "unit_scheme", "sample_id", "treatment_def", "contrast", "period")
    return ":".join(["pattern", *(str(labels[name]) for name in names), what])


def _join_row(marks: np.ndarray, W: np.ndarray, labels: dict[str, Any], inference: InferenceSpec) -> Estimate:
    # Where clusters and zones lie does not depend on how output is measured.
    labels = {**labels, "estimator": "join_count", "outcome": labels["contrast"], "term": "links_between",
              "unit_of_measure": "links", "output_basis": "", "n_treated": int(marks.sum())}  # fmt: skip
    draw_id = _stream(labels, "joins")
    try:
        found = join_counts(marks, W, generator_for(inference.seed, draw_id), inference.permutations)
    except NumericsError as error:
        return not_defined([labels], "", error)[0]
    seed = "" if found.exact else f"{inference.seed}:{draw_id}"
    return Estimate(**labels, estimate=float(found.both), p_value=found.p_value, p_type=_placements(found), seed=seed,
                    warning=f"{found.expected:.3g} links expected, {found.one} to other units")  # fmt: skip


def _placements(found: JoinCounts) -> str:
    kind = "all placements" if found.exact else "random placements"
    return f"{found.subsets} {kind} of as many marks, one-sided (more links)"


def _pair_row(
    marks: np.ndarray, growth: np.ndarray, W: np.ndarray, labels: dict[str, Any], note: str, inference: InferenceSpec
) -> Estimate:
    labels = {**labels, "estimator": "bivariate_moran", "outcome": "growth", "unit_of_measure": "index",
              "term": f"neighbours_{labels['contrast']}", "n_treated": int(marks.sum())}  # fmt: skip
    draw_id = _stream(labels, "pair")
    try:
        test = bivariate_moran_test(growth, marks, W, generator_for(inference.seed, draw_id), inference.permutations)
    except NumericsError as error:
        return not_defined([labels], note, error)[0]
    return Estimate(**labels, estimate=test.statistic, std_error=test.std_error, p_value=test.p_value,
                    se_type="permutation", p_type="permutation of the marks, two-sided",
                    seed=f"{inference.seed}:{draw_id}", warning=joined(note, NO_EFFECT))  # fmt: skip
