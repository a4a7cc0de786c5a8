"""Build the checked panel of one unit scheme."""

from pathlib import Path
from typing import Any


def main(
    *,
    tables: list[str],
    dictionary: str,
    config: dict[str, Any],
    scheme: str,
    description: str,
    **outputs: str,
) -> None:
    """Write panel, periods, units, cells by period and year, doses, first years,
    adjacency and grades of ``scheme``.
    """
    from evenfield.study.files import read_json, write_json
    from evenfield.study.panel.build import build_panel
    from evenfield.study.table_files import read_table, write_table
    from evenfield.study.tables import resource_named

    # Ids of spans are text, as 01 is.
    ingested = {Path(path).stem: read_table(path, ("units",)) for path in tables}
    fields = {
        field.name: field
        for field in resource_named(read_json(dictionary), "panel").fields
    }
    built = build_panel(ingested, fields, config, scheme)
    for name, path in outputs.items():
        write_table(getattr(built, name), path)
    write_json(built.description, description)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
