"""What T14 and T15 say beneath and how they name models, weights and specifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import basis_note, origin_note
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.units import count_of, in_words
from evenfield.study.errors import ArtifactError

MODELS = {
    "slx": "SLX: spatial lags of the regressors",
    "sdm": "SDM: spatial lags of outcome and regressors",
    "sdem": "SDEM: spatial lags of regressors, spatial errors",
}
RULES = (
    "How to read: (i) SAR forces one ratio of indirect to direct effects on all regressors. (ii) A rho apart from zero "
    "alone is no evidence that a policy reached the neighbours. (iii) With few units and dense weights read the "
    "effective neighbours first. (iv) Time effects come out first; what common factors leave of rho stands in T14."
)
APPROACHES = {"lee_yu": "transformed away (Lee-Yu)", "direct": "estimated (direct approach, biased with dense weights)"}
EFFECTS = {"two_way": "unit and year effects", "unit": "unit effects", "time": "year effects", "pooled": "one constant"}
OUTCOMES = {"log_income": "log income", "growth_pct": "growth, pp a year"}
EXPLORATORY = "Exploratory: no row decides a hypothesis. Associations given the effects removed; not causal."


def weights_name(weights: str) -> str:
    """Return weights as they are printed."""
    return weights.replace("_", " ")


def outcome_name(outcome: str) -> str:
    """Return an outcome as it is printed."""
    return OUTCOMES.get(outcome, outcome.replace("_", " "))


def main_specification(fit: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the specification that the exhibits show in full: the first one."""
    found: Mapping[str, Any] = fit["specifications"][0]
    return found


def specification_name(spec: Mapping[str, Any]) -> str:
    """Say what sets a specification apart."""
    first, last = spec["years"]
    parts = [outcome_name(spec["outcome"]), f"{first}\u2013{last}"]
    parts += [] if spec["sample"] == "all" else [spec["sample"].replace("_", " ")]
    parts += ["direct approach"] if spec["approach"] == "direct" else []
    return ", ".join(parts)


def checked_rows(estimates: pd.DataFrame, spec: Mapping[str, Any], exhibit: str) -> pd.DataFrame:
    """Return the rows of a specification."""
    mine = only(estimates, spec_id=spec["id"])
    if mine.empty:
        raise ArtifactError(f"no estimates of specification {spec['id']}", "its rows in the spatial panel family",
                            f"rerun the family or remove {exhibit} from the config")  # fmt: skip
    return mine


def panel_note(
    mine: pd.DataFrame, fit: Mapping[str, Any], description: Mapping[str, Any], study: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the sentences that both tables share."""
    spec, row = main_specification(fit), pick(mine)
    neighbours = [f"{weights_name(name)} {fixed(value, 1)}" for name, value in fit["effective_neighbours"].items()]
    sample = "" if spec["sample"] == "all" else f", sample {spec['sample'].replace('_', ' ')}"
    regressors = in_words([fit["regressors"][name] for name in spec["regressors"]])
    return (
        f"N = {count_of(int(row['n_units']), study)} (unit scheme {row['unit_scheme']}{sample}), T = "
        f"{int(row['n_periods'])} years ({spec['years'][0]}\u2013{spec['years'][1]}); {outcome_name(spec['outcome'])} "
        f"on {regressors}; {EFFECTS[spec['effects']]} {APPROACHES[spec['approach']]}; maximum likelihood.",
        f"Weights row-standardised; effective neighbours: {in_words(neighbours)}.",
        RULES,
        basis_note(description),
        EXPLORATORY,
        *grade_note(row),
        origin_note(description, fit["seed"]),
    )


def grade_note(row: Row) -> tuple[str, ...]:
    """Say how many zones are of unsure date."""
    parts: Sequence[str] = [part.strip() for part in str(row["warning"]).split(";")]
    return tuple(f"{part[0].upper()}{part[1:]}." for part in parts if part.startswith("GRADE C"))
