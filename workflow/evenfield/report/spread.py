"""The interactive view of spatial panels: effects by weights, model and regressor, and who sends to whom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.words import Findings

TOPIC = "spatial_panel"
MODELS = {"slx": "SLX", "sdm": "SDM", "sdem": "SDEM"}
OUTCOMES = {"log_income": "log income", "growth_pct": "growth"}
EFFECTS = ("direct", "indirect", "total")
KEY = ("spec_id", "term", "estimator", "w_id")
Key = tuple[str, ...]
FIELDS = ("estimate", "conf_low", "conf_high", "p_value")


def spread_view(facts: Findings) -> dict[str, Any] | None:
    """Gather what the view shows, as published, nothing computed."""
    if TOPIC not in facts.config["estimates"]:
        return None
    fit, units = facts.fit(TOPIC), records(facts.table("units"))
    series = [records(facts.series(name, TOPIC)) for name in ("reach", "links")]
    published = [_by_key(rows) for rows in (facts.rows(TOPIC), *series)]
    weights = {
        name: f"{name.replace('_', ' ')} ({value:.1f} effective neighbours)"
        for name, value in fit["effective_neighbours"].items()
    }
    regressors = [
        (spec, term) for spec in fit["specifications"] if spec["id"] in _shown(fit) for term in spec["regressors"]
    ]
    order = sorted(units, key=lambda row: row["unit"])
    keys = [(str(spec["id"]), term, model, name) for spec, term in regressors for model in MODELS for name in weights]
    content = {
        "units": [
            {
                "id": row["unit"],
                "short": row["unit"].rsplit("-", 1)[-1],
                "name": row["name"],
                "row": _short(row.get("tile_row")),
                "col": _short(row.get("tile_col")),
            }
            for row in order
        ],
        "views": {"|".join(key): _view([found.get(key, []) for found in published], order) for key in keys},
    }
    main = fit["specifications"][0]
    choices = {
        "weights": weights,
        "models": MODELS,
        "weight": main["weights"],
        "model": main["model"].lower(),
        "regressors": {f"{spec['id']}|{term}": _regressor(spec, term, fit) for spec, term in regressors},
        "reading": fit["reading"],
    }
    return {**choices, "data": json.dumps(content, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")}


def _shown(fit: Mapping[str, Any]) -> set[str]:
    """Return the first specification of each role and outcome: the others are checks on these."""
    first: dict[tuple[str, str], str] = {}
    for spec in fit["specifications"]:
        if spec["role"] != "robustness":
            first.setdefault((spec["role"], spec["outcome"]), spec["id"])
    return set(first.values()) | {fit["specifications"][0]["id"]}


def _regressor(spec: Mapping[str, Any], term: str, fit: Mapping[str, Any]) -> str:
    given = ", given the others" if len(spec["regressors"]) > 1 else ""
    first, last = spec["years"]
    outcome = OUTCOMES.get(spec["outcome"], spec["outcome"].replace("_", " "))
    return f"{fit['regressors'][term]}{given}; {outcome}, {first}\u2013{last}"


def _by_key(rows: Sequence[Row]) -> dict[Key, list[Row]]:
    out: dict[Key, list[Row]] = {}
    for row in rows:
        out.setdefault(tuple(row[name] for name in KEY), []).append(row)
    return out


def _view(published: Sequence[Sequence[Row]], units: Sequence[Row]) -> dict[str, Any]:
    """Return effects, sums by unit and, where written, the matrix of effects; nothing at the edge of the range."""
    rows, reach, links = published
    effects = {row["effect_type"]: row for row in rows if row["effect_type"] in EFFECTS}
    if not effects:
        return {}
    by_unit = {row["unit"]: row for row in reach}
    pairs = {(row["unit_i"], row["unit_j"]): row["effect"] for row in links}
    ids = [row["unit"] for row in units]
    sums = {name: [_short(by_unit.get(unit, {}).get(name)) for unit in ids] for name in ("sent", "received")}
    matrix = [[_short(pairs.get((i, j))) for j in ids] for i in ids] if pairs else []
    return {
        "effects": {name: [_published(row[field]) for field in FIELDS] for name, row in effects.items()},
        "unit": effects["direct"]["unit_of_measure"],
        "level": _published(effects["direct"]["conf_level"]),
        "warning": effects["direct"]["warning"],
        "links": matrix,
        **sums,
    }


def _published(value: Any) -> float | None:
    return None if is_missing(value) else float(value)


def _short(value: Any) -> float | None:
    """Round a number to three digits: the map needs no more, and the page stays small."""
    return None if is_missing(value) else float(f"{float(value):.3g}")
