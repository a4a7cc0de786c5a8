"""Everything that page and paper say, gathered once and in the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment

from evenfield.report.assumptions import harvest_assumptions
from evenfield.report.bibliography import read_references
from evenfield.report.exhibits import TEMPLATES, Exhibit, read_exhibits, read_toml
from evenfield.report.manifest import file_hash, provenance
from evenfield.report.rows import read_rows
from evenfield.report.sentences.balance import balance_sentences
from evenfield.report.sentences.base import Facts, Sentence
from evenfield.report.sentences.checks import neighbour_sentences
from evenfield.report.sentences.convergence import (
    beta_sentences,
    conditional_sentences,
    rolling_sentences,
    sigma_sentences,
)
from evenfield.report.sentences.curve import curve_sentences
from evenfield.report.sentences.data import data_sentences, question_sentences, simulated_sentences
from evenfield.report.sentences.design import design_sentences, read_square
from evenfield.report.sentences.dynamic_spatial import dynamic_spatial_sentences
from evenfield.report.sentences.exploratory import exploratory_sentences
from evenfield.report.sentences.headlines import headlines
from evenfield.report.sentences.income import income_sentences
from evenfield.report.sentences.linkage import linkage_sentences
from evenfield.report.sentences.map import map_sentences
from evenfield.report.sentences.movement import (
    clubs_sentences,
    distribution_sentences,
    inequality_sentences,
    panel_sentences,
    pattern_sentences,
)
from evenfield.report.sentences.premium import fading_sentences, intensity_sentences, premium_sentences
from evenfield.report.sentences.spatial_panel import spatial_panel_sentences
from evenfield.report.sentences.spillover import exposure_sentences
from evenfield.report.sentences.taxonomies import taxonomies_sentences
from evenfield.report.sentences.verdicts import credibility_sentences, verdict_sentences
from evenfield.report.sentences.wages import wages_sentences
from evenfield.report.sentences.west import west_sentences
from evenfield.report.spread import spread_view
from evenfield.report.verdicts import verdict_table
from evenfield.study.files import read_json
from evenfield.study.simulated import WATERMARK, simulated_names

SECTIONS = (
    ("verdicts", "What the data say about each claim"),
    ("question", "The question"),
    ("design", "What this design can see, and what it cannot"),
    ("data", "The data"),
    ("map", "Where clusters and zones are"),
    ("rollout", "How zones spread"),
    ("income", "Relative income"),
    ("groups", "Clusters and zones against the rest"),
    ("convergence", "Convergence"),
    ("spillover", "Neighbours"),
    ("balance", "Town and country"),
    ("west", "Regional programmes"),
    ("wages", "Wages and foreign investment"),
    ("taxonomies", "Two labels or four cells"),
    ("exploratory", "Claims that can only be described"),
    ("robustness", "How much the choices matter"),
    ("credibility", "How firm the answers are"),
    ("further", "Further tables and figures"),
    ("undecided", "What these data cannot decide"),
    ("assumptions", "Assumptions"),
    ("sources", "Data sources and references"),
    ("rerun", "How to cite and to run again"),
    ("manifest", "The run, by its hashes"),
)
OPTIONAL = ("exploratory", "further")
WRITERS: Mapping[str, Sequence[Callable[[Facts], list[Sentence]]]] = {
    "verdicts": (verdict_sentences,),
    "credibility": (credibility_sentences,),
    "question": (simulated_sentences, question_sentences),
    "design": (design_sentences,),
    "data": (data_sentences,),
    "map": (map_sentences,),
    "income": (income_sentences,),
    "premium": (premium_sentences,),
    "intensity": (intensity_sentences,),
    "fading": (fading_sentences,),
    "beta": (beta_sentences,),
    "conditional": (conditional_sentences,),
    "rolling": (rolling_sentences,),
    "sigma": (sigma_sentences,),
    "panel": (panel_sentences,),
    "clubs": (clubs_sentences,),
    "distribution": (distribution_sentences,),
    "inequality": (inequality_sentences,),
    "moran": (pattern_sentences, neighbour_sentences),
    "spillover": (exposure_sentences,),
    "robustness": (curve_sentences,),
    "spatial_panel": (spatial_panel_sentences,),
    "dynamic_spatial": (dynamic_spatial_sentences,),
    "linkage": (linkage_sentences,),
    "exploratory": (exploratory_sentences,),
    "balance": (balance_sentences,),
    "west": (west_sentences,),
    "taxonomies": (taxonomies_sentences,),
    "wages": (wages_sentences,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Files that page and paper read."""

    estimates: str  # ``results/estimates.csv``
    exhibits: Sequence[str]  # files of ``results/tables`` and ``results/figures``
    design: Sequence[str]  # the design family's ``series.csv``; empty where it is not run
    ingest: str  # ``results/ingest/description.json``
    panel: str  # the main unit scheme's ``description.json``
    units: str  # ``units.csv`` of the panel; ``claims.csv`` and ``sources.csv`` of the ingest floor
    claims: str
    judgement: str  # ``results/verdicts.json``, ``results/verdicts.csv`` and ``results/verdict_rows.csv``
    verdicts: str
    verdict_rows: str
    sources: str | None  # ``units.csv`` of the panel; ``claims.csv`` and ``sources.csv`` of the ingest floor
    config: Mapping[str, Any]  # the study's checked config
    scripts: Mapping[str, str]  # script by id of table or figure
    spread: Sequence[str] = ()  # ``reach.csv``, ``links.csv`` and ``fit.json`` of the spatial panel family


