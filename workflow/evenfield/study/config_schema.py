"""The schema of config.yaml, walked beside a config: what each of its values refers to.

The schema is written from ``StudyConfig`` and the classes of the topics, so that a
value is known to be a period, weights, a unit or years by its type.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from evenfield.study.files import Record

SCHEMA = Path(__file__).with_name("config.schema.json")
Node = Record  # the schema of one value
Reference = tuple[str, str, Any]  # place, kind and value, such as a period


@cache
def whole() -> Node:
    """Return the schema of a whole config."""
    return dict(json.loads(SCHEMA.read_text(encoding="utf-8")))


@cache
def validator() -> Draft202012Validator:
    """Return the validator of a whole config."""
    to_the_end: Any = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _fits_pattern}
    )
    checked: Draft202012Validator = to_the_end(whole())
    return checked


def _fits_pattern(
    _: object, pattern: str, instance: object, __: object
) -> Iterator[ValidationError]:
    # To Python `$` also stands before a last line end, to JSON Schema only at the end.
    ends = pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(ends, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def resolved(node: object) -> Node:
    """Return the schema of a value with the definition that it refers to."""
    if not isinstance(node, dict):
        return {}  # of a key that is refused, or of one that may hold anything
    if "$ref" not in node:
        return node
    definition: Node = whole()["$defs"][node["$ref"].removeprefix("#/$defs/")]
    # What stands beside ``$ref``, such as a default, wins over the definition.
    return {**definition, **node} if len(node) > 1 else definition


def fitting(node: object, value: object) -> Node:
    """Return the schema of a value; where several are allowed, the one that it fits."""
    schema = resolved(node)
    for choice in schema.get("anyOf", schema.get("oneOf", ())):
        if _fits(choice, value):
            return {**schema, **fitting(choice, value)}
    return schema


def _fits(choice: Node, value: object) -> bool:
    kind = choice.get("type")
    if kind is not None and not validator().is_type(value, kind):
        return False
    if choice.keys() <= {"type", "names"}:
        return True
    return validator().evolve(schema=choice).is_valid(value)


def below(node: Node, step: str | int) -> Any:
    """Return the schema of what stands under a key of a mapping or at a place of a list."""
    if isinstance(step, str):
        return node.get("properties", {}).get(step, node.get("additionalProperties"))
    fixed = node.get("prefixItems", ())
    return fixed[step] if step < len(fixed) else node.get("items")


def references(value: Any, node: object = None, where: str = "") -> Iterator[Reference]:
    """Yield each reference of a config."""
    node = fitting(whole() if node is None else node, value)
    # ``names`` is this schema's own word: the kind of thing that a value refers to.
    if "names" in node:
        yield where, node["names"], value
    elif isinstance(value, dict):
        kind = node.get("propertyNames", {}).get("names")
        for key, item in value.items():
            if kind:
                yield where, kind, key
            inside = f"{where}.{key}".strip(".").removesuffix(".specifications")
            yield from references(item, below(node, key), inside)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from references(item, below(node, position), where)
