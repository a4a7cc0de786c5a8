"""Write the manifest: what went in and what came out, by hash."""

from pathlib import Path
from typing import Any

from evenfield.report.manifest import build_manifest
from evenfield.study.files import read_json, write_json


def main(*, ingest: str, files: list[str], config: dict[str, Any], scripts: dict[str, str], manifest: str) -> None:
    """Write results/manifest.json after everything else."""
    write_json(build_manifest(config, read_json(ingest), files, Path(manifest).parent, scripts), manifest)


if "snakemake" in globals():
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
