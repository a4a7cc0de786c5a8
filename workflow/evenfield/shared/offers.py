"""What the tables of a study offer: whatever lacks a table, a period or weights is left
out, each in one sentence.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenfield.shared.topics import EstimateStep, exhibit_owners, read_topics
from evenfield.study.errors import ConfigError, first_examples

NEEDS = {
    "weights": (
        "spatial weights: borders in adjacency.csv, coordinates in units.csv, or a file"
        " of your own"
    ),
    "coordinates": "lat and lon of every unit in units.csv",
    "tiles": "tile_row and tile_col, or lat and lon, of every unit in units.csv",
    "zones": "zones.csv",
    "programmes": "programmes.csv",
    "groups": "a list of clusters or zones under taxonomy.all",
    "claims": "hypotheses or claims in claims.yaml",
}
DISTANCES = {"nearest", "inverse_distance", "exponential", "band"}
# Keys of specifications, and of selections of estimates, that name units, weights,
# periods or years.
UNITS = ("unit", "group", "against")
WEIGHTS = ("weights", "exposure", "w_id")
PERIODS = ("period", "periods", "subperiods", "pooled", "cells")
YEARS = ("year",)
SPARED = ("placebo_years", "placebos", "placebo", "split")
TOGETHER = ("spans",)
BROKEN = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    csv.Error,
)


def left_out_parts(
    config: Mapping[str, Any], folder: str | Path = "."
) -> dict[str, Any]:
    """Return a checked config without what its tables cannot carry; ``aside`` says what
    is left out, and why.
    """
    try:
        tables = _Tables(Path(folder) / config["data"]["package"])
        offered = _offered(config, tables)
        data = tables.years()
    except BROKEN:  # whoever reads the tables names the fault
        offered = {*NEEDS, "borders"}
        data = None
    out = dict(config)
    left_out = _LeftOut(set(config["panel"]["leave_out"]), *config["panel"]["years"])
    messages = list[str]()
    if left_out.units:
        messages.append(
            "Left out of everything, by panel.leave_out:"
            f" {', '.join(sorted(left_out.units))}."
        )
        out |= _without_units(out, left_out.units)
    _find_periods(out, data, left_out, messages)
    _find_weights(out, offered, left_out, messages)
    out["estimates"] = _estimates(out, offered, left_out, messages)
    if left_out.any:
        out["answers"] = _answers(out["answers"], left_out, messages)
    if neutral := bool(left_out.units or left_out.periods):
        messages.append(
            "The study's own texts speak of all of it; neutral ones stand in their"
            " place."
        )
    out["numbers"] = {} if neutral else out["numbers"]
    return {
        **out,
        **_exhibits(out, offered, left_out, messages),
        "aside": messages,
        "neutral": neutral,
    }


class _Tables:
    """The tables of the data folder as they are written; a table that is not there has
    no rows.
    """

    def __init__(self, package: Path) -> None:
        if not package.is_file():
            raise OSError(f"no file {package}")
        resources = json.loads(package.read_text(encoding="utf-8"))["resources"]
        self.paths = {
            str(item["path"]): package.parent / item["path"] for item in resources
        }

    def rows(self, name: str) -> list[dict[str, str]]:
        if f"{name}.csv" not in self.paths or not self.paths[f"{name}.csv"].is_file():
            return []
        with self.paths[f"{name}.csv"].open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def years(self) -> tuple[int, int]:
        result = [int(row["year"]) for row in self.rows("panel")]
        return min(result), max(result)


def _offered(config: Mapping[str, Any], tables: _Tables) -> set[str]:
    there = {
        "coordinates": any(
            row.get("lat") and row.get("lon") for row in tables.rows("units")
        ),
        "tiles": all(
            (row.get("tile_row") or row.get("lat")) for row in tables.rows("units")
        ),
        "borders": bool(tables.rows("adjacency") or config["weights"]["join"]),
        "groups": config["taxonomy"]["all"] != ["none"],
        "claims": bool(
            config["answers"].get("hypotheses") or config["answers"].get("claims")
        ),
        **{name: bool(tables.rows(name)) for name in ("zones", "programmes")},
    }
    return {name for name, offered_years in there.items() if offered_years}


@dataclass
class _LeftOut:
    """What a study has no more, and how a value of its config says that it rests on it."""

    units: set[str]
    first: int  # years of the panel
    last: int
    periods: set[str] = field(default_factory=set)
    weights: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    specs: set[tuple[str, str]] = field(default_factory=set)  # family and id
    answers: set[str] = field(default_factory=set)
    any: bool = False

    def outside(self, span: list[int]) -> bool:
        """Say whether years reach beyond those of the panel."""
        return not self.first <= span[0] <= span[1] <= self.last

    def names(self, key: str, value: Any) -> bool:
        """Say whether a key of a specification or of a selection names something that
        is gone.
        """
        if isinstance(value, str):
            span = re.fullmatch(r"(\d{4})-(\d{4})", value)
            return (
                (key in PERIODS and bool(self.periods & set(value.split("+"))))
                or (
                    key == "period"
                    and span is not None
                    and self.outside([int(span[1]), int(span[2])])
                )
                or (key in WEIGHTS and value.split(" ")[0] in self.weights)
                or (key in UNITS and value in self.units)
                or (key == "family" and value in self.families)
            )
        if isinstance(value, list):
            if len(value) == 2 and all(type(end) is int and end > 999 for end in value):
                return self.outside(value)
            return key in TOGETHER and any(self.names("", part) for part in value)
        return key in YEARS and type(value) is int and self.outside([value, value])

    def selects(self, select: Mapping[str, Any]) -> bool:
        """Say whether a selection of estimates can find no row any more."""
        known = (select.get("family", ""), select.get("spec_id", "")) in self.specs
        return known or any(self.names(key, value) for key, value in select.items())


def _without_units(config: Mapping[str, Any], left_out: set[str]) -> dict[str, Any]:
    """Forget units in samples, merges, joins, pairs and own weights."""
    panel, weights, inference = (
        dict(config[key]) for key in ("panel", "weights", "inference")
    )
    panel["samples"] = {
        name: [u for u in units if u not in left_out]
        for name, units in panel["samples"].items()
    }
    schemes = {}
    for name, scheme in panel["unit_schemes"].items():
        units_left = {
            key: [u for u in parts if u not in left_out]
            for key, parts in scheme.items()
            if key != "replace"
        }
        merges = {
            key: parts
            for key, parts in units_left.items()
            if key not in left_out and len(parts) > 1
        }
        schemes[name] = {
            **{key: scheme[key] for key in scheme if key == "replace"},
            **merges,
        }
    panel["unit_schemes"] = schemes
    weights["join"] = [pair for pair in weights["join"] if not left_out & set(pair)]
    inference["pairs"] = [
        pair for pair in inference["pairs"] if not left_out & set(pair)
    ]
    families = weights["families"].items()
    weights["families"] = {
        n: {**f, "leave_out": sorted(left_out)} if f["kind"] == "file" else f
        for n, f in families
    }
    return {"panel": panel, "weights": weights, "inference": inference}


def _find_periods(
    out: dict[str, Any],
    data: tuple[int, int] | None,
    left_out: _LeftOut,
    messages: list[str],
) -> None:
    """Find periods outside the years of the panel; one that the data do not reach
    either is refused.
    """
    for name, period in out["periods"].items():
        if left_out.outside([period["start"], period["end"]]):
            if data is None or period["start"] < data[0] or period["end"] > data[1]:
                period_text = (
                    f"periods.{name} runs from {period['start']} to {period['end']}"
                )
                expected = f"years of the panel, {left_out.first} to {left_out.last}"
                raise ConfigError(
                    period_text, expected, "correct the period or panel.years"
                )
            left_out.periods.add(name)
    if left_out.periods:
        labels = [out["periods"][name].get("label", name) for name in left_out.periods]
        messages.append(
            f"Periods left out, since the panel runs from {left_out.first} to {left_out.last}:"
            f" {_list(labels)}."
        )
        out["periods"] = {
            name: item
            for name, item in out["periods"].items()
            if name not in left_out.periods
        }
    if not out["periods"]:
        raise ConfigError(
            "no period lies inside panel.years",
            f"{left_out.first} to {left_out.last}",
            "move a period",
        )


def _find_weights(
    out: dict[str, Any], offered: set[str], left_out: _LeftOut, messages: list[str]
) -> None:
    """Find weights that the tables cannot make; the first of the others becomes the
    main one if need be.
    """
    families = out["weights"]["families"]
    primary = out["weights"]["primary"]
    lost: dict[str, list[str]] = {}
    for name, family in families.items():
        needs = {family["kind"], family.get("times", "")}
        if "contiguity" in needs and "borders" not in offered:
            lost.setdefault("the study has no borders", []).append(name)
        elif needs & DISTANCES and "coordinates" not in offered:
            lost.setdefault("the study has no coordinates", []).append(name)
        elif left_out.names("", family.get("base_years")):
            lost.setdefault(
                f"the panel runs from {left_out.first} to {left_out.last}", []
            ).append(name)
    for why, names in lost.items():
        left_out.weights |= set(names)
        messages.append(f"Spatial weights left out, since {why}: {_list(names)}.")
    families_left = {
        name: family
        for name, family in families.items()
        if name not in left_out.weights
    }
    if primary in left_out.weights:
        primary = next(iter(families_left), "")
        sentence = f"The weights of the main results are {primary.replace('_', ' ')}."
        messages.append(
            sentence if primary else "Tests between neighbours are left out."
        )
    out["weights"] = {**out["weights"], "families": families_left, "primary": primary}
    offered |= {"weights"} if families_left else set()


def _estimates(
    config: Mapping[str, Any],
    offered: set[str],
    left_out: _LeftOut,
    messages: list[str],
) -> dict[str, Any]:
    """Drop topics whose needs are not met, and specifications that name what is gone."""
    out = {}
    for topic, section in config["estimates"].items():
        topic_file = read_topics()[topic]
        step = topic_file.estimate or EstimateStep()
        left = dict[str, Any]()
        lost = list[str]()
        title = topic_file.title
        needs = _missing(step.needs, offered, config["estimates"])
        parts = section if topic_file.families else {topic: section}
        for family, part in parts.items():
            dropped = list[str]()
            section_left = (
                None
                if needs
                else part and _pruned(part, left_out, step.spares, dropped)
            )
            left_out.families |= {family} if section_left is None else set()
            left_out.specs |= {(family, name) for name in dropped}
            lost += dropped if section_left is not None else [family]
            left |= {family: section_left} if section_left is not None else {}
        if not left:
            left_out.families.add(topic)
            messages.append(
                f"{title}: left out, since it needs {needs or 'what is left out'}."
            )
            continue
        if lost:
            messages.append(
                f"{title}: without {_list(lost)}, which rest on what is left out."
            )
        out[topic] = left if topic_file.families else left[topic]
    left_out.any = bool(
        left_out.units
        or left_out.periods
        or left_out.weights
        or left_out.families
        or left_out.specs
    )
    if config["estimates"] and not out:
        raise ConfigError(
            "no topic can be estimated",
            "tables that one of them can use",
            " ".join(messages),
        )
    return out


def _missing(
    needs: Iterable[str], offered: set[str], estimates: Mapping[str, Any]
) -> str:
    """Say what a topic or an exhibit needs and the study does not have: tables, or a
    section of the estimates.
    """
    for need in needs:
        topic, _, part = need.partition(".")
        if need in NEEDS and need not in offered:
            return NEEDS[need]
        if need not in NEEDS and not _has(estimates.get(topic), part):
            return f"estimates.{need}"
    return ""


def _has(section: Any, parts: str) -> bool:
    """Say whether a section, or one of its specifications, has one of some keys."""
    if section is None or not parts:
        return section is not None
    specs = section if isinstance(section, list) else [section]
    return any(spec.get(part) for spec in specs for part in parts.split(" or "))


def _pruned(
    node: Any, left_out: _LeftOut, spares: Iterable[str], lost: list[str]
) -> Any:
    """Return a section without what names something gone, None if nothing is left; ids
    that fell go to ``lost``.
    """
    if isinstance(node, list):
        parts = [(item, _pruned(item, left_out, spares, lost)) for item in node]
        lost += [str(item.get("id", "")) for item, left in parts if left is None]
        return [left for _, left in parts if left is not None] or None
    out = {}
    names = set[str]()
    for key, value in node.items():
        if key in (*spares, *SPARED) and (
            left_out.names(key, value) or left_out.names("year", value)
        ):
            continue
        left = value
        if left_out.names(key, value):
            return None
        if (
            isinstance(value, dict)
            and value
            and all(isinstance(item, dict) for item in value.values())
        ):
            left = {
                name: item
                for name, item in value.items()
                if not any(map(left_out.names, item, item.values()))
            }
            names |= set(value) - set(left)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            still = [
                item
                for item in value
                if not any(v in names for v in item.values() if isinstance(v, str))
            ]
            lost += [str(item.get("id", "")) for item in value if item not in still]
            left = _pruned(still, left_out, spares, lost) if still else None
        elif isinstance(value, list) and value:
            left = [
                item
                for item in value
                if not left_out.names("spans" if key == "placebos" else key, item)
            ] or None
            left = [] if left is None and key in SPARED else left
        if left is None and value is not None:
            return None
        out[key] = left
    return out


def _answers(
    answers: dict[str, Any], left_out: _LeftOut, messages: list[str]
) -> dict[str, Any]:
    """Drop hypotheses and claims, and checks of others, whose rows are not estimated
    any more.
    """
    try:
        asked = answers.get("hypotheses", {})
        left = {
            name: _checked(name, item, item["primary"], left_out)
            for name, item in asked.items()
        }
        hypotheses = {name: item for name, item in left.items() if item}
        claims = []
        for claim in answers.get("claims", []):
            still = _checked(claim["id"], claim, claim.get("evidence", {}), left_out)
            if claim.get("hypothesis") in left_out.answers:
                left_out.answers.add(claim["id"])
            elif still:
                claims.append(still)
    except BROKEN:  # whoever reads claims.yaml names the fault
        return answers
    if left_out.answers:
        messages.append(
            f"Not asked, since what decides them is left out: {_list(left_out.answers)}."
        )
    return {**answers, "hypotheses": hypotheses, "claims": claims}


def _checked(
    name: str, item: Mapping[str, Any], first: Mapping[str, Any], left_out: _LeftOut
) -> dict[str, Any]:
    """Return an entry without the checks that have no row; empty where its own row is
    gone.
    """
    if left_out.selects(first):
        left_out.answers.add(name)
        return {}
    out = dict(item)
    for key in ("checks", "placebos", "variants"):
        if key in out:
            out[key] = {
                check: row
                for check, row in out[key].items()
                if not left_out.selects({**first, **row})
            }
    if "shows" in out:
        out["shows"] = [
            row for row in out["shows"] if not left_out.selects({**first, **row})
        ]
    return out


def _exhibits(
    config: Mapping[str, Any],
    offered: set[str],
    left_out: _LeftOut,
    messages: list[str],
) -> dict[str, list[str]]:
    """Choose tables and figures: those listed, with ``exhibits: auto`` all others too,
    that have what they need.
    """
    topics = read_topics()
    estimates = config["estimates"]
    out = {"auto": list[str]()}
    owner = exhibit_owners()
    needs = {
        name: _missing(topics[topic].exhibits[name].needs, offered, estimates)
        for name, topic in owner.items()
    }
    able = [
        name
        for name in owner
        if topics[owner[name]].estimate is None or owner[name] in estimates
    ]
    for key, letter in (("tables", "T"), ("figures", "F")):
        auto = [
            name
            for name in able
            if name[0] == letter and config["exhibits"] == "auto" and not needs[name]
        ]
        exhibits_left = [
            name
            for name in config[key]
            if not needs.get(name) and owner.get(name) not in left_out.families
        ]
        out[key] = list(dict.fromkeys([*exhibits_left, *auto]))
        out["auto"] += [name for name in auto if name not in exhibits_left]
        if lost := sorted(set(config[key]) - set(exhibits_left)):
            messages.append(
                f"{key.capitalize()} left out, since what they show is not there:"
                f" {_list(lost)}."
            )
    return out


def _list(names: Iterable[str]) -> str:
    return first_examples([name.replace("_", " ") for name in sorted(names)], 12)
