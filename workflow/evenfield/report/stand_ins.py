"""What a text may name, before there are results: each name with something in its
place, so that texts are rendered when a study is checked.

A number that only a run finds is not a number in conditions, and both wordings that a
condition chooses between are seen.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from evenfield.answers.rule import GROUPS, LATER_WORDS, WORDS
from evenfield.report.conditions import ENDING
from evenfield.report.markup import SILENT, Mark
from evenfield.report.numbers import Entry, Number, read_entries
from evenfield.report.printable import Lookup, Part, Value, part_of
from evenfield.report.prose import OF_TEXTS, Document, Prose, names_of_config
from evenfield.report.sections import section_files
from evenfield.report.text_language import OneOf
from evenfield.shared.second_studies import in_study, second_configs
from evenfield.study.errors import Faults, ReportError, not_known
from evenfield.study.files import Record

A_COUNT = 2  # stands for a count that a run will find
ANYTHING = 1.5  # stands for a number that a run will find
TEXTS_OF_CLAIMS = "id claim kind hypothesis because unit paragraphs why data".split()
NUMBERS_OF_CLAIMS = ("estimate low high p p_adjusted smallest_visible interest").split()
# What stands in each text; each renderer fills it from the results.
PLACING_WORDS = {
    "page": "see table figure map units_table answer_counts statements".split(),
    "paper": "see table figure map claims_table data_sources provenance".split(),
    "appendix": (
        "see rest methods assumptions data_sources exhibit_index provenance"
    ).split(),
}
PLACING_WORDS["abstract"] = PLACING_WORDS["paper"]


def second_entries(config: Record) -> dict[str, dict[str, Entry]]:
    """Return the numbers of each study beside, by its name."""
    entries = {}
    for study, other in second_configs(config).items():
        with in_study(config["beside"][study]):
            entries[study] = read_entries(other)
    return entries


def text_faults(texts: Prose) -> Faults:
    """Return what a run would refuse when it writes the texts, as far as no results
    decide it.
    """
    faults = Faults(texts.faults())
    if faults:
        return faults
    for name in filter(PLACING_WORDS.get, texts.names):
        write = texts.html if name == "page" else texts.typst
        with faults.caught():
            write(name, dict.fromkeys(PLACING_WORDS[name], lambda *_: ""))
    for names in (["page"], ["abstract", "paper"], ["appendix"]):
        own = [name for name in names if name in texts.names]
        faults += _twice(texts, own) if not faults else ()
    faults += _without_target(texts) if not faults else ()
    return faults


def _twice(prose: Prose, names: Sequence[str]) -> Iterator[ReportError]:
    """Yield what one document places twice, where a link could not choose."""
    placed = {name: [*prose.placed(name), *prose.placed_blocks(name)] for name in names}
    for which, count in Counter(chain.from_iterable(placed.values())).items():
        if count > 1:
            first = next(name for name in names if which in placed[name])
            yield ReportError(
                f"text/{first}.md: {which} is placed {count} times",
                "each table, figure and map once",
                "remove the others",
            )


def _without_target(prose: Prose) -> Iterator[ReportError]:
    """Yield links of an appendix to exhibits that neither it nor the paper holds."""
    if "appendix" not in prose.names:
        return
    marks = prose.marks("appendix")
    in_paper = prose.placed("paper") if "paper" in prose.names else []
    for kind, *args in marks:
        if kind == "see" and args[0] not in in_paper and ["rest"] not in marks:
            yield ReportError(
                f"text/appendix.md: see('{args[0]}') leads nowhere",
                "{{ rest() }}, which prints what the paper does not",
                "add it to the appendix",
            )
            return


def stand_ins(
    config: Record,
    numbers: Mapping[str, Entry],
    beside: Mapping[str, Mapping[str, Entry]],
) -> dict[str, object]:
    """Return every name that a text may use, with something in its place."""
    claims = config["answers"].get("claims") or []
    hypotheses = config["answers"].get("hypotheses") or {}
    judged = {**hypotheses, **{claim["id"]: claim for claim in claims}}
    of_later = OneOf.of(LATER_WORDS)
    # A claim that takes the answer of a hypothesis takes its word of later years, too.
    asked = {
        name: hypotheses.get(entry.get("hypothesis"), entry)
        for name, entry in judged.items()
    }
    later = {name: of_later for name, entry in asked.items() if entry.get("later")}
    first, last = map(str, config["panel"]["years"])
    proxy = config["panel"]["income"].get("proxy")
    parts = {name: _part(name, item) for name, item in numbers.items()}
    of_studies = {}
    for study, entries in beside.items():
        open_parts = {
            name: _part(f"{study}.{name}", item) for name, item in entries.items()
        }
        of_studies[study] = Lookup(f"number of {study}", open_parts)
    return {
        **of_studies,
        "must": lambda *_: Mark(SILENT),
        "n": Lookup("number", parts),
        "answers": Lookup("answer to", dict.fromkeys(judged, OneOf.of(WORDS))),
        "later": Lookup("later word of", later),
        "counts": Lookup("answer", dict.fromkeys(WORDS, A_COUNT)),
        "groups": Lookup("group of answers", dict.fromkeys(GROUPS, A_COUNT)),
        "tally": "",
        "claims": [_claim(claim) for claim in claims],
        "words": list(WORDS),
        "vintage": "",
        "headline": config["study"]["title"],
        "whose": config["study"]["units_name"],
        "units": A_COUNT,
        "origin": {
            **dict.fromkeys(("figures", "dates", "gaps"), A_COUNT),
            "flags": "",
            "remarks": [],
        },
        "years": (first, last),
        "proxy": [first, last] if proxy else [],
        "section": _section,
        **dict.fromkeys(OF_TEXTS[1:], lambda _: Mark("")),
        **names_of_config(config, claims, hypotheses),
    }


def _section(_: Document, topic: str) -> Mark:
    """Stand for a section, which only the results fill; refuse one that no topic has."""
    sections = section_files()
    if topic not in sections:
        raise ReportError(*not_known("section", topic, list(sections)))
    return Mark("")


def _number(entry: Entry) -> Number:
    """Return a number in an entry's place; one that rests on no row has no interval."""
    # Only a whole row of estimates brings its interval and its test.
    rests_on_row = bool(entry.answer or entry.select) and not entry.column
    tested = ANYTHING if rests_on_row else None
    return Number(
        value=ANYTHING,
        low=tested,
        high=tested,
        p=tested,
        smallest_visible=tested,
        show=entry.show,
        unit=entry.unit,
        source="",
    )


