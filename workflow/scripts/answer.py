"""Answer every claim of claims.yaml from the estimates."""

from typing import Any


def main(
    *,
    config: dict[str, Any],
    estimates: str,
    description: str,
    answers: str,
    content: str,
    **_inputs: Any,
) -> None:
    """Write results/answers.csv, one row per claim, and results/answers.json with every
    row behind an answer.
    """
    from evenfield.answers.spec import read_claims
    from evenfield.answers.study import answer_study
    from evenfield.shared.estimates import read_estimates
    from evenfield.shared.second_studies import with_second_estimates
    from evenfield.study.files import read_json, write_json
    from evenfield.study.simulated import simulated_names
    from evenfield.study.table_files import write_results

    simulated = simulated_names(read_json(description))
    rows = with_second_estimates(read_estimates(estimates), config)
    frame, content_rows = answer_study(rows, read_claims(config), simulated)
    write_results(frame, answers)
    write_json(content_rows, content)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
