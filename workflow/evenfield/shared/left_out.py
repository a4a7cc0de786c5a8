"""What a study cannot carry is left out, each in one sentence: units, periods, weights,
topics, specifications, claims and exhibits.

What a value of the config rests on is known by its type (``config_schema``), so that a
topic states it once, where it declares its keys.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenfield.shared.offers import BROKEN, EVERYTHING, Tables, missing_need, offered
from evenfield.shared.topics import exhibit_owners, read_topics
from evenfield.study.config_schema import (
    Node,
    Reference,
    below,
    fitting,
    references,
    resolved,
    whole,
)
from evenfield.study.errors import ConfigError, Faults, first_examples
from evenfield.study.files import Record
from evenfield.study.study_config import Family, StudyConfig

DISTANCES = {"nearest", "inverse_distance", "exponential", "band"}
YEARS = re.compile(r"(\d{4})-(\d{4})")


def left_out_parts(
    config: Record,
    folder: str | Path = ".",
    named: Iterable[Reference] | None = None,
) -> dict[str, Any]:
    """Return a checked config without what its tables cannot carry; ``aside`` says what
    is left out, and why. ``named`` are its references where they are known.
    """
    study = StudyConfig.of(config)
    try:
        tables = Tables(Path(folder) / study.data.package)
        offers = offered(study, tables)
        data = tables.years()
    except BROKEN:
        # Broken tables leave nothing out here; whoever reads them names the fault.
        offers = set(EVERYTHING)
        data = None
    if data:
        refuse_years(references(config) if named is None else named, data)
    left_out = LeftOut(*study.panel.years, units=set(study.panel.leave_out))
    out = dict(config)
    if left_out.units:
        units = ", ".join(sorted(left_out.units))
        left_out.say(f"Left out of everything, by panel.leave_out: {units}.")
        out |= _without_units(out, left_out.units)
    out["periods"] = _periods(study, data, left_out, out["periods"])
    out["weights"] = _weights(study, offers, left_out, out["weights"])
    out["estimates"] = _estimates(out["estimates"], offers, left_out)
    if left_out.anything:
        out["answers"] = _answers(out["answers"], left_out)
    neutral = bool(left_out.units or left_out.periods)
    if neutral:
        out["numbers"] = {}
    out |= _exhibits(out, offers, left_out)
    return out | {"aside": left_out.messages, "neutral": neutral}


def not_asked(config: Record, described: Record) -> list[str]:
    """Say of each topic that any study may ask what the panel of this one lacks for it;
    nothing of topics that it could ask and does not.
    """
    years = config["panel"]["years"]
    steps = (years[1] - years[0]) // config["panel"]["step"]
    units = len(described["units"])
    sentences = []
    for name, topic in read_topics().items():
        start = topic.start
        if start is None or start.needs or name in config["estimates"]:
            continue
        lacks = []
        if steps < start.steps:
            lacks.append(
                f"{start.steps} steps from the first to the last year, not {steps}"
            )
        if units < start.units:
            lacks.append(f"{start.units} units, not {units}")
        if lacks:
            needs = " and ".join(lacks)
            sentences.append(f"{topic.title}: not asked, since it needs {needs}.")
    return sentences


def refuse_years(named: Iterable[Reference], data: tuple[int, int]) -> None:
    """Refuse years of a topic that the data do not hold: they are a mistake, where
    others outside the panel are left out.
    """
    faults = Faults()
    for where, kind, value in named:
        years = value if isinstance(value, list) else [value]
        wrong = kind in ("year", "years") and where.startswith("estimates.")
        if wrong and not all(data[0] <= year <= data[1] for year in years):
            span = " to ".join(map(str, years))
            expected = f"years of the data, {data[0]} to {data[1]}"
            faults.append(ConfigError(f"{where} is {span}", expected, "correct it"))
    faults.refuse()


@dataclass
class LeftOut:
    """What a study has no more, and what rests on it."""

    first: int  # years of the panel
    last: int
    units: set[str]
    periods: set[str] = field(default_factory=set)
    weights: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)  # topics and their questions
    specs: set[tuple[str, str]] = field(default_factory=set)  # family and id
    answers: set[str] = field(default_factory=set)
    spared: list[str] = field(default_factory=list)  # keys without their specification
    messages: list[str] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        """Whether the study lacks anything that a claim may rest on."""
        names = self.units | self.periods | self.weights | self.families
        return bool(names or self.specs)

    def say(self, message: str) -> None:
        """Keep a sentence about what is left out."""
        self.messages.append(message)

    def outside(self, first: int, last: int) -> bool:
        """Say whether years reach beyond those of the panel."""
        return not self.first <= first <= last <= self.last

    def holds(self, kind: str, value: Any) -> bool:
        """Say whether a reference of the config is to something that is left out."""
        if kind == "years":
            return self.outside(*value)
        if kind == "year":
            return self.outside(value, value)
        names = {
            "unit": self.units,
            "period": self.periods,
            "weights": self.weights,
        }
        return value in names.get(kind, ())

    def without(self, value: object, node: Node, lost: list[str]) -> object:
        """Return a value without what rests on what is left out, None if it rests on it
        itself; the ids of lost specifications are added to ``lost``.
        """
        node = fitting(node, value)
        if "names" in node:
            return None if self.holds(node["names"], value) else value
        if isinstance(value, list):
            return self._list_without(value, node, lost)
        if isinstance(value, dict):
            return self._mapping_without(value, node, lost)
        return value

    def _list_without(self, value: list[object], node: Node, lost: list[str]) -> object:
        remaining = []
        for position, item in enumerate(value):
            left = self.without(item, below(node, position), lost)
            if left is not None:
                remaining.append(left)
            elif "prefixItems" in node:
                return None  # a pair of spans is whole or not at all
            elif isinstance(item, dict):
                lost.append(str(item.get("id", "")))
        # A list that was empty from the start rests on nothing and stays.
        return remaining if remaining or not value else None

    def _mapping_without(
        self, value: Record, node: Node, lost: list[str]
    ) -> dict[str, object] | None:
        known = node.get("properties", {})
        entries_lost = set[str]()
        out = {}
        for key, item in value.items():
            part = below(node, key)
            others = _not_naming(item, entries_lost, lost)
            left = self.without(others, part, lost) if others or not item else None
            if left is not None or item is None:
                out[key] = left
            # A key that the schema does not know is a name that the study gave.
            elif key not in known:
                entries_lost.add(key)
            elif not resolved(part).get("spared"):
                return None
            else:
                self.spared.append(f"{key} of {value.get('id', 'all')}")
                if isinstance(item, list) and "names" not in fitting(part, item):
                    out[key] = []
            # What later keys say of these names goes with them.
            if isinstance(item, dict) and isinstance(left, dict):
                entries_lost |= set(item) - set(left)
        return out

    def selects(self, select: Mapping[str, str]) -> bool:
        """Say whether a selection of estimates can find no row any more."""
        family = select.get("family", "")
        period = select.get("period", "")
        span = YEARS.fullmatch(period)
        return (
            family in self.families
            or (family, select.get("spec_id", "")) in self.specs
            or not self.periods.isdisjoint(period.split("+"))
            or (span is not None and self.outside(int(span[1]), int(span[2])))
            or select.get("w_id", "").split(" ")[0] in self.weights
        )


def _not_naming(item: object, entries_lost: set[str], lost: list[str]) -> object:
    """Return a list without the specifications that name a lost entry of their section;
    their ids are added to ``lost``.
    """
    if not isinstance(item, list) or not entries_lost:
        return item
    others = []
    for spec in item:
        texts = spec.values() if isinstance(spec, dict) else ()
        if entries_lost.isdisjoint(text for text in texts if isinstance(text, str)):
            others.append(spec)
        else:
            lost.append(str(spec.get("id", "")))
    return others


def _without_units(config: Record, units: set[str]) -> dict[str, object]:
    """Forget units in samples, merges, joins, pairs and own weights."""

    def others(names: Iterable[str]) -> list[str]:
        return [name for name in names if name not in units]

    samples = config["panel"]["samples"]
    schemes: dict[str, Any] = {}
    for name, scheme in config["panel"]["unit_schemes"].items():
        schemes[name] = {}
        for key, parts in scheme.items():
            if key == "replace":
                schemes[name][key] = parts
            elif key not in units and len(others(parts)) > 1:
                schemes[name][key] = others(parts)
    families = {}
    for name, family in config["weights"]["families"].items():
        own = {"leave_out": sorted(units)} if family["kind"] == "file" else {}
        families[name] = {**family, **own}
    joins = config["weights"]["join"]
    pairs = config["inference"]["pairs"]
    return {
        "panel": {
            **config["panel"],
            "samples": {name: others(left) for name, left in samples.items()},
            "unit_schemes": schemes,
        },
        "weights": {
            **config["weights"],
            "join": [pair for pair in joins if units.isdisjoint(pair)],
            "families": families,
        },
        "inference": {
            **config["inference"],
            "pairs": [pair for pair in pairs if units.isdisjoint(pair)],
        },
    }


def _periods(
    study: StudyConfig, data: tuple[int, int] | None, left_out: LeftOut, written: Record
) -> dict[str, object]:
    """Return the periods inside the panel; one that the data do not reach either is
    refused.
    """
    first, last = study.panel.years
    for name, period in study.periods.items():
        if not left_out.outside(period.start, period.end):
            continue
        # Years that the data do not hold either are a mistake, not a choice of years.
        if data is None or period.start < data[0] or period.end > data[1]:
            raise ConfigError(
                f"periods.{name} runs from {period.start} to {period.end}",
                f"years of the panel, {first} to {last}",
                "correct the period or panel.years",
            )
        left_out.periods.add(name)
    if left_out.periods:
        labels = [study.periods[name].label for name in left_out.periods]
        left_out.say(
            f"Periods left out, since the panel runs from {first} to {last}:"
            f" {_list(labels)}."
        )
    inside = {k: item for k, item in written.items() if k not in left_out.periods}
    if not inside:
        fault = "no period lies inside panel.years"
        raise ConfigError(fault, f"{first} to {last}", "move a period")
    return inside


def _weights(
    study: StudyConfig, offers: set[str], left_out: LeftOut, written: Record
) -> dict[str, object]:
    """Return the weights that the tables can make; the first of them becomes the main
    one if need be.
    """
    lost: dict[str, list[str]] = {}
    for name, family in study.weights.families.items():
        reason = _impossible(family, offers, left_out)
        if reason:
            lost.setdefault(reason, []).append(name)
    left_out.weights |= {name for names in lost.values() for name in names}
    families = written["families"]
    possible = {k: item for k, item in families.items() if k not in left_out.weights}
    if not possible and len(lost) == 1:
        left_out.say(f"Neighbours are not compared, since {next(iter(lost))}.")
        return {**written, "families": {}, "primary": ""}
    for reason, names in lost.items():
        left_out.say(
            "Spatial weights, which say who is whose neighbour, are left out,"
            f" since {reason}: {_list(names)}."
        )
    primary = study.weights.primary
    if primary in left_out.weights:
        primary = next(iter(possible), "")
        main = f"The weights of the main results are {primary.replace('_', ' ')}."
        left_out.say(main if primary else "So neighbours are not compared.")
    if possible:
        offers.add("weights")
    return {**written, "families": possible, "primary": primary}


def _impossible(family: Family, offers: set[str], left_out: LeftOut) -> str:
    """Say why weights of a kind cannot be made; empty where they can."""
    needs = {family.kind, family.times}
    if "contiguity" in needs and "borders" not in offers:
        return "the study has no borders"
    if needs & DISTANCES and "coordinates" not in offers:
        return "the study has no coordinates"
    if family.base_years and left_out.outside(*family.base_years):
        return f"the panel runs from {left_out.first} to {left_out.last}"
    return ""


def _estimates(
    estimates: Record, offers: set[str], left_out: LeftOut
) -> dict[str, object]:
    """Drop topics whose needs are not met, and specifications that rest on what is left
    out.
    """
    out = {}
    nodes = below(whole(), "estimates")
    for topic, section in estimates.items():
        about = read_topics()[topic]
        title = about.title
        needed = about.estimate.needs if about.estimate else []
        needs = missing_need(needed, offers, estimates)
        node = below(nodes, topic)
        parts = section if about.families else {topic: section}
        left = {}
        lost = []
        left_out.spared.clear()
        for family, part in parts.items():
            ids: list[str] = []
            part_node = below(node, family) if about.families else node
            kept_part = None if needs else left_out.without(part, part_node, ids)
            left_out.specs |= {(family, name) for name in ids}
            if kept_part is None:
                left_out.families.add(family)
                lost.append(family)
            else:
                left[family] = kept_part
                lost += [*ids, *left_out.spared]
        if not left:
            left_out.families.add(topic)
            lacking = needs or "what is left out"
            left_out.say(f"{title}: left out, since it needs {lacking}.")
            continue
        if lost:
            left_out.say(
                f"{title}: without {_list(lost)}, which need what is left out."
            )
        out[topic] = left if about.families else left[topic]
    if estimates and not out:
        expected = "tables that one of them can use"
        action = " ".join(left_out.messages)
        raise ConfigError("no topic can be estimated", expected, action)
    return out


def _answers(answers: dict[str, Any], left_out: LeftOut) -> dict[str, object]:
    """Drop hypotheses and claims, and checks of others, whose rows are not estimated
    any more.
    """
    hypotheses = {}
    claims = []
    try:
        for name, item in answers.get("hypotheses", {}).items():
            asked = _asked(name, item, item["primary"], left_out)
            if asked:
                hypotheses[name] = asked
        for claim in answers.get("claims", []):
            asked = _asked(claim["id"], claim, claim.get("evidence", {}), left_out)
            if claim.get("hypothesis") in left_out.answers:
                left_out.answers.add(claim["id"])
            elif asked:
                claims.append(asked)
    except BROKEN:  # whoever reads claims.yaml names the fault
        return answers
    if left_out.answers:
        left_out.say(
            "Not asked, since what decides them is left out:"
            f" {_list(left_out.answers)}."
        )
    return {**answers, "hypotheses": hypotheses, "claims": claims}


def _asked(
    name: str, item: Record, first: Record, left_out: LeftOut
) -> dict[str, object]:
    """Return an entry without the checks that have no row; empty where its own row is
    left out.
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
    if "later" in out and left_out.selects({**first, **out["later"]}):
        del out["later"]
    if "shows" in out:
        out["shows"] = [
            row for row in out["shows"] if not left_out.selects({**first, **row})
        ]
    return out