def read_facts(inputs: Inputs, own: Mapping[str, Any]) -> Facts:
    """Read what sentences are built from."""
    return Facts(
        config=inputs.config,
        estimates=read_rows(inputs.estimates),
        design=[row for path in inputs.design for row in read_rows(path)],
        claims=read_rows(inputs.claims),
        verdicts=read_json(inputs.judgement),
        panel=read_json(inputs.panel),
        ingest=read_json(inputs.ingest),
        names={row["unit"]: row["name"] for row in read_rows(inputs.units)},
        source_name=str(own.get("source_name", "the source")),
    )


def build_context(inputs: Inputs) -> dict[str, Any]:
    """Gather everything that the templates of page and paper print."""
    own = read_toml(TEMPLATES / "studies.toml").get(inputs.config["study"]["id"], {})
    facts = read_facts(inputs, own)
    exhibits = read_exhibits(inputs.exhibits, inputs.scripts, _captions(facts))
    places = {*(name for name, _ in SECTIONS), "dispersion", *(e.section for e in exhibits)}
    shown = {name: [e for e in exhibits if e.section == name] for name in places}
    written = {name: [s for writer in writers for s in writer(facts)] for name, writers in WRITERS.items()}
    said: dict[str, list[Sentence]] = {**{name: [] for name in places}, **written}
    found = provenance(inputs.config, read_json(inputs.ingest))
    return {
        "study": facts.study, "unit": facts.unit, "units": facts.units, "own": own, "said": said,
        "headlines": headlines(facts, said), "square": read_square(facts), "grade_c": _grade_c(inputs.config),
        "shown": shown, "everything": exhibits, "sections": _sections(shown), "claims": facts.claims,
        "verdicts": verdict_table(read_rows(inputs.verdicts), read_rows(inputs.verdict_rows), facts.verdicts, exhibits,
                                  own.get("evidence", {}), facts.labels),
        "watermark": WATERMARK if simulated_names(facts.ingest) else "", "assumptions": harvest_assumptions(),
        "data_sources": read_rows(inputs.sources) if inputs.sources else [], "references": read_references(),
        "spread": spread_view(inputs.spread, facts, read_rows(inputs.units)),
        "provenance": found, "estimates_hash": file_hash(inputs.estimates),
        "tables": sorted((name, item["hash"]) for name, item in found["data"].get("tables", {}).items()),
        "hashes": [(e.id, file_hash(e.files[".csv"])) for e in exhibits],
    }  # fmt: skip


def _captions(facts: Facts) -> dict[str, dict[str, str]]:
    environment = Environment(autoescape=False)
    words = {"unit": facts.unit, "units": facts.units}
    return {name: {key: environment.from_string(text).render(words) for key, text in item.items()}
            for name, item in read_toml(TEMPLATES / "captions.toml").items()}  # fmt: skip


def _sections(shown: Mapping[str, Sequence[Exhibit]]) -> list[dict[str, Any]]:
    kept = [(name, title) for name, title in SECTIONS if name not in OPTIONAL or shown.get(name)]
    return [{"id": name, "title": title} for name, title in kept]


def _grade_c(config: Mapping[str, Any]) -> str:
    return ", ".join(config["data"]["grade_c"])


def template_text(name: str) -> str:
    """Read a file of the template folder."""
    return Path(TEMPLATES / name).read_text(encoding="utf-8")
