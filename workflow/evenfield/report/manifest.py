"""What went in and what came out, by hash: no clock, no machine, no absolute path."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from evenfield import __version__
from evenfield.study.errors import ReportError
from evenfield.study.files import HASH_LETTERS, Record, hash_file, read_json

PACKAGE = "evenfield"
# The packages that can move a number or a picture; the lock file has all others.
LIBRARIES = (
    "contourpy jinja2 jsonschema linearmodels lxml markdown-it-py matplotlib numpy"
    " pandas python-docx pyyaml scipy seaborn snakemake statsmodels typst"
).split()
CSV_FORM = (
    "UTF-8, comma, line feed; an apostrophe stands before text that begins with = + - @"
    " and is no number, so that no spreadsheet takes it for a formula; answers.csv,"
    " estimates.csv and all tables alike"
)
LEFT_OUT = ("logs", "benchmarks")  # which hold times


def config_hash(config: Record) -> str:
    """Hash a checked config so that the order of its keys does not matter."""
    text = json.dumps(
        config, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: str | Path) -> str:
    """Hash the bytes of a file."""
    try:
        return hash_file(path)
    except FileNotFoundError:
        raise ReportError(
            f"no file {path}",
            "every file that the manifest names",
            "run the whole workflow",
        ) from None


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a results folder, an empty one where there is none."""
    path = folder / "manifest.json"
    if not path.exists():
        return {}
    try:
        manifest = dict(read_json(path))
        parts = [
            manifest["results"],
            manifest.get("config", {}),
            manifest.get("steps", {}),
        ]
        whole = all(isinstance(part, dict) for part in parts)
        if whole and manifest["config_hash"] and manifest["data"]["data_hash"]:
            return manifest
    except (OSError, ValueError, RecursionError, TypeError, KeyError):
        pass
    raise ReportError(
        f"{path} is not as a run writes it",
        "the manifest of a finished run",
        "remove it, then run the study (`python3 run`)",
    )


def hashes_of_run(manifest: Record) -> dict[str, str]:
    """Return the hash of each file of a run by its path below the results, as far as a
    manifest has them.
    """
    return {**manifest.get("results", {}), **manifest.get("steps", {})}


def unlike_the_run(
    root: Path, hashes: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return the files that are not there, and those that are others than their hashes
    say.
    """
    absent = []
    changed = []
    for name, digest in hashes.items():
        if not (root / name).is_file():
            absent.append(name)
        elif file_hash(root / name) != digest:
            changed.append(name)
    return absent, changed


def provenance(config: Record, description: Record) -> dict[str, Any]:
    """Gather what identifies a run: package, libraries, config and the content of the
    input tables.
    """
    return {
        "study": config["study"]["id"],
        "package": {"name": PACKAGE, "version": __version__},
        "libraries": {name: _version(name) for name in LIBRARIES},
        "config_hash": config_hash(config),
        "data": dict(description),
    }


def build_manifest(
    config: Record,
    description: Record,
    files: Iterable[str],
    root: str | Path,
    scripts: Mapping[str, str],
    steps: Iterable[str] = (),
) -> dict[str, Any]:
    """Build the manifest of a run, whose ``steps`` are the tables between data and
    results.
    """
    hashes = _hashes(files, root)
    exhibits: dict[str, Any] = {}
    for path in sorted(map(Path, hashes), key=_stem):
        if path.parts[0] in {"tables", "figures"}:
            stem = _stem(path)
            entry = {"script": scripts.get(stem, ""), "files": []}
            exhibits.setdefault(stem, entry)["files"].append(path.as_posix())
    return {
        **provenance(config, description),
        "config": dict(config),
        "citation": citation(config, description),
        "csv": CSV_FORM,
        "results": hashes,
        "steps": _hashes(steps, root),
        "exhibits": exhibits,
    }


def _hashes(files: Iterable[str], root: str | Path) -> dict[str, str]:
    """Return the hash of each file by its path inside the results folder, so that a
    manifest is the same everywhere.
    """
    named = {_inside(path, root): path for path in files}
    return {
        path.as_posix(): file_hash(named[path])
        for path in sorted(named, key=Path.as_posix)
        if path.parts[0] not in LEFT_OUT
    }


def citation(config: Record, description: Record) -> str:
    """Return the line by which a run is cited: study, program, and the hashes of its
    data and configuration.
    """
    study = config["study"]
    return (
        f"{study['title']}. Study {study['id']}, {PACKAGE} {__version__},"
        f" data {description['data_hash'][:HASH_LETTERS]},"
        f" configuration {config_hash(config)[:HASH_LETTERS]}."
    )


def _stem(path: Path) -> str:
    return path.name.split(".")[0]


def _inside(path: str, root: str | Path) -> Path:
    try:
        return Path(path).relative_to(root)
    except ValueError:
        raise ReportError(
            f"{path} lies outside {Path(root).name}",
            "files of the results folder",
            "name results only",
        ) from None


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
