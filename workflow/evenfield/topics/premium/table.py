"""T4: cluster regions against the others, in levels and in growth, by period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.contrast_rows import LADDER_NOTE, comparison_name, contrast_columns, contrast_line
from evenfield.shared.tables.notes import NOT_CAUSAL, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.rows import Row, only, records
from evenfield.shared.tables.table import Table
from evenfield.study.errors import ArtifactError

METHOD = (
    "Difference between the group and the other units in the mean of log income relative to the nation over the years "
    "of a period (log points), and in growth given log income in the first year (pp a year), by OLS. Intervals and p "
    "by conditional SCPC; with fewer than four units in a group only permutation is shown."
)
POWER = (
    "Detectable: smallest difference found with {power:.0%} power by the same test; of interest: set in advance. Where "
    "detectable exceeds of interest the comparison is UNDERPOWERED. n: units in the smaller group."
)


def tabulate_premium(
    estimates: pd.DataFrame, description: Mapping[str, Any], *, labels: Mapping[str, str], shown: Sequence[str],
    periods: Mapping[str, Any], inference: Mapping[str, Any], power: float, study: Mapping[str, Any], taxonomy: str,
) -> Table:  # fmt: skip
    """Arrange the premiums: the deciding comparison by outcome and period, then the exploratory ones."""
    lines = premium_lines(estimates, labels, shown, periods, taxonomy)
    if not lines:
        raise ArtifactError("no premium under the main taxonomy", "rows of the premium family",
                            "correct estimates.premium or remove T4 from `tables`")  # fmt: skip
    note = (sample_note(description, study), METHOD, POWER.format(power=power), LADDER_NOTE, basis_note(description),
            NOT_CAUSAL, origin_note(description, inference["seed"]))  # fmt: skip
    columns = contrast_columns(inference, "Period", 2, {"p_free": "p, permuted", "p_connected": "p, connected"})
    return Table(id="T4", title="Where clusters are: income and growth against the rest", note=note, columns=columns,
                 frame=pd.DataFrame(lines), group="group")  # fmt: skip


def premium_lines(
    estimates: pd.DataFrame, labels: Mapping[str, str], shown: Sequence[str], periods: Mapping[str, Any], taxonomy: str
) -> list[Row]:
    """Return the printed rows, outcome by outcome."""
    main = only(estimates, estimator="ols", effect_type="coef", treatment_def=taxonomy, sample_id="all")
    terms = main[["term", "contrast"]].drop_duplicates().sort_values(["contrast", "term"]).itertuples(index=False)
    order = [(str(term), str(contrast)) for term, contrast in terms]
    lines = []
    for spec, label in labels.items():
        for term, contrast in order:
            rows = records(only(main, spec_id=spec, term=term, contrast=contrast))
            group = f"{label[0].upper()}{label[1:]}: {comparison_name({'term': term, 'contrast': contrast})}"
            for row in sorted((r for r in rows if r["period"] in shown), key=lambda r: list(shown).index(r["period"])):
                name = period_with_basis(row["period"], row["output_basis"], periods)
                lines.append(contrast_line(estimates, row, name, group))
    return lines
