"""Compare the factor intensity of zone and cluster regions in one window."""

from collections.abc import Mapping, Sequence
from typing import Any

from evenfield.shared.contrasts.contrasts import parse_contrast_settings
from evenfield.shared.contrasts.places import joined_links
from evenfield.shared.estimates import write_estimates
from evenfield.study.files import read_json, read_table, write_json, write_results
from evenfield.topics.factor_intensity.estimate import estimate_factor_intensity, parse_intensity_specs


def main(
    *, panel: str, cells: str, units: str, adjacency: str, description: str, estimates: str,
    series: str, fit: str, spec: list[Mapping[str, Any]], sesoi: Mapping[str, float], taxonomy: str,
    join: Sequence[Sequence[str]], inference: Mapping[str, Any], power: float,
) -> None:  # fmt: skip
    """Write the estimates, the outcomes by unit and a summary."""
    paths = {"panel": panel, "cells": cells, "units": units}
    tables = {name: read_table(path) for name, path in paths.items()}
    tables["links"] = joined_links(read_table(adjacency), join)
    results = estimate_factor_intensity(
        tables, read_json(description), parse_intensity_specs(spec, sesoi), taxonomy,
        parse_contrast_settings(inference, power),
    )  # fmt: skip
    write_estimates(results.estimates, estimates)
    write_results(results.series, series)
    write_json(results.fit, fit)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
