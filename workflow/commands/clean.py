"""Remove what runs have made in a study: results/ and .snakemake/."""

import argparse
import shutil
import sys
from pathlib import Path

from engine import REPO, hold


def clean(study: Path) -> None:
    """Remove both folders unless a run is working there; a link is removed, not what it
    points to.
    """
    if not (study / "config.yaml").is_file():
        sys.exit(
            f"clean: no config.yaml in {study}; expected a study; give its folder with"
            " --directory"
        )
    with hold(study):
        if any((study / ".snakemake" / "locks").glob("*.lock")):
            sys.exit(
                f"clean: a run is working in {study}; expected none; wait for it or"
                " stop it"
            )
        for path in (study / "results", study / ".snakemake"):
            if path.is_symlink():
                path.unlink()
            elif path.is_dir():
                shutil.rmtree(path)
    print(f"removed results/ and .snakemake/ of {study}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="run clean", description=__doc__)
    parser.add_argument(
        "--directory",
        type=Path,
        default=REPO,
        help="the study's folder (default: this repository)",
    )
    clean(parser.parse_args().directory.absolute())
