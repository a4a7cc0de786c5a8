"""Tabulate T2: sources, coverage, grades and gaps of the data."""

from collections.abc import Mapping
from typing import Any

from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.write import write_table_files
from evenfield.study.files import read_json, read_table
from evenfield.topics.groups.table_sources import columns_in_use, tabulate_sources


def main(
    *, data: str, provenance: str, sources: str, description: str, table: list[str], panel: Mapping[str, Any],
    controls: Mapping[str, Any], study: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the ingested panel with its provenance, and write the four files of the table."""
    made = tabulate_sources(
        read_table(data), read_table(provenance, TEXT), read_table(sources, TEXT), read_json(description)["data_hash"],
        columns=columns_in_use(panel, controls), years=(panel["years"][0], panel["years"][1]), study=study,
    )  # fmt: skip
    write_table_files(made, table)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