def _part(name: str, entry: Entry) -> Part:
    part = part_of(name, _number(entry))
    # A test that a number rests on has numbers of its own: low, high, p.
    for inner in (part, *vars(part).values()):
        if isinstance(inner, Part):
            inner.value = Value(math.nan)
    return part


def _claim(claim: Record) -> dict[str, object]:
    texts = {name: claim.get(name) or "" for name in TEXTS_OF_CLAIMS}
    numbers = {name: Value(math.nan) for name in NUMBERS_OF_CLAIMS}
    lists: dict[str, Any] = {
        "checks_failed": [],
        "reasons": [],
        "rows": [],
    }
    return {
        **texts,
        **numbers,
        **lists,
        "answer": OneOf.of(WORDS),
    }


def unread_texts(texts: Sequence[str], known: Sequence[str]) -> Iterator[ReportError]:
    """Yield texts, and conditions of texts, that nothing reads."""
    for path in texts:
        name = Path(path).name
        stem, _, ending = name.partition(".")
        if ending == "md" and stem not in known:
            yield ReportError(*not_known(f"text/{stem}.md: text", stem, known))
        if ending == "must.yml":
            yield ReportError(
                f"text/{name} is not read",
                f"conditions in text/{stem}{ENDING}",
                "rename it",
            )
        if name.endswith(ENDING) and f"text/{stem}.md" not in texts:
            yield ReportError(
                f"text/{name} has conditions of text/{stem}.md, which is not there",
                "a text beside its conditions",
                "rename or remove it",
            )
