"""The verdicts of one study: estimates, ledger, hypotheses and rule in, tables and plain content out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evenfield.answers.judgement import judge_claims
from evenfield.answers.spec import Rule
from evenfield.answers.tables import claims_frame, rows_frame, verdicts_content
from evenfield.study.simulated import simulated_names

COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class StudyVerdicts:
    """Everything the verdict family writes: plain content, one row per claim, one row per deciding row."""

    content: dict[str, Any]
    claims: pd.DataFrame
    rows: pd.DataFrame


def judge_study(
    estimates: pd.DataFrame,
    claims: pd.DataFrame,
    hypotheses: pd.DataFrame,
    reasons: pd.DataFrame,
    rule: Rule,
    *,
    description: Mapping[str, Any],
    labels: Mapping[str, str],
    power: float,
) -> StudyVerdicts:
    """Judge every claim and every hypothesis of a study."""
    rows = [{str(name): found for name, found in row.items()} for row in estimates.to_dict("records")]
    ledger, told = _texts(claims), {row["hypothesis"]: row for row in _texts(hypotheses)}
    meaning = {row["code"]: row["meaning"] for row in _texts(reasons)}
    provenance = provenance_of(description)
    judged_claims, judged = judge_claims(rows, ledger, meaning, rule, labels, provenance)
    facts = _facts(estimates, rule.thresholds.alpha)
    return StudyVerdicts(
        verdicts_content(judged_claims, judged, rule, provenance, facts),
        claims_frame(judged_claims, told),
        rows_frame(judged, told, power),
    )


def provenance_of(description: Mapping[str, Any]) -> str:
    """Say whether the input is evidence."""
    if "simulated" not in description or not description.get("data_hash"):
        return "the provenance of the input is incomplete"
    simulated = simulated_names(description)
    return f"the input holds simulated figures ({', '.join(simulated)})" if simulated else COMPLETE


def _facts(estimates: pd.DataFrame, alpha: float) -> dict[str, Any]:
    explored = estimates[estimates["role"].eq("exploratory") & estimates["p_value"].notna()]
    return {
        "all": len(estimates),
        **{str(role): int(count) for role, count in estimates["role"].value_counts().items()},
        "exploratory_tested": len(explored),
        "exploratory_p_below_alpha": int(explored["p_value"].lt(alpha).sum()),
        "exploratory_q_below_alpha": int(explored["q_value"].lt(alpha).sum()),
    }


def _texts(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {str(name): "" if pd.isna(found) else str(found) for name, found in row.items()}
        for row in frame.to_dict("records")
    ]
