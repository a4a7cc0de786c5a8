"""Read the study's config: one schema checks it, fills its defaults and words its errors in one line."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from evenfield.study.errors import ConfigError, first_examples
from evenfield.study.spatial_weights import Period

SCHEMA = Path(__file__).with_name("config.schema.json")
PARTS = {"estimates": "estimates.yaml", "answers": "claims.yaml", "numbers": "numbers.yaml"}


class _OneKeyOnce(yaml.SafeLoader):
    """A safe loader that refuses a key written twice, where YAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a repeated key, then build the mapping as usual."""
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key '{key.value}' twice", key.start_mark)
        return super().construct_mapping(node, deep)


def read_config(path: str | Path) -> dict[str, Any]:
    """Read a config file as plain data with the parts of it that stand in files of their own beside it."""
    content = _read_mapping(Path(path))
    for key, name in PARTS.items():
        beside = Path(path).with_name(name)
        if beside.exists() and key not in content:
            content[key] = _read_mapping(beside)
    return content


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_OneKeyOnce)
    except FileNotFoundError:
        action = "run from the study's folder or name it with --directory"
        raise ConfigError(f"no file {path}", "a config.yaml in the study's folder", action) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8", "a UTF-8 file", "save it as UTF-8") from None
    except yaml.YAMLError as error:
        found = f"{path} is not YAML ({' '.join(str(error).split())[:160]})"
        raise ConfigError(found, "valid YAML", "correct the line named") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds no mapping", "keys such as study, data, panel", "see docs/config.md")
    return content


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Check a config against its schema, fill defaults, then check that its names refer to each other."""
    _check_keys(config, "the top level")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    filled = _filled(schema, dict(config), schema)
    fault = best_match(Draft202012Validator(schema).iter_errors(filled))
    if fault is not None:
        raise _worded(fault)
    _check_references(filled)
    return dict(filled)


def _check_keys(value: Any, where: str) -> None:
    # YAML reads 31 as a number and `no` as a truth value, also where they are meant as names.
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(value, Mapping) and not isinstance(key, str):
            raise ConfigError(
                f"{where} has the key {key}, a number or a truth value", "text", f"put it in quotation marks: '{key}'"
            )
        _check_keys(item, f"{where}.{key}".removeprefix("the top level."))


def _filled(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any]) -> Any:
    schema = _resolved(schema, root)
    if isinstance(value, Mapping):
        known = schema.get("properties", {})
        out = {
            key: _filled(known.get(key, schema.get("additionalProperties", {})), item, root)
            for key, item in value.items()
        }
        missing = {key: sub for key, sub in known.items() if key not in out and "default" in sub}
        return {**out, **{key: _filled(sub, sub["default"], root) for key, sub in missing.items()}}
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        return [_filled(schema["items"], item, root) for item in value]
    return value


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return {**target, **{key: item for key, item in schema.items() if key != "$ref"}}
    return schema


def _worded(fault: ValidationError) -> ConfigError:
    where = ".".join(str(step) for step in fault.absolute_path) or "the top level"
    schema = fault.schema
    if (
        fault.validator == "additionalProperties"
        and isinstance(fault.instance, Mapping)
        and isinstance(schema, Mapping)
    ):
        known = sorted(schema.get("properties", {}))
        unknown = sorted(str(key) for key in fault.instance if key not in known)
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "remove it or see docs/config.md"
        return ConfigError(f"'{unknown[0]}' is not a key of {where}", f"one of {', '.join(known)}", hint)
    message = " ".join(fault.message.split())
    return ConfigError(f"{where}: {message[:200]}", "a value as docs/config.md describes", f"correct {where}")


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


def _check_references(config: Mapping[str, Any]) -> None:
    _check_years(config)
    panel, weights = config["panel"], config["weights"]
    _known("panel.unit_scheme", [panel["unit_scheme"]], panel["unit_schemes"])
    _known("weights.primary", [weights["primary"]], weights["families"])
    _known("taxonomy.primary", [config["taxonomy"]["primary"]], config["taxonomy"]["all"])
    _known("panel.samples", ["all"], panel["samples"])
    for where, kind, names in _references(config["estimates"]):
        known = {
            "controls": config["controls"],
            "sample": panel["samples"],
            "unit_scheme": panel["unit_schemes"],
            "weights": weights["families"],
            "taxonomy": config["taxonomy"]["all"],
        }
        _known(where, names, known[kind])
    _check_unique_ids(config["estimates"])


def _check_years(config: Mapping[str, Any]) -> None:
    first, last = config["panel"]["years"]
    step = config["panel"]["step"]
    if last <= first or (last - first) % step:
        raise ConfigError(
            f"panel.years [{first}, {last}] with step {step}",
            "a last year that the step reaches",
            "correct panel.years or panel.step",
        )
    for period in config_periods(config):
        # Whether it lies inside the panel is for ``step_aside`` to say, which knows the years of the data.
        on_grid = (period.start - first) % step == 0 and (period.end - first) % step == 0
        if not (period.start < period.end and on_grid):
            raise ConfigError(
                f"periods.{period.name} runs from {period.start} to {period.end}",
                f"a first year before its last, both years of the panel, {first} to {last}, in steps of {step}",
                "correct the period or panel.years",
            )


def _sections(estimates: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Yield the specifications of each topic or question: a list of them, a section that holds them, or one."""
    for topic, section in estimates.items():
        if isinstance(section, list):
            yield topic, section
        elif topic == "group_contrasts":
            yield from ((f"{topic}.{question}", items) for question, items in section.items())
        else:
            yield topic, list(section.get("specifications", [section]))


PLURALS = {"taxonomies": "taxonomy", "samples": "sample", "unit_schemes": "unit_scheme"}


def _references(estimates: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    kinds = {"controls", "sample", "unit_scheme", "weights", "taxonomy"}
    for family, items in _sections(estimates):
        for item in items:
            for key, value in item.items():
                kind = PLURALS.get(key, key)
                if kind in kinds and value:
                    yield (f"estimates.{family}.{key}", kind, [value] if isinstance(value, str) else list(value))


def _known(where: str, names: list[str], known: Mapping[str, Any] | list[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], list(known), n=1)
        hint = f"did you mean '{near[0]}'?" if near else "define it or correct the name"
        raise ConfigError(f"{where} names '{unknown[0]}'", f"one of {first_examples(list(known), 12)}", hint)


def _check_unique_ids(estimates: Mapping[str, Any]) -> None:
    for family, items in _sections(estimates):
        ids = [item["id"] for item in items if "id" in item]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ConfigError(
                f"estimates.{family} has {len(twice)} id twice ({first_examples(twice)})",
                "one id for one specification",
                "rename one of them",
            )
