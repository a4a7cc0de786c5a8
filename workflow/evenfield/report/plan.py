"""The plan of a study: what a run makes of its config, what it leaves out, and the
faults of its config.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenfield.shared.left_out import left_out_parts
from evenfield.shared.second_studies import (
    refuse_shared_folders,
    require_folder,
    second_exhibit,
    second_files,
)
from evenfield.shared.topic_file import TopicFile
from evenfield.shared.topics import (
    exhibit_owners,
    library_files,
    library_hash,
    read_topics,
)
from evenfield.study.config import reference_faults, shaped_config
from evenfield.study.config_schema import references
from evenfield.study.errors import (
    ConfigError,
    Faults,
    IngestError,
    WeightsError,
    first_examples,
    nearest,
)
from evenfield.study.files import (
    Record,
    described_files,
    hash_file,
    not_a_file,
    text_files,
    write_text,
)
from evenfield.study.ingest.dictionary import refuse_planted_files

STAMP = Path(".snakemake/evenfield_checked")  # of a study that has passed a check
OWN_TEXTS = (
    "The study's own texts speak of all of it; neutral ones stand in their place."
)


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


def plan_study(written: Record) -> Plan:
    """Plan the study of the working directory; only a config of no shape is refused at
    once.
    """
    whole = shaped_config(written)
    topics = read_topics()
    named = list(references(whole))
    faults = reference_faults(whole, named)
    config = whole  # with the faults of its references all the same
    with faults.caught():
        config = left_out_parts(whole, named=named)
    faults += _exhibit_faults(config, topics)
    faults += _file_faults(config)
    with faults.caught():
        refuse_planted_files(Path(config["data"]["package"]))
    for study, folder in whole["beside"].items():
        with faults.caught():
            require_folder(study, folder)
    with faults.caught():
        refuse_shared_folders(whole["beside"])
    texts = text_files()
    if config.get("neutral") and texts:
        config["aside"].append(OWN_TEXTS)
    shown = [*config["tables"], *config["figures"]]
    estimating = []
    exhibits = {}
    for name, topic in topics.items():
        if topic.estimate and name in config["estimates"]:
            estimating.append(name)
        exhibits[name] = tuple(x for x in topic.exhibits if x in shown)
    return Plan(
        whole=whole,
        config=config,
        topics=tuple(estimating),
        exhibits=exhibits,
        texts=() if config.get("neutral") else tuple(map(str, texts)),
        left_out=tuple(config.get("aside", ())),
        faults=faults,
    )


def _exhibit_faults(
    config: Record, topics: Mapping[str, TopicFile]
) -> Iterator[ConfigError]:
    owners = exhibit_owners()
    for key in ("tables", "figures"):
        known = [name for name in owners if name.startswith(key[0].upper())]
        for name in config[key]:
            owner = owners.get(name, "")
            if second_exhibit(name)[1] in config["beside"]:
                continue  # which the check of that study knows
            if name not in known:
                yield ConfigError(
                    f"{key} names '{name}'",
                    f"one of {first_examples(known, 40)}",
                    nearest(name, known, "see docs/exhibits.md"),
                )
            elif topics[owner].estimate and owner not in config["estimates"]:
                yield ConfigError(
                    f"{key} names {name} without estimates.{owner}",
                    "the topic that it shows",
                    f"add the topic or remove {name} from `{key}`",
                )


def _file_faults(config: Record) -> Iterator[IngestError | WeightsError]:
    package = config["data"]["package"]
    if not Path(package).is_file():
        yield IngestError(
            not_a_file(Path(package), package),
            "the dictionary named by data.package",
            "correct data.package in config.yaml",
        )
    for name, path in _weights_files(config).items():
        if not Path(path).is_file():
            yield WeightsError(
                f"weights {name}: {not_a_file(Path(path), path)}",
                "a file of weights",
                "correct weights.families in config.yaml",
            )


def _weights_files(config: Record) -> dict[str, str]:
    families = config["weights"]["families"].items()
    return {name: family["path"] for name, family in families if "path" in family}


def unchecked(plan: Plan) -> str:
    """Return a hash of plan, tables, texts and library unless they are what they were
    when a check of the study in the working directory passed.
    """
    weights = _weights_files(plan.config).values()
    beside = plan.config["beside"].values()
    files = [
        *described_files(plan.config["data"]["package"]),
        *map(Path, (*plan.texts, *weights)),
        *(Path(x) for folder in beside for x in second_files(folder)),
    ]
    hashes = {str(path): hash_file(path) for path in filter(Path.is_file, files)}
    # The library is named from its folder, so that a study may stand anywhere.
    hashes |= {name: library_hash(name) for name in library_files()}
    digest = hashlib.sha256(json.dumps(plan.whole, sort_keys=True).encode())
    digest.update(json.dumps(hashes, sort_keys=True).encode())
    passed = STAMP.read_text("ascii") if STAMP.is_file() else ""
    known = passed == digest.hexdigest() and not plan.faults
    return "" if known else digest.hexdigest()


def note_checked(state: str) -> None:
    """Keep the hash of what has passed a check, where the study can be written."""
    with suppress(OSError):  # a run says what cannot be written
        write_text(state, STAMP)
