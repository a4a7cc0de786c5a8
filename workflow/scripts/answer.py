"""Judge every claim of the ledger by the rule in the config."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def main(
    *,
    estimates: str,
    claims: str,
    hypotheses: str,
    reasons: str,
    description: str,
    section: Mapping[str, Any] | None,
    periods: Mapping[str, Any],
    power: float,
    content: str,
    verdicts: str,
    rows: str,
) -> None:
    """Write results/verdicts.json, one row per claim and one row per deciding row."""
    from evenfield.answers.spec import parse_rule, period_labels
    from evenfield.answers.study import judge_study
    from evenfield.shared.estimates import ROW_SCALED, read_estimates
    from evenfield.study.files import read_json, read_table, write_json, write_results

    judged = judge_study(
        read_estimates(estimates), read_table(claims), read_table(hypotheses), read_table(reasons),
        parse_rule(section, periods), description=read_json(description), labels=period_labels(periods), power=power,
    )  # fmt: skip
    write_json(judged.content, content)
    write_results(judged.claims, verdicts, by_row=ROW_SCALED)
    write_results(judged.rows, rows, by_row=ROW_SCALED)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