def _exhibits(
    config: Record, offers: set[str], left_out: LeftOut
) -> dict[str, list[str]]:
    """Choose tables and figures: those listed, with ``exhibits: auto`` all others too,
    that have what they need.
    """
    topics = read_topics()
    owners = exhibit_owners()
    estimates = config["estimates"]
    lacking = set()
    able = []
    for name, topic in owners.items():
        if missing_need(topics[topic].exhibits[name].needs, offers, estimates):
            lacking.add(name)
        elif topics[topic].estimate is None or topic in estimates:
            able.append(name)
    out: dict[str, list[str]] = {"auto": []}
    for key, letter in (("tables", "T"), ("figures", "F")):
        automatic = config["exhibits"] == "auto"
        auto = [name for name in able if automatic and name[0] == letter]
        listed = [
            name
            for name in config[key]
            if name not in lacking and owners.get(name) not in left_out.families
        ]
        out[key] = list(dict.fromkeys([*listed, *auto]))
        out["auto"] += [name for name in auto if name not in listed]
        lost = set(config[key]) - set(listed)
        if lost:
            left_out.say(
                f"{key.capitalize()} left out, since what they show is not there:"
                f" {_list(lost)}."
            )
    return out


def _list(names: Iterable[str]) -> str:
    return first_examples([name.replace("_", " ") for name in sorted(names)], 12)
