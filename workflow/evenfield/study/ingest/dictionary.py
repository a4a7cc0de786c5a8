"""The dictionary of a study: datapackage.json, read and rewritten."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from evenfield.study import letters
from evenfield.study.errors import Faults, IngestError, first_examples
from evenfield.study.files import (
    STAGED,
    STAGED_PART,
    Record,
    described_files,
    entries_below,
    links_to,
    not_a_file,
    part_of,
    write_text,
)
from evenfield.study.tables import (
    ALWAYS,
    NEEDED_COLUMNS,
    NUMERIC,
    REQUIRED_TABLES,
    Resource,
    parse_resource,
    table_kind,
)

MOST_RESOURCES = 1_000
SHAPE = Path(__file__).with_name("datapackage.schema.json")


def read_package(path: str | Path) -> dict[str, Any]:
    """Read datapackage.json as plain data, of the shape that everything else may rely
    on.
    """
    if not Path(path).is_file():
        raise IngestError(
            not_a_file(Path(path), str(path)),
            "the dictionary named by data.package",
            "correct data.package in config.yaml",
        )
    refuse_planted_files(Path(path))
    if (Path(path).parent / STAGED).is_dir():
        raise IngestError(
            f"{Path(path).parent.name} has some files of an `add` that was stopped",
            "all of them",
            "run that `add` again: it moves the others first",
        )
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = json.loads(
            text,
            object_pairs_hook=partial(_each_key_once, path),
            parse_constant=partial(_no_number, path),
        )
        hidden = letters.hidden_value(content)
    except OSError as error:
        raise IngestError(
            f"{path} cannot be read ({error.strerror})",
            "a file you may read",
            "permit it",
        ) from None
    except (ValueError, RecursionError):
        raise IngestError(
            f"{path} is not a data package",
            "JSON with a list of resources",
            "see docs/new-study.md",
        ) from None
    several = content.get("resources") if isinstance(content, Mapping) else None
    if isinstance(several, list) and len(several) > MOST_RESOURCES:
        raise IngestError(
            f"{path} describes {len(several):,} resources",
            f"at most {MOST_RESOURCES:,}",
            "leave out those that the study does not use",
        )
    faults = Faults(
        IngestError(
            f"{path}: {fault}", "what docs/data.md describes", "correct the dictionary"
        )
        for fault in _shape_faults(text)
    )
    if hidden:
        faults.append(IngestError(f"{path} {hidden}", letters.EXPECTED, letters.ACTION))
    faults.refuse()
    return dict(content)


def refuse_planted_files(path: Path) -> None:
    """Refuse a dictionary beside which stands what no command has written: links where
    commands write, and staged files that an `add` does not stage.
    """
    folder = path.parent
    staged = folder / STAGED
    places = [staged, folder / STAGED_PART, part_of(path)]
    found = [str(place) for place in places if place.is_symlink()]
    if staged.is_dir() and not found:
        known = described_files(staged / path.name)
        for entry in entries_below(staged):
            place = folder / Path(entry).relative_to(staged)
            is_own = entry.is_dir() or Path(entry) in known
            if entry.is_symlink() or not is_own or links_to(place, folder):
                found.append(entry.path)
    if found:
        raise IngestError(
            f"no command has written {first_examples(found)}",
            "a data folder in which commands may write",
            "remove what you did not put there",
        )


@cache
def _shape_faults(text: str) -> list[str]:
    """Say where a dictionary is not of the shape that its schema describes; the same
    text, which every table of a study asks for, is looked at once.
    """
    content = json.loads(text)
    shape = json.loads(SHAPE.read_text(encoding="utf-8"))
    found = list[str]()
    for fault in Draft202012Validator(shape).iter_errors(content):
        best = best_match([fault]) or fault
        place = _place(list(best.absolute_path), content)
        found.append(f"{place}{' '.join(best.message.split())[:160]}")
    return found


def _each_key_once(
    path: str | Path, pairs: list[tuple[str, object]]
) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        fault = f"{path} has the key {first_examples(twice)} twice in one place"
        raise IngestError(fault, "each key once", "remove one of them")
    return dict(pairs)


def _no_number(path: str | Path, constant: str) -> object:
    raise IngestError(f"{path} holds {constant}", "finite numbers", "correct it")


def _place(steps: list[object], content: Any) -> str:
    """Name a place of the dictionary by the names written there: ``resource 'panel',
    field 'year', type: ``.
    """
    words = list[str]()
    node = content
    for step in steps:
        node = node[step]
        if not isinstance(step, int):
            words.append(
                str(step).removesuffix("s") if isinstance(node, list) else str(step)
            )
        elif words:
            words[-1] += (
                f" '{node['name']}'"
                if isinstance(node, Mapping) and "name" in node
                else f" {step + 1}"
            )
    return f"{', '.join(word for word in words if word != 'schema')}: " if words else ""


def read_resources(path: str | Path) -> dict[str, Resource]:
    """Read the tables that datapackage.json describes."""
    package = read_package(path)
    parsed = [parse_resource(item) for item in package["resources"]]
    resources = {table_name(resource): resource for resource in parsed}
    # One grade for the whole study stands for the tables of spans and sources.
    needed = ALWAYS if "grade" in package else REQUIRED_TABLES
    missing = [
        name for name in needed if name not in resources or not resources[name].fields
    ]
    faults = Faults(
        fault for resource in parsed for fault in _description_faults(resource)
    )
    if missing:
        faults.append(
            IngestError(
                f"datapackage.json does not describe {first_examples(missing)}",
                f"the tables {', '.join(needed)}"
                + (", or one `grade` for all" if "grade" not in package else ""),
                "add the resource, see docs/new-study.md",
            )
        )
    paths = [table_name(resource) for resource in parsed]
    if twice := sorted({name for name in paths if paths.count(name) > 1}):
        result = f"datapackage.json describes {first_examples(twice)} more than once"
        faults.append(IngestError(result, "one resource a table", "remove the others"))
    faults.refuse()
    return resources


def _description_faults(resource: Resource) -> Iterator[IngestError]:
    where = f"datapackage.json, {resource.path}"
    # A path that leaves the folder could read any file of the machine.
    if Path(resource.path).is_absolute() or ".." in Path(resource.path).parts:
        yield IngestError(
            f"{where}: it leaves the data folder",
            "a path inside the data folder",
            "move the file",
        )
    names = [field.name for field in resource.fields]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        yield IngestError(
            f"{where}: {first_examples(twice)} stands twice",
            "each column once",
            "remove one",
        )
    if not resource.fields:
        return
    used = [*resource.key, *(column for column, _, _ in resource.foreign)]
    if absent := sorted({name for name in used if name not in names}):
        fault = f"{where}: a key names {first_examples(absent)}, which is no column"
        yield IngestError(fault, "keys of its own columns", "correct the key")
    for field in resource.fields:
        try:
            re.compile(field.pattern)
        except re.error as error:
            fault = f"{where}: the pattern of {field.name} is none ({error})"
            yield IngestError(fault, "a regular expression", "correct it")
        limits = {
            "minimum": field.minimum is not None,
            "maximum": field.maximum is not None,
            "log": field.logged,
        }
        named = [name for name, given in limits.items() if given]
        if named and field.kind not in {"integer", "number"}:
            yield IngestError(
                f"{where}: {field.name} has {first_examples(named)} and is described as"
                f" {field.kind}",
                "integer or number, which can be compared",
                "correct its type",
            )
    needed = NEEDED_COLUMNS.get(table_kind(resource.path), {})
    kinds = {field.name: field.kind for field in resource.fields}
    missing = [name for name in needed if name not in kinds]
    if missing:
        yield IngestError(
            f"datapackage.json does not describe {first_examples(missing)} of"
            f" {resource.path}",
            f"at least the columns {', '.join(needed)}",
            "add the field, see docs/new-study.md",
        )
    wanted = {
        **dict.fromkeys(NUMERIC.get(table_kind(resource.path), ()), "number"),
        **needed,
    }
    for name, kind in wanted.items():
        number = kinds.get(name) in {"integer", "number"}
        # A whole number is a number too; for years a number is not enough.
        fits = (
            not number
            if kind == "string"
            else kinds.get(name) == "integer" or (number and kind == "number")
        )
        if name in kinds and not fits:
            fault = (
                f"datapackage.json describes {name} of {resource.path} as {kinds[name]}"
            )
            yield IngestError(fault, kind, "correct its type")


def table_name(resource: Resource) -> str:
    """Name a table by its file: ``panel`` for panel.csv, ``taxonomies/seed2011`` for a
    taxonomy.
    """
    return str(Path(resource.path).with_suffix("").as_posix())


def hash_bytes(path: Path) -> str:
    """Hash a file's bytes in the form that datapackage.json holds."""
    if not path.is_file():
        raise IngestError(
            not_a_file(path, path.name),
            f"the file {path}",
            "restore the file or drop its resource",
        )
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def refresh_hashes(path: str | Path) -> list[str]:
    """Rewrite the hash and size of every table in datapackage.json."""
    package = read_package(path)
    folder = Path(path).parent
    changed = []
    for item in package["resources"]:
        file = folder / item["path"]
        fresh: dict[str, Any] = {"hash": hash_bytes(file), "bytes": file.stat().st_size}
        if any(item.get(key) != value for key, value in fresh.items()):
            changed.append(item["path"])
            item.update(fresh)
    if changed:
        write_package(package, path)
    return changed


