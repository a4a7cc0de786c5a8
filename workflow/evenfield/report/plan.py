"""The plan of a study: what a run makes of its config, what it leaves out, and every fault known before any table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenfield.report.numbers import Entry, read_entries
from evenfield.report.prose import KINDS, Lookup, Prose, read_texts
from evenfield.shared.offers import step_aside
from evenfield.shared.topics import exhibit_owners, read_topics
from evenfield.study.config import reference_faults, shaped_config
from evenfield.study.errors import ConfigError, Faults, IngestError, WeightsError, first_examples, nearest


@dataclass(frozen=True)
class Plan:
    """What a run makes of a study."""

    whole: dict[str, Any]  # the config as it is asked for, with its defaults
    config: dict[str, Any]  # the same without what the tables cannot carry
    topics: tuple[str, ...]  # topics that estimate, in the order of the page
    exhibits: Mapping[str, tuple[str, ...]]  # tables and figures that each topic shows
    numbers: Mapping[str, Entry]  # named numbers of the texts
    texts: tuple[str, ...]  # texts and references that the study has of its own
    left_out: tuple[str, ...]  # what the study cannot carry, in sentences
    faults: Faults


def plan_study(written: Mapping[str, Any]) -> Plan:
    """Plan the study of the working directory; only a config of no shape is refused at once."""
    whole, topics, numbers = shaped_config(written), read_topics(), dict[str, Entry]()
    faults, config = reference_faults(whole), whole
    with faults.caught():
        config = step_aside(whole)
    faults += _exhibit_faults(config, topics)
    faults += _file_faults(config)
    before = len(faults)
    with faults.caught():
        numbers = read_entries(config)
    own = sorted(path for path in Path("text").glob("*.*") if path.suffix in (".md", ".bib"))
    texts = () if config.get("neutral") else tuple(map(str, own))
    if len(faults) == before:  # the texts rest on claims and numbers
        faults += _text_faults(config, numbers, texts)
    shown = [*config["tables"], *config["figures"]]
    return Plan(
        whole=whole,
        config=config,
        topics=tuple(name for name, told in topics.items() if told["estimate"] and name in config["estimates"]),
        exhibits={topic: tuple(x for x in told["exhibits"] if x in shown) for topic, told in topics.items()},
        numbers=numbers,
        texts=texts,
        left_out=tuple(config.get("aside", ())),
        faults=faults,
    )


def _exhibit_faults(config: Mapping[str, Any], topics: Mapping[str, Mapping[str, Any]]) -> Iterator[ConfigError]:
    owners = exhibit_owners()
    for key in ("tables", "figures"):
        known = [name for name in owners if name.startswith(key[0].upper())]
        for name in config[key]:
            if name not in known:
                hint = nearest(name, known, "see docs/exhibits.md")
                yield ConfigError(f"{key} names '{name}'", f"one of {first_examples(known, 40)}", hint)
                continue
            if topics[owners[name]]["estimate"] and owners[name] not in config["estimates"]:
                found, remedy = f"{key} names {name} without estimates.{owners[name]}", f"remove {name} from `{key}`"
                yield ConfigError(found, "the topic that it shows", f"add the topic or {remedy}")


def _file_faults(config: Mapping[str, Any]) -> Iterator[IngestError | WeightsError]:
    package = config["data"]["package"]
    if not Path(package).is_file():
        yield IngestError(f"no file {package}", "the dictionary named by data.package", "correct it in config.yaml")
    for name, family in config["weights"]["families"].items():
        if "path" in family and not Path(family["path"]).is_file():
            found = f"weights {name}: no file {family['path']}"
            yield WeightsError(found, "a file of weights", "correct weights.families in config.yaml")


def _text_faults(config: Mapping[str, Any], numbers: Mapping[str, Entry], texts: tuple[str, ...]) -> Faults:
    faults = Faults()
    paths, references = read_texts(texts, faults)
    claims = config["answers"]
    ids = [*claims.get("hypotheses", ()), *(claim["id"] for claim in claims.get("claims", ()))]
    names = {"answers": Lookup("answer to", dict.fromkeys(ids)), "kinds": Lookup("kind", dict.fromkeys(KINDS))}
    names["n"] = Lookup("number", dict.fromkeys(numbers))
    faults += Prose(paths, names, references, [*config["tables"], *config["figures"]]).faults()
    return faults
