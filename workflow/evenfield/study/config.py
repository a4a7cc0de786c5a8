"""Check a config: its shape against the schema, whose defaults fill it, then that what
it names is defined.

Every fault is one line that says what was found, what was expected and what to do; all
faults of the shape are told at once, then all of the names.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError, best_match

from evenfield.study.config_files import TODO
from evenfield.study.config_schema import (
    Reference,
    below,
    references,
    resolved,
    validator,
    whole,
)
from evenfield.study.errors import ConfigError, Faults, first_examples, nearest
from evenfield.study.files import Record
from evenfield.study.study_config import StudyConfig

TOPICS = Path(__file__).parents[1] / "topics"
DRAWS = ("draws", "permutations", "replications")
MOST_DRAWS = 10_000_000
# The largest whole number of any other key but a seed; years, lags, counts are smaller.
LARGEST_NUMBER = 10_000_000


def checked_config(config: Mapping[str, object]) -> dict[str, object]:
    """Check a config against its schema, fill defaults, then check that its names refer
    to each other.
    """
    filled = shaped_config(config)
    reference_faults(filled, references(filled)).refuse()
    return filled


def shaped_config(config: Mapping[str, object]) -> dict[str, Any]:
    """Check a config against its schema and fill its defaults; all faults of its shape
    are told at once.
    """
    # Plain data from here on: what is a dict is asked for thousands of times, which is
    # quicker to tell than what is a Mapping.
    written = dict(config)
    faults = Faults(_value_faults(written, ""))
    filled = dict(_filled(whole(), written))
    # A config with refused values is not held against the schema: each fault once.
    if not faults:
        for fault in validator().iter_errors(filled):
            faults += _worded(best_match([fault]) or fault)
    faults.refuse()
    first, last = filled["panel"]["years"]
    title = filled["study"]["title"].replace("{years}", f"{first}\u2013{last}")
    filled["study"]["title"] = title
    return filled


def _value_faults(value: object, where: str) -> Iterator[ConfigError]:
    location = where or "the top level"
    key = where.rpartition(".")[2]
    if isinstance(value, float) and not math.isfinite(value):
        correct = f"correct {location}"
        yield ConfigError(f"{location} is {value}", "a finite number", correct)
    if key in DRAWS and isinstance(value, int) and value > MOST_DRAWS:
        most = f"at most {MOST_DRAWS:,}"
        yield ConfigError(f"{location} is {value:,}", most, "lower it")
    # Not isinstance, to which True and False are whole numbers too.
    elif type(value) is int and abs(value) > LARGEST_NUMBER and key != "seed":
        most = f"at most {LARGEST_NUMBER:,}"
        yield ConfigError(f"{location} is {value:,}", most, "write a smaller number")
    if value == TODO:
        yield ConfigError(
            f"{location} is still {TODO}",
            "a value, as the comment there says",
            f"write it in place of {TODO}",
        )
    if isinstance(value, dict):
        # YAML reads 31 as a number and `no` as a truth value, also where they are meant
        # as names.
        for name in value:
            if isinstance(name, str) and re.search(r"[\r\n]", name):
                fault = f"{location} has the key {name!r}, with a line end"
                yield ConfigError(fault, "names of one line", "correct the key")
            if not isinstance(name, str):
                fault = f"{location} has the key {name}, a number or a truth value"
                quoted = f"put it in quotation marks: '{name}'"
                yield ConfigError(fault, "text", quoted)
    for name, item in _parts(value):
        yield from _value_faults(item, f"{where}.{name}".removeprefix("."))


def _parts(value: object) -> Iterator[tuple[object, object]]:
    """Yield what stands in a mapping or list, by key or position."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _filled(node: object, value: Any) -> Any:
    """Return a value with the defaults of its schema where it has none."""
    node = resolved(node)
    if isinstance(value, dict):
        out = {key: _filled(below(node, key), item) for key, item in value.items()}
        for key, part in node.get("properties", {}).items():
            default = resolved(part).get("default", ...)
            if key not in out and default is not ...:
                out[key] = _filled(part, default)
        return out
    if isinstance(value, list):
        return [_filled(below(node, i), item) for i, item in enumerate(value)]
    # 10.0 where a whole number is asked for is ten.
    whole = node.get("type") == "integer" and isinstance(value, float)
    return int(value) if whole and value.is_integer() else value


def _worded(fault: ValidationError) -> Iterator[ConfigError]:
    where = ".".join(str(step) for step in fault.absolute_path) or "the top level"
    schema: Any = fault.schema
    instance: Any = fault.instance
    if fault.validator == "additionalProperties":
        known = sorted(schema.get("properties", {}))
        keys = {str(key) for key in instance}
        for unknown in sorted(keys.difference(known)):
            remedy = nearest(unknown, known, "remove it or see docs/config.md")
            # A topic whose folder is newer than the schema.
            if where == "estimates" and (TOPICS / unknown / "topic.yaml").is_file():
                remedy = f"topics/{unknown} is new: python3 run schema adds its keys"
            yield ConfigError(
                f"'{unknown}' is not a key of {where}",
                f"one of {', '.join(known)}",
                remedy,
            )
        return
    message = " ".join(fault.message.split())
    expected = "a value as docs/config.md describes"
    yield ConfigError(f"{where}: {message[:200]}", expected, f"correct {where}")


