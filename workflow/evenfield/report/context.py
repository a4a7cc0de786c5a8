"""Everything that page and paper say, gathered once and in the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from evenfield.report.assumptions import harvest_assumptions
from evenfield.report.bibliography import read_references
from evenfield.report.exhibits import read_exhibits, read_toml
from evenfield.report.manifest import file_hash, provenance
from evenfield.shared.tables.rows import records
from evenfield.shared.topics import exhibit_words, read_topics
from evenfield.shared.words import Findings, Sentence, listing
from evenfield.study.files import read_json
from evenfield.study.simulated import WATERMARK, simulated_names

SOURCE = ("citation", "vintage", "licence")
# Topics whose first sentence stands in the summary.
SUMMARY = ("answers", "design", "exposure", "beta", "sigma")


class Section(NamedTuple):
    """What one topic shows."""

    id: str
    title: str
    said: list[Sentence]
    exhibits: list[Any]


def build_context(
    config: Mapping[str, Any], root: str | Path, exhibits: Sequence[str], scripts: Mapping[str, str]
) -> dict[str, Any]:
    """Gather everything that the templates of page and paper print from a results folder."""
    facts, ingest = Findings(config, root), read_json(Path(root) / "ingest" / "description.json")
    own = read_toml("studies.toml").get(config["study"]["id"], {})
    topics, found = read_topics(), provenance(config, ingest)
    owners = {name: topic for topic, told in topics.items() for name in told["exhibits"]}
    shown = read_exhibits(exhibits, owners, scripts, exhibit_words(facts.words))
    parts = [
        Section(name, told["title"], said(facts, name), [e for e in shown if e.topic == name])
        for name, told in topics.items()
    ]
    sections = [part for part in parts if part.said or part.exhibits or own.get(part.id)]
    simulated = simulated_names(ingest)
    text = f"SIMULATED DATA: {listing(simulated)} hold made-up figures. Nothing below says anything about the world."
    warning: list[tuple[Sentence, Section | None]] = [(Sentence(text, caution=True), None)] if simulated else []
    return {
        "study": facts.words,
        "unit": facts.unit,
        "units": facts.units,
        "own": own,
        "watermark": WATERMARK if simulated else "",
        "sections": sections,
        "headlines": warning + [(part.said[0], part) for part in sections if part.id in SUMMARY and part.said],
        "absent": [part.title for part in parts if part not in sections],
        "data": _data(facts),
        "further": [e for e in shown if not e.topic],
        "everything": shown,
        "grade_c": ", ".join(config["data"]["grade_c"]),
        "assumptions": harvest_assumptions(),
        "data_sources": records(facts.ingested("sources", SOURCE)),
        "references": read_references(),
        "provenance": found,
        "estimates_hash": file_hash(facts.root / "estimates.csv"),
        "tables": sorted((name, item["hash"]) for name, item in found["data"].get("tables", {}).items()),
        "hashes": [(e.id, file_hash(e.files[".csv"])) for e in shown],
    }


def said(facts: Findings, topic: str) -> list[Sentence]:
    """Return what a topic has to say: the ``sentences`` of its ``words.py``, if the study has it."""
    module = f"evenfield.topics.{topic}.words"
    estimated = read_topics()[topic]["estimate"] is None or topic in facts.config["estimates"]
    if not estimated or find_spec(module) is None:
        return []
    facts.topic = topic
    sentences: list[Sentence] = import_module(module).sentences(facts)
    return sentences


def _data(facts: Findings) -> list[Sentence]:
    panel, years = facts.config["panel"], facts.description()["years"]
    follows = f"The panel follows {len(facts.description()['units'])} {facts.units} from {min(years)} to {max(years)}."
    found = [Sentence(f"{follows} Income is measured in {panel['income']['unit']}.")]
    proxies = (facts.description().get("basis_years") or {}).get("proxy")
    if proxies:
        text = (
            f"Output of {proxies[0]}\u2013{proxies[1]} is a PROXY. Numbers that rest on it are marked PROXY, those that"
        )
        found.append(Sentence(f"{text} join it to official figures SPLICED PROXY.", caution=True))
    return found
