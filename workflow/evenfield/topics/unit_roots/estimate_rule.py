"""The written rule that turns the pre-flight into defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.estimates import Estimate
from evenfield.topics.unit_roots.estimate_spec import PREFLIGHT_SERIES, PreflightSpec

STRONG = 0.75
# ASSUME: an exponent of dependence of .75 or more counts as strong; below it, dependence that year effects leave is
# treated as spatial. Without any dependence the exponent of residuals is .5.
RULE: Mapping[str, str] = {
    "R1": "If CIPS about a trend rejects unit roots in log income, models in levels may carry unit-specific trends; "
    "otherwise (or where it is not defined) models are estimated in differences, that is growth.",
    "R2": "If CDw+ does not reject for growth less year means, year effects are enough. If it rejects and the exponent "
    f"of what is left is below {STRONG:g}, errors are treated as spatially dependent. If it rejects and the exponent "
    f"is {STRONG:g} or more, common factors with unit-specific loadings come before any spatial model.",
    "R3": "If LFUR rejects a spatial unit root in the growth of a period, spatially robust inference is read as it is; "
    "otherwise (or where it is not defined) estimates on spatially differenced data stand beside it.",
}


def decisions(rows: Sequence[Estimate], spec: PreflightSpec) -> list[dict[str, str]]:
    """Apply the rule to the tests of one specification."""
    found = {(row.estimator, row.term, row.outcome, row.period): row for row in rows}
    out = []
    for row in rows:
        if (row.estimator, row.outcome) == ("cips", "log_income"):
            word = "levels with unit-specific trends" if row.p_value < spec.size else "differences"
            out.append({"rule": "R1", "scope": row.period, "decision": word})
        elif row.estimator == "cdw_plus":
            strength = found["exponent", "alpha_of_residuals", row.outcome, row.period].estimate
            out.append({"rule": "R2", "scope": row.period, "decision": _dependence(row.p_value, strength, spec.size)})
        elif (row.estimator, row.outcome) == ("lfur", "growth"):
            word = "spatially robust inference as it is" if row.p_value < spec.size else "spatial differences beside"
            out.append({"rule": "R3", "scope": row.period, "decision": word})
    return sorted(out, key=lambda item: (item["rule"], item["scope"]))


def _dependence(p_value: float, strength: float, size: float) -> str:
    if np.isnan(p_value):
        return "not defined"
    if p_value >= size:
        return "year effects are enough"
    return "common factors before spatial models" if strength >= STRONG else "spatially dependent errors"


def preflight_series(
    rows: Sequence[Estimate], decided: Sequence[Mapping[str, str]], spec: PreflightSpec
) -> pd.DataFrame:
    """Arrange the checks and decisions of one specification as a table."""
    same: dict[str, Any] = {"spec_id": spec.id, "sample_id": spec.sample, "unit_scheme": spec.unit_scheme}
    texts: dict[str, Any] = {"check": "", "variable": "", "rule": "", "decision": ""}
    checks = [{**same, **texts, "kind": "check", "scope": row.period, "check": row.term, "variable": _variable(row),
               "statistic": row.estimate, "p_value": row.p_value, "low": row.conf_low, "high": row.conf_high}
              for row in rows]  # fmt: skip
    lines = [*checks, *({**same, **texts, "kind": "decision", **item} for item in decided)]
    return pd.DataFrame(lines).reindex(columns=list(PREFLIGHT_SERIES))


def _variable(row: Estimate) -> str:
    return f"{row.outcome} less year means" if row.fe_id else row.outcome
