"""Read and check every table of the study; write them in canonical form."""

from pathlib import Path
from typing import Any


def main(
    *,
    config: dict[str, Any],
    tables: list[str],
    dictionary: str,
    outlines: str,
    description: str,
) -> None:
    """Ingest the study that ``config`` names into results/ingest."""
    from evenfield.study.files import write_json
    from evenfield.study.ingest.dictionary import public_dictionary
    from evenfield.study.ingest.outlines import read_outlines
    from evenfield.study.ingest.provenance import vintage_sentence
    from evenfield.study.ingest.study_tables import describe_study, read_study
    from evenfield.study.table_files import write_table

    study = read_study(config)
    for path in tables:
        write_table(study[Path(path).stem], path)
    write_json(public_dictionary(config["data"]["package"]), dictionary)
    shapes = read_outlines(config["data"]["package"])
    # A unit that the study leaves out may not stand on its map.
    left_out = config["panel"]["leave_out"]
    features = [
        feature
        for feature in shapes["features"]
        if feature["properties"]["unit"] not in left_out
    ]
    write_json({**shapes, "features": features}, outlines)
    vintage = vintage_sentence(study, config["panel"])
    write_json({**describe_study(study), "vintage": vintage}, description)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
