"""The dictionary of a study: datapackage.json, read and rewritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evenfield.study.errors import IngestError, first_examples
from evenfield.study.tables import (
    NEEDED_COLUMNS,
    REQUIRED_TABLES,
    TABLES_OF_ANY_STUDY,
    Resource,
    parse_resource,
    table_kind,
)


def read_package(path: str | Path) -> dict[str, Any]:
    """Read datapackage.json as plain data."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(content["resources"], list):
            raise TypeError
    except FileNotFoundError:
        raise IngestError(
            f"no file {path}", "the dictionary named by data.package", "correct data.package in config.yaml"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise IngestError(
            f"{path} is not a data package", "JSON with a list of resources", "see docs/new-study.md"
        ) from None
    return dict(content)


def read_resources(path: str | Path) -> dict[str, Resource]:
    """Read the tables that datapackage.json describes."""
    parsed = [_parsed(item, path) for item in read_package(path)["resources"]]
    resources = {table_name(resource): resource for resource in parsed}
    graded = "grade" in read_package(path)
    missing = [name for name in (TABLES_OF_ANY_STUDY if graded else REQUIRED_TABLES) if name not in resources]
    if missing:
        raise IngestError(
            f"datapackage.json does not describe {first_examples(missing)}",
            f"the tables {', '.join(REQUIRED_TABLES)}",
            "add the resource, see docs/new-study.md",
        )
    for resource in parsed:
        _check_described(resource)
    return resources


def _check_described(resource: Resource) -> None:
    needed = NEEDED_COLUMNS.get(table_kind(resource.path), {})
    kinds = {field.name: field.kind for field in resource.fields}
    missing = [name for name in needed if name not in kinds]
    if missing:
        raise IngestError(
            f"datapackage.json does not describe {first_examples(missing)} of {resource.path}",
            f"at least the columns {', '.join(needed)}",
            "add the field, see docs/new-study.md",
        )
    for name, kind in needed.items():
        if (kind == "string") != (kinds[name] not in {"integer", "number"}):
            raise IngestError(
                f"datapackage.json describes {name} of {resource.path} as {kinds[name]}", kind, "correct its type"
            )


def _parsed(item: Mapping[str, Any], path: str | Path) -> Resource:
    try:
        resource = parse_resource(item)
    except (KeyError, TypeError, IndexError) as error:
        raise IngestError(
            f"{path}: resource '{item.get('name', '?')}' lacks {error}",
            "name, path and schema fields",
            "complete the resource",
        ) from None
    if Path(resource.path).is_absolute() or ".." in Path(resource.path).parts:
        raise IngestError(
            f"{path}: '{resource.path}' leaves the data folder", "a path inside the data folder", "move the file"
        )
    return resource


def table_name(resource: Resource) -> str:
    """Name a table by its file: ``panel`` for panel.csv, ``taxonomies/seed2011`` for a taxonomy."""
    return str(Path(resource.path).with_suffix("").as_posix())


def hash_bytes(path: Path) -> str:
    """Hash a file's bytes in the form that datapackage.json holds."""
    if not path.is_file():
        raise IngestError(f"no file {path.name}", f"the file {path}", "restore the file or drop its resource")
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def refresh_hashes(path: str | Path) -> list[str]:
    """Rewrite the hash and size of every table in datapackage.json."""
    package, folder = read_package(path), Path(path).parent
    changed = []
    for item in package["resources"]:
        file = folder / item["path"]
        fresh: dict[str, Any] = {"hash": hash_bytes(file), "bytes": file.stat().st_size}
        if any(item.get(key) != value for key, value in fresh.items()):
            changed.append(item["path"])
            item.update(fresh)
    if changed:
        text = json.dumps(package, ensure_ascii=False, indent=2)
        Path(path).write_text(text + "\n", encoding="utf-8", newline="\n")
    return changed


def public_dictionary(path: str | Path) -> dict[str, Any]:
    """Return the dictionary without the hash and size of its files, which change when rows are shuffled."""
    package = read_package(path)
    items = [
        {key: value for key, value in item.items() if key not in {"hash", "bytes"}} for item in package["resources"]
    ]
    return {**package, "resources": items}
