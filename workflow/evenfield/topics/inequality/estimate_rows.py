"""Rows of the inequality family: totals and growth accounting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import THEIL_T, atkinson, gini, growth_contributions, theil
from evenfield.numerics.inequality_draws import leave_one_out_theil, redrawn_theil, revised_theil
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import joined, not_defined
from evenfield.shared.settings import InferenceSpec
from evenfield.topics.inequality.estimate_spec import MEASURES, POPULATION, Ends, InequalitySpec

BAND = "units redrawn: sensitivity, not sampling error"
BAND_DRAWS = 1999


@dataclass(frozen=True)
class Place:
    """Where a row stands: settings, data of the period, shared labels."""

    spec: InequalitySpec
    ends: Ends
    base: dict[str, Any]
    inference: InferenceSpec

    def at(self, end: str) -> tuple[np.ndarray, np.ndarray]:
        """Return incomes and weights at the start or end of the period; shape (N,)."""
        column = 0 if end == "start" else -1
        return self.ends.income[:, column], self.ends.weights[:, column]

    def draw_id(self, what: str) -> str:
        """Return the id of the draws for one number."""
        spec = self.spec
        return f"inequality:{spec.id}:{spec.unit_scheme}:{spec.sample}:{self.ends.window.span.name}:{what}"


def total_rows(place: Place) -> list[Estimate]:
    """Return inequality at both ends of a period and its change."""
    labels = {**place.base, "estimator": "inequality", "effect_type": "stat", "role": "description",
              "unit_of_measure": "index"}  # fmt: skip
    rows = []
    try:
        for measure in MEASURES:
            rows += _theil_rows(place, measure, labels)
        for end in ("start", "end"):
            values = {"gini": gini(*place.at(end))}
            values |= {f"atkinson_{e:g}": atkinson(*place.at(end), e) for e in place.spec.aversion}
            rows += [Estimate(**labels, term=term, contrast=end, estimate=value, warning=place.ends.window.note)
                     for term, value in values.items()]  # fmt: skip
    except NumericsError as error:
        return not_defined([{**labels, "term": measure, "contrast": "end - start"} for measure in MEASURES],
                           place.ends.window.note, error)  # fmt: skip
    return rows


def _theil_rows(place: Place, measure: str, labels: dict[str, Any]) -> list[Estimate]:
    draw_id = place.draw_id(f"band:{measure}")
    draws = min(place.inference.permutations, BAND_DRAWS)
    value, drawn, alone = {}, {}, {}
    for end in ("start", "end"):
        # The stream is started anew at each end, so that both see the same redrawn units.
        rng = generator_for(place.inference.seed, draw_id)
        value[end] = theil(*place.at(end), measure)
        drawn[end] = redrawn_theil(*place.at(end), rng=rng, draws=draws, measure=measure)
        alone[end] = leave_one_out_theil(*place.at(end), measure)
    value["end - start"], drawn["end - start"] = value["end"] - value["start"], drawn["end"] - drawn["start"]
    alone["end - start"] = alone["end"] - alone["start"]
    rows = []
    for contrast, number in value.items():
        low, high = _quantiles(drawn[contrast], place.inference.conf_level)
        influence = alone[contrast] - number
        unit = place.ends.window.units[int(np.argmax(np.abs(influence)))]
        moved = f"without {unit} {alone[contrast][np.argmax(np.abs(influence))]:.4g}"
        own = _change_labels(place, measure) if contrast == "end - start" else {}
        rows.append(
            Estimate(**{**labels, **own}, term=measure, contrast=contrast, estimate=number, conf_low=low,
                     conf_high=high, conf_level=place.inference.conf_level, se_type=BAND, max_leverage_unit=unit,
                     seed=f"{place.inference.seed}:{draw_id}", warning=joined(place.ends.window.note, moved))
        )  # fmt: skip
    return [*rows, *_revised_rows(place, measure, labels)]


def _change_labels(place: Place, measure: str) -> dict[str, Any]:
    spec = place.spec
    if measure != THEIL_T:
        return {}
    return {"role": spec.role, "hypothesis": spec.hypothesis, "sesoi": spec.sesoi}


def _quantiles(draws: np.ndarray, level: float) -> tuple[float, float]:
    low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def _revised_rows(place: Place, measure: str, labels: dict[str, Any]) -> list[Estimate]:
    sd_output, sd_people = place.spec.revision_sd
    if not max(sd_output, sd_people) > 0:
        return []
    draw_id = place.draw_id(f"revision:{measure}")
    rows = []
    for end in ("start", "end"):
        rng = generator_for(place.inference.seed, f"{draw_id}:{end}")
        drawn = revised_theil(*place.at(end), sd_income=sd_output, sd_weights=sd_people, rng=rng,
                              draws=min(place.inference.permutations, BAND_DRAWS), measure=measure)  # fmt: skip
        low, high = _quantiles(drawn, place.inference.conf_level)
        rows.append(
            Estimate(**{**labels, "estimator": "inequality_revised"}, term=measure, contrast=end,
                     estimate=float(np.median(drawn)), conf_low=low, conf_high=high,
                     conf_level=place.inference.conf_level, se_type="output and population redrawn",
                     seed=f"{place.inference.seed}:{draw_id}:{end}", warning=place.ends.window.note)
        )  # fmt: skip
    return rows


def growth_rows(place: Place, name: str) -> list[Estimate]:
    """Return the share of each group in the growth of total output over a period."""
    labels = {**place.base, "estimator": "growth_accounting", "outcome": "output_real", "effect_type": "share",
              "role": "description", "treatment_def": name, "unit_of_measure": "share"}  # fmt: skip
    codes, names = place.ends.groups[name]
    output = place.ends.output
    if output is None:
        return not_defined([{**labels, "term": "growth"}], place.ends.window.note, "the panel has no output")
    try:
        share, _ = growth_contributions(output[:, 0], output[:, -1], codes)
    except NumericsError as error:
        return not_defined([{**labels, "term": "growth"}], place.ends.window.note, error)
    before = np.bincount(codes, output[:, 0]) / output[:, 0].sum()
    values: Mapping[str, np.ndarray] = {"share of growth": share, "share of output at start": before}
    return [
        Estimate(**{**labels, "n_units": int((codes == group).sum())}, term=term, contrast=contrast,
                 estimate=float(numbers[group]), warning=place.ends.window.note)
        for contrast, numbers in values.items() for group, term in enumerate(names)
    ]  # fmt: skip


def base_labels(spec: InequalitySpec, ends: Ends) -> dict[str, Any]:
    """Return the labels that every row of a period shares."""
    return {
        "family": "inequality",
        "spec_id": spec.id,
        "outcome": "income" if spec.weighting == POPULATION else "income, unweighted",
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": ends.window.span.name,
        "n_obs": 2 * len(ends.income),
        "n_units": len(ends.income),
        "n_periods": 2,
        "output_basis": ends.window.basis,
        "data_hash": ends.window.data_hash,
    }
