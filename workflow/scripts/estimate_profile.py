"""Describe relative income and summary statistics by taxonomy cell."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.estimates import write_estimates
from evenfield.shared.settings import scheme_infos
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.topics.relative_income.estimate import estimate_profile, parse_profile_specs

TEXT = ("basis", "taxonomy", "cell", "zone_type")


def main(
    *,
    panels: list[str],
    periods: list[str],
    cells: list[str],
    doses: list[str],
    descriptions: list[str],
    estimates: str,
    series: str,
    fit: str,
    spec: Mapping[str, Any],
) -> None:
    """Read one set of files for each unit scheme, in the same order, and write the profile family."""
    studies = [read_json(path) for path in descriptions]
    names = [study["unit_scheme"] for study in studies]
    frames = [
        {name: read_table(path, text=TEXT) for name, path in zip(names, paths, strict=True)}
        for paths in (panels, periods, cells, doses)
    ]
    specs = parse_profile_specs(spec, frames[2])
    results = estimate_profile(*frames, schemes=scheme_infos(studies), specs=specs)
    write_estimates(results.estimates, estimates)
    write_results(results.series, series, by_row=("mean", "sd", "mean_population_weighted"))
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
