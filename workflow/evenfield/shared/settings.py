"""Settings the convergence estimators share: inference, unit schemes, checked entries of the config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenfield.study.errors import EstimateError, first_examples

PROXY, SPLICED, OFFICIAL = "proxy", "spliced", "official"
ROLES = ("primary", "robustness", "mechanism", "exploratory")


@dataclass(frozen=True, slots=True)
class InferenceSpec:
    """Confidence level, permutations and base seed."""

    conf_level: float = 0.95  # level of all intervals
    permutations: int = 9999  # draws of a permutation test
    seed: int = 2011  # base seed; every draw id has its own stream


def parse_inference_spec(section: Mapping[str, Any]) -> InferenceSpec:
    """Read the ``inference`` section of the config."""
    check_keys(section, ("conf_level", "permutations", "seed", "pairs"), "inference")
    spec = InferenceSpec(**{key: value for key, value in section.items() if key != "pairs"})
    if not 0 < spec.conf_level < 1 or spec.permutations < 1 or spec.seed < 0:
        raise EstimateError(
            f"inference {dict(section)}",
            "a level between 0 and 1, permutations and a seed above 0",
            "correct inference in config.yaml",
        )
    return spec


@dataclass(frozen=True)
class SchemeInfo:
    """What an estimator has to know about a unit scheme beside its frames."""

    name: str  # unit scheme
    samples: Mapping[str, tuple[str, ...]]  # units of each sample
    step: int = 1  # years between two observations
    first_official: int | None = None  # first year with official output; None when there is no such year


def scheme_infos(descriptions: Iterable[Mapping[str, Any]]) -> dict[str, SchemeInfo]:
    """Read the descriptions that the panel floor writes, one for each unit scheme."""
    out = {}
    for item in descriptions:
        samples = {name: tuple(sorted(units)) for name, units in item["samples"].items()}
        official = item.get("basis_years", {}).get(OFFICIAL)
        name = str(item["unit_scheme"])
        out[name] = SchemeInfo(name, samples, int(item.get("step", 1)), official[0] if official else None)
    return out


def check_keys(item: Any, known: Sequence[str], where: str) -> None:
    """Refuse a config entry that is no mapping or holds unknown keys."""
    if not isinstance(item, Mapping):
        raise EstimateError(f"{where} holds {item!r}", f"keys such as {known[0]}", f"correct {where} in config.yaml")
    unknown = sorted(str(key) for key in item if key not in known)
    if unknown:
        raise EstimateError(
            f"{len(unknown)} unknown key in {where} ({first_examples(unknown)})",
            f"one of {', '.join(known)}",
            f"correct {where} in config.yaml",
        )


def check_names(names: Iterable[str], known: Iterable[str], where: str) -> None:
    """Refuse names that nothing defines."""
    known = sorted(known)
    unknown = [str(name) for name in names if name not in known]
    if unknown:
        raise EstimateError(
            f"{where} names {len(unknown)} that is unknown ({first_examples(unknown)})",
            f"one of {first_examples(known, 12)}",
            "define it or correct the name",
        )


def checked_items(section: Any, known: Sequence[str], where: str) -> list[dict[str, Any]]:
    """Return the entries of a list of specifications after checking keys and ids."""
    if not isinstance(section, list) or not section:
        raise EstimateError(f"{where} holds {section!r}", "a list of specifications", f"correct {where}")
    for item in section:
        check_keys(item, known, where)
    ids = [str(item.get("id", "")) for item in section]
    bad = sorted({name for name in ids if not name or ids.count(name) > 1})
    if bad:
        raise EstimateError(
            f"{where} has {len(bad)} id that is empty or used twice ({first_examples(bad)})",
            "one id for one specification",
            "rename it",
        )
    return [dict(item) for item in section]


def check_role(role: str, where: str) -> str:
    """Return ``role`` if the contract knows it."""
    check_names([role], ROLES, f"{where}.role")
    return role


def placed(
    item: Mapping[str, Any], schemes: Mapping[str, SchemeInfo], default_scheme: str, where: str
) -> dict[str, str]:
    """Return sample, unit scheme and role of one specification after checking that they exist."""
    scheme, sample = item.get("unit_scheme", default_scheme), item.get("sample", "all")
    check_names([scheme], schemes, f"{where}.unit_scheme")
    check_names([sample], schemes[scheme].samples, f"{where}.sample")
    role = check_role(item.get("role", "robustness"), where)
    return {"sample": sample, "unit_scheme": scheme, "role": role}
