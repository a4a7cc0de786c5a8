"""Write the manifest: what went in and what came out, by hash."""

import sys
from pathlib import Path
from typing import Any


def main(*, ingest: str, files: list[str], config: dict[str, Any], scripts: dict[str, str], manifest: str) -> None:
    """Write results/manifest.json after everything else."""
    from evenfield.report.manifest import build_manifest
    from evenfield.study.files import read_json, write_json

    write_json(build_manifest(config, read_json(ingest), files, Path(manifest).parent, scripts), manifest)


if "snakemake" in globals():
    sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821
    from evenfield.shared.job import enter

    enter(snakemake, main)  # noqa: F821
