"""Read the study's config: one schema checks it, fills its defaults and words its
errors in one line.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from evenfield.study import letters
from evenfield.study.errors import ConfigError, Faults, first_examples, nearest

TODO = "TODO"  # what `run new` writes where it cannot know
SCHEMA = Path(__file__).with_name("config.schema.json")
# Bytes of a file, its values with all that its anchors repeat, and draws of a
# permutation or simulation.
LARGEST = 5_000_000
MOST_VALUES = 200_000
MOST_DRAWS = 10_000_000
# The largest whole number of any other key but a seed; years, lags, counts are smaller.
LARGEST_NUMBER = 10_000_000
PARTS = {
    "estimates": "estimates.yaml",
    "answers": "claims.yaml",
    "numbers": "numbers.yaml",
}


@dataclass(frozen=True, slots=True)
class Period:
    """One span of years of the study."""

    name: str  # key in config.yaml, for example ``P1``
    # first and last year; growth runs from the level in ``start`` to the level in
    # ``end``
    start: int
    end: int
    label: str  # how it is printed
    spliced: bool = False  # whether it may join the output proxy with official output
    role: str = "main"  # ``main``, ``span`` (the whole sample) or ``variant``

    @property
    def years(self) -> int:
        """Number of yearly steps between the end points."""
        return self.end - self.start


class _OneKeyOnce(yaml.CSafeLoader):
    """A safe loader that refuses a key written twice, where YAML silently keeps the
    last, and runaway anchors.
    """

    def get_single_node(self) -> yaml.Node | None:
        """Count what the anchors repeat before anything is built from it."""
        node = super().get_single_node()
        if node is not None and _size(node, {}, ()) > MOST_VALUES:
            raise yaml.constructor.ConstructorError(
                None, None, "anchors that grow to too many values", node.start_mark
            )
        return node

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Any, Any]:
        """Refuse a repeated key, then build the mapping as usual."""
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' twice", key.start_mark
                )
        return super().construct_mapping(node, deep)


def _size(
    node: yaml.Node, known: dict[yaml.Node, int], trail: tuple[yaml.Node, ...]
) -> int:
    if node in trail:
        raise yaml.constructor.ConstructorError(
            None, None, "an anchor that holds itself", node.start_mark
        )
    if node not in known:
        inside = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = [
            part
            for item in inside
            for part in (item if isinstance(item, tuple) else (item,))
        ]
        known[node] = 1 + sum(_size(part, known, (*trail, node)) for part in parts)
    return known[node]


def read_config(path: str | Path) -> dict[str, Any]:
    """Read a config file as plain data with the parts of it that stand in files of
    their own beside it.
    """
    faults = Faults()
    content = dict[str, Any]()
    with faults.caught():
        content = read_mapping(Path(path))
    for key, name in PARTS.items():
        beside = Path(path).with_name(name)
        if beside.exists() and key not in content:
            with faults.caught():
                content[key] = read_mapping(beside)
    faults.refuse()
    return content


def study_config(
    over: Mapping[str, Any] | None = None, path: str | Path = "config.yaml"
) -> dict[str, Any]:
    """Read a study's config, in which keys of ``over`` win; a whole config, as of a
    module, stands for itself.
    """
    over = over or {}
    whole = {"study", "data", "panel", "periods"} <= set(over)
    return merged({} if whole else read_config(path), over)


def merged(*configs: Mapping[str, Any]) -> dict[str, Any]:
    """Lay configs over each other; a later one wins, mapping by mapping."""
    out: dict[str, Any] = {}
    for config in configs:
        both = {
            key
            for key in config
            if isinstance(out.get(key), Mapping) and isinstance(config[key], Mapping)
        }
        out = {**out, **config, **{key: merged(out[key], config[key]) for key in both}}
    return out


def _refuse_hidden(path: Path, hidden: str) -> None:
    if hidden:
        raise ConfigError(f"{path} {hidden}", letters.EXPECTED, letters.ACTION)


def read_mapping(path: Path) -> dict[str, Any]:
    """Read one YAML file as plain data."""
    if not path.exists():
        action = "run from the study's folder or name it with --directory"
        raise ConfigError(
            f"no file {path}", "a config.yaml in the study's folder", action
        )
    if not path.is_file() or path.stat().st_size > LARGEST:
        expected = f"a file of at most {LARGEST // 1_000_000} MB"
        raise ConfigError(
            f"{path} is no file that can be read", expected, "correct or remove it"
        )
    try:
        text = path.read_text(encoding="utf-8")
        _refuse_hidden(path, letters.hidden_letter(text))
        content = yaml.load(text, Loader=_OneKeyOnce)
        _refuse_hidden(path, letters.hidden_value(content))
    except UnicodeDecodeError:
        raise ConfigError(
            f"{path} is not UTF-8", "a UTF-8 file", "save it as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror})",
            "a file you may read",
            "permit it",
        ) from None
    except (
        yaml.YAMLError,
        ValueError,
        ArithmeticError,
        AttributeError,
        RecursionError,
    ) as error:
        fault = f"{path} is not YAML ({' '.join(str(error).split())[:160]})"
        raise ConfigError(fault, "valid YAML", "correct the line named") from None
    if not isinstance(content, dict):
        raise ConfigError(
            f"{path} holds no mapping",
            "keys such as study, data, panel",
            "see docs/config.md",
        )
    return content


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Check a config against its schema, fill defaults, then check that its names refer
    to each other.
    """
    filled = shaped_config(config)
    reference_faults(filled).refuse()
    return filled


