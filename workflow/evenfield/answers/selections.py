"""What is wrong with a selection of one row of the estimates before there are any:
names of specifications, periods and unit schemes that the config does not have.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache

from evenfield.shared.topics import sections
from evenfield.study.errors import EvenfieldError, not_known
from evenfield.study.files import Record

WORD = re.compile(r"[A-Za-z]\w*")
# What a period of the estimates holds beside names of periods, such as ``P4 less P1``.
BESIDE = {"all", "less", "to"}


class NamesOfRows:
    """What rows of the estimates of one config can be called, for many selections."""

    def __init__(self, config: Record) -> None:
        topics = config["estimates"]
        of_family = sections(topics)
        # The topics of a config, and the families of those that name several.
        self.families = list(dict.fromkeys([*topics, *of_family]))
        self.topics = list(topics)
        self.periods = list(config["periods"])
        self.schemes = list(config["panel"]["unit_schemes"])
        self.ids_of = cache(
            lambda family: _ids(topics.get(family) or of_family.get(family))
        )


def selection_faults(
    where: str,
    select: Mapping[str, str],
    names: NamesOfRows,
    error: type[EvenfieldError],
) -> Iterator[EvenfieldError]:
    """Yield what a selection names and no row of the estimates can hold."""
    family = select.get("family", "")
    if family and family not in names.families:
        yield error(*not_known(f"{where}: family", family, names.families))
    ids = names.ids_of(family)
    wanted = select.get("spec_id", "")
    # Some topics have rows whose id is that of a specification and a word more.
    known = any(wanted == name or wanted.startswith(f"{name}_") for name in ids)
    if wanted and ids and not known:
        yield error(*not_known(f"{where}: spec_id", wanted, ids))
    for word in WORD.findall(select.get("period", "")):
        if word not in names.periods and word not in BESIDE:
            yield error(*not_known(f"{where}: period", word, names.periods))
    scheme = select.get("unit_scheme", "")
    if scheme and scheme not in names.schemes:
        yield error(*not_known(f"{where}: unit_scheme", scheme, names.schemes))


# What a measure of a fact cannot leave; a difference of two has no such bounds.
BOUNDS = {"share": (0.0, 100.0), "ratio": (0.0, math.inf), "units": (0.0, math.inf)}
ANYTHING = (-math.inf, math.inf)


def bounds_of(select: Mapping[str, str], config: Record) -> tuple[float, float]:
    """Return the bounds of the measure that a selection of a fact names."""
    topics = config["estimates"]
    family = select.get("family", "")
    section = topics.get(family) or sections(topics).get(family)
    for spec in section if isinstance(section, list) else ():
        if spec.get("id") == select.get("spec_id"):
            differs = spec.get("less") or spec.get("before")
            return ANYTHING if differs else BOUNDS.get(spec.get("measure"), ANYTHING)
    return ANYTHING


def _ids(section: object) -> Collection[str]:
    """Return the id of every specification in a section."""
    ids = []
    parts = section if isinstance(section, list) else []
    if isinstance(section, Mapping):
        ids = [str(section["id"])] if "id" in section else []
        parts = [*section.values()]
    for part in parts:
        ids += _ids(part)
    return ids
