"""Mappings laid over each other: configs, and entries of numbers.yaml and claims.yaml
that inherit with ``like: NAME`` what they do not say themselves.
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
# Values of a file with all that its anchors, or entries that are like others, repeat.
MOST_VALUES = 200_000


def merged(*configs: Record) -> dict[str, Any]:
    """Lay mappings over each other; a later one wins, mapping by mapping."""
    out: dict[str, Any] = {}
    for config in configs:
        # Mappings are laid over key by key; lists and single values are replaced whole.
        both = {
            key
            for key in config
            if isinstance(out.get(key), Mapping) and isinstance(config[key], Mapping)
        }
        out = {
            **out,
            **config,
            **{key: merged(out[key], config[key]) for key in both},
        }
    return out


def whole_numbers(written: Record) -> dict[str, Any]:
    """Return numbers.yaml with each entry as if it had been written out."""
    defaults = {key: written[key] for key in written if key == "defaults"}
    entries = {key: written[key] for key in written if key != "defaults"}
    return {**defaults, **_whole_entries(entries, NumbersError, "")}


def whole_claims(written: Record) -> dict[str, Any]:
    """Return claims.yaml with each hypothesis and claim as if it had been written out."""
    faults = Faults()
    out = dict(written)
    hypotheses = written.get("hypotheses")
    claims = written.get("claims")
    if isinstance(hypotheses, Mapping):
        with faults.caught():
            out["hypotheses"] = _whole_entries(hypotheses, ClaimsError, "hypothesis ")
    if isinstance(claims, Sequence) and all(map(_has_id, claims)):
        named = {claim["id"]: claim for claim in claims}
        with faults.caught():
            # An id that stands twice is refused where ids are read.
            if len(named) == len(claims):
                whole = _whole_entries(named, ClaimsError, "claim ")
                out["claims"] = list(whole.values())
    faults.refuse()
    return out


def _has_id(claim: object) -> bool:
    return isinstance(claim, Mapping) and isinstance(claim.get("id"), str)


def _whole_entries(
    entries: Record, error: type[EvenfieldError], kind: str
) -> dict[str, Any]:
    """Return entries by name, each laid over the one that it is like."""
    faults = Faults()
    whole = dict[str, Any]()
    values = 0
    for name in entries:
        with faults.caught():
            trail = _trail(name, entries, whole, error, kind)
            # From the entry that is like none to the one that is asked for.
            for step in reversed(trail):
                whole[step] = _laid_over(entries[step], whole)
                values += _size(whole[step])
        if values > MOST_VALUES:
            raise error(
                f"entries that are {LIKE} others grow to too many values",
                f"at most {MOST_VALUES:,}",
                "write less",
            )
    faults.refuse()
    return {name: whole[name] for name in entries}


def _trail(
    name: str, entries: Record, done: Record, error: type[EvenfieldError], kind: str
) -> list[str]:
    """Return an entry, the one that it is like, and so on until one that is whole."""
    trail = [name]
    while trail[-1] not in done and _likeness(entries[trail[-1]]) is not None:
        other = _likeness(entries[trail[-1]])
        where = f"{kind}{trail[-1]}: {LIKE}"
        known = [key for key, item in entries.items() if isinstance(item, Mapping)]
        if not isinstance(other, str) or other not in known:
            raise error(*not_known(where, str(other), known))
        if other in trail:
            circle = trail[trail.index(other) :]
            first = circle.index(min(circle))
            # From its first name by alphabet, so that each entry says the same.
            circle = [*circle[first:], *circle[:first]]
            shown = " - ".join([*circle[:12], circle[0]])
            fault = f"{kind}{circle[0]} is like itself ({shown})"
            raise error(fault, "no circle", f"correct {circle[0]}")
        trail.append(other)
    return trail


def _size(value: object) -> int:
    inner = value.values() if isinstance(value, Mapping) else ()
    return 1 + sum(map(_size, inner))


def _likeness(entry: object) -> object:
    return entry.get(LIKE) if isinstance(entry, Mapping) else None


def _laid_over(entry: Any, whole: Record) -> Any:
    other = _likeness(entry)
    if other is None:
        return entry
    own = {key: value for key, value in entry.items() if key != LIKE}
    return _without_nothing(merged(whole[str(other)], own))


def _without_nothing(entry: Record) -> dict[str, Any]:
    """Return an entry without the keys behind which it says ``null``, to inherit none."""
    return {
        key: _without_nothing(value) if isinstance(value, Mapping) else value
        for key, value in entry.items()
        if value is not None
    }