def shaped_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Check a config against its schema and fill its defaults; all faults of its shape
    are told at once.
    """
    faults = Faults(_value_faults(config, ""))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    filled = dict(_filled(schema, dict(config), schema))
    if not faults:
        for fault in Draft202012Validator(schema).iter_errors(filled):
            faults += _worded(best_match([fault]) or fault)
    faults.refuse()
    return filled


def _value_faults(value: Any, where: str) -> Iterator[ConfigError]:
    # YAML reads 31 as a number and `no` as a truth value, also where they are meant as
    # names.
    location = where or "the top level"
    if isinstance(value, float) and not math.isfinite(value):
        yield ConfigError(
            f"{location} is {value}", "a finite number", f"correct {location}"
        )
    if (
        where.rpartition(".")[2] in DRAWS
        and isinstance(value, int)
        and value > MOST_DRAWS
    ):
        yield ConfigError(
            f"{location} is {value:,}", f"at most {MOST_DRAWS:,}", "lower it"
        )
    elif (
        type(value) is int
        and abs(value) > LARGEST_NUMBER
        and where.rpartition(".")[2] != "seed"
    ):
        most = f"at most {LARGEST_NUMBER:,}"
        yield ConfigError(f"{location} is {value:,}", most, "write a smaller number")
    if value == TODO:
        yield ConfigError(
            f"{location} is still {TODO}",
            "a value, as the comment beside it says",
            f"write it in place of {TODO}",
        )
    items = (
        value.items()
        if isinstance(value, Mapping)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        if isinstance(value, Mapping) and not isinstance(key, str):
            fault = f"{location} has the key {key}, a number or a truth value"
            yield ConfigError(fault, "text", f"put it in quotation marks: '{key}'")
        yield from _value_faults(item, f"{where}.{key}".removeprefix("."))


def _filled(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any]) -> Any:
    schema = _resolved(schema, root)
    if isinstance(value, Mapping):
        known = schema.get("properties", {})
        out = {
            key: _filled(
                known.get(key, schema.get("additionalProperties", {})), item, root
            )
            for key, item in value.items()
        }
        missing = {
            key: sub
            for key, sub in known.items()
            if key not in out and "default" in sub
        }
        return {
            **out,
            **{key: _filled(sub, sub["default"], root) for key, sub in missing.items()},
        }
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        return [_filled(schema["items"], item, root) for item in value]
    if (
        schema.get("type") == "integer"
        and isinstance(value, float)
        and value.is_integer()
    ):
        return int(value)
    return value


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return {
            **target,
            **{key: item for key, item in schema.items() if key != "$ref"},
        }
    return schema


def _worded(fault: ValidationError) -> Iterator[ConfigError]:
    where = ".".join(str(step) for step in fault.absolute_path) or "the top level"
    schema = fault.schema
    if (
        fault.validator == "additionalProperties"
        and isinstance(fault.instance, Mapping)
        and isinstance(schema, Mapping)
    ):
        known = sorted(schema.get("properties", {}))
        for unknown in sorted(str(key) for key in fault.instance if key not in known):
            hint = nearest(unknown, known, "remove it or see docs/config.md")
            yield ConfigError(
                f"'{unknown}' is not a key of {where}",
                f"one of {', '.join(known)}",
                hint,
            )
        return
    message = " ".join(fault.message.split())
    yield ConfigError(
        f"{where}: {message[:200]}",
        "a value as docs/config.md describes",
        f"correct {where}",
    )


def config_periods(config: Mapping[str, Any]) -> list[Period]:
    """Return the periods of a checked config in the order written."""
    return [
        Period(
            name,
            item["start"],
            item["end"],
            item.get("label") or f"{item['start']}-{item['end']}",
            item["spliced"],
            item["role"],
        )
        for name, item in config["periods"].items()
    ]


def reference_faults(config: Mapping[str, Any]) -> Faults:
    """Return every name of a well-shaped config that nothing defines, and every year
    outside the panel.
    """
    panel = config["panel"]
    weights = config["weights"]
    periods = config["periods"]
    faults = Faults(_year_faults(config))
    known: dict[str, Mapping[str, Any] | list[str]] = {
        "controls": config["controls"],
        "sample": {"all": [], **panel["samples"]},
        "unit_scheme": panel["unit_schemes"],
        "weights": weights["families"],
        "taxonomy": config["taxonomy"]["all"],
        "period": periods,
        "sesoi": config["sesoi"],
    }
    faults += _unknown(
        "panel.unit_scheme", [panel["unit_scheme"]], panel["unit_schemes"]
    )
    faults += _unknown("weights.primary", [weights["primary"]], weights["families"])
    faults += _unknown(
        "taxonomy.primary", [config["taxonomy"]["primary"]], config["taxonomy"]["all"]
    )
    faults += _unknown("panel.samples", ["all"], panel["samples"])
    if not config["estimates"]:
        fault = "estimates names no topic"
        faults.append(ConfigError(fault, "one topic at least", "add one, such as beta"))
    for topic, section in config["estimates"].items():
        if isinstance(section, Mapping) and not any(section.values()):
            fault = f"estimates.{topic} asks no question"
            expected = "one question at least"
            faults.append(ConfigError(fault, expected, "add one of docs/config.md"))
        faults += _twice(section, f"estimates.{topic}")
        for where, kind, names in _references(section, f"estimates.{topic}"):
            faults += _unknown(where, names, known[kind])
        faults += _ids_twice(section, f"estimates.{topic}")
    return faults


def _year_faults(config: Mapping[str, Any]) -> Iterator[ConfigError]:
    first, last = config["panel"]["years"]
    step = config["panel"]["step"]
    if last <= first or (last - first) % step:
        fault = f"panel.years [{first}, {last}] with step {step}"
        yield ConfigError(
            fault,
            "a last year that the step reaches",
            "correct panel.years or panel.step",
        )
        return
    for period in config_periods(config):
        # Whether it lies inside the panel is for ``left_out_parts`` to say, which knows the
        # years of the data.
        on_grid = (period.start - first) % step == 0 and (
            period.end - first
        ) % step == 0
        if not (period.start < period.end and on_grid):
            yield ConfigError(
                f"periods.{period.name} runs from {period.start} to {period.end}",
                f"a first year before its last, both years of the panel, {first} to"
                f" {last}, in steps of {step}",
                "correct the period or panel.years",
            )


# What a key of a specification names, under its other spellings.
NAMED = {
    name: name
    for name in "controls sample unit_scheme weights taxonomy period sesoi".split()
}
NAMED |= {"taxonomies": "taxonomy", "samples": "sample", "unit_schemes": "unit_scheme"}
NAMED |= dict.fromkeys(("periods", "subperiods", "pooled", "cells"), "period")
DRAWS = ("draws", "permutations", "replications")


def _references(value: Any, where: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield every name that a section uses; a list of lists, as of sets of controls, is
    read through.
    """
    for key, item in value.items() if isinstance(value, Mapping) else ():
        names = (
            [item]
            if isinstance(item, str)
            else list(item)
            if isinstance(item, list | Mapping)
            else []
        )
        names = [
            name
            for inner in names
            for name in (inner if isinstance(inner, list) else [inner])
            if name
        ]
        if key in NAMED and all(isinstance(name, str) for name in names):
            yield f"{where}.{key}", NAMED[key], names
        else:
            yield from _references(
                item, f"{where}.{key}".removesuffix(".specifications")
            )
    for item in value if isinstance(value, list) else ():
        yield from _references(item, where)


