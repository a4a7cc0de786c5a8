"""Words of lists, specifications and findings, for tables, figures and text."""

from textwrap import wrap
from typing import Any

import pandas as pd

from evenfield.shared.sections import side_of_zero
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, in_words, is_missing, pick

BASE = "ols"
FAMILY = "nearby"


def asked(results: StudyResults) -> Row:
    """Return the section of the config."""
    return dict(results.config.estimates[FAMILY])


def named_lists(spec: Row) -> dict[str, str]:
    """Return the list behind each name of a term."""
    lists = spec["lists"]
    if isinstance(lists, dict):
        return {str(name): str(source) for name, source in lists.items()}
    return {str(name): str(name) for name in lists}


def list_words(results: StudyResults, spec: Row) -> list[str]:
    """Return what a unit on each list is called, such as `a city with a zone`."""
    lists = asked(results)["lists"]
    words = []
    for name, source in named_lists(spec).items():
        words.append(lists[source].get("label") or name.replace("_", " "))
    return words


def short_word(results: StudyResults, name: str) -> str:
    """Return a list as a table of several names it."""
    listed = asked(results)["lists"][name]
    return str(listed.get("short") or name.replace("_", " "))


def setting(results: StudyResults, spec: Row, key: str) -> Any:
    """Return a key of a specification, or what the section says for all."""
    own = spec.get(key)
    return own if own not in (None, "", {}) else asked(results).get(key)


def spec_words(results: StudyResults, spec: Row) -> str:
    """Say within which groups units are compared, and what differs from the primary
    specification.
    """
    main = results.primary(question="specs")
    within = spec.get("within")
    parts = [f"within {within}" if within else "among all"]
    words = _parts(results, main)
    parts += [part for part in _parts(results, spec) if part not in words]
    if spec.get("held"):
        held = in_words([results.word(name) for name in spec["held"]])
        parts.append(f"{held} held")
    return ", ".join(parts)


def shared_words(results: StudyResults) -> str:
    """Say what a row has that names nothing else: that of the primary specification."""
    return ", ".join(_parts(results, results.primary(question="specs")))


def _parts(results: StudyResults, spec: Row) -> list[str]:
    """Return outcome, years, reach and sample of a specification in words."""
    first, last = setting(results, spec, "years")
    distance = setting(results, spec, "distance") or "km"
    reach = f"within {setting(results, spec, 'radius'):g} {distance}"
    share = (spec.get("measure") or "any") == "share"
    sample = spec.get("sample") or "all"
    return [
        str(asked(results)["outcomes"][spec["outcome"]]["label"]),
        f"{first}\u2013{last}",
        f"share of those {reach}" if share else f"near: {reach}",
        f"sample: {results.word(sample)}" if sample != "all" else "all in the sample",
    ]


def deciding(estimates: pd.DataFrame, spec: Row, *, near: bool = True) -> Row:
    """Return the row of the first list less the second, or of the one list there is."""
    prefix = "near" if near else "own"
    terms = [f"{prefix}_{name}" for name in named_lists(spec)]
    wanted = {"spec_id": spec["id"], "estimator": BASE, "term": terms[0]}
    return pick(estimates, **wanted, contrast=" - ".join(terms) if terms[1:] else "")


def finding(row: Row) -> str:
    """Say what a row found: `alike` where its whole interval is smaller than what is of
    interest, else `first`, `second` or `open`.
    """
    low, high, size = (row.get(name) for name in ("conf_low", "conf_high", "sesoi"))
    known = not any(map(is_missing, (low, high, size)))
    if known and -size < low and high < size:  # type: ignore[operator]
        return "alike"
    return {"above": "first", "below": "second"}.get(side_of_zero(row), "open")


def heading(results: StudyResults, spec: Row, row: Row) -> str:
    """Return the heading of what was found, that of the study if it has one."""
    found = finding(row)
    own = (asked(results).get("headings") or {}).get(found)
    if own:
        return str(own)
    words = list_words(results, spec)
    if len(words) == 1:
        return {
            "first": f"Growth was higher near {words[0]}",
            "second": f"Growth was lower near {words[0]}",
            "alike": f"Growth near {words[0]} differed by too little to matter",
            "open": f"The data cannot tell whether growth was higher near {words[0]}",
        }[found]
    one, two = words
    return {
        "first": f"Growth was higher near {one} than near {two}",
        "second": f"Growth was higher near {two} than near {one}",
        "alike": f"Growth near {one} and near {two} differed by too little to matter",
        "open": f"The data cannot tell whether growth was higher near {one} or near {two}",
    }[found]


def class_words(results: StudyResults, spec: Row, near: bool) -> dict[str, str]:
    """Return the words of the classes of units by their names: none, first, second, both."""
    names = list(named_lists(spec))
    words = list_words(results, spec)
    prefix = "near" if near else "on"
    words = [f"near {word}" for word in words] if near else words
    none = "neither" if words[1:] else "none"
    out = {f"{prefix}_none": f"near {none}" if near else none}
    if len(names) == 1:
        return out | {f"{prefix}_{names[0]}": words[0]}
    for name, label in zip(names, words, strict=True):
        out[f"{prefix}_{name}_only"] = label
    return out | {f"{prefix}_both": "near both" if near else "both"}


def in_lines(text: str, letters: int) -> str:
    """Break a text into lines of so many letters."""
    return "\n".join(wrap(text, letters))
