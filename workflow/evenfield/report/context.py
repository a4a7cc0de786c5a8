"""Everything that page and paper say, gathered once and in the same words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from evenfield.report.assumptions import Assumption, harvest_assumptions
from evenfield.report.exhibits import TEMPLATES, read_exhibits
from evenfield.report.manifest import file_hash, provenance
from evenfield.report.numbers import Number, read_numbers
from evenfield.report.prose import KINDS, Lookup, Prose, part_of, read_texts
from evenfield.shared.facts import Facts
from evenfield.shared.tables.rows import Row, pick, records
from evenfield.shared.tables.units import period_label
from evenfield.shared.topics import (
    exhibit_owners,
    exhibit_words,
    files_read,
    read_topics,
)
from evenfield.study.errors import Faults
from evenfield.study.files import read_json
from evenfield.study.simulated import WATERMARK, simulated_names

SOURCE = ("citation", "vintage", "licence")
TEXTS = ("abstract", "page", "paper", "appendix")


class Section(NamedTuple):
    """What one topic shows."""

    id: str
    title: str
    exhibits: list[Any]


def build_context(
    config: Mapping[str, Any],
    root: str | Path,
    exhibits: Sequence[str],
    scripts: Mapping[str, str],
    texts: Sequence[str] = (),
) -> dict[str, Any]:
    """Gather everything that the templates of page and paper print from a results
    folder.
    """
    facts = Facts(config, root)
    ingest = read_json(Path(root) / "ingest" / "description.json")
    topics = read_topics()
    origin = provenance(config, ingest)
    shown = read_exhibits(exhibits, exhibit_owners(), scripts, exhibit_words(config))
    parts = [
        Section(name, topic.title, [e for e in shown if e.topic == name])
        for name, topic in topics.items()
    ]
    prose = read_prose(config, root, texts)
    return {
        "study": facts.words,
        "prose": prose,
        "watermark": WATERMARK if simulated_names(ingest) else "",
        "sections": [part for part in parts if part.exhibits],
        "further": [e for e in shown if not e.topic],
        "everything": shown,
        "grade_c": ", ".join(config["data"]["grade_c"]),
        "assumptions": _assumptions(config),
        "data_sources": records(facts.ingested("sources", SOURCE)),
        "references": [item.text for item in prose.cited(*TEXTS)],
        "provenance": origin,
        "estimates_hash": file_hash(facts.root / "estimates.csv"),
        "tables": sorted(
            (name, item["hash"])
            for name, item in origin["data"].get("tables", {}).items()
            if item["rows"]
        ),
        "hashes": [(e.id, file_hash(e.files[".csv"])) for e in shown],
    }


def _assumptions(config: Mapping[str, Any]) -> list[Assumption]:
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
    absent = [] if config["panel"]["income"].get("proxy") else ["proxy"]
    absent += (
        [] if config["taxonomy"]["all"] != ["none"] else ["zone", "cluster region"]
    )
    read = files_read(*steps)
    assumptions = harvest_assumptions()
    return [
        a
        for a in assumptions
        if a.location in read and not any(word in a.text.lower() for word in absent)
    ]


def read_prose(
    config: Mapping[str, Any], root: str | Path, texts: Sequence[str]
) -> Prose:
    """Open the texts of a study with all that they may name; a text that it lacks is a
    neutral one of ours.
    """
    faults = Faults()
    paths, references = read_texts(texts, faults)
    faults.refuse()
    neutral = {name: TEMPLATES / "text" / f"{name}.md" for name in TEXTS}
    return Prose(
        {**neutral, **paths},
        _names(config, root),
        references,
        [*config["tables"], *config["figures"]],
    )


def _names(config: Mapping[str, Any], root: str | Path) -> dict[str, Any]:
    facts = Facts(config, root)
    ingest = read_json(Path(root) / "ingest" / "description.json")
    numbers = read_numbers(Path(root) / "numbers.json")
    content = read_json(Path(root) / "answers.json")
    claims = content["claims"]
    hypotheses = content["hypotheses"]
    described = facts.description()
    kinds = Counter(item["kind"] for item in claims)
    return {
        "n": Lookup(
            "number", {name: part_of(name, number) for name, number in numbers.items()}
        ),
        "answers": Lookup(
            "answer to", {item["id"]: item["answer"] for item in [*hypotheses, *claims]}
        ),
        "counts": Lookup("answer", content["counts"]),
        "kinds": Lookup("kind", {name: kinds[name] for name in KINDS}),
        "total": len(claims),
        "questions": len(hypotheses),
        "claims": claims,
        "words": content["words"],
        "vintage": ingest.get("vintage", ""),
        "study": facts.words,
        "income": config["panel"]["income"]["unit"],
        "units": len(described["units"]),
        "years": (str(min(described["years"])), str(max(described["years"]))),
        "proxy": [
            str(year)
            for year in (described.get("basis_years") or {}).get("proxy") or ()
        ],
        "convergence": convergence(facts),
        "aside": config.get("aside", []),
        "made": [*config["tables"], *config["figures"]],
    }


def convergence(facts: Facts) -> list[dict[str, Any]]:
    """Return speed of convergence and dispersion at both ends of each period, without
    controls.
    """
    if not {"beta", "sigma"} <= set(facts.config["estimates"]):
        return []
    wanted = {"unit_scheme": [facts.main, ""], "period": facts.shown("main", "span")}
    beta, sigma = (
        facts.estimates(topic, spec_id=facts.primary(topic)["id"], **wanted)
        for topic in ("beta", "sigma")
    )
    beta = beta[beta["estimator"].eq("ols") & beta["effect_type"].eq("lambda")]
    sentences = []
    for period in wanted["period"]:
        speed = pick(beta, period=period)
        ends = [
            pick(sigma, period=period, term=f"sigma_{end}") for end in ("start", "end")
        ]
        if all(row and pd.notna(row["estimate"]) for row in (speed, *ends)):
            parts = [
                ("speed", speed, "0.0"),
                ("before", ends[0], "0.00"),
                ("after", ends[1], "0.00"),
            ]
            sentences.append(
                {"period": period_label(period, facts.config["periods"])}
                | {name: part_of(name, _number(row, show)) for name, row, show in parts}
            )
    return sentences


def _number(row: Row, show: str) -> Number:
    ends = {"low": row["conf_low"], "high": row["conf_high"], "p": row["p_value"]}
    return Number(
        value=row["estimate"],
        **ends,
        show=show,
        source="estimates.csv",
        estimate_id=row["estimate_id"],
    )
