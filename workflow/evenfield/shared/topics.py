"""The topics of the library as the workflow sees them: what each reads, which sections
move it, what it shows.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

LIBRARY = Path(__file__).parents[1]
TOPICS = LIBRARY / "topics"
# Read by every job that opens a study.
ALWAYS = ("panel.unit_scheme", "panel.unit_schemes")
ZONES = re.compile(r"\b(?:special economic zones?|(?<=a)n SEZ|SEZs?)\b")
IMPORT = re.compile(
    r"^\s*(?:from (evenfield[\w.]*) import (\([^)]*\)|[^\n]*)|import"
    r" (evenfield[\w.]+))",
    re.M,
)
DEFAULTS: dict[str, Any] = {
    "order": 1000,
    "estimate": None,
    "exhibit": {},
    "exhibits": {},
}


@cache
def read_topics() -> dict[str, dict[str, Any]]:
    """Return every topic's ``topic.yaml`` by topic word, in the order of the page."""
    paths = TOPICS.glob("*/topic.yaml")
    topics = {
        path.parent.name: DEFAULTS | yaml.safe_load(path.read_text("utf-8"))
        for path in paths
    }
    return dict(sorted(topics.items(), key=lambda item: (item[1]["order"], item[0])))


def exhibit_owners() -> dict[str, str]:
    """Return the topic of every exhibit by its id."""
    return {
        name: topic
        for topic, topic_facts in read_topics().items()
        for name in topic_facts["exhibits"]
    }


def exhibit_words(config: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return title and caption of every exhibit by its id, in the nouns of the study."""
    out = {}
    study = config["study"]
    proxy = config.get("panel", {}).get("income", {}).get("proxy", "")
    for topic_facts in read_topics().values():
        for name, words in topic_facts["exhibits"].items():
            both = {
                key: text.replace("{{unit}}", study["unit_name"])
                for key, text in words.items()
                if key != "needs"
            }
            both = {
                key: text.replace("{{units}}", study["units_name"])
                for key, text in both.items()
            }
            out[name] = {key: renamed(study, text) for key, text in both.items()}
            if not proxy and "caption" in words:
                sentences = [
                    part
                    for part in re.split(r"(?<=\.) ", out[name]["caption"])
                    if "roxy" not in part
                ]
                out[name]["caption"] = " ".join(sentences)
    return out


def renamed(study: Mapping[str, Any], text: str) -> str:
    """Call special economic zones by the study's name for its zones."""
    one = study.get("zone_name", "zone")
    many = study.get("zones_name", "zones")
    return (
        text
        if one == "SEZ"
        else ZONES.sub(lambda result: many if result[0].endswith("s") else one, text)
    )


def part(config: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the sections of a config that are named, for example ``inference`` or
    ``study.units_name``.
    """
    out: dict[str, Any] = {}
    for name in [*ALWAYS, *names]:
        *folders, last = name.split(".")
        source = config
        target = out
        for key in folders:
            source = source.get(key, {})
            target = target.setdefault(key, {})
        if last in source:
            target[last] = source[last]
    return out


def settings(
    config: Mapping[str, Any], topic: str, topic_facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the sections of the config that move one step of a topic: its own, those
    it names, those it reads.
    """
    reads = set(topic_facts.get("reads", ()))
    names = [
        f"estimates.{name}"
        for name in (
            topic,
            *(name.split("/")[1] for name in reads if "estimates/" in name),
        )
    ]
    names += ["weights.primary"] if reads & {"weights", "weights/primary"} else []
    names += ["weights.families"] if "weights" in reads else []
    return part(config, [*sorted(names), *topic_facts.get("settings", ())])


def inputs(config: Mapping[str, Any], topic_facts: Mapping[str, Any]) -> list[str]:
    """Return the files that one step of a topic reads, for the main unit scheme or for
    all of them.
    """
    panel = config["panel"]
    weights = config["weights"]
    schemes = (
        [panel["unit_scheme"]]
        if topic_facts.get("schemes") == "main"
        else list(panel["unit_schemes"])
    )
    files = [f"results/panel/{scheme}/description.json" for scheme in schemes]
    for name in topic_facts.get("reads", ()):
        folder, slash, rest = name.partition("/")
        if folder == "weights":
            matrices = (
                [weights["primary"]]
                if rest and weights["primary"]
                else weights["families"]
            )
            files += [
                f"results/weights/{s}/{m}.{end}"
                for s in schemes
                for m in matrices
                for end in ("csv", "json")
            ]
        elif folder == "estimates":
            files += (
                [f"results/{name}"] if rest.split("/")[0] in config["estimates"] else []
            )
        elif slash or "." in name:
            files.append(f"results/{name}")
        elif name != "exposures" or weights["families"]:
            home = "weights" if name == "exposures" else "panel"
            files += [f"results/{home}/{scheme}/{name}.csv" for scheme in schemes]
    return files


def code_hash(script: Path, *files: str) -> str:
    """Hash a script, library files that it loads by name, and all that they import."""
    digest, imports = _read(script)
    seen = files_read(*imports, *files)
    lines = [f"{name} {seen[name]}" for name in sorted(seen)]
    return hashlib.sha256("\n".join([digest, *lines]).encode()).hexdigest()


def files_read(*files: str) -> dict[str, str]:
    """Return library files and every library file that they import, however far, each
    with its hash.
    """
    todo = [name for name in files if (LIBRARY / name).is_file()]
    seen = dict[str, str]()
    while todo:
        name = todo.pop()
        if name not in seen:
            digest, imports = _read(LIBRARY / name)
            seen[name] = digest
            todo += imports
    return seen


@cache
def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    content = path.read_bytes()
    result: list[str] = []
    if path.suffix == ".py":
        for package, names, plain in IMPORT.findall(content.decode()):
            module = package or plain
            members = [
                word.split(" as ")[0].strip() for word in names.strip("()").split(",")
            ]
            candidates = [
                module,
                *(f"{module}.{member}" for member in members if member),
            ]
            files = [
                f"{candidate.partition('.')[2].replace('.', '/')}.py"
                for candidate in candidates
            ]
            result += [file for file in files if (LIBRARY / file).is_file()]
    return hashlib.sha256(content).hexdigest(), tuple(result)