def _unknown(
    where: str, names: list[str], known: Mapping[str, Any] | list[str]
) -> Iterator[ConfigError]:
    for name in names:
        if name not in known:
            hint = nearest(name, known, "define it or correct the name")
            yield ConfigError(
                f"{where} names '{name}'",
                f"one of {first_examples(list(known), 12)}",
                hint,
            )


def _twice(value: Any, where: str) -> Iterator[ConfigError]:
    """Yield every list that names the same thing twice."""
    items = value if isinstance(value, list) else []
    texts = [item for item in items if isinstance(item, str)]
    if twice := sorted({item for item in texts if texts.count(item) > 1}):
        fault = f"{where} names {first_examples(twice)} twice"
        yield ConfigError(fault, "each name once", "remove the second")
    whole = [repr(item) for item in items if isinstance(item, Mapping)]
    if len(set(whole)) < len(whole):
        yield ConfigError(
            f"{where} holds the same entry twice", "each once", "remove the second"
        )
    parts = value.items() if isinstance(value, Mapping) else enumerate(items)
    for key, item in parts:
        yield from _twice(item, f"{where}.{key}")


def _ids_twice(value: Any, where: str) -> Iterator[ConfigError]:
    """Yield every list of specifications that uses an id twice."""
    items = value if isinstance(value, list) else []
    ids = [item["id"] for item in items if isinstance(item, Mapping) and "id" in item]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        fault = f"{where} has {len(twice)} id twice ({first_examples(twice)})"
        yield ConfigError(fault, "one id for one specification", "rename one of them")
    for key, item in value.items() if isinstance(value, Mapping) else ():
        yield from _ids_twice(item, f"{where}.{key}".removesuffix(".specifications"))
