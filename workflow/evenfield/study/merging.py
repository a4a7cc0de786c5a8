"""Mappings of which a later one overrides an earlier one: configs, and entries of
numbers.yaml and claims.yaml that inherit with ``like: NAME`` what they do not say
themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evenfield.study.errors import (
    ClaimsError,
    EvenfieldError,
    Faults,
    NumbersError,
    not_known,
)
from evenfield.study.files import Record

LIKE = "like"
# Most values of a file once all anchors, or all entries that are like others, are
# written out.
MOST_VALUES = 200_000


def merged(*configs: Record) -> dict[str, Any]:
    """Return one mapping of several, of which a later one overrides an earlier one.

    Mappings inside are merged key by key; lists and single values are replaced whole.
    """
    result: dict[str, Any] = {}
    for config in configs:
        both_mappings = {
            key
            for key in config
            if isinstance(result.get(key), Mapping) and isinstance(config[key], Mapping)
        }
        inner = {key: merged(result[key], config[key]) for key in both_mappings}
        result = {**result, **config, **inner}
    return result


def whole_numbers(written: Record) -> dict[str, Any]:
    """Return numbers.yaml with each entry as if it had been written out.

    Raises
    ------
    NumbersError
        If an entry is like one that is not there, or like itself, or if they grow too
        large.
    """
    defaults = {key: written[key] for key in written if key == "defaults"}
    entries = {key: written[key] for key in written if key != "defaults"}
    return {**defaults, **_whole_entries(entries, NumbersError, "")}


def whole_claims(written: Record) -> dict[str, Any]:
    """Return claims.yaml with each hypothesis and claim as if it had been written out.

    Raises
    ------
    ClaimsError
        If one is like one that is not there, or like itself, or if they grow too large.
    """
    faults = Faults()
    result = dict(written)
    hypotheses = written.get("hypotheses")
    claims = written.get("claims")
    if isinstance(hypotheses, Mapping):
        with faults.caught():
            result["hypotheses"] = _whole_entries(
                hypotheses, ClaimsError, "hypothesis "
            )
    if isinstance(claims, Sequence) and all(map(_has_id, claims)):
        by_id = {claim["id"]: claim for claim in claims}
        with faults.caught():
            # An id that stands twice is refused where ids are read.
            if len(by_id) == len(claims):
                whole = _whole_entries(by_id, ClaimsError, "claim ")
                result["claims"] = list(whole.values())
    faults.refuse()
    return result


def _has_id(claim: object) -> bool:
    """Say whether a claim is a mapping with a text as id."""
    return isinstance(claim, Mapping) and isinstance(claim.get("id"), str)


def _whole_entries(
    entries: Record, error: type[EvenfieldError], kind: str
) -> dict[str, Any]:
    """Return entries by name, each with what it inherits from the one that it is like."""
    faults = Faults()
    whole = dict[str, Any]()
    value_count = 0
    for name in entries:
        with faults.caught():
            chain = _chain(name, entries, whole, error, kind)
            # From the entry that is like none to the one that is asked for.
            for link in reversed(chain):
                whole[link] = _with_inherited(entries[link], whole)
                value_count += _size(whole[link])
        if value_count > MOST_VALUES:
            raise error(
                f"entries that are {LIKE} others grow to too many values",
                f"at most {MOST_VALUES:,}",
                "write less",
            )
    faults.refuse()
    return {name: whole[name] for name in entries}


def _chain(
    name: str, entries: Record, whole: Record, error: type[EvenfieldError], kind: str
) -> list[str]:
    """Return an entry, the one that it is like, and so on, up to one that is like none or
    is ``whole`` already.
    """
    chain = [name]
    while chain[-1] not in whole and _parent(entries[chain[-1]]) is not None:
        last = chain[-1]
        parent = _parent(entries[last])
        if not isinstance(parent, str) or not isinstance(entries.get(parent), Mapping):
            known = [
                key for key, entry in entries.items() if isinstance(entry, Mapping)
            ]
            raise error(*not_known(f"{kind}{last}: {LIKE}", str(parent), known))
        if parent in chain:
            circle = _from_first_by_alphabet(chain[chain.index(parent) :])
            shown = " - ".join([*circle[:12], circle[0]])
            raise error(
                f"{kind}{circle[0]} is like itself ({shown})",
                "no circle",
                f"correct {circle[0]}",
            )
        chain.append(parent)
    return chain


def _from_first_by_alphabet(circle: list[str]) -> list[str]:
    """Return the names of a circle from the first by alphabet on, so that each of its
    entries is refused in the same words.
    """
    first = circle.index(min(circle))
    return [*circle[first:], *circle[:first]]


def _size(value: object) -> int:
    """Return the number of values of an entry, mappings inside included."""
    inner = value.values() if isinstance(value, Mapping) else ()
    return 1 + sum(map(_size, inner))


def _parent(entry: object) -> object:
    """Return the name of the entry that an entry is like, None without one."""
    return entry.get(LIKE) if isinstance(entry, Mapping) else None


def _with_inherited(entry: Any, whole: Record) -> Any:
    """Return an entry with all keys of the one that it is like that it does not have."""
    parent = _parent(entry)
    if parent is None:
        return entry
    own = {key: value for key, value in entry.items() if key != LIKE}
    return _without_nulls(merged(whole[str(parent)], own))


def _without_nulls(entry: Record) -> dict[str, Any]:
    """Return an entry without keys that are ``null``, by which it says that it does not
    inherit them.
    """
    return {
        key: _without_nulls(value) if isinstance(value, Mapping) else value
        for key, value in entry.items()
        if value is not None
    }
