"""Everything that page and paper say, gathered once and in the same words."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evenfield.answers.rule import grouped, tally
from evenfield.report.assumptions import Assumption, harvest_assumptions
from evenfield.report.exhibits import TEMPLATES, read_exhibits, words_of_exhibits
from evenfield.report.manifest import file_hash, provenance
from evenfield.report.numbers import read_numbers
from evenfield.report.origin import origin_of_income
from evenfield.report.printable import Lookup, Part, part_of
from evenfield.report.prose import Prose, names_of_config, read_texts
from evenfield.report.sections import (
    ReadSection,
    Sections,
    method_references,
    section_reader,
)
from evenfield.shared.left_out import not_asked
from evenfield.shared.second_studies import second_results
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.rows import records
from evenfield.shared.topics import exhibit_owners, files_read, read_topics
from evenfield.study.errors import Faults
from evenfield.study.files import Record, read_json
from evenfield.study.latin import latin_sentences
from evenfield.study.simulated import WATERMARK, simulated_names

SOURCE = ("citation", "vintage", "licence")
TEXTS = ("abstract", "page", "paper", "appendix")


class Count(int):
    """A whole number whose thousands are parted where it is printed."""

    def __str__(self) -> str:
        return f"{int(self):,}"


class Section(NamedTuple):
    """What one topic shows."""

    id: str
    title: str
    exhibits: list[Any]


def build_context(
    config: Record,
    root: str | Path,
    exhibits: Sequence[str],
    scripts: Mapping[str, str],
    texts: Sequence[str] = (),
    sections_read: ReadSection | None = None,
) -> dict[str, Any]:
    """Gather everything that the templates of page and paper print from a results
    folder, its sections read already or from there.
    """
    results = StudyResults(config, root)
    ingest = read_json(Path(root) / "ingest" / "description.json")
    topics = read_topics()
    origin = provenance(config, ingest)
    shown = read_exhibits(
        exhibits, exhibit_owners(), scripts, words_of_exhibits(config)
    )
    sections = []
    for name, topic in topics.items():
        own = [exhibit for exhibit in shown if exhibit.topic == name]
        sections += [Section(name, topic.title, own)] if own else []
    prose = read_prose(config, root, texts, sections_read)
    estimates_hash = file_hash(results.root / "estimates.csv")
    own_paper = "paper" in map(_stem, texts)
    tables = origin["data"].get("tables", {})
    return {
        "study": results.words,
        "prose": prose,
        "source": origin_of_income(results).source,
        # A paper whose text is ours is called by what was found.
        "paper_title": _held(
            results.words["title"] if own_paper else prose.name("headline")
        ),
        "watermark": WATERMARK if simulated_names(ingest) else "",
        "sections": sections,
        "others": [exhibit for exhibit in shown if not exhibit.topic],
        "everything": shown,
        # sources that a reader should doubt
        "grade_c": ", ".join(config["data"]["grade_c"]),
        "assumptions": _assumptions(config),
        "data_sources": records(results.ingested("sources", SOURCE)),
        "references": [item.text for item in prose.cited(*TEXTS)],
        "provenance": origin,
        "estimates_hash": estimates_hash,
        "made_of": _made_of(config["study"]["repository"], origin, estimates_hash),
        "tables": sorted(
            (name, table["hash"]) for name, table in tables.items() if table["rows"]
        ),
        "hashes": [(item.id, file_hash(item.files[".csv"])) for item in shown],
    }


def _made_of(repository: str, origin: Record, estimates_hash: str) -> str:
    """Return where data and code are, and which program made the results from which data."""
    place = f"Data and code are at {repository}. " if repository else ""
    return (
        f"{place}All results come from one run of evenfield {origin['package']['version']}."
        f" The content of the input tables has the SHA-256 hash"
        f" {origin['data']['data_hash']}; the file of all estimates, estimates.csv, has"
        f" {estimates_hash}."
    )


def _held(title: str) -> str:
    """Return a title in which no line breaks inside a span of years."""
    return title.replace("\u2013", "\u2060\u2013\u2060")


def _stem(path: str) -> str:
    return Path(path).stem


def _assumptions(config: Record) -> list[Assumption]:
    """Return the modelling decisions in the files that made this study's results, on
    what the study has.
    """
    steps = [
        "study/ingest/study_tables.py",
        "study/panel/build.py",
        "study/weights/build.py",
        "study/study.py",
    ]
    steps += [f"topics/{name}/estimate.py" for name in config["estimates"]]
    # A decision on a proxy or a zone says nothing to a study without one.
    absent = [] if config["panel"]["income"].get("proxy") else ["proxy"]
    if config["taxonomy"]["all"] == ["none"]:
        absent += ["zone", "cluster region"]
    # (?!) matches nothing: a study that has all of it leaves no decision out.
    without = re.compile("|".join(absent) or "(?!)", re.IGNORECASE)
    read = files_read(*steps)
    return [
        assumption
        for assumption in harvest_assumptions()
        if assumption.location in read and not without.search(assumption.text)
    ]


def read_prose(
    config: Record,
    root: str | Path,
    texts: Sequence[str],
    sections_read: ReadSection | None = None,
) -> Prose:
    """Open the texts of a study with all that they may name; a text that it lacks is a
    neutral one of ours.
    """
    faults = Faults()
    paths, references = read_texts(texts, faults, config["study"])
    faults.refuse()
    neutral = {
        name: TEMPLATES / "text" / f"{name}.md" for name in TEXTS if name not in paths
    }
    exhibits = [*config["tables"], *config["figures"]]
    names = names_of_results(config, root)
    read = sections_read or section_reader(config, root)
    sections = Sections(read, names, exhibits)
    names |= {
        "section": sections.one,
        "sections": sections.all,
        "in_short": sections.in_short,
        "findings": sections.findings,
        "limits": sections.limits,
        "briefs": sections.briefs,
        "headline": sections.headline,
    }
    # A study's own entry of a key stands for ours.
    references = {**method_references(), **references}
    return Prose(paths, names, references, exhibits, templates=neutral)


def lookups(config: Record, root: str | Path) -> dict[str, Lookup]:
    """Return the numbers that a text may print, as far as runs have made them: those of
    the study as `n`, those of each study beside by its name.
    """
    names = {"n": Lookup("number", _parts(Path(root), ""))}
    for study, folder in second_results(config).items():
        names[study] = Lookup(f"number of {study}", _parts(folder, f"{study}."))
    return names


def _parts(root: Path, prefix: str) -> dict[str, Part]:
    path = root / "numbers.json"
    numbers = read_numbers(path) if path.is_file() else {}
    parts = {}
    for name, number in numbers.items():
        evidence = f"{prefix}{name}"
        parts[name] = part_of(evidence, number, evidence)
    return parts


def names_of_results(config: Record, root: str | Path) -> dict[str, object]:
    """Return what the texts of a study may name but sections, from its results folder."""
    results = StudyResults(config, root)
    ingest = read_json(Path(root) / "ingest" / "description.json")
    content = read_json(Path(root) / "answers.json")
    claims = content["claims"]
    hypotheses = content["hypotheses"]
    judged = [*hypotheses, *claims]
    answers = {item["id"]: item["answer"] for item in judged}
    later = {item["id"]: item["later"] for item in judged if item["later"]}
    described = results.description()
    years = described["years"]
    proxy = (described.get("basis_years") or {}).get("proxy") or ()
    latin = latin_sentences(list(map(results.name, described["units"])))
    of_config = names_of_config(config, claims, hypotheses)
    origin = origin_of_income(results)
    return {
        **lookups(config, root),
        "answers": Lookup("answer to", answers),
        "later": Lookup("later word of", later),
        "counts": Lookup("answer", content["counts"]),
        "groups": Lookup("group of answers", grouped(content["counts"])),
        "tally": tally(content["counts"]),
        "claims": claims,
        "words": content["words"],
        "vintage": ingest.get("vintage", ""),
        "units": Count(len(described["units"])),
        "whose": config["study"].get("whose")
        or f"{len(described['units']):,} {config['study']['units_name']}",
        "origin": {
            "figures": Count(origin.figures),
            "dates": Count(origin.dates),
            "gaps": Count(origin.gaps),
            "flags": origin.flags,
            "remarks": origin.remarks,
        },
        "years": (str(min(years)), str(max(years))),
        "proxy": list(map(str, proxy)),
        **of_config,
        "aside": [*of_config["aside"], *latin, *not_asked(config, described)],
    }
