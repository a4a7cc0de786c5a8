"""What went in and what came out, by hash: no clock, no machine, no absolute path."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from evenfield.shared.tables.notes import HASH_LETTERS
from evenfield.study.errors import ReportError
from evenfield.study.files import hash_file

PACKAGE = "evenfield"
# In the repository the version stands here, whether the package is installed or only on
# the path.
PROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"
# The packages that can move a number or a picture; the lock file holds all others.
LIBRARIES = (
    "contourpy jinja2 jsonschema linearmodels lxml markdown-it-py matplotlib numpy"
    " pandas python-docx pyyaml scipy seaborn snakemake statsmodels typst"
).split()
CSV_FORM = (
    "UTF-8, comma, line feed; an apostrophe stands before text that begins with = + - @"
    " and is no number, so that no spreadsheet takes it for a formula; answers.csv,"
    " estimates.csv and all tables alike"
)
LEFT_OUT = ("logs", "benchmarks")


def config_hash(config: Mapping[str, Any]) -> str:
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


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that numbers and pictures depend on."""
    return {name: _version(name) for name in LIBRARIES}


def provenance(
    config: Mapping[str, Any], description: Mapping[str, Any]
) -> dict[str, Any]:
    """Gather what identifies a run: package, libraries, config and the content of the
    input tables.
    """
    return {
        "study": config["study"]["id"],
        "package": {"name": PACKAGE, "version": _version(PACKAGE)},
        "libraries": library_versions(),
        "config_hash": config_hash(config),
        "data": dict(description),
    }


def build_manifest(
    config: Mapping[str, Any], description: Mapping[str, Any], files: Iterable[str], root: str | Path,
    scripts: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Build the manifest of a run."""
    named = {_place(path, root): path for path in files}
    hashes = {
        path_text: file_hash(path)
        for path_text, path in sorted(named.items())
        if path_text.split("/")[0] not in LEFT_OUT
    }
    return {
        **provenance(config, description),
        "config": dict(config),
        "citation": citation(config, description),
        "csv": CSV_FORM,
        "results": hashes,
        "exhibits": _exhibits(list(hashes), scripts),
    }


def citation(config: Mapping[str, Any], description: Mapping[str, Any]) -> str:
    """Return the line by which a run is cited: study, program, and the hashes of its
    data and configuration.
    """
    hashes = (
        f"data {description['data_hash'][:HASH_LETTERS]}, configuration"
        f" {config_hash(config)[:HASH_LETTERS]}"
    )
    return (
        f"{config['study']['title']}. Study {config['study']['id']}, {PACKAGE}"
        f" {_version(PACKAGE)}, {hashes}."
    )


def _exhibits(paths: list[str], scripts: Mapping[str, str]) -> dict[str, Any]:
    shown = [path for path in paths if path.split("/")[0] in {"tables", "figures"}]
    ids = sorted({_stem(path) for path in shown})
    return {name: {"script": scripts.get(name, ""), "files": [path for path in shown if _stem(path) == name]}
            for name in ids}  # fmt: skip


def _stem(path: str) -> str:
    return Path(path).name.split(".")[0]


def _place(path: str, root: str | Path) -> str:
    try:
        return Path(path).relative_to(root).as_posix()
    except ValueError:
        raise ReportError(f"{path} lies outside {Path(root).name}", "files of the results folder",
                          "name results only") from None  # fmt: skip


def _version(name: str) -> str:
    if name == PACKAGE and PROJECT.is_file():
        return str(
            tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
        )
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
