"""Headings of groups of rows: what sets one specification apart from the main one."""

from collections.abc import Mapping, Sequence
from typing import Any

from evenfield.shared.tables.numbers import text
from evenfield.study.errors import ArtifactError


def sample_parts(row: Mapping[str, Any], description: Mapping[str, Any]) -> list[str]:
    """Say which sample and unit scheme a row has where they are not the main ones."""
    sample = text(row.get("sample_id")) or "all"
    scheme = text(row.get("unit_scheme"))
    parts = [] if sample == "all" else [sample.replace("_", " ")]
    return parts + (
        []
        if scheme in ("", str(description["unit_scheme"]))
        else [f"unit scheme {scheme}"]
    )


def heading(parts: Sequence[str]) -> str:
    """Join the parts of a heading with commas and capitalise the first letter."""
    joined = ", ".join(part for part in parts if part)
    return joined[:1].upper() + joined[1:]


def sample_heading(
    row: Mapping[str, Any], description: Mapping[str, Any], study: Mapping[str, Any]
) -> str:
    """Name the sample of a row, all units where it is the main one."""
    return heading(sample_parts(row, description) or [f"all {study['units_name']}"])


def nothing_to_show(what: str, family: str, table: str) -> ArtifactError:
    """Return the error of a table whose family holds no rows of the config's
    specifications.
    """
    return ArtifactError(
        f"no {what}",
        "estimates of the specifications in the config",
        f"correct the specifications of {family} or remove {table} from `tables`",
    )


def ordered_specs(
    names: Sequence[str], specs: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return the specifications that have rows, the primary one first, then as written
    in the config.
    """
    ranked = sorted(specs, key=lambda spec: spec.get("role") != "primary")
    return [str(spec["id"]) for spec in ranked if str(spec["id"]) in set(names)]


def grouping_name(name: str) -> str:
    """Return a grouping of units as it is printed."""
    taxonomy, colon, kind = name.partition(": ")
    if not colon:
        return name.replace("_", " ")
    plain = {"cell": "cells", "cluster": "cluster or not", "sez": "SEZ or not"}.get(
        kind, kind
    )
    return f"{plain} ({taxonomy})"