def write_package(package: Mapping[str, object], path: str | Path) -> None:
    """Write the dictionary; what stands in its file keeps its form as far as its
    content stays.
    """
    before = Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""
    text = (
        _in_form(before, package)
        or json.dumps(package, ensure_ascii=False, indent=2) + "\n"
    )
    write_text(text, path)


def _in_form(text: str, package: Record) -> str:
    """Return the text with its sources and tables replaced where they changed; nothing if
    that does not give the dictionary.
    """
    text = _with_sources(text, package.get("sources"))
    start = re.search(r'"resources"\s*:\s*\[\s*', text)
    parts = list[tuple[int, int, Any]]()
    row_of_unit = start.end() if start else len(text)
    while row_of_unit < len(text) and text[row_of_unit] == "{":
        item, end = json.JSONDecoder().raw_decode(text, row_of_unit)
        parts.append((row_of_unit, end, item))
        gap = re.compile(r"\s*,\s*").match(text, end)
        row_of_unit = gap.end() if gap else len(text)
    if not parts:
        return ""
    out = text[: parts[0][0]]
    last = parts[-1][1]
    separator = text[parts[0][1] : parts[1][0]] if len(parts) > 1 else ",\n    "
    for i, item in enumerate(package["resources"]):
        piece = json.dumps(item, ensure_ascii=False, indent=2).replace("\n", "\n    ")
        if i < len(parts):
            piece = (
                _rehashed(text[parts[i][0] : parts[i][1]], parts[i][2], item) or piece
            )
        out += (separator if i else "") + piece
    out += text[last:]
    try:
        # The patched text counts only if it reads back as the dictionary.
        return out if json.loads(out) == package else ""
    except ValueError:
        return ""


