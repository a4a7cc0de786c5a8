"""Text and JSON files, written whole or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]  # as files of JSON and YAML hold it: a config, a row
HASH_LETTERS = 12  # of a hash, enough to tell two states of the data apart
STAGED = ".evenfield-staged"  # folder of files that are about to take their places
# What runs and tools make and remove.
MADE_FOLDERS = ("results", "site", "__pycache__")
# Snakemake's notes, and the folders of them in which links are its own.
NOTES = Path(".snakemake")
DEPLOYED = ("conda", "conda-archive", "shadow", "singularity", "storage")


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """Give a path to write to; what is there afterwards takes the name of ``path`` at
    once and whole.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, since only within one file system a rename is one step.
    part = target.with_name(f".part-{target.name}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def take_places(folder: Path, last: str) -> None:
    """Move the files that are staged in a folder to their places, ``last`` after all
    others; whoever is stopped on the way can be called again.
    """
    staged = folder / STAGED
    files = [path for path in sorted(staged.rglob("*")) if path.is_file()]
    for path in sorted(files, key=lambda path: path == staged / last):
        place = folder / path.relative_to(staged)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
    shutil.rmtree(staged)


def hash_file(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def not_a_file(path: Path, name: str) -> str:
    """Say that nothing is at a path, or that it is no file: a folder, a pipe."""
    return f"{name} is no file that can be read" if path.exists() else f"no file {name}"


def links_filled(study: Path) -> list[Path]:
    """Return the links through which a run of a study would write elsewhere: its results
    and notes themselves, and all below them.
    """
    links = list[str]()
    for top in ("results", NOTES):
        links += filter(os.path.islink, [str(study / top)])
        for folder, folders, files in os.walk(study / top):
            paths = [f"{folder}/{name}" for name in (*folders, *files)]
            links += filter(os.path.islink, paths)
            folders[:] = [name for name in folders if name not in DEPLOYED]
    return sorted(map(Path, links))


def described_files(package: str | Path) -> list[Path]:
    """Return a dictionary and the files that it describes, as far as they are there; one
    that cannot be read describes none.
    """
    path = Path(package)
    if not path.is_file():
        return []
    try:
        described = [
            path.parent / item["path"] for item in read_json(path)["resources"]
        ]
    except (OSError, ValueError, RecursionError, TypeError, KeyError):
        described = []
    return [path, *(file for file in described if file.is_file())]


def write_json(content: Mapping[str, Any], path: str | Path) -> None:
    """Write JSON with sorted keys and a final line feed."""
    write_text(
        json.dumps(
            content, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False
        )
        + "\n",
        path,
    )


def write_text(text: str, path: str | Path) -> None:
    """Write UTF-8 text with LF line ends."""
    with beside(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