def reference_faults(config: Record, named: Iterable[Reference]) -> Faults:
    """Return every name of a well-shaped config with references ``named`` that nothing
    defines, and every year outside the panel.
    """
    study = StudyConfig.of(config)
    faults = Faults(_year_faults(study))
    known: dict[str, list[str]] = {
        "controls": list(study.controls),
        # ``all`` counts as known here; that it is missing is told once, below.
        "sample": list({"all": (), **study.panel.samples}),
        "unit_scheme": list(study.panel.unit_schemes),
        "weights": list(study.weights.families),
        "taxonomy": list(study.taxonomy.all),
        "period": list(study.periods),
        "sesoi": list(config["sesoi"]),
    }
    if asked := _asked(config["answers"]):
        known["hypothesis"] = asked
    for where, kind, name in named:
        if kind in known and name:
            faults += _unknown(where, name, known[kind])
    faults += _unknown("panel.samples", "all", list(study.panel.samples))
    if not study.estimates:
        fault = "estimates names no topic"
        faults.append(ConfigError(fault, "one topic at least", "add one, such as beta"))
    for topic, section in study.estimates.items():
        if isinstance(section, Mapping) and not any(section.values()):
            fault = f"estimates.{topic} asks no question"
            expected = "one question at least"
            faults.append(ConfigError(fault, expected, "add one of docs/config.md"))
    faults += _twice(study.estimates, "estimates")
    return faults


def _asked(answers: Record) -> list[str]:
    """Return the names that claims.yaml has for rows: hypotheses, claims, and labels
    that it says are not asked; none without claims, where a label is free.
    """
    # A wrong shape is for the reader of claims.yaml to refuse.
    entries = {key: item for key, item in answers.items() if isinstance(item, Mapping)}
    claims = answers.get("claims")
    rows = claims if isinstance(claims, list) else []
    ids = [claim.get("id") for claim in rows if isinstance(claim, Mapping)]
    names = [*entries.get("hypotheses", {}), *ids]
    return [*map(str, names), *entries.get("not_asked", {})] if names else []


def _year_faults(study: StudyConfig) -> Iterator[ConfigError]:
    first, last = study.panel.years
    step = study.panel.step
    if last <= first or (last - first) % step:
        yield ConfigError(
            f"panel.years [{first}, {last}] with step {step}",
            "a last year that the step reaches",
            "correct panel.years or panel.step",
        )
        return
    for period in study.periods.values():
        # Whether it lies inside the panel is for ``left_out_parts`` to say, which knows
        # the years of the data.
        on_grid = (period.start - first) % step == 0 == (period.end - first) % step
        if period.start >= period.end or not on_grid:
            yield ConfigError(
                f"periods.{period.name} runs from {period.start} to {period.end}",
                f"a first year before its last, both years of the panel, {first} to"
                f" {last}, in steps of {step}",
                "correct the period or panel.years",
            )


def _unknown(where: str, name: str, known: list[str]) -> Iterator[ConfigError]:
    if name not in known:
        yield ConfigError(
            f"{where} names '{name}'",
            f"one of {first_examples(known, 12)}"
            if known
            else "one that is defined, and none is yet",
            nearest(name, known, "define it or correct the name"),
        )


def _twice(value: Any, where: str) -> Iterator[ConfigError]:
    """Yield every list that names the same thing twice, or has an id twice."""
    # One alone repeats nothing.
    items = value if isinstance(value, list) and len(value) > 1 else []
    repeated = _repeated(item for item in items if isinstance(item, str))
    if repeated:
        fault = f"{where} names {first_examples(repeated)} twice"
        yield ConfigError(fault, "each name once", "remove the second")
    if _repeated(repr(item) for item in items if isinstance(item, dict | list)):
        fault = f"{where} holds the same entry twice"
        yield ConfigError(fault, "each once", "remove the second")
    entries = [item for item in items if isinstance(item, dict)]
    ids = _repeated(item["id"] for item in entries if "id" in item)
    if ids:
        place = where.removesuffix(".specifications")
        fault = f"{place} has {len(ids)} id twice ({first_examples(ids)})"
        yield ConfigError(fault, "one id for one specification", "rename one of them")
    for key, item in _parts(value):
        yield from _twice(item, f"{where}.{key}")


def _repeated(values: Iterable[str]) -> list[str]:
    counts = Counter(values)
    return sorted(value for value, number in counts.items() if number > 1)