def _with_sources(text: str, sources: object) -> str:
    """Return the text with other sources of the study, which stand above its tables."""
    own = re.search(r'"sources"\s*:\s*(?=\[)', text.partition('"resources"')[0])
    if not own:
        return text
    try:
        before, end = json.JSONDecoder().raw_decode(text, own.end())
    except ValueError:
        return text
    if before == sources:
        return text
    piece = json.dumps(sources, ensure_ascii=False, indent=2).replace("\n", "\n  ")
    return text[: own.end()] + piece + text[end:]


def _rehashed(text: str, old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """Return the text of a table with its new checksum; nothing if more than this
    changed.
    """
    fresh = {key: new[key] for key in ("bytes", "hash") if key in new}
    if {**old, **fresh} != new:
        return ""
    for key, value in fresh.items():
        entry = f'"{key}": {json.dumps(value)}'
        there = re.search(rf'"{key}"\s*:\s*("[^"]*"|\d+)', text) if key in old else None
        first = re.search(r'"path"\s*:\s*"[^"]*"', text)
        blank = re.search(r"\s*$", text[: first.start()]) if first else None
        if there:
            text = text[: there.start()] + entry + text[there.end() :]
        elif first and blank:
            text = (
                f"{text[: first.end()]},{blank[0] or ' '}{entry}{text[first.end() :]}"
            )
    return text


def public_dictionary(path: str | Path) -> dict[str, object]:
    """Return the dictionary without the hash and size of its files, which change when
    rows are shuffled.
    """
    package = read_package(path)
    items = [
        {key: value for key, value in item.items() if key not in {"hash", "bytes"}}
        for item in package["resources"]
    ]
    return {**package, "resources": items}
