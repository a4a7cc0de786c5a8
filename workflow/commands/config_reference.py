"""Write docs/config.md from the config schema, so that the reference cannot drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from evenfield.study.config import SCHEMA

TARGET = Path(__file__).parents[2] / "docs" / "config.md"
HEAD = """# config.yaml, key by key

Generated from `workflow/schemas/config.schema.yaml` by `python3 workflow/commands/config_reference.py`; a test
holds the two together. A key that is not listed here is refused with its nearest neighbour named.

| key | type | default | meaning |
|---|---|---|---|
"""


def reference() -> str:
    """Return the text of docs/config.md."""
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    rows = [f"| `{row[0]}` | {row[1]} | {row[2]} | {row[3]} |" for row in _rows(schema, schema, "")]
    return HEAD + "\n".join(rows) + "\n"


def _rows(schema: Mapping[str, Any], root: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, raw in schema.get("properties", {}).items():
        item = _resolved(raw, root)
        key = f"{prefix}{name}"
        yield key, _kind(item), _default(item), item.get("description", "")
        yield from _rows(item, root, f"{key}.")
        named = _resolved(item.get("additionalProperties", {}), root)
        yield from _rows(named, root, f"{key}.NAME.")
        yield from _rows(_resolved(item.get("items", {}), root), root, f"{key}[].")


def _resolved(item: Any, root: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        return {}
    if "$ref" not in item:
        return dict(item)
    target = root["$defs"][item["$ref"].rsplit("/", maxsplit=1)[-1]]
    return {**target, **{key: value for key, value in item.items() if key != "$ref"}}


def _kind(item: Mapping[str, Any]) -> str:
    if "enum" in item:
        return " or ".join(f"`{choice}`" for choice in item["enum"])
    return {"array": "list", "object": "mapping"}.get(item.get("type", ""), item.get("type", ""))


def _default(item: Mapping[str, Any]) -> str:
    value = item.get("default", "")
    return "" if value == "" or isinstance(value, dict) else f"`{value}`"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8", newline="\n")
