"""Write the manifest: what went in and what came out, by hash."""

from pathlib import Path
from typing import Any


def main(
    *,
    ingest: str,
    files: list[str],
    steps: list[str],
    config: dict[str, Any],
    scripts: dict[str, str],
    manifest: str,
    citation: str,
) -> None:
    """Write results/manifest.json and the line to cite after everything else."""
    from evenfield.report.manifest import build_manifest
    from evenfield.study.files import read_json, write_json, write_text

    root = Path(manifest).parent
    content = build_manifest(config, read_json(ingest), files, root, scripts, steps)
    write_json(content, manifest)
    write_text(content["citation"] + "\n", citation)


if "snakemake" in globals():
    from entry import enter

    enter(snakemake, main)  # noqa: F821
