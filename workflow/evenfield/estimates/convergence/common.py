"""Settings the convergence estimators share: inference, unit schemes, checked entries of the config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenfield.contracts.errors import EstimateError, first_examples

PROXY, SPLICED, OFFICIAL = "proxy", "spliced", "official"
ROLES = ("primary", "robustness", "mechanism", "exploratory")


@dataclass(frozen=True, slots=True)
class InferenceSpec:
    """Confidence level, permutations and base seed.

    Attributes
    ----------
    conf_level : float
        Level of all intervals.
    permutations : int
        Draws of a permutation test.
    seed : int
        Base seed; every draw id has its own stream.
    """

    conf_level: float = 0.95
    permutations: int = 9999
    seed: int = 2011


def parse_inference_spec(section: Mapping[str, Any]) -> InferenceSpec:
    """Read the ``inference`` section of the config.

    Parameters
    ----------
    section : mapping
        Keys ``conf_level``, ``permutations``, ``seed``; ``pairs`` belongs to group contrasts.

    Returns
    -------
    InferenceSpec

    Raises
    ------
    EstimateError
        If a key is unknown or the level is not between 0 and 1.
    """
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
    """What an estimator has to know about a unit scheme beside its frames.

    Attributes
    ----------
    name : str
        Unit scheme.
    samples : dict of str to tuple of str
        Units of each sample.
    step : int
        Years between two observations.
    first_official : int or None
        First year with official output; None when there is no such year.
    """

    name: str
    samples: Mapping[str, tuple[str, ...]]
    step: int = 1
    first_official: int | None = None


def scheme_infos(descriptions: Iterable[Mapping[str, Any]]) -> dict[str, SchemeInfo]:
    """Read the descriptions that the panel floor writes, one for each unit scheme.

    Parameters
    ----------
    descriptions : iterable of mapping
        Content of ``panel/{scheme}/description.json``.

    Returns
    -------
    dict of str to SchemeInfo
    """
    out = {}
    for item in descriptions:
        samples = {name: tuple(sorted(units)) for name, units in item["samples"].items()}
        official = item.get("basis_years", {}).get(OFFICIAL)
        name = str(item["unit_scheme"])
        out[name] = SchemeInfo(name, samples, int(item.get("step", 1)), official[0] if official else None)
    return out


def check_keys(item: Any, known: Sequence[str], where: str) -> None:
    """Refuse a config entry that is no mapping or holds unknown keys.

    Parameters
    ----------
    item : object
        Entry of the config.
    known : sequence of str
        Allowed keys.
    where : str
        Its place, for the message.

    Raises
    ------
    EstimateError
        With the first unknown keys.
    """
    if not isinstance(item, Mapping):
        raise EstimateError(f"{where} holds {item!r}", f"keys such as {known[0]}", f"correct {where} in config.yaml")
    unknown = sorted(str(key) for key in item if key not in known)
    if unknown:
        raise EstimateError(f"{len(unknown)} unknown key in {where} ({first_examples(unknown)})",
                            f"one of {', '.join(known)}", f"correct {where} in config.yaml")  # fmt: skip


def check_names(names: Iterable[str], known: Iterable[str], where: str) -> None:
    """Refuse names that nothing defines.

    Parameters
    ----------
    names, known : iterable of str
        Names used and names defined.
    where : str
        Their place, for the message.

    Raises
    ------
    EstimateError
        With the first unknown names.
    """
    known = sorted(known)
    unknown = [str(name) for name in names if name not in known]
    if unknown:
        raise EstimateError(
            f"{where} names {len(unknown)} that is unknown ({first_examples(unknown)})",
            f"one of {first_examples(known, 12)}",
            "define it or correct the name",
        )


def checked_items(section: Any, known: Sequence[str], where: str) -> list[dict[str, Any]]:
    """Return the entries of a list of specifications after checking keys and ids.

    Parameters
    ----------
    section : object
        A list of mappings with ``id``.
    known : sequence of str
        Allowed keys.
    where : str
        Its place, for messages.

    Returns
    -------
    list of dict

    Raises
    ------
    EstimateError
        If it is no list, a key is unknown, or an id is missing or used twice.
    """
    if not isinstance(section, list) or not section:
        raise EstimateError(f"{where} holds {section!r}", "a list of specifications", f"correct {where}")
    for item in section:
        check_keys(item, known, where)
    ids = [str(item.get("id", "")) for item in section]
    bad = sorted({name for name in ids if not name or ids.count(name) > 1})
    if bad:
        raise EstimateError(f"{where} has {len(bad)} id that is empty or used twice ({first_examples(bad)})",
                            "one id for one specification", "rename it")  # fmt: skip
    return [dict(item) for item in section]


def check_role(role: str, where: str) -> str:
    """Return ``role`` if the contract knows it.

    Parameters
    ----------
    role : str
        Role of a specification.
    where : str
        Its place, for the message.

    Returns
    -------
    str

    Raises
    ------
    EstimateError
        If it is unknown.
    """
    check_names([role], ROLES, f"{where}.role")
    return role


def placed(
    item: Mapping[str, Any], schemes: Mapping[str, SchemeInfo], default_scheme: str, where: str
) -> dict[str, str]:
    """Return sample, unit scheme and role of one specification after checking that they exist.

    Parameters
    ----------
    item : mapping
        Entry of the config; ``sample`` is ``all`` and ``role`` is ``robustness`` when absent.
    schemes : mapping of str to SchemeInfo
        Unit schemes with their samples.
    default_scheme : str
        Unit scheme of an entry that names none.
    where : str
        Its place, for the message.

    Returns
    -------
    dict of str to str
        Keys ``sample``, ``unit_scheme``, ``role``.

    Raises
    ------
    EstimateError
        If the unit scheme, its sample or the role is unknown.
    """
    scheme, sample = item.get("unit_scheme", default_scheme), item.get("sample", "all")
    check_names([scheme], schemes, f"{where}.unit_scheme")
    check_names([sample], schemes[scheme].samples, f"{where}.sample")
    role = check_role(item.get("role", "robustness"), where)
    return {"sample": sample, "unit_scheme": scheme, "role": role}
