"""The plan of a study: what a run makes of its config, what it leaves out, and the
faults of its config.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenfield.shared.offers import left_out_parts
from evenfield.shared.topics import LIBRARY, TopicFile, exhibit_owners, read_topics
from evenfield.study.config import reference_faults, shaped_config
from evenfield.study.errors import (
    ConfigError,
    Faults,
    IngestError,
    WeightsError,
    first_examples,
    nearest,
)
from evenfield.study.files import described_files, hash_file


@dataclass(frozen=True)
class Plan:
    """What a run makes of a study."""

    whole: dict[str, Any]  # the config as it is asked for, with its defaults
    config: dict[str, Any]  # the same without what the tables cannot carry
    topics: tuple[str, ...]  # topics that estimate, in the order of the page
    exhibits: Mapping[str, tuple[str, ...]]  # tables and figures that each topic shows
    texts: tuple[str, ...]  # texts and references that the study has of its own
    left_out: tuple[str, ...]  # what the study cannot carry, in sentences
    faults: Faults


def plan_study(written: Mapping[str, Any]) -> Plan:
    """Plan the study of the working directory; only a config of no shape is refused at
    once.
    """
    whole = shaped_config(written)
    topics = read_topics()
    faults = reference_faults(whole)
    config = whole
    with faults.caught():
        config = left_out_parts(whole)
    faults += _exhibit_faults(config, topics)
    faults += _file_faults(config)
    own = sorted(
        path for path in Path("text").glob("*.*") if path.suffix in (".md", ".bib")
    )
    shown = [*config["tables"], *config["figures"]]
    return Plan(
        whole=whole,
        config=config,
        topics=tuple(
            name
            for name, topic in topics.items()
            if topic.estimate and name in config["estimates"]
        ),
        exhibits={
            name: tuple(x for x in topic.exhibits if x in shown)
            for name, topic in topics.items()
        },
        texts=() if config.get("neutral") else tuple(map(str, own)),
        left_out=tuple(config.get("aside", ())),
        faults=faults,
    )


def _exhibit_faults(
    config: Mapping[str, Any], topics: Mapping[str, TopicFile]
) -> Iterator[ConfigError]:
    owners = exhibit_owners()
    for key in ("tables", "figures"):
        known = [name for name in owners if name.startswith(key[0].upper())]
        for name in config[key]:
            if name not in known:
                hint = nearest(name, known, "see docs/exhibits.md")
                yield ConfigError(
                    f"{key} names '{name}'", f"one of {first_examples(known, 40)}", hint
                )
                continue
            if (
                topics[owners[name]].estimate
                and owners[name] not in config["estimates"]
            ):
                fault = f"{key} names {name} without estimates.{owners[name]}"
                remedy = f"remove {name} from `{key}`"
                yield ConfigError(
                    fault, "the topic that it shows", f"add the topic or {remedy}"
                )


def _file_faults(config: Mapping[str, Any]) -> Iterator[IngestError | WeightsError]:
    package = config["data"]["package"]
    if not Path(package).is_file():
        yield IngestError(
            f"no file {package}",
            "the dictionary named by data.package",
            "correct data.package in config.yaml",
        )
    for name, family in config["weights"]["families"].items():
        if "path" in family and not Path(family["path"]).is_file():
            fault = f"weights {name}: no file {family['path']}"
            yield WeightsError(
                fault, "a file of weights", "correct weights.families in config.yaml"
            )


def unchecked(plan: Plan, stamp: Path) -> str:
    """Return a hash of plan, tables, texts and library unless they are what they were
    when a check passed.
    """
    weights = [
        family["path"]
        for family in plan.config["weights"]["families"].values()
        if "path" in family
    ]
    files = [
        *described_files(plan.config["data"]["package"]),
        *map(Path, (*plan.texts, *weights)),
        *LIBRARY.rglob("*.py"),
    ]
    digest = hashlib.sha256(json.dumps(plan.whole, sort_keys=True).encode())
    for path in sorted(path for path in files if path.is_file()):
        name = path.relative_to(LIBRARY) if path.is_relative_to(LIBRARY) else path
        digest.update(f"{name}{hash_file(path)}".encode())
    known = (
        not plan.faults
        and stamp.is_file()
        and stamp.read_text("ascii") == digest.hexdigest()
    )
    return "" if known else digest.hexdigest()
