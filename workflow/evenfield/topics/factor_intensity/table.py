"""T5: factor intensity of zone against cluster regions, five outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.contrast_rows import LADDER_NOTE, comparison_name, contrast_columns, contrast_line
from evenfield.shared.tables.notes import NOT_CAUSAL, origin_note, sample_note
from evenfield.shared.tables.numbers import p_value
from evenfield.shared.tables.rows import only, pick, records
from evenfield.shared.tables.table import Table
from evenfield.study.errors import ArtifactError

METHOD = (
    "Period means over their standard deviation across units, regressed by OLS on zone and cluster; shown is the zone "
    "coefficient minus the cluster coefficient, in standard deviations. Intervals and p by conditional SCPC; several: "
    "Romano-Wolf step-down over the outcomes on common free permutations."
)
POWER = (
    "Detectable: smallest difference found with {power:.0%} power; of interest: set in advance. Where it "
    "exceeds of interest the comparison is UNDERPOWERED. n: units in the smaller group. Foreign-funded investment: the "
    "total investment of registered foreign-funded enterprises, a stock."
)


def tabulate_factor_intensity(
    estimates: pd.DataFrame, description: Mapping[str, Any], *, fit: Mapping[str, Any], inference: Mapping[str, Any],
    power: float, study: Mapping[str, Any], taxonomy: str,
) -> Table:  # fmt: skip
    """Arrange the outcomes in the order of the config, with the joint test beneath."""
    main = only(estimates, estimator="ols", effect_type="coef", treatment_def=taxonomy)
    labels = fit["outcomes"]
    rows = sorted(records(main), key=lambda row: (row["spec_id"], fit["order"].index(row["outcome"])))
    if not rows:
        raise ArtifactError("no factor intensity under the main taxonomy", "rows of the factor_intensity family",
                            "correct estimates.factor_intensity or remove T5 from `tables`")  # fmt: skip
    lines = [contrast_line(estimates, row, labels[row["outcome"]], _group(row)) for row in rows]
    note = (sample_note(description, study), METHOD, joint_note(estimates), *left_out_notes(fit),
            POWER.format(power=power), LADDER_NOTE, NOT_CAUSAL,
            origin_note(description, inference["seed"]))  # fmt: skip
    columns = contrast_columns(inference, "Outcome", 2, {"p_free": "p, permuted", "p_several": "p, several"})
    return Table(id="T5", title="Factor intensity: zone regions against cluster regions", note=note, columns=columns,
                 frame=pd.DataFrame(lines), group="group")  # fmt: skip


def joint_note(estimates: pd.DataFrame) -> str:
    """Say what the joint test gives."""
    joint, count = (
        pick(estimates, estimator="ols_joint", effect_type=name) for name in ("stat_joint", "stat_right_signs")
    )
    if not joint:
        return ""
    return f"Joint test (largest |t|, permuted): p {p_value(joint['p_value'])}; {count['warning']}."


def left_out_notes(fit: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which outcomes the panel cannot carry."""
    labels = fit["outcomes"]
    return tuple(f"Not testable here: {labels.get(item['outcome'], item['outcome'])} ({item['reason']})."
                 for item in fit["left_out"])  # fmt: skip


def _group(row: Mapping[str, Any]) -> str:
    name = comparison_name(row)
    return f"{name[0].upper()}{name[1:]}, {str(row['period']).replace('-', chr(0x2013))}"
